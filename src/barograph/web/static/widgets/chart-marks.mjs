// The anomalies of a chart as buttons: the canvas shows them, a button is what one reaches, hears and presses.
import { MOST_BUTTONS } from './chart.mjs';
import { isCross } from './chart-draw.mjs';
import { markHeight } from './chart-values.mjs';

/** The buttons of a chart; only as long as there are few enough to be of use. */
export class MarkButtons {
  constructor(chart) {
    this.chart = chart;
    this.box = document.createElement('div');
    this.box.className = 'chart-marks';
    this.shown = [];
    if (chart.options.onPick) chart.plot.over.append(this.box);
    this.box.addEventListener('click', (event) => {
      const at = this.indexOf(event.target);
      if (at >= 0) chart.options.onPick(this.shown[at].t, this.shown[at]);
    });
    this.box.addEventListener('focusin', (event) => this.enter(this.indexOf(event.target)));
  }

  indexOf(target) {
    return [...this.box.children].indexOf(target.closest('button'));
  }

  /** One of them is a stop of the Tab key; the arrows go to the others. */
  enter(at) {
    [...this.box.children].forEach((button, index) => { button.tabIndex = index === at ? 0 : -1; });
  }

  /** Go to the next one or the one before; false: there is none. */
  step(by) {
    const at = this.indexOf(document.activeElement ?? this.box);
    const next = this.box.children[at < 0 ? (by > 0 ? 0 : this.shown.length - 1) : at + by];
    next?.focus();
    return Boolean(next);
  }

  place(plot) {
    const { chart } = this;
    const [from, to] = chart.range;
    const seen = chart.marks.filter((mark) => mark.t >= from && mark.t < to).sort((one, other) => one.t - other.t);
    this.shown = seen.length > MOST_BUTTONS ? [] : seen;
    while (this.box.children.length > this.shown.length) this.box.lastChild.remove();
    while (this.box.children.length < this.shown.length) this.box.append(button(this.box.children.length));
    this.shown.forEach((mark, at) => this.fit(this.box.children[at], mark, plot));
  }

  fit(element, mark, plot) {
    const label = this.chart.options.describe?.(mark) ?? String(mark.score);
    element.style.transform = `translate(${plot.valToPos(mark.t, 'x') - 12}px, ${markHeight(this.chart, mark) - 12}px)`;
    element.style.zIndex = Math.round(mark.score);
    Object.assign(element.dataset, { t: mark.t, shape: isCross(mark) ? 'cross' : 'dot', interim: mark.interim });
    if (element.getAttribute('aria-label') !== label) element.setAttribute('aria-label', label);
    element.setAttribute('aria-pressed', String(mark.t === this.chart.selected));
  }
}

function button(at) {
  const element = document.createElement('button');
  element.type = 'button';
  element.tabIndex = at === 0 ? 0 : -1;
  return element;
}
