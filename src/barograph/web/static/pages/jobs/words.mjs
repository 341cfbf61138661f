// Detectors and jobs as a person says them.
import { clock, counted, time } from '../../lib/format.mjs';

const SIDES = { high_: ' (high only)', low_: ' (low only)' };
const MEASURES = {
  count: () => 'number of rows',
  non_zero_count: () => 'number of rows, where there are any',
  distinct_count: (field) => `different values of ${field}`,
  non_null_sum: (field) => `sum of ${field}, where there is any`,
  varp: (field) => `variance of ${field}`,
  min: (field) => `minimum of ${field}`,
  max: (field) => `maximum of ${field}`,
  info_content: (field) => `information in ${field}`,
  rare: () => 'rare values',
  freq_rare: () => 'often rare values',
  time_of_day: () => 'time of day',
  time_of_week: () => 'time of week',
  lat_long: (field) => `places in ${field}`,
  metric: (field) => `mean, minimum and maximum of ${field}`,
};

/** What a detector measures: `mean of cpu per host`. @param {any} detector of a job's settings */
export function detectorWords({ function: name = 'metric', field_name: field, partition_field_name: partition, by_field_name: by, over_field_name: over }) {
  const side = Object.keys(SIDES).find((prefix) => name.startsWith(prefix));
  const plain = side ? name.slice(side.length) : name;
  const measure = MEASURES[plain] ?? ((of) => `${plain} of ${of}`);
  const per = [partition, by].filter(Boolean).join(' and ');
  return `${measure(field ?? '…')}${per ? ` per ${per}` : ''}${over ? ` compared across ${over}` : ''}${side ? SIDES[side] : ''}`;
}

/** `2.4 MB`, in steps of 1,024 as limits of memory are written, so that `1024mb` is 1 GB. @param {number} size in bytes */
export function bytes(size) {
  if (size < 1024) return `${size} bytes`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let [value, at] = [size / 1024, 0];
  for (; value >= 1024 && at + 1 < units.length; at += 1) value /= 1024;
  return `${(value < 1000 ? Number(value.toPrecision(3)) : Math.round(value)).toLocaleString('en')} ${units[at]}`;
}

/** The path of a job's page. @param {string} jobId @param {string} [tab] */
export const jobPath = (jobId, tab) => `/jobs/${encodeURIComponent(jobId)}${tab && tab !== 'overview' ? `/${tab}` : ''}`;

const dayOf = (ms) => time(ms, { precision: 'day' });

/** How a job is doing, in a sentence. @param {any} job as `/job-list` tells */
export function doing(job) {
  if (job.state === 'failed') return `failed: ${job.failure}`;
  const state = STATES[job.state];
  if (job.rows === 0) return `${state}, has read nothing yet`;
  if (job.latest_bucket === null) return `${state}, ${counted(job.rows, 'row')} read, no bucket is finished yet`;
  const isToday = dayOf(job.latest_bucket) === dayOf(Date.now());
  const found = job.anomalies > 0 ? counted(job.anomalies, 'anomaly', 'anomalies') : 'no anomalies';
  return `${state}, newest bucket ${isToday ? clock(job.latest_bucket) : time(job.latest_bucket)}, ${found} ${isToday ? 'today' : 'that day'}`;
}

/** Words for the states of jobs. */
export const STATES = { opened: 'running', opening: 'being opened', closed: 'closed', closing: 'being closed', failed: 'failed' };
