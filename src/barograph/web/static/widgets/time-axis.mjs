// Ticks of a time axis: whole hours, days and months of the page's zone, not of the machine's.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [1, 5, 15, 30].map((many) => many * MINUTE)
  .concat([1, 3, 6, 12].map((many) => many * HOUR), [1, 2, 7, 14, 28, 91, 182, 364, 728, 1820, 3640].map((many) => many * DAY));

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
  const step = STEPS.find((one) => (to - from) / one <= most) ?? STEPS.at(-1);
  const found = [];
  let shift = ahead(from, zone);
  for (let local = Math.ceil((from + shift) / step) * step; ; local += step) {
    shift = ahead(local - shift, zone);
    const t = local - shift;
    if (t >= to || found.length > most + 2) return found;
    if (t >= from) found.push(tick(t, local, step));
  }
}

const dayText = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short' });
const yearText = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short', year: 'numeric' });

function tick(t, local, step) {
  const isDay = local % DAY === 0;
  if (!isDay) return { t, text: new Date(local).toISOString().slice(11, 16), isDay };
  return { t, text: (step >= 28 * DAY ? yearText : dayText).format(local), isDay };
}
