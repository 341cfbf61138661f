// A chart of one series over time: its line, what is usual, its anomalies, and what is laid over it. uPlot draws the lines.
// It decides nothing: it shows the span that it is told to, and tells what somebody wants. `parts/chart.mjs` is its component.
import uPlot from 'uplot';
import { timeAxis, valueAxis } from './chart-axes.mjs';
import { Brush } from './chart-brush.mjs';
import { colours, drawAbove, drawBelow, drawBeneath } from './chart-draw.mjs';
import { Gestures } from './chart-gestures.mjs';
import { MarkButtons } from './chart-marks.mjs';
import { indexAt, loneOf, markHeight, valueRange } from './chart-values.mjs';

/**
 * @typedef {{t: number, score: number, v: number | null, multi_bucket: 'none' | 'low' | 'medium' | 'high', interim: boolean,
 *   of?: number}} Mark  an anomaly; `of`: it is the worst of so many
 * @typedef {{t: number[], v: Array<number | null>}} Line
 * @typedef {Line & {lo: Array<number | null>, hi: Array<number | null>}} Forecast
 * @typedef {{t: number[], v: Array<number | null>, typical?: Array<number | null>, lo?: Array<number | null>,
 *   hi?: Array<number | null>, marks?: Mark[], forecast?: Forecast | null, ghost?: Line | null, without?: Array<number | null> | null,
 *   notes?: Array<{from: number, to: number}>, events?: Array<{from: number, to: number}>}} ChartData
 *   t: epoch ms, rising, the starts of buckets; null in any other column: no data, and a gap. ghost: the series of another time,
 *   moved to this one. without: what values would be without some of their rows
 * @typedef {{
 *   height: number, label: string, zone: string, span: number, left?: number, axis?: boolean, brush?: boolean,
 *   drags?: 'zoom' | 'annotate' | null, describe?: (mark: Mark) => string,
 *   onHover?: (at: {t: number, index: number, x: number, y: number} | null) => void,
 *   onPick?: (t: number, mark: Mark | null) => void, onSpan?: (span: [number, number], done: boolean) => void,
 *   onAnnotate?: (span: [number, number]) => void, onReset?: () => void
 * }} ChartOptions
 *   height: px with its axis. span: of a bucket, ms. left: px for the axis of values. brush: a span of it can be chosen, which
 *   `onSpan` is told. Without `brush`, `onSpan` is told of zooms. describe: what a mark is called
 */

/** Marks up to which each is a button that can be reached by keyboard. */
export const MOST_BUTTONS = 200;
const HIT = 14;
const LOWER = 2;

/** A chart within an element. */
export class Chart {
  /** @param {HTMLElement} host @param {ChartOptions} options @param {ChartData} data @param {[number, number]} range shown, epoch ms */
  constructor(host, options, data, range) {
    this.host = host;
    this.options = options;
    this.range = range;
    this.selected = null;
    this.now = null;
    this.take(data);
    host.classList.add('chart');
    this.plot = new uPlot(this.settings(), this.columns(), host);
    this.buttons = new MarkButtons(this);
    this.gestures = new Gestures(this);
    this.brush = options.brush ? new Brush(this) : null;
    this.resized = new ResizeObserver(() => this.resize());
    this.resized.observe(host);
    this.plot.redraw();
  }

  take(data) {
    this.data = data;
    this.lone = loneOf(data.v);
    this.marks = [...(data.marks ?? [])].sort((one, other) => one.score - other.score);
  }

  columns() {
    const { t, v } = this.data;
    const nothing = new Array(t.length).fill(null);
    return [t, this.data.hi ?? nothing, this.data.lo ?? nothing, v];
  }

  settings() {
    const { height, axis = true, left = 56, brush } = this.options;
    this.colours = colours(this.host);
    const paint = (name) => () => this.colours[name];
    const line = { points: { show: false }, spanGaps: false };
    return {
      width: Math.max(this.host.clientWidth, 60),
      height,
      ms: 1,
      legend: { show: false },
      padding: [8, 20, axis ? 0 : 4, 0],
      cursor: {
        y: false, drag: { x: false, y: false }, points: { show: false },
        bind: { mousemove: (plot, over, handle) => handle }, // also over the marks, which lie in it
      },
      scales: {
        x: { time: true, range: () => this.range },
        y: { range: () => this.valueRange() },
      },
      series: [
        {},
        { ...line, auto: false, stroke: null, width: 0 },
        { ...line, auto: false, stroke: null, width: 0 },
        { ...line, stroke: paint('series'), width: brush ? 1 : 1.5 },
      ],
      bands: [{ series: [1, 2], fill: paint('band') }],
      axes: [timeAxis(this, axis), valueAxis(this, left, axis)],
      hooks: {
        drawAxes: [(plot) => drawBelow(this, plot)],
        drawSeries: [(plot, index) => { if (index === LOWER) drawBeneath(this, plot); }],
        draw: [(plot) => { drawAbove(this, plot); this.placed(plot); }],
        setCursor: [(plot) => this.hovered(plot)],
      },
    };
  }

  valueRange() {
    return valueRange(this.data, this.range);
  }

  /** Put what lies above the canvas where it belongs, and tell tests and overlays where that is. */
  placed(plot) {
    const { host, range } = this;
    const { left, top, width, height } = plot.bbox;
    const ratio = uPlot.pxRatio;
    const { min, max } = plot.scales.y;
    Object.assign(host.dataset, {
      from: range[0], to: range[1], low: min, high: max,
      left: left / ratio, top: top / ratio, width: width / ratio, height: height / ratio,
    });
    this.buttons?.place(plot);
    this.brush?.place(plot);
  }

  /** Show other data. @param {ChartData} data @param {[number, number]} [range] */
  setData(data, range = this.range) {
    this.take(data);
    this.range = range;
    this.plot.batch(() => {
      this.plot.setData(this.columns(), false);
      this.plot.setScale('x', { min: range[0], max: range[1] });
    });
  }

  /** Show another span of the data. @param {[number, number]} range epoch ms */
  setRange(range) {
    if (range[0] === this.range[0] && range[1] === this.range[1]) return;
    this.range = range;
    this.plot.setScale('x', { min: range[0], max: range[1] });
  }

  /** Change some options; not those of its size. @param {Partial<ChartOptions>} options */
  setOptions(options) {
    Object.assign(this.options, options);
  }

  /** Mark a time that something else speaks of; null: none. @param {number | null} t epoch ms */
  select(t) {
    if (t === this.selected) return;
    this.selected = t;
    this.plot.redraw(false, false);
  }

  /** The span that the brush chooses. @param {[number, number] | null} span */
  setBrush(span) {
    this.brush?.set(span);
  }

  /** Show the cursor at a time, as another chart or a lane has it; null: nowhere. @param {number | null} t epoch ms */
  setCursor(t) {
    const left = t === null ? -10 : this.plot.valToPos(t, 'x');
    this.plot.setCursor({ left, top: t === null ? -10 : 1 }, false);
  }

  /** A line where the present is, if it is within what is shown; null: none. @param {number | null} t epoch ms */
  setNow(t) {
    const was = this.now;
    this.now = t;
    const isSeen = (time) => time !== null && time >= this.range[0] && time < this.range[1];
    this.host.toggleAttribute('data-now', isSeen(t));
    if (isSeen(t) || isSeen(was)) this.plot.redraw(false, false);
  }

  /** Draw anew: colours have changed. */
  redraw() {
    this.colours = colours(this.host);
    this.plot.redraw(false, false);
  }

  resize() {
    const width = Math.max(this.host.clientWidth, 60);
    if (width !== this.plot.width) this.plot.setSize({ width, height: this.options.height });
  }

  /** The mark near a point of the plot, the worst where several are; null: none. */
  markAt(x, y) {
    return this.marks.findLast((mark) => {
      const across = this.plot.valToPos(mark.t, 'x') - x;
      return Math.abs(across) <= HIT && Math.abs(markHeight(this, mark) - y) <= HIT;
    }) ?? null;
  }

  /** The bucket nearest to a time, and its index; -1 where there is only a forecast, or nothing. */
  bucketAt(t) {
    const { data: { t: times, forecast }, options: { span } } = this;
    const index = indexAt(times, t);
    if (t < times[index] + span || !forecast) return { t: times[index], index };
    return { t: forecast.t[indexAt(forecast.t, t)], index: -1 };
  }

  hovered(plot) {
    const { left, top, event } = plot.cursor;
    if (!event || left < 0 || this.data.t.length === 0) {
      this.options.onHover?.(null);
      return;
    }
    const mark = this.markAt(left, top);
    const { t, index } = this.bucketAt(mark?.t ?? plot.posToVal(left, 'x'));
    const box = plot.over.getBoundingClientRect();
    this.options.onHover?.({ t, index, mark, x: box.left + left, y: box.top + top });
  }

  /** Take it away. */
  destroy() {
    this.resized.disconnect();
    this.gestures.end();
    this.plot.destroy();
    this.host.classList.remove('chart');
  }
}
