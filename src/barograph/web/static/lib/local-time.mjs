// Times as `datetime-local` has them, in the page's zone.
import { time } from './format.mjs';
import { zone } from './range.mjs';

/** `2026-01-02T03:15` @param {number} ms epoch ms @param {string} [timeZone] else that of the page */
export function localText(ms, timeZone = zone.value) {
  const parts = new Intl.DateTimeFormat('sv-SE', {
    timeZone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit',
  }).format(ms);
  return parts.replace(' ', 'T');
}

const MOMENT = /\d{4}-\d\d-\d\d \d\d:\d\d/g;

/** A sentence of the server with its times, which are in a job's zone, as the page has times. @param {string} text @param {string} of the zone */
export const inPageTimes = (text, of) => text.replaceAll(MOMENT, (moment) => time(localMs(moment.replace(' ', 'T'), of)));

/** Epoch ms of such a text; of a time that a change of clocks has twice, the earlier. @param {string} text @param {string} [timeZone] else that of the page */
export function localMs(text, timeZone = zone.value) {
  const asUtc = Date.parse(`${text}Z`);
  if (Number.isNaN(asUtc)) return NaN;
  let guess = asUtc;
  for (let turn = 0; turn < 2; turn += 1) guess += asUtc - Date.parse(`${localText(guess, timeZone)}Z`);
  return guess;
}
