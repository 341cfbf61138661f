// What was sent of an alert, and what happened to it.
import { html } from '../../lib/html.mjs';
import { useQuery } from '../../lib/api.mjs';
import { number, probability, score, time } from '../../lib/format.mjs';
import { visible } from '../../lib/visible.mjs';
import { Failed } from '../../parts/panel.mjs';
import { shownValue } from '../../parts/entity.mjs';

/** @param {{alert: import('../../parts/alert.mjs').Alert}} props */
export function AlertDetails({ alert }) {
  const query = useQuery(`/alerts/${encodeURIComponent(alert.alert_id)}`, { deps: [JSON.stringify(alert)] });
  if (query.error) return html`<${Failed} error=${query.error} retry=${query.retry} />`;
  const { data } = query;
  return html`
    <div class="alert-columns" aria-busy=${String(query.pending)}>
      <section>
        <h3>The message</h3>
        <pre class="code">${visible(alert.text)}</pre>
      </section>
      <section>
        <h3>What happened</h3>
        ${data ? html`<ol class="alert-history">${data.history.map((one) => html`
          <li><time>${time(one.time, { precision: 'second' })}</time><span>${said(one)}${one.by && ` · ${one.by}`}</span></li>`)}</ol>` : html`<div class="skeleton" style=${{ height: '64px' }} />`}
        <${Facts} alert=${alert} />
      </section>
    </div>`;
}

/** An event in words; those of messages say what of the alert they tell. */
const said = ({ what, text }) => (what === 'sent' || what === 'failed' ? `${what}: ${text}` : text || what);

function Facts({ alert }) {
  const { worst, blamed } = alert;
  return html`
    <dl class="facts">
      <div><dt>Score</dt><dd>${score(alert.score)} when it was raised${alert.max_score > alert.score && `, ${score(alert.max_score)} at its worst`}</dd></div>
      ${worst && html`<div><dt>Actual</dt><dd>${number(worst.actual)}, typical ${number(worst.typical)}</dd></div>
        <div><dt>Probability</dt><dd>${probability(worst.probability)}</dd></div>`}
      ${blamed.length > 0 && html`<div><dt>To blame</dt><dd>${blamed.map((one) => html`<div>${one.field_name} <bdi>${shownValue(one.field_value)}</bdi> <span class="quiet">${Math.round(100 * one.influence)} %</span></div>`)}</dd></div>`}
    </dl>`;
}
