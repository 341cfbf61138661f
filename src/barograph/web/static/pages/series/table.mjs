// The numbers of the chart as a table.
import { html, useState } from '../../lib/html.mjs';
import { count, number, score, time } from '../../lib/format.mjs';

const ROWS = 100;

/** @param {{data: any, zoom: [number, number], job: any}} props */
export function ChartTable({ data, zoom, job }) {
  const [page, setPage] = useState(0);
  const inside = data.t.map((t, index) => index).filter((index) => data.t[index] >= zoom[0] && data.t[index] < zoom[1]);
  const last = Math.max(0, Math.ceil(inside.length / ROWS) - 1);
  const at = Math.min(page, last);
  const marks = new Map(data.marks.map((mark) => [mark.t, mark]));
  const bound = (column, index) => number(column?.[index]);
  return html`
    <div class="table-scroll" data-testid="numbers">
      <table>
        <caption class="hidden-text">The values of the chart</caption>
        <thead><tr><th>Bucket</th><th class="number">Value</th><th class="number">Typical</th><th class="number">Lower</th><th class="number">Upper</th><th class="number">Record score</th></tr></thead>
        <tbody>
          ${inside.slice(at * ROWS, (at + 1) * ROWS).map((index) => html`
            <tr key=${data.t[index]}>
              <td>${time(data.t[index], { precision: job.bucket_span_ms % 60_000 ? 'second' : 'minute' })}</td>
              <td class="number">${data.v[index] === null ? 'no data' : number(data.v[index])}</td>
              <td class="number">${bound(data.typical, index)}</td><td class="number">${bound(data.lo, index)}</td><td class="number">${bound(data.hi, index)}</td>
              <td class="number">${marks.has(data.t[index]) ? score(marks.get(data.t[index]).score) : ''}</td>
            </tr>`)}
        </tbody>
      </table>
      <div class="pages">
        <button type="button" disabled=${at === 0} onClick=${() => setPage(at - 1)}>Earlier</button>
        <span class="quiet">${inside.length === 0 ? 'No values' : `${count(at * ROWS + 1)}–${count(Math.min((at + 1) * ROWS, inside.length))} of ${count(inside.length)}`}</span>
        <button type="button" disabled=${at === last} onClick=${() => setPage(at + 1)}>Later</button>
      </div>
    </div>`;
}
