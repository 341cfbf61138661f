// Drawing cells of swim lanes on a canvas: quickly, and so that the worst is never hidden.

/** @typedef {[lane: number, column: number, score: number, flags: number]} Cell */
/** @typedef {{colours: string[], nothing: string, ground: string, ink: string}} Palette colours from the lowest severity */

export const INTERIM = 1;
export const SEVERAL = 2;
export const NEWS = 4;
export const PLANNED = 8;
/** An alert of a rule: the bit above those of the server, which knows no rules where it makes lanes. */
export const ALERT = 16;

const LEAST_PX = 2;
const GAPS_FROM_PX = 5;
const MANY = 20_000;

/**
 * Draw everything.
 * @param {CanvasRenderingContext2D} context
 * @param {{cells: Cell[], levels: Int8Array, lanes: number, columns: number, row: number, gap: number, ratio: number, palette: Palette}} what
 *   levels: the severity of each cell, -1 for one that is not shown
 *   row: height of a lane in px, `gap` of which stay free
 *   ratio: device pixels of a px
 */
export function drawLanes(context, what) {
  const { lanes, row, gap, ratio, palette } = what;
  const { width, height } = context.canvas;
  context.clearRect(0, 0, width, height);
  context.fillStyle = palette.nothing;
  const [high, thick] = [Math.round(row * ratio), Math.round((row - gap) * ratio)];
  for (let lane = 0; lane < lanes; lane += 1) context.fillRect(0, lane * high, width, thick);
  if (what.cells.length > MANY) drawImage(context, what, high, thick);
  else drawCells(context, what, high, thick);
  drawFlags(context, what, high, thick);
}

/** Where a column begins and ends, in device pixels, at least as wide as can be seen. */
function edges(column, columns, width) {
  const start = Math.round((column * width) / columns);
  const end = Math.round(((column + 1) * width) / columns);
  const gap = end - start >= GAPS_FROM_PX ? 1 : 0;
  return [start, Math.max(LEAST_PX, end - start - gap)];
}

/** One pass a severity, the highest last, so that where cells share a pixel the worst is seen. */
function drawCells(context, { cells, levels, columns, palette }, high, thick) {
  const { width } = context.canvas;
  palette.colours.forEach((colour, level) => {
    context.fillStyle = colour;
    for (let at = 0; at < cells.length; at += 1) {
      if (levels[at] !== level) continue;
      const [x, wide] = edges(cells[at][1], columns, width);
      context.fillRect(x, cells[at][0] * high, wide, thick);
    }
  });
}

/** One pixel a cell, scaled up: with very many cells ten times as fast as a rectangle each. */
function drawImage(context, { cells, levels, lanes, columns, palette, ratio, gap }, high, thick) {
  const image = new ImageData(columns, lanes);
  const pixels = new Uint32Array(image.data.buffer);
  const worst = new Int8Array(columns * lanes).fill(-1);
  const colours = palette.colours.map(packed);
  for (let at = 0; at < cells.length; at += 1) {
    const place = cells[at][0] * columns + cells[at][1];
    if (levels[at] > worst[place]) {
      worst[place] = levels[at];
      pixels[place] = colours[levels[at]];
    }
  }
  const small = new OffscreenCanvas(columns, lanes);
  small.getContext('2d').putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, columns, lanes, 0, 0, context.canvas.width, lanes * high);
  for (let lane = 0; lane < lanes; lane += 1) context.clearRect(0, lane * high + thick, context.canvas.width, Math.round(gap * ratio));
}

/** `#rrggbb` as the bytes of a pixel. */
function packed(colour) {
  const value = Number.parseInt(colour.slice(1), 16);
  return (255 << 24) | ((value & 255) << 16) | (value & 0xff00) | (value >> 16);
}

function drawFlags(context, { cells, levels, columns, palette, ratio }, high, thick) {
  const { width } = context.canvas;
  const line = Math.max(1, Math.round(ratio));
  for (let at = 0; at < cells.length; at += 1) {
    const [lane, column, , flags] = cells[at];
    if (flags === 0) continue;
    const [x, wide] = edges(column, columns, width);
    const y = lane * high;
    if (flags & INTERIM && levels[at] >= 0) hatch(context, x, y, wide, thick, palette.ground, line);
    context.fillStyle = palette.ink;
    if (flags & ALERT && levels[at] >= 0) context.fillRect(x, y, wide, 3 * line);
    if (flags & PLANNED) context.fillRect(x, y + thick - 2 * line, wide, 2 * line);
  }
}

function hatch(context, x, y, wide, thick, colour, line) {
  context.save();
  context.beginPath();
  context.rect(x, y, wide, thick);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = line;
  context.beginPath();
  for (let at = -thick; at < wide; at += 4 * line) {
    context.moveTo(x + at, y + thick);
    context.lineTo(x + at + thick, y);
  }
  context.stroke();
  context.restore();
}
