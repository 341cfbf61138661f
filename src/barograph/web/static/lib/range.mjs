// What is looked at: which jobs, which time, in which zone.
import { signal, computed } from './html.mjs';
import { allJobs, pausedAt, present } from './live.mjs';
import { all, get, path, time, timeText, parseTime } from './url.mjs';

/** Epoch ms: what `now` in the URL means. It moves while somebody looks. */
export const now = signal(Date.now());
setInterval(() => { if (!document.hidden && pausedAt.peek() === null && usesNow()) now.value = Date.now(); }, 30_000);

const usesNow = () => [get('from'), get('to')].some((text) => text?.startsWith('now'));

/** Names in the URL that are of no job or group: they are left out, and the shell says so. */
export const unknownJobs = computed(() => (allJobs.value === null ? [] : all('job').filter(
  (text) => text !== '_all' && !text.includes('*') && !allJobs.value.some(matcher(text)),
)));

/** What is looked at, for calls of the API: ids and groups, perhaps with `*`. Empty means all jobs. */
export const expressions = computed(() => all('job').filter((text) => !unknownJobs.value.includes(text)));

/** The jobs that are chosen, all of them where none is named; null until they are known. */
export const jobs = computed(() => {
  if (allJobs.value === null) return null;
  const wanted = expressions.value.map(matcher);
  return wanted.length === 0 ? allJobs.value : allJobs.value.filter((job) => wanted.some((matches) => matches(job)));
});

/** The ids of the chosen jobs. */
export const jobIds = computed(() => (jobs.value ?? []).map((job) => job.job_id));

function matcher(expression) {
  if (expression === '_all') return () => true;
  const pattern = expression.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*');
  const whole = new RegExp(`^${pattern}$`);
  return (job) => whole.test(job.job_id) || job.groups.some((group) => whole.test(group));
}

/** The time of all rows of the chosen jobs, whole buckets: `[from, to)`; null without any. */
export const dataRange = computed(() => {
  const fed = (jobs.value ?? []).filter((job) => job.first_time !== null);
  if (fed.length === 0) return null;
  const floor = (ms, span) => Math.floor(ms / span) * span;
  return [
    Math.min(...fed.map((job) => floor(job.first_time, job.bucket_span_ms))),
    Math.max(...fed.map((job) => floor(job.latest_time, job.bucket_span_ms) + job.bucket_span_ms)),
  ];
});

/**
 * The time that is looked at, `[from, to)` in epoch ms: that of the URL, else that of the data; null while neither is known.
 */
export const range = computed(() => {
  const data = dataRange.value;
  const from = time('from', now.value) ?? data?.[0];
  const to = time('to', now.value) ?? (isRelative(get('from')) ? now.value : data?.[1]);
  if (from === undefined || to === undefined) return null;
  return from < to ? [from, to] : data;
});

const isRelative = (text) => text?.startsWith('now') ?? false;

/** Where the present is while one of the chosen jobs is open, for whoever draws it; null where none is. */
export const presentOfOpen = computed(() => ((jobs.value ?? []).some((job) => job.state === 'opened') ? present.value : null));

/** Whether the URL says which time. */
export const isChosen = computed(() => time('from', now.value) !== null || time('to', now.value) !== null);

/** The present range with what is relative resolved: keys of a URL that means the same tomorrow. */
export function fixedRange() {
  const set = {};
  for (const key of ['from', 'to']) {
    const text = get(key);
    if (isRelative(text)) set[key] = timeText(parseTime(text, now.value));
  }
  if (isRelative(get('from')) && get('to') === null) set.to = timeText(now.value);
  return set;
}

/** The zone of a job that is being made, while its page is shown; else null. */
export const draftZone = signal(null);

/** The zone of all times on the page: `tz`, else that of the job whose page it is, or the one that all chosen jobs have, else UTC. */
export const zone = computed(() => {
  const asked = get('tz');
  if (asked !== null && isZone(asked)) return asked;
  if (draftZone.value !== null) return isZone(draftZone.value) ? draftZone.value : 'UTC';
  const ofPage = /^\/jobs\/([^/]+)/.exec(path.value)?.[1];
  const looked = (allJobs.value ?? []).filter((job) => encodeURIComponent(job.job_id) === ofPage);
  const zones = new Set((looked.length ? looked : jobs.value ?? []).map((job) => job.time_zone));
  return zones.size === 1 ? [...zones][0] : 'UTC';
});

/** @param {string} name @returns {boolean} whether it is a time zone */
export function isZone(name) {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
