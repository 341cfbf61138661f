// What changes on the server as it does: one stream for the whole page.
import { signal, computed } from './html.mjs';
import { fetchOnce, signIns } from './api.mjs';

/** All jobs by id, as `/api/v1/jobs` tells of them; null until they are known. */
export const allJobs = signal(null);
/** Why the jobs are not known, when they are not. */
export const jobsError = signal(null);
/** Whether changes come; while they do not, `lastUpdate` says how old what is shown is. */
export const connected = signal(true);
/** How often the server has said that alerts are others; the first time when the page begins to listen. */
export const alertsTold = signal(0);
/** Epoch ms of the last word from the server. */
export const lastUpdate = signal(Date.now());
/** Epoch ms since when what is shown does not follow the server, as somebody wants to look at it; null: it follows. */
export const pausedAt = signal(null);
/** Epoch ms: what a "now" line stands at. It moves while somebody looks and has not paused. */
export const present = signal(Date.now());

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
const PRESENT_MS = 10_000;
let stream = null;
let wait = FIRST_WAIT_MS;
let timer = 0;
/** What has come since it was paused: what is to be done about each job, and about alerts. */
const later = new Map();

/** Listen, as long as somebody looks: a hidden tab would hold one of the few connections that a browser has for a server. */
export function listen() {
  loadJobs();
  document.addEventListener('visibilitychange', () => (document.hidden ? stop() : connect()));
  setInterval(() => { if (!document.hidden && pausedAt.peek() === null) present.value = Date.now(); }, PRESENT_MS);
  signIns.subscribe((count) => { if (count > 0) { loadJobs(); stop(); connect(); } });
  connect();
}

/** Ask for all jobs now; what one has changed oneself need not wait for the stream. */
export async function loadJobs() {
  try {
    const { jobs } = await fetchOnce('/jobs');
    allJobs.value = jobs;
    jobsError.value = null;
    lastUpdate.value = Date.now();
  } catch (error) {
    jobsError.value = error;
  }
}

function stop() {
  clearTimeout(timer);
  stream?.close();
  stream = null;
}

function connect() {
  if (stream || document.hidden) return;
  stream = new EventSource('/api/v1/events');
  stream.addEventListener('open', () => {
    connected.value = true;
    wait = FIRST_WAIT_MS;
  });
  stream.addEventListener('job', (event) => changed(JSON.parse(event.data)));
  stream.addEventListener('gone', (event) => gone(JSON.parse(event.data).job_id));
  stream.addEventListener('alerts', alertsAreOthers);
  stream.addEventListener('error', () => {
    stop();
    connected.value = false;
    timer = setTimeout(connect, wait);
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  });
}

/** Have what is shown stay as it is. */
export function pause() {
  pausedAt.value = Date.now();
}

/** Have it follow again, with what has come meanwhile. */
export function resume() {
  pausedAt.value = null;
  present.value = Date.now();
  const missed = [...later.values()];
  later.clear();
  missed.forEach((take) => take());
}

function changed(job) {
  if (pausedAt.peek() !== null) { later.set(job.job_id, () => changed(job)); return; }
  lastUpdate.value = Date.now();
  const jobs = allJobs.peek();
  if (jobs === null) return;
  const at = jobs.findIndex((one) => one.job_id >= job.job_id);
  if (at >= 0 && jobs[at].job_id === job.job_id) {
    if (JSON.stringify(jobs[at]) !== JSON.stringify(job)) allJobs.value = jobs.with(at, job);
  } else {
    allJobs.value = at < 0 ? [...jobs, job] : jobs.toSpliced(at, 0, job);
  }
}

function alertsAreOthers() {
  if (pausedAt.peek() !== null) { later.set(alertsAreOthers, alertsAreOthers); return; }
  lastUpdate.value = Date.now();
  alertsTold.value += 1;
}

function gone(jobId) {
  if (pausedAt.peek() !== null) { later.set(jobId, () => gone(jobId)); return; }
  lastUpdate.value = Date.now();
  if (allJobs.peek() !== null) allJobs.value = allJobs.peek().filter((job) => job.job_id !== jobId);
}

const versions = computed(() => new Map(
  (allJobs.value ?? []).map((job) => [job.job_id, `${job.job_id}:${job.commits}:${job.state}`]),
));

/**
 * Something that changes when one of these jobs has new results: a dependency of queries.
 * @param {string[]} jobIds @returns {string}
 */
export const useVersion = (jobIds) => jobIds.map((id) => versions.value.get(id) ?? '').join(' ');
