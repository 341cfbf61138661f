// Times as `datetime-local` has them, in the page's zone.
import { zone } from './range.mjs';

/** `2026-01-02T03:15` @param {number} ms epoch ms */
export function localText(ms) {
  const parts = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone.value, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit',
  }).format(ms);
  return parts.replace(' ', 'T');
}

/** Epoch ms of such a text; of a time that a change of clocks has twice, the earlier. @param {string} text */
export function localMs(text) {
  const asUtc = Date.parse(`${text}Z`);
  if (Number.isNaN(asUtc)) return NaN;
  let guess = asUtc;
  for (let turn = 0; turn < 2; turn += 1) guess += asUtc - Date.parse(`${localText(guess)}Z`);
  return guess;
}
