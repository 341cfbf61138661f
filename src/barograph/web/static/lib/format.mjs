// Numbers and times as people read them.
import { zone } from './range.mjs';

const NOTHING = '–';
const SUPERSCRIPT = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const LN_10 = Math.LN10;

/**
 * A value: no decimals from 10,000 up and for whole ones, one from 10 up, else three significant digits; no sign of zero.
 * @param {number | null | undefined} value
 */
export function number(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return NOTHING;
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return scientific(value);
  if (size >= 10_000 || Number.isInteger(value)) return (value + 0).toLocaleString('en', { maximumFractionDigits: 0 });
  if (size >= 10) return value.toLocaleString('en', { maximumFractionDigits: 1 });
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

/** `1.2×10⁻⁷` @param {number} value */
function scientific(value) {
  const [digits, exponent] = value.toExponential(1).split('e');
  return `${digits}×${power(Number(exponent))}`;
}

const power = (exponent) => `10${exponent < 0 ? '⁻' : ''}${[...String(Math.abs(exponent))].map((d) => SUPERSCRIPT[d]).join('')}`;

/** A score as a whole number, rounded down so that it never contradicts its severity. @param {number} value */
export function score(value) {
  if (value === null || value === undefined) return NOTHING;
  return value > 0 && value < 1 ? '<1' : String(Math.floor(value));
}

/**
 * A probability, and how rare that is: `2.3e-14 (1 in 4×10¹³)`. Never 0.
 * @param {number | null} value @param {number | null} [ln] its natural logarithm, where a double may have underflowed
 */
export function probability(value, ln = null) {
  if ((value === null || value === undefined) && ln === null) return NOTHING;
  const log10 = value > 0 ? Math.log10(value) : ln === null ? -308 : ln / LN_10;
  if (log10 >= -1e-12) return '1';
  return `${small(log10, value)} (${rarity(log10)})`;
}

function small(log10, value) {
  if (value >= 0.001) return value.toLocaleString('en', { maximumSignificantDigits: 3 });
  let exponent = Math.floor(log10);
  let digits = value > 1e-300 ? value / 10 ** exponent : 10 ** (log10 - exponent);
  if (digits >= 9.995) [digits, exponent] = [1, exponent + 1];
  return `${digits.toLocaleString('en', { maximumSignificantDigits: 3 })}e${exponent}`;
}

/** `1 in 43,000`, `1 in 4×10¹³` @param {number} log10 of a probability */
export function rarity(log10) {
  if (log10 > -6) return `1 in ${Number((10 ** -log10).toPrecision(2)).toLocaleString('en')}`;
  let exponent = Math.floor(-log10);
  let digits = Math.round(10 ** (-log10 - exponent));
  if (digits === 10) [digits, exponent] = [1, exponent + 1];
  return `1 in ${digits > 1 ? `${digits}×` : ''}${power(exponent)}`;
}

/** `1,507` @param {number} value */
export const count = (value) => value.toLocaleString('en');

/** `1 record`, `1,507 records` @param {number} value @param {string} noun @param {string} [nouns] */
export const counted = (value, noun, nouns = `${noun}s`) => `${count(value)} ${value === 1 ? noun : nouns}`;

/** `a, b and c` @param {string[]} words */
export const joined = (words) => (words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`);

const SPANS = [['day', 86_400_000], ['hour', 3_600_000], ['minute', 60_000], ['second', 1000]];

/** A length of time in at most two units: `2 hours 30 minutes`. @param {number} ms @param {{short?: boolean}} [how] `2h 30m` */
export function duration(ms, { short = false } = {}) {
  if (ms < 1000) return short ? `${Math.round(ms)}ms` : counted(Math.round(ms), 'millisecond');
  const first = SPANS.findIndex(([, size]) => ms >= size);
  let rest = ms;
  const parts = [];
  for (const [noun, size] of SPANS.slice(first, first + 2)) {
    const many = Math.floor(rest / size);
    rest -= many * size;
    if (many > 0) parts.push(short ? `${count(many)}${noun[0]}` : counted(many, noun));
  }
  return parts.join(' ');
}

const formats = new Map();

function formatted(ms, options, timeZone = zone.value) {
  const key = JSON.stringify([timeZone, options]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat('en-GB', { timeZone, hourCycle: 'h23', ...options }));
  return formats.get(key).format(ms);
}

const DAY = { day: 'numeric', month: 'short', year: 'numeric' };
const HOUR_MS = 3_600_000;
const CLOCK = { hour: '2-digit', minute: '2-digit' };
const PRECISIONS = {
  day: DAY,
  minute: { ...DAY, ...CLOCK },
  second: { ...DAY, hour: '2-digit', minute: '2-digit', second: '2-digit' },
};

/**
 * A time in the page's zone: `2 Jan 2026, 03:15`.
 * @param {number | null} ms epoch ms @param {{precision?: 'day' | 'minute' | 'second', year?: boolean}} [how]
 */
export function time(ms, { precision = 'minute', year = true } = {}) {
  if (ms === null || ms === undefined) return NOTHING;
  const { year: shown, ...rest } = PRECISIONS[precision];
  return formatted(ms, year ? { ...rest, year: shown } : rest) + (precision === 'day' ? '' : which(ms, zone.value));
}

/** `03:15` @param {number} ms epoch ms */
export const clock = (ms) => formatted(ms, CLOCK);

/** Which of the two it is, ` GMT-4`, where a change of clocks has a time twice; else nothing. */
function which(ms, timeZone) {
  const at = (moment) => formatted(moment, PRECISIONS.minute, timeZone);
  if (![-HOUR_MS, HOUR_MS].some((by) => at(ms + by) === at(ms))) return '';
  const named = formatted(ms, { ...CLOCK, timeZoneName: 'short' }, timeZone);
  return named.slice(named.indexOf(' '));
}

/** `Fri 2 Jan` @param {number} ms epoch ms */
export const weekday = (ms) => formatted(ms, { weekday: 'short', day: 'numeric', month: 'short' }).replace(',', '');

/**
 * A half-open span, saying nothing twice: `2 Jan 2026, 03:15 – 04:00`.
 * @param {number} from epoch ms @param {number} to epoch ms @param {string} [timeZone] else that of the page
 */
export function interval(from, to, timeZone = zone.value) {
  const day = (ms) => formatted(ms, DAY, timeZone);
  const at = (ms) => formatted(ms, CLOCK, timeZone);
  if (to - from >= 86_400_000 && at(from) === '00:00' && at(to) === '00:00') {
    return day(from) === day(to - 1) ? day(from) : `${day(from)} – ${day(to - 1)}`;
  }
  const told = (ms, how) => formatted(ms, how, timeZone) + which(ms, timeZone);
  return `${told(from, PRECISIONS.minute)} – ${told(to, day(from) === day(to) ? CLOCK : PRECISIONS.minute)}`;
}

/** The days of a half-open span: `2 Jan – 4 Feb 2026`. @param {number} from epoch ms @param {number} to epoch ms */
export function days(from, to) {
  const [first, last] = [formatted(from, DAY), formatted(to - 1, DAY)];
  if (first === last) return first;
  const year = ` ${first.split(' ').at(-1)}`;
  return `${last.endsWith(year) ? first.slice(0, -year.length) : first} – ${last}`;
}

/** How long ago: `5 minutes ago`. @param {number} ms epoch ms @param {number} [now] epoch ms */
export const ago = (ms, now = Date.now()) => (now - ms < 60_000 ? 'just now' : `${duration(now - ms).split(' ').slice(0, 2).join(' ')} ago`);
