// The mouse, pen or finger on lanes: a click is a cell, a drag a rectangle, shift and a click extends.

/** Listen; returns what stops it. @param {import('./lanes.mjs').Lanes} lanes */
export function pointing(lanes) {
  const { grid, options } = lanes;
  let began = null;
  let anchor = null;

  const placeOf = (event) => {
    const box = lanes.canvas.getBoundingClientRect();
    const { lanes: all, columns } = lanes.data;
    const clamp = (value, most) => Math.max(0, Math.min(most - 1, Math.floor(value)));
    return {
      lane: clamp((event.clientY - box.top) / options.row, all.length),
      column: clamp(((event.clientX - box.left) / box.width) * columns, columns),
    };
  };
  const down = (event) => {
    if (event.button !== 0 || lanes.data.lanes.length === 0) return;
    const place = placeOf(event);
    began = event.shiftKey && anchor ? anchor : place;
    anchor = began;
    lanes.at = place;
    lanes.isPointed = true;
    lanes.drawFocus();
    grid.setPointerCapture(event.pointerId);
    lanes.drawSelection(lanes.selectionOf(began, place));
  };
  const move = (event) => {
    if (lanes.data.lanes.length === 0) return;
    const place = placeOf(event);
    if (began) lanes.drawSelection(lanes.selectionOf(began, place));
    options.hover({ ...place, cell: lanes.cellAt(place.lane, place.column) }, { x: event.clientX, y: event.clientY });
  };
  const up = (event) => {
    if (!began) return;
    const place = placeOf(event);
    const first = began;
    began = null;
    options.select(lanes.selectionOf(first, place), { ...place, cell: lanes.cellAt(place.lane, place.column) });
  };
  const cancel = () => {
    began = null;
    lanes.drawSelection();
  };
  const leave = () => options.hover(null, null);

  const listeners = { pointerdown: down, pointermove: move, pointerup: up, pointercancel: cancel, pointerleave: leave };
  Object.entries(listeners).forEach(([name, run]) => grid.addEventListener(name, run));
  return () => Object.entries(listeners).forEach(([name, run]) => grid.removeEventListener(name, run));
}
