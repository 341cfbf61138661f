// The table of anomalies: what is selected and let through, a page at a time.
import { html, useState } from '../../lib/html.mjs';
import { params } from '../../lib/api.mjs';
import { count, counted, interval as intervalText, score } from '../../lib/format.mjs';
import { jobIds, range, zone } from '../../lib/range.mjs';
import { Icon } from '../../parts/icon.mjs';
import { Panel } from '../../parts/panel.mjs';
import { RecordsTable } from '../../parts/records.mjs';
import { go } from '../../lib/url.mjs';
import { NoteDialog } from './note-dialog.mjs';
import { Pager } from './pager.mjs';
import {
  INTERVALS, askedInside, change, cursor, entityFilter, filter, interim, interval, isSelected, open, select, shownSeverities, sort, tablePage,
} from './state.mjs';

export const ROWS = 25;

/** What the table asks. @param {string} by */
export const tableQuery = (by) => ({
  ...askedInside(by), sev: shownSeverities.value, iv: interval.value === 'auto' ? null : interval.value, tz: zone.value === 'UTC' ? null : zone.value,
  sort: sort.value === '-score' ? null : sort.value,
});

/** @param {{by: string, query: import('../../lib/api.mjs').Query}} props query: of `tableQuery`, page and size */
export function Anomalies({ by, query }) {
  const [noting, setNoting] = useState(null);
  const data = query.data;
  const pages = Math.max(1, Math.ceil((data?.total ?? 0) / ROWS));
  const file = `/api/v1/records${params({ ...tableQuery(by), format: 'csv' })}`;
  return html`
    <${Panel} title=${html`<span id="anomalies" tabindex="-1">Anomalies</span>`} class="anomalies" query=${query} height=${600} empty=${empty(data)} actions=${html`
      <span class="quiet" data-testid="anomalies-total">${data && data.total > 0 && range1(data)}</span>
      <label class="beside">Interval <select value=${interval.value} onChange=${(event) => change({ iv: event.target.value === 'auto' ? null : event.target.value })}>
        ${Object.entries(INTERVALS).map(([value, text]) => html`<option value=${value}>${text}</option>`)}
      </select></label>
      <a class="button" href=${file} download="anomalies.csv"><${Icon} name="download" />CSV</a>`}>
      ${() => html`
        <${RecordsTable} rows=${data.rows} caption="Anomalies" sort=${sort.value} setSort=${(to) => change({ sort: to === '-score' ? null : to })}
          open=${open.value} setOpen=${(ids) => go({ set: { open: ids } })} filter=${entityFilter} jobs=${jobIds.value.length > 1}
          merged=${data.interval === 'all' ? null : data.interval} note=${setNoting}
          hover=${(row) => { cursor.value = row === null ? null : row.timestamp + row.bucket_span * 500; }} />
        <div class="table-foot">
          <${Pager} name="anomalies" page=${tablePage.value} pages=${pages} text=${range1(data)} go=${(to) => go({ set: { tp: to === 1 ? null : to, open: null } })} />
        </div>`}
    </${Panel}>
    ${noting && html`<${NoteDialog} row=${noting} close=${() => setNoting(null)} />`}`;
}

/** `1–25 of 148, the worst of each hour of 203 records` */
function range1(data) {
  const first = (tablePage.value - 1) * ROWS;
  const shown = `${count(Math.min(first + 1, data.total))}–${count(Math.min(first + data.rows.length, data.total))} of ${count(data.total)}`;
  return data.records > data.total ? `${shown}, the worst of each ${data.interval} of ${counted(data.records, 'record')}` : shown;
}

/** Why there is nothing, and which of what is chosen to let go. */
function empty(data) {
  if (data === undefined || data.total > 0 || range.value === null) return null;
  const ways = [
    filter.value && { text: `the filter ${filter.value}`, run: () => change({ q: null }) },
    shownSeverities.value && { text: 'severities', run: () => change({ sev: null }) },
    isSelected.value && { text: 'the selection', run: () => select(null) },
    !interim.value && { text: 'interim results off', run: () => change({ interim: null }) },
  ].filter(Boolean);
  if (ways.length === 0) return `No anomalies from ${intervalText(...range.value).replace(' – ', ' to ')}${data.highest ? `; highest score ${score(data.highest)}` : ''}.`;
  return html`
    <p>None match ${ways.map(({ text }) => text).join(' and ')}${data.in_time > 0 ? `, which leave out ${counted(data.in_time, 'record')} of that time` : ''}.</p>
    <p class="empty-ways">${ways.map(({ text, run }) => html`<button type="button" onClick=${run}>Without ${text}</button>`)}</p>`;
}
