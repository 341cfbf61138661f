// What a chart draws beside uPlot's lines, below and above them.
import uPlot from 'uplot';
import { word } from '../lib/scales.mjs';
import { firstAt, markHeight, seen } from './chart-values.mjs';

const NAMES = {
  series: '--series', band: '--band', typical: '--line-strong', forecast: '--forecast', ground: '--ground', quiet: '--quiet',
  grid: '--line', text: '--text', outside: '--severity-major', note: '--accent', event: '--line-strong', ghost: '--line-strong', without: '--good', now: '--accent',
};

/** The colours of now, by what they are for. @param {Element} host */
export function colours(host) {
  const style = getComputedStyle(host);
  return new Proxy(NAMES, { get: (_, name) => style.getPropertyValue(NAMES[name] ?? `--severity-${name}`).trim() });
}

/** Draw within the plot, in CSS px from its corner. */
function within(plot, draw) {
  const { ctx } = plot;
  const { left, top, width, height } = plot.bbox;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, top, width, height);
  ctx.clip();
  ctx.translate(left, top);
  ctx.scale(ratio, ratio);
  draw(ctx, width / ratio, height / ratio);
  ctx.restore();
}

/** Where times and values lie: straight lines, so no call for each point. */
function places(plot, width, height) {
  const { x, y } = plot.scales;
  const across = width / (x.max - x.min);
  const up = height / (y.max - y.min);
  return [(t) => (t - x.min) * across, (value) => height - (value - y.min) * up];
}

/** Below the lines: what has a length of time. */
export function drawBelow(chart, plot) {
  const { data, colours: paint, options } = chart;
  within(plot, (ctx, width, height) => {
    const [x] = places(plot, width, height);
    for (const { from, to } of data.notes ?? []) {
      ctx.fillStyle = paint.note;
      ctx.globalAlpha = 0.1;
      ctx.fillRect(x(from), 0, Math.max(x(to) - x(from), 2), height);
      ctx.globalAlpha = 1;
      ctx.fillRect(x(from), 0, Math.max(x(to) - x(from), 2), 3);
    }
    if (chart.selected !== null) {
      ctx.fillStyle = paint.text;
      ctx.globalAlpha = 0.08;
      const wide = Math.max(x(chart.selected + options.span) - x(chart.selected), 3);
      ctx.fillRect(x(chart.selected) - wide / 2, 0, wide, height);
      ctx.globalAlpha = 1;
    }
  });
}

/** Above the band and below the line: what is typical, and the series of another time. */
export function drawBeneath({ data, range, colours: paint }, plot) {
  const lines = [[data, data.typical, paint.typical, [6, 4]], [data.ghost, data.ghost?.v, paint.ghost, [2, 3]], [data, data.without, paint.without, [4, 2]]];
  within(plot, (ctx, width, height) => {
    const [x, y] = places(plot, width, height);
    ctx.lineWidth = 1.5;
    for (const [line, values, colour, dash] of lines) {
      if (!values) continue;
      ctx.strokeStyle = colour;
      ctx.setLineDash(dash);
      ctx.stroke(lineOf(line, values, range, x, y));
    }
  });
}

/** A line with its gaps. Of many points in one pixel only the ends and the extremes are drawn. */
function lineOf({ t }, values, range, x, y) {
  const path = new Path2D();
  const [first, end] = seen(t, range);
  let [pixel, low, high, open] = [null, 0, 0, false];
  for (let at = first; at < end; at += 1) {
    if (values[at] === null) { open = false; continue; }
    const [across, down] = [x(t[at]), y(values[at])];
    if (open && Math.floor(across) === pixel && down >= low && down <= high) continue;
    if (Math.floor(across) !== pixel) [pixel, low, high] = [Math.floor(across), down, down];
    [low, high] = [Math.min(low, down), Math.max(high, down)];
    if (open) path.lineTo(across, down);
    else path.moveTo(across, down);
    open = true;
  }
  return path;
}

/** Above the lines: what lies outside the bounds, lone values, the forecast, planned times, and the anomalies. */
export function drawAbove(chart, plot) {
  const { data, colours: paint, options } = chart;
  within(plot, (ctx, width, height) => {
    const [x, y] = places(plot, width, height);
    if (data.forecast) drawForecast(ctx, chart, x, y);
    if (data.lo && data.hi && !options.brush) {
      ctx.strokeStyle = paint.outside;
      ctx.lineWidth = 2;
      ctx.stroke(outside(chart, x, y));
    }
    ctx.fillStyle = paint.series;
    for (const at of dots(chart, width)) {
      ctx.beginPath();
      ctx.arc(x(data.t[at]), y(data.v[at]), 2, 0, 2 * Math.PI);
      ctx.fill();
    }
    if (data.events?.length && !options.brush) drawEvents(ctx, chart, x, y);
    if (chart.now !== null && chart.now >= chart.range[0] && chart.now < chart.range[1]) drawNow(ctx, paint, x(chart.now), height);
    if (data.expected) drawExpected(ctx, data.expected, paint, x, y);
  });
  if (options.brush) return;
  within(plot, (ctx) => {
    for (const mark of chart.marks) {
      if (mark.t >= chart.range[0] && mark.t < chart.range[1]) drawMark(ctx, chart, mark, plot.valToPos(mark.t, 'x'), markHeight(chart, mark));
    }
  });
}

/** The parts of the line above the upper or below the lower bound. */
function outside({ data: { t, v, lo, hi }, range }, x, y) {
  const path = new Path2D();
  const [first, end] = seen(t, range);
  const part = (at, over, sign) => {
    const [a, b] = [over(at), over(at + 1)];
    if (!(a * sign > 0 || b * sign > 0)) return;
    const cross = a / (a - b);
    const [begin, stop] = [a * sign > 0 ? 0 : cross, b * sign > 0 ? 1 : cross];
    const point = (share) => [x(t[at] + share * (t[at + 1] - t[at])), y(v[at] + share * (v[at + 1] - v[at]))];
    path.moveTo(...point(begin));
    path.lineTo(...point(stop));
  };
  for (let at = first; at < end - 1; at += 1) {
    if (v[at] === null || v[at + 1] === null) continue;
    if (hi[at] !== null && hi[at + 1] !== null) part(at, (one) => v[one] - hi[one], 1);
    if (lo[at] !== null && lo[at + 1] !== null) part(at, (one) => v[one] - lo[one], -1);
  }
  return path;
}

/** The indices of values that are dots: all where there is room, else those that no line shows. */
function dots({ data: { t, v }, range, lone }, width) {
  const [first, end] = seen(t, range);
  if (end - first > width / 14) return lone.filter((at) => at >= first && at < end);
  return Array.from({ length: end - first }, (_, at) => first + at).filter((at) => v[at] !== null);
}

function drawForecast(ctx, { data: { forecast }, range, colours: paint }, x, y) {
  const band = new Path2D();
  const [first, end] = seen(forecast.t, range);
  for (let at = first; at < end; at += 1) band.lineTo(x(forecast.t[at]), y(forecast.hi[at]));
  for (let at = end - 1; at >= first; at -= 1) band.lineTo(x(forecast.t[at]), y(forecast.lo[at]));
  ctx.fillStyle = paint.forecast;
  ctx.globalAlpha = 0.2;
  ctx.fill(band);
  ctx.globalAlpha = 1;
  ctx.strokeStyle = paint.forecast;
  ctx.lineWidth = 2;
  ctx.stroke(lineOf(forecast, forecast.v, range, x, y));
}

/** Where the present is. */
function drawNow(ctx, paint, x, height) {
  ctx.strokeStyle = paint.now;
  ctx.lineWidth = 1;
  ctx.setLineDash([2, 3]);
  ctx.stroke(new Path2D(`M${x} 0V${height}`));
  ctx.setLineDash([]);
}

/** What would have been usual at one time: a tick each, with how likely it was where there are several. */
function drawExpected(ctx, { t, values }, paint, x, y) {
  ctx.font = '11px system-ui, sans-serif';
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  values.forEach(({ value, text }, at) => {
    ctx.globalAlpha = at === 0 ? 1 : 0.6;
    ctx.strokeStyle = paint.text;
    ctx.fillStyle = paint.text;
    ctx.lineWidth = 2;
    ctx.stroke(new Path2D(`M${x(t) - 7} ${y(value)}h14`));
    if (text) ctx.fillText(text, x(t) + 10, y(value));
  });
  ctx.globalAlpha = 1;
}

function drawEvents(ctx, { data, colours: paint }, x, y) {
  ctx.fillStyle = paint.event;
  for (const { from, to } of data.events) {
    for (let at = firstAt(data.t, from); at < data.t.length && data.t[at] < to; at += 1) {
      if (data.v[at] === null) continue;
      ctx.beginPath();
      ctx.roundRect(x(data.t[at]) - 7, y(data.v[at]) - 2.5, 14, 5, 2.5);
      ctx.fill();
    }
  }
}

/** A cross where several buckets together are odd, else a dot; hollow while the bucket is open. */
function drawMark(ctx, { colours: paint, selected }, mark, x, y) {
  const path = new Path2D();
  const cross = isCross(mark);
  if (cross) path.addPath(new Path2D(`M${x - 5} ${y}h10M${x} ${y - 5}v10`));
  else path.arc(x, y, 5, 0, 2 * Math.PI);
  const stroke = (colour, width) => { ctx.strokeStyle = colour; ctx.lineWidth = width; ctx.stroke(path); };
  const colour = paint[word(mark.score)];
  ctx.lineCap = 'round';
  if (mark.t === selected) { ctx.globalAlpha = 0.3; stroke(colour, cross ? 14 : 10); ctx.globalAlpha = 1; }
  stroke(paint.ground, cross ? 7 : 4);
  if (!cross) { ctx.fillStyle = mark.interim ? paint.ground : colour; ctx.fill(path); }
  if (cross || mark.interim) stroke(colour, cross ? 3.5 : 2);
  if (cross && mark.interim) stroke(paint.ground, 1.5);
  if (!cross && !mark.interim && mark.score < 25) stroke(paint.quiet, 0.75);
}

/** @param {import('./chart.mjs').Mark} mark @returns {boolean} whether it is a cross */
export const isCross = (mark) => mark.multi_bucket === 'medium' || mark.multi_bucket === 'high';
