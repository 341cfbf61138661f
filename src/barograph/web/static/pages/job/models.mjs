// What a job's models believe, in words, and what they take in memory.
import { html, useState } from '../../lib/html.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { count, counted } from '../../lib/format.mjs';
import { inPageTimes } from '../../lib/local-time.mjs';
import { Panel } from '../../parts/panel.mjs';
import { bytes } from '../jobs/words.mjs';

const MORE = 20;

/** How the memory comes near a job's limit, in words; empty where it does not. */
function exceeds({ total, limit, status }) {
  if (total > limit) return 'That is more than the job’s limit of';
  if (total > 0.6 * limit) return 'That is more than three fifths of the job’s limit of';
  return status === 'ok' || status === undefined ? '' : 'No more is awake than suits the job’s limit of';
}

/** @param {{job: any, version: string}} props */
export function Models({ job, version }) {
  const [size, setSize] = useState(MORE);
  const query = useQuery(`/jobs/${encodeURIComponent(job.job_id)}/models${params({ size })}`, { deps: [version] });
  const none = query.data && query.data.rows.length === 0;
  const empty = none && (query.data.readable ? 'Nothing yet: no bucket is finished.' : 'Another version of Barograph has learned the models; a replay makes them anew.');
  const many = job.detectors.length > 1;
  const isSplit = many || Boolean(query.data?.rows.some(nameOf));
  return html`
    <${Panel} title="What they believe" query=${query} height=${240} empty=${empty}>
      ${(found) => found && html`
        <p class="quiet known">${known(found)}</p>
        <table class="beliefs">
          ${isSplit && html`<thead><tr><th>Series</th><th>What is believed of it</th></tr></thead>`}
          <tbody>${found.rows.map((row) => html`<tr>${isSplit && html`<td>${many && html`<span class="quiet">${job.detectors[row.detector_index]}</span><br />`}${nameOf(row)}</td>`}<td>${inPageTimes(row.text, job.time_zone)}</td></tr>`)}</tbody>
        </table>
        ${found.cut && html`<p class="under"><button type="button" onClick=${() => setSize(size + 4 * MORE)}>Show more of ${count(found.known.series)}</button></p>`}`}
    </${Panel}>
    <${Memory} job=${job} version=${version} />`;
}

function known({ known: all, cut, rows }) {
  const lacks = [
    [all.young, 'with too few values for more than gross anomalies'], [all.before_day, 'too young for a daily pattern'], [all.before_week, 'too young for a weekly pattern'],
  ].filter(([many]) => many > 0).map(([many, what]) => `${count(many)} ${what}`);
  const shown = cut ? ` Below are the ${rows.length} that were the most anomalous lately.` : '';
  return `${counted(all.series, 'series', 'series')}, ${count(all.patterned)} with a repeating pattern${lacks.length ? `; ${lacks.join(', ')}` : ''}.${shown}`;
}

const nameOf = (row) => ['partition', 'by', 'over'].filter((role) => row[`${role}_field_value`] !== null)
  .map((role) => row[`${role}_field_value`]).join(', ');

function Memory({ job, version }) {
  const query = useQuery(`/jobs/${encodeURIComponent(job.job_id)}/memory`, { deps: [version] });
  return html`
    <${Panel} title="Memory" query=${query} height=${120} empty=${query.data?.total === 0 && 'None yet.'}>
      ${(memory) => memory && html`<${Parts} memory=${memory} />`}
    </${Panel}>`;
}

/** A bar for each part. @param {{memory: {parts: Record<string, number>, total: number, stored?: number, pruned?: number, asleep?: number, refused_rows?: number, refused_buckets?: number, limit?: number, status?: string}}} props */
export const Parts = ({ memory }) => html`
  <table class="parts">
    <tbody>${Object.entries(memory.parts).map(([name, size]) => html`
      <tr><th scope="row">${name}</th><td class="number">${bytes(size)}</td>
        <td aria-hidden="true"><span class="part" style=${{ width: `${Math.max(0.5, (100 * size) / memory.total)}%` }}></span></td></tr>`)}
    </tbody>
  </table>
  <p class="quiet under">${bytes(memory.total)} in all${memory.stored ? `; ${bytes(memory.stored)} on disk` : ''}.${exceeds(memory) ? html` <strong>${exceeds(memory)}</strong> ${bytes(memory.limit)}.` : ''}${memory.asleep ? ` ${counted(memory.asleep, 'series', 'series')} without data for long ${memory.asleep === 1 ? 'sleeps' : 'sleep'} on the disk; data wakes them as they were.` : ''}${memory.refused_rows ? html` <strong>${counted(memory.refused_rows, 'row', 'rows')} of new series</strong> in ${counted(memory.refused_buckets, 'bucket', 'buckets')} were left out: there is no room for more series.` : ''}${memory.pruned ? ` ${counted(memory.pruned, 'series', 'series')} without rows for long ${memory.pruned === 1 ? 'was' : 'were'} forgotten.` : ''}</p>`;
