// The records of the series in what is zoomed to.
import { html } from '../../lib/html.mjs';
import { choice, get, go, href, number } from '../../lib/url.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { term } from '../../lib/filter-text.mjs';
import { count } from '../../lib/format.mjs';
import { Panel } from '../../parts/panel.mjs';
import { RecordsTable } from '../../parts/records.mjs';

const SIZE = 25;
const SORTS = ['time', 'score', 'actual', 'typical', 'probability'].flatMap((key) => [key, `-${key}`]);

/** @param {{job: any, series: any, zoom: [number, number], version: string}} props */
export function Records({ job, series, zoom, version }) {
  const { detector, values } = series;
  const sort = choice('sort', SORTS, '-score');
  const page = number('tp', { least: 1, most: 1e6, usual: 1 });
  const q = Object.entries(detector.fields).map(([role, field]) => term(field, values[role])).join(' and ');
  const asked = { job: job.job_id, by: 'detector', lane: `${job.job_id}/${detector.detector_index}`, q, from: zoom[0], to: zoom[1], sort, size: SIZE, page: page - 1, iv: 'all' };
  const query = useQuery(`/records${params(asked)}`, { deps: [version] });
  const total = query.data?.total ?? 0;
  const rows = (query.data?.rows ?? []).filter((row) => detector.functions.length === 1 || row.function_description === series.fn);
  const opened = get('row');
  const last = Math.max(1, Math.ceil(total / SIZE));
  return html`
    <${Panel} title=${query.data ? `Anomalies (${count(total)})` : 'Anomalies'} query=${query} height=${160}
      actions=${html`<a href=${href('/explorer', { job: job.job_id })}>All of the job</a>`}
      empty=${query.data && total === 0 && 'There is none in the time that is zoomed to.'}>
      ${() => html`
        <${RecordsTable} rows=${rows} sort=${sort} caption="Anomalies of the series" open=${opened ? [opened] : []}
          setSort=${(to) => go({ set: { sort: to === '-score' ? null : to, tp: null } })}
          setOpen=${(ids) => go({ set: { row: ids.at(-1) ?? null } })} />
        ${last > 1 && html`
          <div class="pages">
            <button type="button" disabled=${page <= 1} onClick=${() => go({ set: { tp: page - 1 } })}>Back</button>
            <span class="quiet">${count((page - 1) * SIZE + 1)}–${count(Math.min(page * SIZE, total))} of ${count(total)}</span>
            <button type="button" disabled=${page >= last} onClick=${() => go({ set: { tp: page + 1 } })}>Next</button>
          </div>`}`}
    </${Panel}>`;
}
