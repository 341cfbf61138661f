// One anomaly of several features: how odd, which of them are to blame, what was, and what would have been usual.
import { html } from '../../lib/html.mjs';
import { go } from '../../lib/url.mjs';
import { duration, interval, number, score } from '../../lib/format.mjs';
import { gradeWord } from '../../lib/scales.mjs';
import { Icon } from '../../parts/icon.mjs';
import { Panel } from '../../parts/panel.mjs';

const percent = (share) => `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;

/** @param {{data: any, anomaly: any}} props data: as `/features` tells; anomaly: one of it */
export function Details({ data, anomaly }) {
  const close = html`<button type="button" class="bare" aria-label="Close" onClick=${() => go({ set: { open: null } })}><${Icon} name="close" /></button>`;
  return html`
    <${Panel} title=${`Anomaly of ${interval(anomaly.t, anomaly.end)}`} class="feature-details" actions=${close}>
      ${anomaly.words.map((sentence) => html`<p key=${sentence}>${sentence}</p>`)}
      <div class="feature-columns">
        <div>
          <dl class="facts">
            <div><dt>Grade</dt><dd data-testid="grade"><span class="score"><i class=${`swatch ${gradeWord(anomaly.grade)}`} />${number(anomaly.grade)}</span> ${gradeWord(anomaly.grade)}, as a score ${score(anomaly.severity)}</dd></div>
            <div><dt>Confidence</dt><dd data-testid="confidence">${number(anomaly.confidence)}${anomaly.confidence < 0.9 && ', still learning'}</dd></div>
            <div><dt>Score</dt><dd data-testid="score">${number(anomaly.score)}, threshold <span data-testid="threshold">${number(anomaly.threshold)}</span></dd></div>
            ${anomaly.late > 0 && html`<div><dt>Noticed late</dt><dd data-testid="late">${duration(anomaly.t - anomaly.start)} late: it began about ${interval(anomaly.start, anomaly.start + data.bucket_span_ms)}</dd></div>`}
            <div><dt>Model</dt><dd><code>${data.model_id}</code></dd></div>
          </dl>
        </div>
        <${Attribution} shares=${anomaly.attribution} />
      </div>
      <${Values} data=${data} anomaly=${anomaly} />
    </${Panel}>`;
}

/** Who is to blame, as parts of a whole. */
const Attribution = ({ shares }) => html`
  <div class="attribution">
    <h3>To blame</h3>
    <div class="attribution-bar" aria-hidden="true">${shares.map((one, at) => html`<span class=${`part-${Math.min(at, 4)}`} style=${{ width: `${100 * one.share}%` }} />`)}</div>
    <ol>${shares.map((one, at) => html`
      <li key=${one.feature_id}><i class=${`part-${Math.min(at, 4)}`} aria-hidden="true" /><span>${one.feature_name}</span><strong data-share=${one.share}>${percent(one.share)}</strong></li>`)}</ol>
  </div>`;

/** What was, and what would have been usual: most often one thing, at times several. */
function Values({ data, anomaly }) {
  const then = anomaly.past;
  const order = anomaly.attribution.map((one) => data.features.findIndex((feature) => feature.feature_id === one.feature_id));
  return html`
    <div class="table-scroll">
      <table class="feature-values">
        <caption class="hidden-text">Values of the features</caption>
        <thead><tr><th>Feature</th>${then && html`<th class="number">When it began</th>`}<th class="number">${then ? 'When noticed' : 'Actual'}</th>
          ${anomaly.expected.map((one, at) => html`<th class="number">${at === 0 ? 'Expected' : 'Or'}${anomaly.expected.length > 1 ? ` (${percent(one.likelihood)})` : ''}</th>`)}</tr></thead>
        <tbody>${order.map((at) => html`
          <tr key=${data.features[at].feature_id}>
            <td>${data.features[at].feature_name} <small>${data.features[at].function.replaceAll('_', ' ')}</small></td>
            ${then && html`<td class="number">${number(then[at])}</td>`}
            <td class="number">${number(anomaly.data[at])}${anomaly.imputed[at] && html` <span class="badge" title="It was missing; this was taken for it">filled in</span>`}</td>
            ${anomaly.expected.map((one) => html`<td class="number">${number(one.values[at])}</td>`)}
          </tr>`)}</tbody>
      </table>
    </div>`;
}
