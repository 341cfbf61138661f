// What a job has read, what it left out and why.
import { html } from '../../lib/html.mjs';
import { count, time } from '../../lib/format.mjs';
import { Panel } from '../../parts/panel.mjs';
import { bytes } from '../jobs/words.mjs';

const REASONS = [
  ['malformed_record_count', 'malformed', 'not a row of its format'],
  ['invalid_date_count', 'invalid_date', 'the time cannot be read'],
  ['missing_field_count', 'missing_field', 'a field that the job needs is missing'],
  ['not_a_number_count', 'not_a_number', 'a field that must be a number is not'],
  ['out_of_order_timestamp_count', 'out_of_order', 'older than the latency allows'],
];

/** @param {{job: any}} props */
export function Counts({ job }) {
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
    </${Panel}>`;
}

const Example = ({ examples: [first] }) => first && html`<code>${first.value}</code> <span class="quiet">in row ${count(first.row)}: ${first.message}</span>`;
