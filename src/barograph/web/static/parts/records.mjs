// Records: the table of them, and what it takes to sort, open and act.
import { html, Fragment } from '../lib/html.mjs';
import { href, timeText } from '../lib/url.mjs';
import { count, number, time, probability } from '../lib/format.mjs';
import { severities } from '../lib/scales.mjs';
import { EntityName, entitiesOf, influencersOf } from './entity.mjs';
import { Icon } from './icon.mjs';
import { Menu } from './menu.mjs';
import { RecordDetails } from './record-details.mjs';
import { Score } from './score.mjs';

export { RecordDetails };

/** @typedef {Record<string, any>} RecordRow a row of `/api/v1/records` */

const SHOWN_INFLUENCERS = 3;
const BUCKETS_AROUND = 48;

/** The URL of a record's series, with the time around it. @param {RecordRow} row */
export const seriesHref = (row) => href('/series', seriesKeys(row));

/** What that URL says. @param {RecordRow} row @returns {Record<string, any>} */
export function seriesKeys(row) {
  const span = row.bucket_span * 1000;
  const zoom = [row.timestamp - BUCKETS_AROUND * span, row.timestamp + (BUCKETS_AROUND / 2) * span].map(timeText).join('~');
  const entities = Object.fromEntries(entitiesOf(row).map(({ field, value }) => [`e.${field}`, value]));
  const fn = row.function === 'metric' ? { fn: row.function_description } : {};
  return { job: row.job_id, det: row.detector_index, ...fn, ...entities, zoom };
}

/** The URL of a new rule that would tell of such a record: of its severity, one alert for each entity. @param {RecordRow} row */
const ruleHref = (row) => {
  const [entity] = entitiesOf(row);
  const least = severities.value.findLast((one) => one.score <= row.record_score)?.score ?? 0;
  return href('/rules/new', { job: row.job_id, on: 'records', score: Math.max(1, least), each: entity?.field ?? null }, { keep: ['tz', 'theme'] });
};

const COLUMNS = [
  { key: 'time', title: 'Time' },
  { key: 'score', title: 'Score', class: 'number' },
  { key: 'detector', title: 'Detector' },
  { key: 'entity', title: 'Found for', of: (row) => entitiesOf(row).length > 0 },
  { key: null, title: 'Influenced by', class: 'wide-only', of: (row) => influencersOf(row).length > 0 },
  { key: 'actual', title: 'Actual', class: 'number' },
  { key: 'typical', title: 'Typical', class: 'number' },
  { key: null, title: 'Description' },
  { key: 'probability', title: 'Probability', class: 'number widest-only' },
];
const JOB = { key: 'job', title: 'Job', class: 'job-name' };

/** The columns in which some row has something. */
const columnsOf = (rows, jobs) => [...COLUMNS.filter((column) => !column.of || rows.some(column.of)), ...(jobs ? [JOB] : [])];

/**
 * A table of records.
 * @param {{
 *   rows: RecordRow[], sort: string, setSort: (sort: string) => void, open: string[], setOpen: (ids: string[]) => void,
 *   filter?: import('./entity.mjs').EntityFilter, jobs?: boolean, merged?: string | null,
 *   note?: (row: RecordRow) => void, hover?: (row: RecordRow | null) => void, caption: string
 * }} props
 *   sort: a column, from the highest with a `-` before it
 *   open: ids of the rows whose details are shown
 *   jobs: whether records are of several jobs
 *   merged: of which stretch a row is the worst (`hour`, `day`); null when every record has a row
 *   note: opens what notes something of a row's time
 */
export function RecordsTable({ rows, sort, setSort, open, setOpen, jobs = false, merged = null, caption, ...rest }) {
  const columns = columnsOf(rows, jobs);
  return html`
    <div class="table-scroll records">
      <table class=${jobs ? 'has-jobs' : ''}>
        <caption class="hidden-text">${caption}</caption>
        <thead><tr>
          <th><span class="hidden-text">Details</span></th>
          ${columns.map((column) => html`<${Heading} column=${column} sort=${sort} setSort=${setSort} />`)}
          <th><span class="hidden-text">Actions</span></th>
        </tr></thead>
        <tbody>
          ${rows.map((row) => html`
            <${Row} key=${row.id} row=${row} columns=${columns} merged=${merged} isOpen=${open.includes(row.id)} jobs=${jobs} ...${rest}
              toggle=${() => setOpen(open.includes(row.id) ? open.filter((id) => id !== row.id) : [...open, row.id])} />`)}
        </tbody>
      </table>
    </div>`;
}

const LOW_FIRST = ['detector', 'entity', 'job', 'probability'];

function Heading({ column, sort, setSort }) {
  if (column.key === null) return html`<th class=${column.class}>${column.title}</th>`;
  const isSorted = sort.replace('-', '') === column.key;
  const isDown = sort.startsWith('-');
  const first = LOW_FIRST.includes(column.key) ? column.key : `-${column.key}`;
  const other = isDown ? column.key : `-${column.key}`;
  return html`
    <th class=${column.class} aria-sort=${isSorted ? (isDown ? 'descending' : 'ascending') : undefined}>
      <button type="button" class="sort" onClick=${() => setSort(isSorted ? other : first)}>
        ${column.title}<span class="sort-arrow" aria-hidden="true">${isSorted ? (isDown ? '↓' : '↑') : ''}</span>
      </button>
    </th>`;
}

function Row({ row, columns, merged, isOpen, toggle, filter, jobs, note, hover }) {
  const details = `record-${row.id}`;
  return html`
    <${Fragment}>
      <tr class=${isOpen ? 'is-open' : ''} data-record=${row.id} onMouseEnter=${() => hover?.(row)} onMouseLeave=${() => hover?.(null)}
        onFocusIn=${() => hover?.(row)} onFocusOut=${() => hover?.(null)}>
        <td class="toggle">
          <button type="button" class="bare" aria-expanded=${String(isOpen)} aria-controls=${isOpen ? details : undefined}
            aria-label=${`${isOpen ? 'Hide' : 'Show'} details of ${row.measure} at ${time(row.timestamp)}`} onClick=${toggle}>
            <${Icon} name=${isOpen ? 'down' : 'right'} />
          </button>
        </td>
        ${columns.map((column) => html`<td class=${column.class} data-name=${column.title}>${CELLS[column.title](row, { merged, filter })}</td>`)}
        <td class="actions"><${Actions} row=${row} filter=${filter} note=${note} /></td>
      </tr>
      ${isOpen && html`
        <tr class="details-row"><td colspan=${columns.length + 2} id=${details}>
          <${RecordDetails} row=${row} filter=${filter} series=${seriesHref(row)} />
        </td></tr>`}
    </${Fragment}>`;
}

const CELLS = {
  Time: (row, { merged }) => html`
    <span class="nowrap">${time(row.timestamp)}</span>
    ${row.is_interim && html` <span class="badge" title="Its bucket is still open: this may change">interim</span>`}
    ${merged && row.worst_of > 1 && html`<br /><small>worst of ${count(row.worst_of)} that ${merged}</small>`}`,
  Score: (row) => html`<${Score} score=${row.record_score} multiBucket=${row.multi_bucket} interim=${row.is_interim} />`,
  Detector: (row) => row.detector,
  'Found for': (row, { filter }) => entitiesOf(row).map((one) => html`<div><${EntityName} ...${one} filter=${filter} /></div>`),
  'Influenced by': (row, { filter }) => html`<${Influenced} row=${row} filter=${filter} />`,
  Actual: (row) => (row.actual_text ? html`<${Written} text=${row.actual_text} />` : number(row.actual)),
  Typical: (row) => (row.typical_text ? html`<${Written} text=${row.typical_text} />` : number(row.typical)),
  Description: (row) => row.description,
  Probability: (row) => html`
    <span class="nowrap" title=${probability(row.probability, row.log_probability)}>
      ${probability(row.probability, row.log_probability).split(' (')[0]}</span>`,
  Job: (row) => row.job_id,
};

/** A time or a place, which may go on in the next line behind its comma. */
const Written = ({ text }) => text.split(',').map((part, at) => (at === 0 ? part : html`,<wbr />${part}`));

function Influenced({ row, filter }) {
  const all = influencersOf(row);
  const more = all.length - SHOWN_INFLUENCERS;
  return html`
    ${all.slice(0, SHOWN_INFLUENCERS).map((one) => html`<div><${EntityName} field=${one.field} value=${one.value} filter=${filter} /></div>`)}
    ${more > 0 && html`<small>and ${count(more)} more</small>`}`;
}

function Actions({ row, filter, note }) {
  const entities = entitiesOf(row);
  const items = [
    { text: 'Open series', href: seriesHref(row) },
    ...(filter ? entities.map(({ field, value }) => ({ text: `Only ${field} ${value}`, run: () => filter.only(field, value) })) : []),
    ...(filter ? entities.map(({ field, value }) => ({ text: `Without ${field} ${value}`, run: () => filter.without(field, value) })) : []),
    note && { text: 'Note something', run: () => note(row) },
    { text: 'Make a rule of this', href: ruleHref(row) },
    { text: 'Copy as JSON', run: () => navigator.clipboard.writeText(JSON.stringify(row, null, 2)) },
  ];
  return html`<${Menu} button=${html`<${Icon} name="more" />`} label="Actions" buttonClass="bare" arrow=${false} items=${items} />`;
}
