// What the draft would find, asked anew when somebody has stopped typing.
import { signal, useEffect } from '../../lib/html.mjs';
import { send } from '../../lib/api.mjs';
import { draft, seen } from './draft.mjs';
import { advice, problems } from './field.mjs';

const QUIET_MS = 450;

/** What a trial found; null before the first. */
export const tried = signal(null);
/** Why there is no trial of the present settings; null where there is one. */
export const trialError = signal(null);
/** Whether a trial is under way, or soon will be. */
export const trying = signal(false);
/** What the server says of the settings by themselves. */
export const checked = signal(null);
/** Which detector and series are shown; `of` says of which file and split, as with any other there is no such series. */
export const shown = signal({ detector: 0, series: null });
/** The score that would be an alert. */
export const alertScore = signal(50);

let newest = 0;

/** Of what the series of a detector are: the file, and the fields that tell them apart. @param {number} at the detector's index */
export function splitOf(at) {
  const { config, uploadId } = draft.value;
  const { partition_field_name: partition = null, by_field_name: by = null, over_field_name: over = null } = config.analysis_config.detectors[at] ?? {};
  return JSON.stringify([uploadId, partition, by, over]);
}

/** Keep checks and trials up with the draft, while the wizard is shown. */
export function useTrials() {
  const { config, uploadId } = draft.value;
  const { detector, series: chosen, of } = shown.value;
  const at = Math.max(Math.min(detector, config.analysis_config.detectors.length - 1), 0);
  const series = of === splitOf(at) ? chosen : null;
  const key = JSON.stringify([config, uploadId, at, series, alertScore.value]);
  useEffect(() => {
    newest += 1;
    const mine = newest;
    trying.value = true;
    const timer = setTimeout(() => look(mine, { config, uploadId, detector: at, series, min_score: alertScore.peek() }), tried.peek() ? QUIET_MS : 0);
    return () => clearTimeout(timer);
  }, [key]);
}

async function look(mine, { config, uploadId, ...asked }) {
  const ask = async (task) => {
    try {
      return [await task(), null];
    } catch (failure) {
      return [null, failure];
    }
  };
  const distinct = Object.fromEntries((seen.peek()?.columns ?? []).map((column) => [column.name, column.distinct]));
  const [told, failed] = await ask(() => send('POST', '/validate', { config: { ...config, job_id: config.job_id || 'unnamed' }, distinct }));
  if (mine !== newest) return;
  if (tried.peek() && tried.peek().uploadId !== uploadId) tried.value = null;  // of another file
  checked.value = told;
  const unnamed = config.job_id ? [] : [{ path: 'job_id', value: null, wanted: 'a name for the job' }];
  problems.value = [...(told?.problems ?? []), ...unnamed];
  if (failed || told.problems.some((one) => one.path !== 'job_id') || !uploadId) {
    if (!uploadId) tried.value = null;
    advice.value = (told?.advice ?? []).map((text) => ({ path: '', text, value: null }));
    trialError.value = failed;
    trying.value = false;
    return;
  }
  const [found, failure] = await ask(() => send('POST', `/uploads/${encodeURIComponent(uploadId)}/trial`, { config: { ...config, job_id: 'trial' }, ...asked }));
  if (mine !== newest) return;
  if (found) { tried.value = { ...found, detector: asked.detector, uploadId }; advice.value = found.advice; }
  if (failure?.problems) problems.value = [...failure.problems, ...unnamed];
  trialError.value = failure;
  trying.value = false;
}
