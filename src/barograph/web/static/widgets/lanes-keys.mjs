// The keyboard on lanes: arrows move a cell, with Control to the next one that is odd, with Shift they extend what is selected.

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** Listen; returns what stops it. @param {import('./lanes.mjs').Lanes} lanes */
export function typing(lanes) {
  const { grid, options } = lanes;
  let anchor = null;

  const place = () => ({ ...lanes.at, cell: lanes.cellAt(lanes.at.lane, lanes.at.column) });
  const ensure = () => { if (lanes.at === null) lanes.moveTo(0, 0); };

  const nextOdd = (way) => {
    const { lane, column } = lanes.at;
    const columns = lanes.data.cells
      .filter((cell, index) => cell[0] === lane && lanes.levels[index] > 0 && (cell[1] - column) * way > 0)
      .map((cell) => cell[1]);
    if (columns.length > 0) lanes.moveTo(lane, way > 0 ? Math.min(...columns) : Math.max(...columns));
  };
  const arrow = (event) => {
    const [down, right] = MOVES[event.key];
    ensure();
    if (event.shiftKey) {
      anchor ??= lanes.at;
      lanes.moveTo(lanes.at.lane + down, lanes.at.column + right);
      lanes.drawSelection(lanes.selectionOf(anchor, lanes.at));
      return;
    }
    anchor = null;
    if ((event.ctrlKey || event.metaKey) && right !== 0) nextOdd(right);
    else lanes.moveTo(lanes.at.lane + down, lanes.at.column + right);
  };
  const select = () => {
    ensure();
    options.select(lanes.selectionOf(anchor ?? lanes.at, lanes.at), place());
    anchor = null;
  };
  const keys = {
    Home: () => lanes.moveTo(lanes.at?.lane ?? 0, 0),
    End: () => lanes.moveTo(lanes.at?.lane ?? 0, lanes.data.columns - 1),
    PageUp: () => options.turn(-1),
    PageDown: () => options.turn(1),
    Enter: select,
    ' ': select,
    Escape: () => { anchor = null; options.select(null, null); },
  };
  const down = (event) => {
    if (event.altKey || lanes.data.lanes.length === 0) return;
    const run = event.key in MOVES ? arrow : keys[event.key];
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    lanes.isPointed = false;
    run(event);
  };
  const focus = () => (lanes.at === null ? lanes.moveTo(0, 0) : lanes.moveTo(lanes.at.lane, lanes.at.column));
  const blur = () => { lanes.isPointed = false; lanes.drawFocus(); };

  const listeners = { keydown: down, focus, blur };
  Object.entries(listeners).forEach(([name, run]) => grid.addEventListener(name, run));
  return () => Object.entries(listeners).forEach(([name, run]) => grid.removeEventListener(name, run));
}
