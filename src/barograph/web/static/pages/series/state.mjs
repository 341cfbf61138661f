// What the URL says of the series that is looked at, and what is taken where it says nothing.
import { choice, get, go, number, span, time, timeText } from '../../lib/url.mjs';
import { isChosen, range } from '../../lib/range.mjs';
import { params, useQuery } from '../../lib/api.mjs';

export const LAYERS = ['bounds', 'typical', 'notes', 'planned'];
const USUAL_LAYERS = ['bounds', 'notes', 'planned'];
export const COMPARED = { day: 86_400_000, week: 7 * 86_400_000 };
const AUTO_BUCKETS = 500;

/**
 * The series of a job that is looked at.
 * @param {any} job as /jobs lists it @param {string} version of its results @param {Record<string, string>} [usual] by field, what is taken where the URL says nothing
 */
export function useSeries(job, version, usual = {}) {
  const base = `/jobs/${encodeURIComponent(job.job_id)}`;
  const known = useQuery(`${base}/detectors`);
  const detectors = known.data?.detectors ?? [];
  const first = detectors.find((one) => one.refused === null || one.points !== null)?.detector_index ?? 0;
  const index = detectors.length ? number('det', { least: 0, most: detectors.length - 1, usual: first }) : null;
  const detector = detectors[index] ?? null;
  const partition = useValue(base, detector, 'partition', {}, usual, version);
  const by = useValue(base, detector, 'by', { partition: partition.value }, usual, version);
  const over = useValue(base, detector, 'over', { partition: partition.value, by: by.value }, usual, version);
  const fn = detector ? choice('fn', detector.functions, detector.functions[0]) : null;
  const values = { partition: partition.value, by: by.value, over: over.value };
  const missing = Object.keys(detector?.fields ?? {}).filter((role) => values[role] === null);
  const named = detector && (detector.refused === null || detector.points !== null) && missing.length === 0;
  return {
    base, known, detectors, detector, fn, values, missing,
    query: named ? { detector: index, function: detector.functions.length > 1 ? fn : null, ...values } : null,
    pending: known.pending || partition.pending || by.pending || over.pending,
    error: known.error ?? partition.error ?? by.error ?? over.error,
  };
}

/** The value of a split field: that of the URL, else what is usual, else the one with the highest score beside those of the fields above. */
function useValue(base, detector, role, above, usual, version) {
  const field = detector?.fields[role];
  const named = field ? get(`e.${field}`) ?? usual[field] ?? null : null;
  const asks = field !== undefined && named === null && Object.keys(above).every((one) => detector.fields[one] === undefined || above[one] !== null);
  const query = useQuery(asks ? `${base}/entities${params({ role, detector: detector.detector_index, ...above, size: 1 })}` : null, { deps: [version] });
  const worst = query.data?.values[0]?.value ?? null;
  return { value: field ? named ?? worst : null, pending: query.pending && worst === null, error: query.error };
}

/** The time that there is to look at: that of the URL, else that of the job's rows; null without any. @returns {[number, number] | null} */
export function wholeRange(job) {
  if (isChosen.value && range.value) return range.value;
  if (job.first_time === null) return null;
  const size = job.bucket_span_ms;
  const floor = (ms) => Math.floor(ms / size) * size;
  return [floor(job.first_time), floor(job.latest_time) + size];
}

/** What is shown of it unless somebody has chosen: as many of its newest buckets as can be seen one by one. */
export function autoZoom(job, [from, to]) {
  return [Math.max(from, to - AUTO_BUCKETS * job.bucket_span_ms), to];
}

/** What is shown of it. @returns {[number, number]} */
export function zoomOf(job, whole) {
  const chosen = span('zoom');
  const inside = chosen && [Math.max(chosen[0], whole[0]), Math.min(chosen[1], whole[1])];
  return inside && inside[0] < inside[1] ? inside : autoZoom(job, whole);
}

/** Show another span. @param {[number, number] | null} zoom null: what is usual @param {boolean} [replace] a gesture */
export const setZoom = (zoom, replace = false) => go({ set: { zoom: zoom && zoom.map(timeText).join('~') } }, { replace });

/** The layers that are shown. @returns {Set<string>} */
export function layers() {
  const text = get('layers');
  return new Set(text === null ? USUAL_LAYERS : text.split(',').filter((word) => LAYERS.includes(word)));
}

/** Show or hide a layer. @param {string} name */
export function toggleLayer(name) {
  const shown = layers();
  if (!shown.delete(name)) shown.add(name);
  const text = LAYERS.filter((one) => shown.has(one)).join(',');
  go({ set: { layers: text === USUAL_LAYERS.join(',') ? null : text || 'none' } });
}

/** Which earlier time is laid under the series. @returns {'day' | 'week' | null} */
export const compared = () => choice('cmp', Object.keys(COMPARED));

/** The bucket that is explained; null: none. @returns {number | null} */
export const openTime = () => time('open');

/** Explain a bucket; null: none. @param {number | null} t */
export const open = (t) => go({ set: { open: t === null ? null : timeText(t) } }, { replace: get('open') !== null });
