// What a rule would have told, by what is stored: before anybody is woken by it.
import { html, useEffect, useState } from '../../lib/html.mjs';
import { send } from '../../lib/api.mjs';
import { count, counted, duration, interval, number, score } from '../../lib/format.mjs';
import { word } from '../../lib/scales.mjs';
import { sentence, withLook } from '../../parts/alert.mjs';
import { Problems } from './problems.mjs';

const QUIET_MS = 450;
const DAY_MS = 86_400_000;
const LENGTHS = [7, 30, 90, 365];
const USUAL = 30;
const SHOWN = 20;

/** The newest answer, or why there is none; asked anew when somebody has stopped changing the rule. */
function useTest(rule, days) {
  const [state, setState] = useState({ found: null, error: null, end: null });
  const [busy, setBusy] = useState(true);
  const key = JSON.stringify([rule, days]);
  useEffect(() => {
    let isNewest = true;
    setBusy(true);
    const timer = setTimeout(async () => {
      const { end } = state;
      const times = days === USUAL || end === null ? { from: null, to: null } : { from: end - days * DAY_MS, to: end };
      try {
        const found = await send('POST', '/rules/test', { rule: { ...rule, rule_id: rule.rule_id || 'unnamed' }, ...times });
        if (isNewest) setState({ found, error: null, end: found.to });
      } catch (error) {
        if (isNewest) setState((was) => ({ ...was, error }));
      }
      if (isNewest) setBusy(false);
    }, state.found ? QUIET_MS : 0);
    return () => { isNewest = false; clearTimeout(timer); };
  }, [key]);
  return { ...state, busy };
}

/** @param {{rule: any, take: (score: number) => void}} props take: called with a least score that is chosen */
export function OnPastData({ rule, take }) {
  const [days, setDays] = useState(USUAL);
  const { found, error, busy } = useTest(rule, days);
  return html`
    <section class="past" aria-label="On past data" aria-busy=${String(busy)}>
      <header class="panel-head">
        <h2>On past data</h2>
        <div class="panel-actions"><div class="segments" role="group" aria-label="How far back">${LENGTHS.map((length) => html`
          <button type="button" aria-pressed=${String(days === length)} onClick=${() => setDays(length)}>${length} days</button>`)}</div></div>
      </header>
      <div class=${busy && found ? 'dimmed' : ''}>
        ${error && html`<${Problems} error=${error} />`}
        ${!found && !error && html`<div class="skeleton" style=${{ height: '240px' }} />`}
        ${found && !error && html`<${Found} found=${found} rule=${rule} take=${take} />`}
      </div>
    </section>`;
}

const Found = ({ found, rule, take }) => html`
  <p class="headline"><strong>${found.total === 0 ? 'No alerts' : counted(found.total, 'alert')}</strong>${found.total > 0 && found.to - found.from > 7 * DAY_MS && `, ${number(Number(found.per_week.toPrecision(2)))} a week`}
    <span class="quiet"> in ${interval(found.from, found.to)}, of ${counted(found.jobs, 'job')}</span></p>
  ${found.jobs_left_out > 0 && html`<p>${counted(found.jobs_left_out, 'job')} with scores as high or lower ${found.jobs_left_out === 1 ? 'is' : 'are'} left out.</p>`}
  ${found.told < found.total && html`<p>${count(found.told)} would have been sent at once, ${count(found.total - found.told)} held back by quiet hours, planned times or mutes.</p>`}
  ${found.over_budget && html`<p class="over-budget">${found.over_budget}.
    ${found.suggested !== null && found.suggested !== rule.min_score && html` <button type="button" onClick=${() => take(found.suggested)}>From a score of ${found.suggested} it would be within</button>`}</p>`}
  <div class="labelled">From a score of
    <div class="segments" role="group" aria-label="Alerts by least score">${found.by_score.map(({ min_score: least, alerts }) => html`
      <button type="button" aria-pressed=${String(rule.min_score === least)} title=${`${counted(alerts, 'alert')} from ${least} on`} onClick=${() => take(least)}>${least} <small>${count(alerts)}</small></button>`)}</div></div>
  ${found.alerts.length > 0 && html`<${When} found=${found} /><${List} found=${found} />`}`;

/** When they were, in one strip. */
const When = ({ found }) => html`
  <div class="when-told" role="img" aria-label=${`When they were, from ${interval(found.from, found.to)}`}>${found.alerts.map((alert) => html`
    <span class=${`bar ${word(alert.max_score)}`} style=${{ left: `min(${(100 * (alert.start - found.from)) / (found.to - found.from)}%, 100% - 3px)`, width: `${(100 * (alert.end - alert.start)) / (found.to - found.from)}%` }} />`)}</div>`;

function List({ found }) {
  const [all, setAll] = useState(false);
  const shown = all ? found.alerts : found.alerts.slice(0, SHOWN);
  return html`
    <ul class="told-list">${shown.map((alert) => html`
      <li key=${alert.alert_id}>
        <span class="score"><i class=${`swatch ${word(alert.max_score)}`} />${score(alert.max_score)}<span class="hidden-text"> ${word(alert.max_score)}</span></span>
        <div><a href=${withLook(alert.link)}>${sentence(alert)}</a><small>${interval(alert.start, alert.end)} · ${duration(alert.duration)} · ${alert.job_id}${alert.held ? ` · held back: ${alert.held}` : ''}</small></div>
      </li>`)}</ul>
    ${shown.length < found.alerts.length && html`<p><button type="button" class="link" onClick=${() => setAll(true)}>Show all ${count(found.alerts.length)}</button></p>`}
    ${found.left_out > 0 && html`<p class="quiet">${counted(found.left_out, 'older alert')} not listed.</p>`}`;
}
