// Swim lanes: one canvas, a grid for the keyboard and for those who do not see it, and a selection around its cells.
import { drawLanes } from './lanes-draw.mjs';
import { pointing } from './lanes-pointer.mjs';
import { typing } from './lanes-keys.mjs';

/**
 * @typedef {import('./lanes-draw.mjs').Cell} Cell
 * @typedef {{start: number, step: number, columns: number, lanes: {value: string, max: number}[], cells: Cell[]}} Data
 *   start: epoch ms where the first column begins
 *   step: ms of a column
 * @typedef {{lanes: string[], from: number, to: number}} Selection lanes: none means all of them
 * @typedef {{lane: number, column: number, cell: Cell | null}} Place
 * @typedef {{
 *   name: string, row?: number, gap?: number,
 *   level: (score: number) => number, palette: () => import('./lanes-draw.mjs').Palette, say: (place: Place) => string,
 *   select: (selection: Selection | null, place: Place | null) => void,
 *   hover: (place: Place | null, point: {x: number, y: number} | null) => void, turn?: (pages: number) => void
 * }} Options
 *   level: the severity of a score, -1 for one that is not to be shown
 *   say: a cell in words
 *   select: something is selected, or nothing any more; `place` is the cell where it began
 *   turn: another page of lanes is wanted
 */

/** A block of lanes in an element, which it fills. */
export class Lanes {
  /** @param {HTMLElement} host @param {Options} options */
  constructor(host, options) {
    this.options = { row: 26, gap: 2, turn: () => {}, ...options };
    this.host = host;
    this.data = { start: 0, step: 1, columns: 1, lanes: [], cells: [] };
    this.selection = null;
    this.at = null;
    this.isPointed = false; // whether the place is the pointer's, which needs no ring around it
    this.#build();
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(host);
    this.stop = [pointing(this), typing(this)];
  }

  #build() {
    const make = (name, className, into) => {
      const made = document.createElement(name);
      made.className = className;
      into.append(made);
      return made;
    };
    this.grid = make('div', 'lanes-grid', this.host);
    this.grid.tabIndex = 0;
    this.grid.setAttribute('role', 'grid');
    this.grid.setAttribute('aria-label', this.options.name);
    this.canvas = make('canvas', 'lanes-canvas', this.grid);
    this.canvas.setAttribute('aria-hidden', 'true');
    this.outlines = make('div', 'lanes-outlines', this.grid);
    this.outlines.setAttribute('aria-hidden', 'true');
    this.cursor = make('div', 'lanes-cursor', this.grid);
    this.cursor.hidden = true;
    this.now = make('div', 'lanes-now', this.grid);
    this.now.hidden = true;
    this.focusBox = make('div', 'lanes-focus', this.grid);
    this.focusBox.hidden = true;
    const row = make('div', 'hidden-text', this.grid);
    row.setAttribute('role', 'row');
    this.live = make('div', '', row);
    this.live.setAttribute('role', 'gridcell');
    this.live.setAttribute('aria-live', 'polite');
    this.live.id = `${crypto.getRandomValues(new Uint32Array(1))[0]}-cell`;
    this.grid.setAttribute('aria-activedescendant', this.live.id);
  }

  /** @param {Data} data */
  setData(data) {
    this.data = data;
    this.byPlace = new Map(data.cells.map((cell) => [cell[0] * data.columns + cell[1], cell]));
    this.host.style.height = `${data.lanes.length * this.options.row}px`;
    this.grid.setAttribute('aria-rowcount', String(data.lanes.length));
    this.grid.setAttribute('aria-colcount', String(data.columns));
    Object.assign(this.canvas.dataset, { t0: data.start, step: data.step, cols: data.columns, row: this.options.row });
    if (this.at && (this.at.lane >= data.lanes.length || this.at.column >= data.columns)) this.at = null;
    this.draw();
  }

  /** The cell at a place; null where there is none. */
  cellAt(lane, column) {
    return this.byPlace?.get(lane * this.data.columns + column) ?? null;
  }

  /** Draw anew: data, size, theme or what is shown has changed. */
  draw() {
    const { row, gap } = this.options;
    const { lanes, columns, cells } = this.data;
    const wide = this.host.clientWidth;
    if (wide === 0) return;
    performance.mark('lanes-draw');
    const ratio = devicePixelRatio;
    this.canvas.width = Math.round(wide * ratio);
    this.canvas.height = Math.round(row * ratio) * lanes.length;
    this.canvas.style.height = `${row * lanes.length}px`;
    this.levels = Int8Array.from(cells, (cell) => this.options.level(cell[2]));
    const what = { cells, levels: this.levels, lanes: lanes.length, columns, row, gap, ratio, palette: this.options.palette() };
    drawLanes(this.canvas.getContext('2d', { willReadFrequently: false }), what);
    this.drawSelection();
    this.drawFocus();
    performance.measure('lanes', 'lanes-draw');
  }

  /** @param {Selection | null} selection */
  setSelection(selection) {
    this.selection = selection;
    this.drawSelection();
  }

  /** Outlines stand outside of the cells, so that they cover none; neighbouring lanes have one together. */
  drawSelection(selection = this.selection) {
    this.outlines.replaceChildren();
    if (!selection) return;
    const { start, step, columns, lanes } = this.data;
    const [first, last] = [(selection.from - start) / step, (selection.to - start) / step].map((at) => Math.min(columns, Math.max(0, at)));
    if (last <= first) return;
    const wanted = new Set(selection.lanes);
    const runs = [];
    lanes.forEach(({ value }, lane) => {
      if (wanted.size > 0 && !wanted.has(value)) return;
      if (runs.at(-1)?.[1] === lane) runs.at(-1)[1] = lane + 1;
      else runs.push([lane, lane + 1]);
    });
    for (const [top, bottom] of runs) this.#outline(top, bottom, first / columns, last / columns);
  }

  #outline(top, bottom, left, right) {
    const { row, gap } = this.options;
    const box = document.createElement('div');
    box.className = 'lanes-outline';
    box.style.top = `${top * row - 2}px`;
    box.style.height = `${(bottom - top) * row - gap + 4}px`;
    box.style.left = `calc(${100 * left}% - 2px)`;
    box.style.width = `calc(${100 * (right - left)}% + 4px)`;
    this.outlines.append(box);
  }

  /** A line at a time, as charts beside it show; null takes it away. @param {number | null} time epoch ms */
  setCursor(time) {
    const { start, step, columns } = this.data;
    const share = time === null ? -1 : (time - start) / (step * columns);
    this.cursor.hidden = !(share >= 0 && share <= 1);
    this.cursor.style.left = `${100 * share}%`;
  }

  /** A line where the present is; null, or out of what is shown: none. @param {number | null} time epoch ms */
  setNow(time) {
    const { start, step, columns } = this.data;
    const share = time === null ? -1 : (time - start) / (step * columns);
    this.now.hidden = !(share >= 0 && share <= 1);
    this.now.style.left = `${100 * share}%`;
  }

  /** Move the keyboard's cell. @param {number} lane @param {number} column */
  moveTo(lane, column) {
    const { lanes, columns } = this.data;
    if (lanes.length === 0) return;
    const clamp = (value, most) => Math.max(0, Math.min(most - 1, value));
    this.at = { lane: clamp(lane, lanes.length), column: clamp(column, columns) };
    this.drawFocus();
    this.live.setAttribute('aria-colindex', String(this.at.column + 1));
    this.live.parentElement.setAttribute('aria-rowindex', String(this.at.lane + 1));
    this.live.textContent = this.options.say({ ...this.at, cell: this.cellAt(this.at.lane, this.at.column) });
  }

  drawFocus() {
    const { row, gap } = this.options;
    this.focusBox.hidden = this.at === null || this.isPointed || document.activeElement !== this.grid;
    if (this.focusBox.hidden) return;
    this.focusBox.style.top = `${this.at.lane * row}px`;
    this.focusBox.style.height = `${row - gap}px`;
    this.focusBox.style.left = `${(100 * this.at.column) / this.data.columns}%`;
    this.focusBox.style.width = `max(4px, ${100 / this.data.columns}%)`;
  }

  /** The selection of a rectangle of cells. @returns {Selection} */
  selectionOf(first, second) {
    const { start, step, lanes } = this.data;
    const [top, bottom] = [Math.min(first.lane, second.lane), Math.max(first.lane, second.lane)];
    const [left, right] = [Math.min(first.column, second.column), Math.max(first.column, second.column)];
    return {
      lanes: lanes.slice(top, bottom + 1).map(({ value }) => value), from: start + left * step, to: start + (right + 1) * step,
    };
  }

  /** Where a cell is in the window. @param {number} lane @param {number} column */
  rectOf(lane, column) {
    const box = this.canvas.getBoundingClientRect();
    const wide = box.width / this.data.columns;
    return new DOMRect(box.left + column * wide, box.top + lane * this.options.row, wide, this.options.row - this.options.gap);
  }

  destroy() {
    this.stop.forEach((stop) => stop());
    this.watch.disconnect();
    this.host.replaceChildren();
  }
}
