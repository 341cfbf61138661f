// What a job has read, what it left out and why.
import { html } from '../../lib/html.mjs';
import { useQuery } from '../../lib/api.mjs';
import { count, interval, time } from '../../lib/format.mjs';
import { href } from '../../lib/url.mjs';
import { Panel } from '../../parts/panel.mjs';
import { bytes } from '../jobs/words.mjs';

const links = { keep: ['tz', 'theme'] };
const REASONS = [
  ['malformed_record_count', 'malformed', 'not a row of its format'],
  ['invalid_date_count', 'invalid_date', 'the time cannot be read'],
  ['missing_field_count', 'missing_field', 'a field that the job needs is missing'],
  ['not_a_number_count', 'not_a_number', 'a field that must be a number is not'],
  ['out_of_order_timestamp_count', 'out_of_order', 'older than the latency allows'],
];

/** @param {{job: any, version: string}} props */
export function Counts({ job, version }) {
  const { counts } = job;
  if (!counts.input_record_count) return html`<p class="empty">It has read nothing yet.</p>`;
  const numbers = [
    ['Rows read', count(counts.input_record_count)], ['Rows used', count(counts.processed_record_count)], ['Size of the rows', bytes(counts.input_bytes)],
    ['Buckets finished', count(counts.bucket_count)], ['Buckets without rows', count(counts.empty_bucket_count)],
    ['Oldest row', time(counts.earliest_record_timestamp)], ['Newest row', time(counts.latest_record_timestamp)],
    ['Newest finished bucket', time(counts.latest_bucket_timestamp)],
  ];
  const left = REASONS.filter(([name]) => counts[name] > 0);
  return html`
    <${Panel} title="Read">
      <dl class="facts wide">${numbers.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    </${Panel}>
    <${Panel} title="Left out" empty=${left.length === 0 && 'Nothing: every row could be used.'}>
      <table>
        <thead><tr><th class="number few">How many</th><th>Why</th><th>For example</th></tr></thead>
        <tbody>${left.map(([name, reason, why]) => html`
          <tr><td class="number">${count(counts[name])}</td><td>${why}</td><td><${Example} examples=${counts.examples.filter((one) => one.reason === reason)} /></td></tr>`)}
        </tbody>
      </table>
    </${Panel}>
    <${Silenced} job=${job} version=${version} />`;
}

/** What rules and planned times have kept from being told. */
function Silenced({ job, version }) {
  const query = useQuery(`/jobs/${encodeURIComponent(job.job_id)}/silenced`, { deps: [version] });
  return html`
    <${Panel} title="Silenced" query=${query} height=${80} empty=${query.data?.total === 0 && 'Nothing: no rule and no planned time has kept a result from being told.'}>
      ${(found) => found && html`
        <table>
          <thead><tr><th class="number few">Results</th><th>By</th><th>From the first to the last</th></tr></thead>
          <tbody>${found.silenced.map((one) => html`
            <tr><td class="number">${count(one.count)}</td><td>${silencer(job, one)}</td><td>${interval(one.first, one.last + job.bucket_span_ms)}</td></tr>`)}
          </tbody>
        </table>`}
    </${Panel}>`;
}

const silencer = (job, one) => (one.rule !== null ? html`the rule <code>${one.rule}</code> of ${job.detectors[one.detector_index]}`
  : html`${one.description}, planned ${one.calendar_id !== null && html`in <a href=${href('/calendars', {}, links)}>${one.calendar_id}</a> `}for ${interval(one.start, one.end)}`);

const Example = ({ examples: [first] }) => first && html`<code>${first.value}</code> <span class="quiet">in row ${count(first.row)}: ${first.message}</span>`;
