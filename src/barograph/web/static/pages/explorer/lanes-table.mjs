// The lanes as a table, for whoever would rather read numbers.
import { html, useState } from '../../lib/html.mjs';
import { count, interval, score } from '../../lib/format.mjs';
import { word } from '../../lib/scales.mjs';
import { Dialog } from '../../parts/dialog.mjs';
import { Icon } from '../../parts/icon.mjs';
import { shownValue } from '../../parts/entity.mjs';
import { KIND_WORDS } from './lane-block.mjs';
import { levelOf } from './state.mjs';

const MOST = 500;

/** @param {{overall: any, view: any, name: string}} props answers of `/api/v1/lanes` */
export function LanesTable({ overall, view, name }) {
  const [isOpen, setOpen] = useState(false);
  return html`
    <button type="button" class="bare" aria-label="View lanes as table" title="View as table" disabled=${!overall} onClick=${() => setOpen(true)}>
      <${Icon} name="table" /></button>
    ${isOpen && html`
      <${Dialog} title="Lanes as a table" close=${() => setOpen(false)} wide>
        <${Cells} data=${overall} name="overall" />${view && html`<${Cells} data=${view} name=${name} />`}
      </${Dialog}>`}`;
}

function Cells({ data, name }) {
  const cells = data.cells.filter((cell) => levelOf(cell[2]) >= 0).sort((one, other) => other[2] - one[2]);
  return html`
    <div class="table-scroll lanes-table" tabindex="0" role="region" aria-label=${name}>
      <table>
        <caption>${name}: ${cells.length > MOST ? `the ${count(MOST)} highest of ${count(cells.length)}` : count(cells.length)} ${KIND_WORDS[data.kind]}s</caption>
        <thead><tr><th>${name}</th><th>Time</th><th class="number">Score</th><th>Severity</th></tr></thead>
        <tbody>${cells.slice(0, MOST).map(([lane, column, points]) => html`
          <tr><td>${shownValue(data.lanes[lane].value)}</td><td>${interval(data.start + column * data.step, data.start + (column + 1) * data.step)}</td>
            <td class="number">${score(points)}</td><td>${word(points)}</td></tr>`)}</tbody>
      </table>
    </div>`;
}
