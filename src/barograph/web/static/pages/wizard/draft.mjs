// The job that is being made: kept in the browser until it is started or given up.
import { signal, computed, effect } from '../../lib/html.mjs';
import { fetchOnce } from '../../lib/api.mjs';
import { kept, keep } from '../../lib/keys.mjs';

const KEPT = 'barograph.draft';
const LATER_MS = 400;

/** What is made when nothing suits better. */
export const EMPTY = {
  job_id: '', analysis_config: { bucket_span: '15m', detectors: [{ function: 'count' }], influencers: [] },
  data_description: { time_field: 'time' }, model_plot_config: { enabled: true },
};

/** @typedef {{config: any, uploadId: string | null, spare?: Record<string, any>}} Draft spare: what kinds of jobs had that the present one has no place for */
/** @type {import('../../lib/html.mjs').Signal<Draft>} */
export const draft = signal(stored());
/** What is in the uploaded file, as `/uploads/{upload_id}` tells; null without one. */
export const seen = signal(null);
/** Why the file could not be looked at; null when it could. */
export const seenError = signal(null);

export const config = computed(() => draft.value.config);

function stored() {
  try {
    const found = JSON.parse(kept(KEPT) ?? 'null');
    if (found?.config?.analysis_config?.detectors) return found;
  } catch {
    // What is kept is of another time; a new draft begins.
  }
  return { config: EMPTY, uploadId: null };
}

let timer = 0;
effect(() => {
  const text = JSON.stringify(draft.value);
  clearTimeout(timer);
  timer = setTimeout(() => keep(KEPT, draft.peek().config === EMPTY && !draft.peek().uploadId ? null : text), LATER_MS);
});

/** Change settings of the draft. @param {(config: any) => any} change */
export function edit(change) {
  draft.value = { ...draft.peek(), config: change(structuredClone(draft.peek().config)) };
}

/** Set one setting by its path, as `analysis_config.bucket_span`; undefined takes it out. @param {string} path @param {any} value */
export function set(path, value) {
  edit((whole) => {
    const steps = path.replaceAll(/\[(\d+)\]/g, '.$1').split('.');
    const last = steps.pop();
    const parent = steps.reduce((at, step) => (at[step] ??= {}), whole);
    if (value === undefined || value === '') delete parent[last];
    else parent[last] = value;
    return whole;
  });
}

/** Begin anew, with a file that was looked at or without. @param {any} found @param {string} [jobId] an id that is free */
export function begin(found, jobId) {
  seen.value = found;
  seenError.value = null;
  const suits = found?.config ?? EMPTY;
  draft.value = { config: jobId ? { ...suits, job_id: jobId } : suits, uploadId: found?.upload_id ?? null };
}

/** Give the draft up. */
export function forget() {
  clearTimeout(timer);
  keep(KEPT, null);
  seen.value = null;
  draft.value = { config: EMPTY, uploadId: null };
}

/** Look again at the file of a draft that the browser kept. @param {string} uploadId */
export async function lookAgain(uploadId) {
  if (seen.peek()?.upload_id === uploadId) return seen.peek();
  try {
    seen.value = await fetchOnce(`/uploads/${encodeURIComponent(uploadId)}`);
    seenError.value = null;
  } catch (failure) {
    seenError.value = failure;
    draft.value = { ...draft.peek(), uploadId: null };
  }
  return seen.peek();
}

/** The names of the columns of some kinds; all where none is named. @param {string[]} kinds */
export const columnsOf = (...kinds) => (seen.value?.columns ?? []).filter((one) => kinds.length === 0 || kinds.includes(one.kind));
