// One rule: what it looks at, whom it tells, and what it would have told.
import { html, useEffect, useState } from '../lib/html.mjs';
import { all, choice, get, go, href, number } from '../lib/url.mjs';
import { send, useQuery, useTask } from '../lib/api.mjs';
import { alertsChanged } from '../lib/alerts.mjs';
import { time } from '../lib/format.mjs';
import { Counters, rulePath } from '../parts/alert.mjs';
import { shownValue } from '../parts/entity.mjs';
import { Confirm } from '../parts/dialog.mjs';
import { Icon } from '../parts/icon.mjs';
import { Menu } from '../parts/menu.mjs';
import { Failed } from '../parts/panel.mjs';
import { say } from '../shell/notices.mjs';
import { MuteDialog } from './alerts/mute.mjs';
import { EMPTY, RuleForm, ownOf } from './rule/form.mjs';
import { OnPastData } from './rule/past.mjs';
import { Problems } from './rule/problems.mjs';
import { ON, isMuted } from './rule/words.mjs';

/** The page. @param {{ruleId: string}} props `new` makes one */
export default function Rule({ ruleId }) {
  const isNew = ruleId === 'new';
  const query = useQuery(isNew ? null : `/rules/${encodeURIComponent(ruleId)}`);
  if (query.error) return html`<div class="page"><${Failed} error=${query.error} retry=${query.retry} /></div>`;
  if (!isNew && !query.data) return html`<div class="page" aria-busy="true" />`;
  const told = isNew ? asked() : query.data;
  return html`<${Edited} key=${isNew ? 'new' : `${told.rule_id} ${told.modified_time}`} told=${told} isNew=${isNew} changed=${query.retry} />`;
}

/** A new rule as the URL has it: whatever leads here knows what it is to be about. */
function asked() {
  const jobs = all('job');
  const on = choice('on', Object.keys(ON), EMPTY.on);
  return {
    ...EMPTY, on, jobs: jobs.length ? jobs : EMPTY.jobs, min_score: number('score', { least: 1, most: 100, whole: false, usual: EMPTY.min_score }),
    group_by: on === 'buckets' ? null : get('each'),
  };
}

function Edited({ told, isNew, changed }) {
  const [rule, setRule] = useState(ownOf(told));
  const [asks, setAsks] = useState(null);
  const { run, error, busy } = useTask();
  const isChanged = isNew || JSON.stringify(rule) !== JSON.stringify(ownOf(told));
  const path = `/rules/${encodeURIComponent(told.rule_id)}`;
  const save = () => run(async () => {
    if (isNew) await send('POST', '/rules', rule);
    else await send('PUT', path, rule);
    alertsChanged();
    say(`${rule.rule_id} is kept${rule.enabled ? '' : ', and off'}.`);
    if (isNew) go({ path: rulePath(rule.rule_id), keep: ['tz', 'theme'] });
    else changed();
  });
  const remove = () => run(async () => {
    await send('DELETE', path);
    alertsChanged();
    go({ path: '/alerts', keep: ['tz', 'theme'] });
  });
  const unmute = (entity) => run(async () => { await send('POST', `${path}/unmute`, { entity }); alertsChanged(); changed(); });
  const muted = () => { setAsks(null); alertsChanged(); changed(); };
  return html`
    <div class="page rule">
      <div class="page-head">
        <div><p class="crumb"><a href=${href('/alerts', {}, { keep: ['tz', 'theme'] })}>Alerts</a></p><h1>${isNew ? 'New rule' : told.rule_id}</h1></div>
        ${!isNew && html`
          <div class="page-actions">
            <a class="button" href=${href('/alerts', { rule: told.rule_id }, { keep: ['tz', 'theme'] })}>Its alerts</a>
            <${Menu} button=${html`<${Icon} name="more" />`} label="Actions of the rule" arrow=${false} items=${[
              isMuted(told) ? { text: 'Unmute', run: () => unmute({}) } : { text: 'Mute …', run: () => setAsks('mute') },
              { text: 'Delete …', danger: true, run: () => setAsks('delete') },
            ]} />
          </div>`}
      </div>
      ${!isNew && html`<${State} told=${told} unmute=${unmute} />`}
      <div class="columns">
        <form class="form" onSubmit=${(event) => { event.preventDefault(); save(); }}>
          <${RuleForm} rule=${rule} set=${(values) => setRule({ ...rule, ...values })} isNew=${isNew} />
          ${error && !asks && html`<${Problems} error=${error} />`}
          <div class="step-end">
            ${!isNew && isChanged && html`<button type="button" onClick=${() => setRule(ownOf(told))}>Discard changes</button>`}
            <button type="submit" class="primary" disabled=${busy || !isChanged || rule.rule_id === ''}>${isNew ? 'Make the rule' : 'Save'}</button>
          </div>
        </form>
        <${OnPastData} rule=${{ ...rule, rule_id: told.rule_id, description: told.description }} take=${(min_score) => setRule({ ...rule, min_score })} />
      </div>
      ${asks === 'mute' && html`<${MuteDialog} ruleId=${told.rule_id} entity=${{}} done=${muted} close=${() => setAsks(null)} />`}
      ${asks === 'delete' && html`
        <${Confirm} title=${`Delete ${told.rule_id}?`} does="Delete" busy=${busy} close=${() => setAsks(null)} run=${remove}>
          <p>Nobody is told by it any more. Its alerts stay; those that go on become untracked.</p>
          ${error && html`<${Failed} error=${error} />`}
        </${Confirm}>`}
    </div>`;
}

/** What a rule is up to. */
const State = ({ told, unmute }) => html`
  <div class="rule-state">
    <${Counters} counts=${told.counts} />
    ${told.over_budget && html`<span class="badge warning"><${Icon} name="warning" />${told.over_budget}</span>`}
    ${isMuted(told) && html`<span class="badge">muted ${until(told.muted_until)} <button type="button" class="link" onClick=${() => unmute({})}>Unmute</button></span>`}
    ${told.mutes.map(({ entity, until: end }) => html`
      <span class="badge">${Object.entries(entity).map(([field, value]) => `${field} ${shownValue(value)}`).join(', ')} muted ${until(end)} <button type="button" class="link" onClick=${() => unmute(entity)}>Unmute</button></span>`)}
  </div>`;

const until = (ms) => (ms === -1 ? 'until it is unmuted' : `until ${time(ms)}`);
