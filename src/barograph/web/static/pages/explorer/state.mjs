// What the explorer shows, as its URL says: lanes, what is selected in them, filter, and the table's order.
import { computed, signal } from '../../lib/html.mjs';
import { all, choice, get, go, notices, number, span, timeText } from '../../lib/url.mjs';
import { expressions, range } from '../../lib/range.mjs';
import { filterFor, filterOut } from '../../lib/filter-text.mjs';
import { severities, severityIndex } from '../../lib/scales.mjs';

export const LEAST_SCORES = [0, 3, 25, 50, 75];
export const ROW_CHOICES = [5, 10, 20, 50, 100];
export const INTERVALS = { auto: 'Auto', hour: '1 hour', day: '1 day', all: 'Show all' };
const SORTS = ['time', 'score', 'detector', 'entity', 'actual', 'typical', 'probability', 'job'].flatMap((key) => [key, `-${key}`]);

/** A query that cannot be asked yet. */
export const WAITING = { data: undefined, error: null, loading: false, pending: true };

/** The filter. */
export const filter = computed(() => get('q') ?? '');
/** What the lanes are; null is what suits the jobs best. */
export const chosenBy = computed(() => get('by'));
export const page = computed(() => number('page', { least: 1, most: 1e6, usual: 1 }));
export const rows = computed(() => Number(choice('rows', ROW_CHOICES.map(String), '10')));
export const interval = computed(() => choice('iv', Object.keys(INTERVALS), 'auto'));
export const sort = computed(() => choice('sort', SORTS, '-score'));
export const tablePage = computed(() => number('tp', { least: 1, most: 1e6, usual: 1 }));
export const open = computed(() => all('open'));
export const interim = computed(() => choice('interim', ['0', '1'], '1') === '1');

/** The least scores of the severities that are shown; null is all of them. */
export const shownSeverities = computed(() => {
  const text = get('sev');
  if (text === null) return null;
  const scores = text.split(',').map(Number);
  if (text !== '' && scores.every((score) => LEAST_SCORES.includes(score))) return [...new Set(scores)].sort((one, other) => one - other);
  queueMicrotask(() => { notices.value = [...notices.peek(), { key: 'sev', value: text, wanted: `some of ${LEAST_SCORES.join(', ')}` }]; });
  return null;
});

/** Lanes that are selected; none is all of them. */
export const lanes = computed(() => all('lane'));
/** The time that is selected, within the range; null is none. */
export const selected = computed(() => {
  const wanted = span('sel');
  const whole = range.value;
  if (wanted === null || whole === null) return null;
  return wanted[0] < whole[1] && wanted[1] > whole[0] ? wanted : null;
});
export const isSelected = computed(() => selected.value !== null || lanes.value.length > 0);

/** What was selected just now, and where: `{rect, place, kind}`; a popover stands there until something else is done. */
export const picked = signal(null);
/** The time under the pointer, in whatever is drawn over time. */
export const cursor = signal(null);

/** What every call of this page is asked with. */
export const asked = () => ({
  job: expressions.value, from: range.value?.[0], to: range.value?.[1], q: filter.value || null, interim: interim.value ? null : 'false',
});

/** The same for what is selected. @param {string} by */
export const askedInside = (by) => ({
  ...asked(), from: selected.value?.[0] ?? range.value?.[0], to: selected.value?.[1] ?? range.value?.[1],
  ...(lanes.value.length > 0 ? { by, lane: lanes.value } : {}),
});

const FIRST = { tp: null, open: null };

/** Change what is shown, from the first page of the table on. @param {Record<string, any>} set */
export const change = (set) => go({ set: { ...FIRST, ...set } });

/** @param {import('../../widgets/lanes.mjs').Selection | null} selection null clears it @param {string} by */
export function select(selection, by) {
  if (selection === null) {
    picked.value = null;
    if (isSelected.peek()) change({ sel: null, lane: null });
    return;
  }
  change({ sel: `${timeText(selection.from)}~${timeText(selection.to)}`, lane: selection.lanes, ...(selection.lanes.length ? { by } : { page: null }) });
}

/** @type {import('../../parts/entity.mjs').EntityFilter} */
export const entityFilter = {
  only: (field, value) => change({ q: filterFor(filter.peek(), field, value), page: null }),
  without: (field, value) => change({ q: filterOut(filter.peek(), field, value) || null, page: null }),
};

/** The severity of a score, -1 where it is not to be shown. @param {number} score */
export function levelOf(score) {
  const level = severityIndex(score);
  const shown = shownSeverities.value;
  return level < 0 || shown === null || shown.includes(LEAST_SCORES[level]) ? level : -1;
}

/** One more severity, or one less: of all of them the first is taken alone, and without the last all are there again. */
export function toggleSeverity(score) {
  const shown = shownSeverities.peek();
  const next = shown === null ? [score] : shown.includes(score) ? shown.filter((one) => one !== score) : [...shown, score];
  const all5 = next.length === 0 || next.length === severities.peek().length;
  change({ sev: all5 ? null : next.sort((one, other) => one - other).join(','), page: null });
}
