// All anomalies of an entity, the highest grade first.
import { html, useState } from '../../lib/html.mjs';
import { go, timeText } from '../../lib/url.mjs';
import { count, duration, number, time } from '../../lib/format.mjs';
import { gradeWord } from '../../lib/scales.mjs';
import { Icon } from '../../parts/icon.mjs';
import { Panel } from '../../parts/panel.mjs';

const FEW = 20;

/** @param {{data: any, chosen: any}} props data: as `/features` tells; chosen: the anomaly whose details are shown, or null */
export function Anomalies({ data, chosen }) {
  const [all, setAll] = useState(false);
  const sorted = data.anomalies.toSorted((one, other) => other.grade - one.grade);
  const shown = all ? sorted : sorted.slice(0, FEW);
  return html`
    <${Panel} title=${html`Anomalies <span class="quiet">${count(sorted.length)}</span>`} empty=${sorted.length === 0 && 'No anomaly of this entity in this time.'}>
      <div class="table-scroll">
        <table class="feature-anomalies">
          <thead><tr><th><span class="hidden-text">Details</span></th><th>Time</th><th class="number">Grade</th><th class="number">Confidence</th><th class="number">Score</th><th class="number">Threshold</th><th>Most to blame</th></tr></thead>
          <tbody>${shown.map((one) => html`
            <tr key=${one.t}>
              <td><button type="button" class="bare" aria-expanded=${String(one === chosen)} aria-label=${`${one === chosen ? 'Hide' : 'Show'} the anomaly at ${time(one.t)}`}
                onClick=${() => go({ set: { open: one === chosen ? null : timeText(one.t) } })}><${Icon} name=${one === chosen ? 'down' : 'right'} /></button></td>
              <td>${time(one.t)}${one.late > 0 && html` <span class="badge">${duration(one.t - one.start)} late</span>`}</td>
              <td class="number"><span class="score"><i class=${`swatch ${gradeWord(one.grade)}`} />${number(one.grade)}<span class="hidden-text"> ${gradeWord(one.grade)}</span></span></td>
              <td class="number">${number(one.confidence)}</td><td class="number">${number(one.score)}</td><td class="number">${number(one.threshold)}</td>
              <td>${one.attribution[0].feature_name} <span class="quiet">${Math.round(100 * one.attribution[0].share)} %</span></td>
            </tr>`)}</tbody>
        </table>
      </div>
      ${shown.length < sorted.length && html`<p><button type="button" class="link" onClick=${() => setAll(true)}>Show all ${count(sorted.length)}</button></p>`}
    </${Panel}>`;
}
