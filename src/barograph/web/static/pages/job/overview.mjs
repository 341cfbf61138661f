// A job in a sentence and a picture.
import { html } from '../../lib/html.mjs';
import { href, timeText } from '../../lib/url.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { count, counted, interval, score } from '../../lib/format.mjs';
import { word } from '../../lib/scales.mjs';
import { hideTooltip, showTooltip } from '../../parts/tooltip.mjs';
import { Panel } from '../../parts/panel.mjs';
import { doing } from '../jobs/words.mjs';
import { Datafeed } from './datafeed.mjs';

const COLUMNS = 240;
const AT_ONCE = 5;
const links = { keep: ['tz', 'theme'] };

/** @param {{job: any, version: string, changed: () => void}} props */
export const Overview = ({ job, version, changed }) => html`
  <div class="job-overview">
    <p class="sentence"><span class="state ${job.state}" aria-hidden="true"></span>${upper(job.does.replace('every 1 ', 'every '))}. ${upper(doing(job))}.</p>
    ${job.rows === 0 ? html`<${NothingYet} job=${job} />` : html`<${Scores} job=${job} version=${version} /><${Worst} job=${job} version=${version} />`}
    <${Datafeed} job=${job} changed=${changed} />
  </div>`;

const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);

const NothingYet = ({ job }) => html`
  <p class="quiet">${job.state === 'opened' ? 'It waits for rows: add some from a file (in the menu above), drop one here, start its datafeed, or send them from a program.'
    : 'Open it, and give it rows.'}</p>`;

function Scores({ job, version }) {
  const to = job.latest_time + job.bucket_span_ms;
  const query = useQuery(`/lanes${params({ job: job.job_id, from: job.first_time, to, width: COLUMNS })}`, { deps: [version] });
  return html`
    <${Panel} title="How odd it was" query=${query} height=${52}>
      ${(lanes) => lanes && html`<${Strip} job=${job} lanes=${lanes} />`}
    </${Panel}>`;
}

function Strip({ job, lanes }) {
  const span = lanes.end - lanes.start;
  const place = ([, column]) => ({ left: `${(100 * column * lanes.step) / span}%`, width: `${(100 * lanes.step) / span}%` });
  const told = ([, column, value]) => html`
    <div>${interval(lanes.start + column * lanes.step, lanes.start + (column + 1) * lanes.step)}</div><strong>${score(value)} ${word(value)}</strong> bucket score`;
  return html`
    <a class="score-strip" href=${href('/explorer', { job: job.job_id }, links)} aria-label="Bucket scores over time, in the explorer" onPointerLeave=${hideTooltip}>
      ${lanes.cells.filter(([, , value]) => value >= 1).map((cell) => html`
        <span key=${cell[1]} class=${`bar ${word(cell[2])}`} style=${place(cell)} onPointerMove=${(event) => showTooltip(event.clientX, event.clientY, told(cell))}></span>`)}
    </a>
    <p class="quiet under">${interval(job.first_time, job.latest_time + 1)}, ${counted(job.buckets, 'bucket')}</p>`;
}

function Worst({ job, version }) {
  const query = useQuery(`/records${params({ job: job.job_id, size: AT_ONCE, sort: '-score' })}`, { deps: [version] });
  const none = query.data?.total === 0;
  return html`
    <${Panel} title="Worst so far" query=${query} height=${160} empty=${none && 'No anomalies in all of its rows.'}>
      ${(found) => found && html`
        <table class="worst">
          <thead><tr><th class="number score-column">Score</th><th class="when">When</th><th>What</th></tr></thead>
          <tbody>${found.rows.map((one) => html`<${Record} key=${one.id} job=${job} record=${one} />`)}</tbody>
        </table>
        ${found.total > AT_ONCE && html`<p class="under">${found.interval !== 'all' && `The worst of each ${found.interval}. `}<a href=${href('/explorer', { job: job.job_id }, links)}>All ${count(found.records)} in the explorer</a></p>`}`}
    </${Panel}>`;
}

const nameOf = (record) => {
  const named = ['partition', 'by', 'over'].map((role) => record[`${role}_field_value`]).filter((value) => value !== null);
  return named.length ? ` of ${named.join(', ')}` : '';
};

const Record = ({ job, record }) => html`
  <tr>
    <td class="number"><span class="score"><span class="swatch ${word(record.record_score)}"></span>${score(record.record_score)}</span></td>
    <td><a href=${href('/explorer', { job: job.job_id, sel: `${timeText(record.timestamp)}~${timeText(record.timestamp + job.bucket_span_ms)}` }, links)}>
      ${interval(record.timestamp, record.timestamp + job.bucket_span_ms)}</a></td>
    <td>${upper(record.measure)}${nameOf(record)}: ${record.description}</td>
  </tr>`;
