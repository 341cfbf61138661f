// What somebody does with a chart: press, drag, turn the wheel, use the keyboard.
import { indexAt } from './chart-values.mjs';

const MOVED = 4;
const STILL_MS = 180;

/** The gestures of a chart. */
export class Gestures {
  constructor(chart) {
    this.chart = chart;
    this.over = chart.plot.over;
    this.drag = null;
    this.timer = 0;
    this.box = document.createElement('div');
    this.box.className = 'chart-drag';
    this.box.hidden = true;
    this.over.append(this.box);
    if (chart.options.brush) return;
    for (const name of ['pointerdown', 'pointermove', 'pointerup', 'pointercancel', 'dblclick', 'keydown']) {
      this.over.addEventListener(name, (event) => this[name](event));
    }
    this.over.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    const { onPick, onSpan, label } = chart.options;
    if (!onPick && !onSpan) return;
    this.over.tabIndex = 0;
    this.over.setAttribute('role', 'group');
    this.over.setAttribute('aria-label', label);
  }

  x(event) {
    const box = this.over.getBoundingClientRect();
    return Math.min(Math.max(event.clientX - box.left, 0), box.width);
  }

  pointerdown(event) {
    if (event.button !== 0 || event.target.closest('.chart-marks button')) return;
    this.drag = { start: this.x(event), id: event.pointerId, moved: false };
  }

  pointermove(event) {
    const { drag, chart } = this;
    if (!drag || drag.id !== event.pointerId || !chart.options.drags || event.pointerType === 'touch') return;
    const x = this.x(event);
    if (!drag.moved && Math.abs(x - drag.start) < MOVED) return;
    if (!drag.moved) this.over.setPointerCapture(event.pointerId);
    drag.moved = true;
    Object.assign(this.box.style, { left: `${Math.min(x, drag.start)}px`, width: `${Math.abs(x - drag.start)}px` });
    this.box.hidden = false;
    this.box.dataset.drags = chart.options.drags;
  }

  pointerup(event) {
    const { drag, chart } = this;
    if (!drag || drag.id !== event.pointerId) return;
    this.pointercancel();
    const x = this.x(event);
    if (!drag.moved) {
      this.pick(x, event.clientY - this.over.getBoundingClientRect().top);
      return;
    }
    const span = [Math.min(x, drag.start), Math.max(x, drag.start)].map((at) => this.bucket(chart.plot.posToVal(at, 'x')));
    span[1] += chart.options.span;
    if (chart.options.drags === 'annotate') chart.options.onAnnotate?.(span);
    else chart.options.onSpan?.(span, true);
  }

  pointercancel() {
    this.drag = null;
    this.box.hidden = true;
  }

  bucket(t) {
    return Math.floor(t / this.chart.options.span) * this.chart.options.span;
  }

  pick(x, y) {
    const { chart } = this;
    if (!chart.options.onPick || chart.data.t.length === 0) return;
    const mark = chart.markAt(x, y);
    const { t, index } = chart.bucketAt(mark?.t ?? chart.plot.posToVal(x, 'x'));
    if (index >= 0 || mark) chart.options.onPick(mark?.t ?? t, mark);
  }

  dblclick() {
    clearTimeout(this.timer);
    this.chart.options.onReset?.();
  }

  wheel(event) {
    if (!event.ctrlKey || !this.chart.options.onSpan) return;
    event.preventDefault();
    this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.x(event) / this.over.clientWidth);
  }

  /** Show more or less, keeping what lies at a share of the width where it is. Gestures are over when nothing comes for a while. */
  zoom(by, at = 0.5) {
    const { chart } = this;
    const [from, to] = chart.range;
    const width = Math.max((to - from) * by, 4 * chart.options.span);
    const begin = from + (to - from - width) * at;
    this.show([begin, begin + width]);
  }

  shift(share) {
    const [from, to] = this.chart.range;
    this.show([from + (to - from) * share, to + (to - from) * share]);
  }

  show([from, to]) {
    const span = [Math.round(from), Math.round(to)];
    this.chart.options.onSpan?.(span, false);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.chart.options.onSpan?.(span, true), STILL_MS);
  }

  keydown(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const does = {
      ArrowLeft: () => (event.shiftKey ? this.point(-1) : this.chart.buttons.step(-1)),
      ArrowRight: () => (event.shiftKey ? this.point(1) : this.chart.buttons.step(1)),
      '+': () => this.zoom(0.5),
      '=': () => this.zoom(0.5),
      '-': () => this.zoom(2),
      '[': () => this.shift(-0.5),
      ']': () => this.shift(0.5),
    }[event.key];
    if (!does) return;
    event.preventDefault();
    event.stopPropagation();
    does();
  }

  /** Ask about the next value or the one before. */
  point(by) {
    const { data: { t }, selected, range, options } = this.chart;
    if (!options.onPick || t.length === 0) return;
    const at = selected === null ? indexAt(t, (range[0] + range[1]) / 2) : indexAt(t, selected) + by;
    if (t[at] !== undefined) options.onPick(t[at], this.chart.marks.findLast((mark) => mark.t === t[at]) ?? null);
  }

  end() {
    clearTimeout(this.timer);
  }
}
