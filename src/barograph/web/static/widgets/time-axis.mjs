// Ticks of a time axis: whole hours, days and months of the page's zone, not of the machine's.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [1, 5, 15, 30].map((many) => many * MINUTE)
  .concat([1, 3, 6, 12].map((many) => many * HOUR), [1, 2, 7, 14].map((many) => many * DAY));
const MONTH = 30.4 * DAY;
const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120];

const clocks = new Map();

/** By how many ms the clock of a zone is ahead of UTC. @param {number} ms epoch ms @param {string} zone */
export function ahead(ms, zone) {
  if (!clocks.has(zone)) {
    clocks.set(zone, new Intl.DateTimeFormat('en-GB', {
      timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
    }));
  }
  const part = Object.fromEntries(clocks.get(zone).formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) - Math.floor(ms / 1000) * 1000;
}

/**
 * Ticks at times that are whole in a zone.
 * @param {number} from epoch ms @param {number} to epoch ms @param {number} most how many at most @param {string} zone
 * @returns {{t: number, text: string, isDay: boolean}[]}
 */
export function ticks(from, to, most, zone) {
  const step = STEPS.find((one) => (to - from) / one <= most);
  return step === undefined ? months(from, to, most, zone) : stretches(from, to, step, zone);
}

function stretches(from, to, step, zone) {
  const found = [];
  let shift = ahead(from, zone);
  for (let local = Math.ceil((from + shift) / step) * step; ; local += step) {
    shift = ahead(local - shift, zone);
    const t = local - shift;
    if (t >= to) return found;
    if (t >= from) found.push(tick(t, local));
  }
}

/** Months are not of one length, and begin with the first of a year that they divide. */
function months(from, to, most, zone) {
  const step = MONTH_STEPS.find((one) => (to - from) / (one * MONTH) <= most) ?? MONTH_STEPS.at(-1);
  const start = new Date(from + ahead(from, zone));
  const found = [];
  for (let month = Math.floor((start.getUTCFullYear() * 12 + start.getUTCMonth()) / step) * step; ; month += step) {
    const local = Date.UTC(Math.floor(month / 12), month % 12);
    const t = local - ahead(local, zone);
    if (t >= to) return found;
    if (t >= from) found.push({ t, text: (step % 12 === 0 ? yearText : monthText).format(local), isDay: true });
  }
}

const dayText = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short' });
const monthText = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', month: 'short', year: 'numeric' });
const yearText = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', year: 'numeric' });

function tick(t, local) {
  const isDay = local % DAY === 0;
  return { t, text: isDay ? dayText.format(local) : new Date(local).toISOString().slice(11, 16), isDay };
}
