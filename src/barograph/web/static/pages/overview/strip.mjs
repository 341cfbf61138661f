// How odd the whole time was, in one row; a cell leads to the explorer.
import { html } from '../../lib/html.mjs';
import { href } from '../../lib/url.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { useVersion } from '../../lib/live.mjs';
import { expressions, jobIds, range } from '../../lib/range.mjs';
import { interval, score, time } from '../../lib/format.mjs';
import { word } from '../../lib/scales.mjs';
import { Panel } from '../../parts/panel.mjs';
import { hideTooltip, showTooltip } from '../../parts/tooltip.mjs';

const COLUMNS = 240;

/** The strip. */
export function Strip() {
  const version = useVersion(jobIds.value);
  const asked = { job: expressions.value, from: range.value?.[0], to: range.value?.[1], width: COLUMNS };
  const query = useQuery(range.value ? `/lanes${params(asked)}` : null, { deps: [version] });
  return html`
    <${Panel} class="strip" query=${query} name="How odd the time was" height=${48}>
      ${(lanes) => lanes && html`<${Cells} lanes=${lanes} />`}
    </${Panel}>`;
}

function Cells({ lanes }) {
  const span = lanes.end - lanes.start;
  const place = (column) => ({ left: `${(100 * column * lanes.step) / span}%`, width: `${(100 * lanes.step) / span}%` });
  return html`
    <a class="cells" href=${href('/explorer')} aria-label="Scores over time, in the explorer" onPointerLeave=${hideTooltip}>
      ${lanes.cells.filter(([, , value]) => value >= 1).map(([, column, value]) => html`
        <span key=${column} class=${`bar ${word(value)}`} style=${place(column)}
          onPointerMove=${(event) => showTooltip(event.clientX, event.clientY, told(lanes, column, value))}></span>`)}
    </a>
    <div class="ends quiet"><span>${time(range.value[0], { precision: 'day' })}</span><span>${time(range.value[1] - 1, { precision: 'day' })}</span></div>`;
}

function told(lanes, column, value) {
  const start = lanes.start + column * lanes.step;
  return html`<div>${interval(start, start + lanes.step)}</div><strong>${score(value)} ${word(value)}</strong> overall bucket score`;
}

