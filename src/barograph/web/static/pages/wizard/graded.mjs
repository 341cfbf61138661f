// What a forest would have found of one entity: its grades over time, and the worst of its anomalies with what is to blame.
import { html, useState } from '../../lib/html.mjs';
import { counted, number, time } from '../../lib/format.mjs';
import { gradeWord } from '../../lib/scales.mjs';
import { Strips } from '../features/strips.mjs';

const FEW = 5;

/** @param {{found: any, range: [number, number]}} props found: as a trial tells */
export function Graded({ found, range }) {
  const data = found.features;
  const [picked, setPicked] = useState(null);
  const worst = data.anomalies.toSorted((one, other) => other.grade - one.grade);
  const chosen = worst.find((one) => one.t === picked) ?? null;
  const shown = [...new Set([...worst.slice(0, FEW), chosen].filter(Boolean))];
  if (data.t.length === 0) return html`<p class="quiet">No result of this entity: a forest scores from 32 buckets with rows on.</p>`;
  return html`
    <${Strips} data=${data} range=${range} chosen=${chosen} onPick=${(anomaly) => setPicked(anomaly.t)} />
    ${worst.length === 0 ? html`<p class="quiet">No anomaly of this entity.</p>` : html`
      <div class="table-scroll">
        <table class="tried-grades">
          <thead><tr><th>Time</th><th class="number">Grade</th><th>Most to blame</th><th class="number">Actual</th><th class="number">Expected</th></tr></thead>
          <tbody>${shown.map((one) => html`<${Row} key=${one.t} data=${data} one=${one} isChosen=${one === chosen} />`)}</tbody>
        </table>
      </div>
      ${worst.length > shown.length && html`<p class="quiet legend">The worst ${shown.length} of ${counted(worst.length, 'anomaly', 'anomalies')} of this entity.</p>`}`}`;
}

function Row({ data, one, isChosen }) {
  const [{ feature_id: id, feature_name: name, share }] = one.attribution;
  const at = data.features.findIndex((feature) => feature.feature_id === id);
  return html`
    <tr class=${isChosen ? 'is-chosen' : ''}>
      <td>${time(one.t)}</td>
      <td class="number"><span class="score"><i class=${`swatch ${gradeWord(one.grade)}`} />${number(one.grade)}<span class="hidden-text"> ${gradeWord(one.grade)}</span></span></td>
      <td>${name} <span class="quiet">${Math.round(100 * share)} %</span></td>
      <td class="number">${number((one.past ?? one.data)[at])}</td><td class="number">${number(one.expected[0]?.values[at])}</td>
    </tr>`;
}
