// Alerts: what people were told, what became of it, and the rules that tell.
import { html } from '../lib/html.mjs';
import { choice, get, go, href, number } from '../lib/url.mjs';
import { params, useQuery } from '../lib/api.mjs';
import { alertVersion } from '../lib/alerts.mjs';
import { useShortcut } from '../lib/keys.mjs';
import { allJobs } from '../lib/live.mjs';
import { count, counted } from '../lib/format.mjs';
import { expressions, isChosen, range } from '../lib/range.mjs';
import { STATUSES, Status, allOf } from '../parts/alert.mjs';
import { Panel } from '../parts/panel.mjs';
import { say } from '../shell/notices.mjs';
import { AlertRow } from './alerts/row.mjs';
import { Rules } from './alerts/rules.mjs';
import { SearchText } from './alerts/search.mjs';

const PAGE = 25;

/** The page. */
export default function Alerts() {
  const version = alertVersion.value;
  const rules = useQuery(`/rules${params({ job: expressions.value })}`, { deps: [version] });
  return html`
    <div class="page alerts">
      <div class="page-head">
        <h1>Alerts</h1>
        <div class="page-actions"><a class="button primary" href=${href('/rules/new', newRule())}>New rule</a></div>
      </div>
      <div class="columns">
        <${Found} version=${version} rules=${rules.data?.rules ?? []} />
        <aside aria-label="Rules"><${Rules} query=${rules} /></aside>
      </div>
    </div>`;
}

/** A new rule is for the jobs that are looked at. */
const newRule = () => (expressions.value.length ? { job: expressions.value } : {});

/** Acknowledge the alert in whose row one is. */
function acknowledgeFocused() {
  const row = document.activeElement?.closest('[data-alert]');
  if (row) row.querySelector('[data-acknowledge]').click();
  else say('Go to an alert with the Tab key first.');
}

function Found({ version, rules }) {
  useShortcut('a', 'Acknowledge the alert in whose row one is', acknowledgeFocused);
  const asked = {
    job: expressions.value, rule: get('rule'), status: choice('status', Object.keys(STATUSES)), q: get('q'),
    ...(isChosen.value && range.value ? { from: range.value[0], to: range.value[1] } : {}),
    size: number('shown', { least: 1, most: 1000, usual: PAGE }),
  };
  const query = useQuery(allJobs.value === null ? null : `/alerts${params(asked)}`, { deps: [version] });
  const { data } = query;
  const rest = data ? data.total - data.alerts.length : 0;
  return html`
    <div class="main-column">
      <${Filters} counts=${data?.counts} rules=${rules} />
      <${Panel} query=${allJobs.value === null ? { pending: true } : query} name="Alerts" height=${400} empty=${data?.total === 0 && html`<${Nothing} asked=${asked} counts=${data.counts} isRuled=${rules.length > 0} />`}>
        ${() => data && html`
          <ul class="alert-list">${data.alerts.map((alert) => html`<${AlertRow} key=${alert.alert_id} alert=${alert} changed=${query.retry} />`)}</ul>
          ${rest > 0 && html`<p class="more"><button type="button" onClick=${() => go({ set: { shown: asked.size + PAGE } }, { replace: true })}>Show more (${count(rest)} left)</button></p>`}`}
      </${Panel}>
    </div>`;
}

function Filters({ counts, rules }) {
  const status = choice('status', Object.keys(STATUSES));
  const rule = get('rule');
  const ids = [...new Set([...rules.map((one) => one.rule_id), ...(rule ? [rule] : [])])];
  const set = (values) => go({ set: { ...values, shown: null, open: null } });
  return html`
    <div class="alert-filters" role="search">
      <div class="segments" role="group" aria-label="Status">
        <button type="button" aria-pressed=${String(status === null)} onClick=${() => set({ status: null })}>All ${counts && html`<small>${count(allOf(counts))}</small>`}</button>
        ${Object.keys(STATUSES).map((name) => html`
          <button type="button" aria-pressed=${String(status === name)} onClick=${() => set({ status: name })}>
            <${Status} status=${name} /> ${counts && html`<small data-status=${name}>${count(counts[name])}</small>`}</button>`)}
      </div>
      <select aria-label="Rule" value=${rule ?? ''} onChange=${(event) => set({ rule: event.target.value || null })}>
        <option value="">Any rule</option>
        ${ids.map((id) => html`<option value=${id}>${id}</option>`)}
      </select>
      <${SearchText} />
    </div>`;
}

const NAMES = { status: 'the status', rule: 'the rule', q: 'the text' };

function Nothing({ asked, counts, isRuled }) {
  const filters = Object.keys(NAMES).filter((key) => get(key) !== null);
  if (filters.length === 0) {
    return html`<p>No alert${asked.from === undefined ? ' yet' : ' began in this time'}.</p>
      ${isRuled ? html`<p>A rule tells of what comes after it was made; its page has what it would have told before.</p>`
        : html`<p>A rule says what is worth one: <a href=${href('/rules/new', newRule())}>make one</a>, and see first what it would have told.</p>`}`;
  }
  return html`
    <p>No alert with ${filters.map((key) => `${NAMES[key]} “${get(key)}”`).join(' and ')}${allOf(counts) > 0 ? html`; with another status ${counted(allOf(counts), 'alert')}` : ''}.</p>
    <p><a href=${href(undefined, { status: null, rule: null, q: null })}>Show all of them</a></p>`;
}
