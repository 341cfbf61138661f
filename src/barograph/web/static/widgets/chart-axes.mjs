// The axes: times in the zone that is looked at, values with as many digits as their steps need.

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
const STEPS = [
  1000, 5000, 10_000, 30_000, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR,
  6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 182 * DAY, 364 * DAY,
];
const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';

const formats = new Map();

function formatter(zone, options) {
  const key = JSON.stringify([zone, options]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat('en-GB', { timeZone: zone, hourCycle: 'h23', ...options }));
  return formats.get(key);
}

/** How far a zone is ahead of UTC at a time, ms. */
function ahead(zone, t) {
  const parts = formatter(zone, {
    year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
  }).formatToParts(t);
  const of = Object.fromEntries(parts.map((part) => [part.type, Number(part.value)]));
  return Date.UTC(of.year, of.month - 1, of.day, of.hour, of.minute, of.second) - Math.floor(t / 1000) * 1000;
}

/** Times of a step within a span, whole ones on the clock of the zone. */
export function ticksOf(zone, [from, to], step) {
  const ticks = [];
  const local = from + ahead(zone, from);
  for (let at = Math.ceil(local / step) * step; ; at += step) {
    let t = at - ahead(zone, at);
    t = at - ahead(zone, t); // again: the clocks may have changed in between
    if (t > to) return ticks;
    if (t >= from && t > (ticks.at(-1) ?? -Infinity)) ticks.push(t);
  }
}

/** What stands at each tick: the time, and below it the day where it changes. */
export function timeLabels(zone, ticks, step) {
  const clock = formatter(zone, { hour: '2-digit', minute: '2-digit', ...(step < MINUTE ? { second: '2-digit' } : {}) });
  const day = formatter(zone, { day: 'numeric', month: 'short' });
  const year = formatter(zone, { year: 'numeric' });
  let before = null;
  let yearBefore = null;
  return ticks.map((t) => {
    const [today, thisYear] = [day.format(t), year.format(t)];
    const below = step < DAY ? (today === before ? '' : today) : thisYear === yearBefore ? '' : thisYear;
    [before, yearBefore] = [today, thisYear];
    return `${step < DAY ? clock.format(t) : today}${below && `\n${below}`}`;
  });
}

function quiet(chart, axis) {
  const stroke = () => chart.colours.quiet;
  const line = { stroke: () => chart.colours.grid, width: 1 };
  return { show: axis, stroke, font: FONT, grid: { ...line, show: axis }, ticks: { ...line, size: 4 }, gap: 4 };
}

/** The axis of times of a chart. */
export const timeAxis = (chart, axis) => ({
  ...quiet(chart, axis),
  grid: { show: false },
  size: axis ? 38 : 0,
  space: 72,
  incrs: STEPS,
  splits: (plot, _, least, most, step) => ticksOf(chart.options.zone, [least, most], step || DAY),
  values: (plot, splits, _, __, step) => timeLabels(chart.options.zone, splits, step || DAY),
});

/** `12.5k`, `0.003`: as many decimals as the step between two has. */
function valueText(value, step) {
  const size = Math.abs(value);
  if (size >= 10_000) return Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 4 }).format(value);
  const decimals = Math.max(0, Math.min(12, Math.ceil(-Math.log10(step) - 1e-9)));
  return value.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/** The axis of values of a chart. */
export const valueAxis = (chart, left, axis) => ({
  ...quiet(chart, axis),
  show: left > 0,
  size: left,
  space: 36,
  ...(axis ? {} : { values: () => [], grid: { show: false }, ticks: { show: false } }),
  ...(axis ? { values: (plot, splits, _, __, step) => splits.map((value) => valueText(value, step)) } : {}),
});
