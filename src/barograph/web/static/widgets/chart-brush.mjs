// Choosing a span of a chart: a window that is moved, or pulled at either end; by keyboard as well.

const STEP = 0.05;
const LEAST_PX = 6;

/** The brush of a chart. */
export class Brush {
  constructor(chart) {
    this.chart = chart;
    this.span = null;
    this.drag = null;
    this.over = chart.plot.over;
    this.box = element('chart-brush');
    this.masks = [element('chart-mask'), element('chart-mask')];
    this.ends = ['Start', 'End'].map((name) => this.end(name));
    this.box.append(...this.ends);
    this.over.append(...this.masks, this.box);
    this.over.addEventListener('pointerdown', (event) => this.begin(event));
    this.over.addEventListener('pointermove', (event) => this.move(event));
    this.over.addEventListener('pointerup', () => this.finish());
    this.over.addEventListener('pointercancel', () => this.finish());
  }

  end(name) {
    const handle = element('chart-handle');
    handle.tabIndex = 0;
    handle.setAttribute('role', 'slider');
    handle.setAttribute('aria-label', `${name} of what is shown`);
    handle.addEventListener('keydown', (event) => this.keydown(event, name === 'Start' ? 0 : 1));
    return handle;
  }

  /** Show a span; null: all. */
  set(span) {
    if (this.drag) return;
    this.span = span;
    this.place(this.chart.plot);
  }

  place(plot) {
    const [first, last] = this.chart.range;
    const width = this.over.clientWidth;
    const [from, to] = (this.span ?? [first, last]).map((t) => Math.min(Math.max(plot.valToPos(t, 'x'), 0), width));
    Object.assign(this.box.style, { left: `${from}px`, width: `${Math.max(to - from, 2)}px` });
    Object.assign(this.masks[0].style, { left: '0px', width: `${from}px` });
    Object.assign(this.masks[1].style, { left: `${to}px`, width: `${width - to}px` });
    this.ends.forEach((handle, at) => {
      const t = (this.span ?? [first, last])[at];
      const said = new Intl.DateTimeFormat('en-GB', { timeZone: this.chart.options.zone, dateStyle: 'medium', timeStyle: 'short' });
      for (const [name, value] of [['min', first], ['max', last], ['now', Math.round(t)], ['text', said.format(t)]]) {
        handle.setAttribute(`aria-value${name}`, value);
      }
    });
  }

  time(event) {
    const box = this.over.getBoundingClientRect();
    return this.chart.plot.posToVal(Math.min(Math.max(event.clientX - box.left, 0), box.width), 'x');
  }

  begin(event) {
    if (event.button !== 0) return;
    const t = this.time(event);
    const at = this.ends.indexOf(event.target);
    const inside = this.span && t >= this.span[0] && t < this.span[1];
    const kind = at >= 0 ? at : inside ? 'move' : 'new';
    this.drag = { kind, t, span: this.span ?? this.chart.range };
    this.over.setPointerCapture(event.pointerId);
    event.preventDefault();
    this.ends[at]?.focus();
  }

  move(event) {
    if (!this.drag) return;
    const { kind, t: start, span } = this.drag;
    const t = this.time(event);
    if (kind === 'move') this.tell(this.within([span[0] + t - start, span[1] + t - start]), false);
    else {
      const fixed = kind === 'new' ? start : span[1 - kind];
      this.tell([Math.min(t, fixed), Math.max(t, fixed)], false);
    }
    this.drag.moved = true;
  }

  finish() {
    const moved = this.drag?.moved;
    this.drag = null;
    if (moved) this.tell(this.span, true);
  }

  within([from, to]) {
    const [first, last] = this.chart.range;
    const by = Math.max(first - from, 0) + Math.min(last - to, 0);
    return [from + by, to + by];
  }

  tell(span, done) {
    const [first, last] = this.chart.range;
    const least = Math.max(this.chart.options.span, ((last - first) * LEAST_PX) / Math.max(this.over.clientWidth, 1));
    const [from, to] = span.map(Math.round);
    this.span = to - from < least ? this.within([from, from + least]).map(Math.round) : [from, to];
    this.place(this.chart.plot);
    this.chart.options.onSpan?.(this.span, done);
  }

  keydown(event, at) {
    const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (!way) return;
    event.preventDefault();
    const [first, last] = this.chart.range;
    const span = [...(this.span ?? [first, last])];
    const by = Math.max((last - first) * STEP * (event.shiftKey ? 0.2 : 1), this.chart.options.span) * way;
    span[at] = Math.min(Math.max(span[at] + by, first), last);
    if (span[0] < span[1]) this.tell(span, true);
  }
}

function element(name) {
  const made = document.createElement('div');
  made.className = name;
  return made;
}
