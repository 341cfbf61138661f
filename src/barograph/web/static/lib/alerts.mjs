// Alerts: when to ask for them anew.
import { computed, signal, useEffect, useState } from './html.mjs';
import { useVersion } from './live.mjs';

const JUDGED_AFTER_MS = 3000;

/** Changes with everything that was done to alerts or rules here. */
const done = signal(0);
const doneText = computed(() => String(done.value));

/** Say that something was done to alerts or rules: what shows them asks anew. */
export const alertsChanged = () => { done.value += 1; };

/**
 * Something that changes when there may be other alerts: a dependency of queries. Rules are looked at after a job's results are
 * there, so what is asked at once is asked once more a little later.
 * @param {string[]} jobIds @returns {string}
 */
export function useAlertVersion(jobIds) {
  const version = useVersion(jobIds);
  const [[seen, times], setSeen] = useState([version, 0]);
  useEffect(() => {
    if (seen === version) return undefined;
    if (seen.trim() === '') { setSeen([version, times]); return undefined; }
    const timer = setTimeout(() => setSeen([version, times + 1]), JUDGED_AFTER_MS);
    return () => clearTimeout(timer);
  }, [version, seen]);
  return `${version} ${times} ${doneText.value}`;
}
