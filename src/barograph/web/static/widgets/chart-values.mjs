// What a chart works out of its numbers.

const LEAST_SHARE = 0.5;
const AIR = 0.06;

/** The index of the time nearest to one. @param {number[]} times rising @param {number} t */
export function indexAt(times, t) {
  const after = firstAt(times, t);
  if (after === 0) return 0;
  if (after === times.length) return times.length - 1;
  return times[after] - t < t - times[after - 1] ? after : after - 1;
}

/** The first index whose time is not before one. @param {number[]} times rising @param {number} t */
export function firstAt(times, t) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle] < t) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The indices of values with nothing on either side: a line would not show them. @param {Array<number | null>} values */
export function loneOf(values) {
  const found = [];
  for (let at = 0; at < values.length; at += 1) {
    if (values[at] !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null) found.push(at);
  }
  return found;
}

/** Indices `[first, end)` of what is seen, with one on either side so that lines go on to the edge. */
export function seen(times, [from, to]) {
  return [Math.max(firstAt(times, from) - 1, 0), Math.min(firstAt(times, to) + 1, times.length)];
}

function extent(columns, [first, end], least = Infinity, most = -Infinity) {
  for (const column of columns) {
    if (!column) continue;
    for (let at = first; at < end; at += 1) {
      const value = column[at];
      if (value === null) continue;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  return [least, most];
}

/**
 * From where to where values are shown: all values, and bounds as far as they leave values half of the height.
 * @param {import('./chart.mjs').ChartData} data @param {[number, number]} range @returns {[number, number]}
 */
export function valueRange(data, range) {
  const { t, v, lo, hi, typical, forecast, ghost, expected, marks = [] } = data;
  const inside = marks.filter((mark) => mark.t >= range[0] && mark.t < range[1] && mark.v !== null).map((mark) => mark.v);
  let [least, most] = extent([v], seen(t, range), ...extent([inside], [0, inside.length]));
  if (expected && expected.t >= range[0] && expected.t < range[1]) [least, most] = extent([expected.values.map((one) => one.value)], [0, expected.values.length], least, most);
  if (ghost) [least, most] = extent([ghost.v], seen(ghost.t, range), least, most);
  if (forecast) [least, most] = extent([forecast.v], seen(forecast.t, range), least, most);
  let [low, high] = extent([lo, hi, typical], seen(t, range), least, most);
  if (forecast) [low, high] = extent([forecast.lo, forecast.hi], seen(forecast.t, range), low, high);
  if (!(low <= high)) return [0, 1];
  if (least < most) {
    const room = (most - least) / LEAST_SHARE - (most - least);
    const over = Math.max(0, high - most) + Math.max(0, least - low);
    const share = over > room ? room / over : 1;
    [low, high] = [least - Math.max(0, least - low) * share, most + Math.max(0, high - most) * share];
  }
  const air = (high - low) * AIR || Math.abs(high) * AIR || 1;
  // Nothing below 0 where there is no value below it: a count has no room there.
  return [low >= 0 && low < air ? 0 : low - air, high + air];
}

/** How high a mark is drawn, CSS px within the plot: at its value, within the plot; where there was no data, at the bottom. */
export function markHeight({ plot, data }, mark) {
  const bottom = plot.over.clientHeight;
  const value = mark.v ?? data.v[indexAt(data.t, mark.t)];
  if (value === null || value === undefined) return bottom - 8;
  return Math.min(Math.max(plot.valToPos(value, 'y'), 6), bottom - 6);
}
