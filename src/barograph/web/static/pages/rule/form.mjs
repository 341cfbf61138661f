// The settings of a rule.
import { html } from '../../lib/html.mjs';
import { useQuery } from '../../lib/api.mjs';
import { severities, severityIndex } from '../../lib/scales.mjs';
import { Labelled, Several } from './fields.mjs';
import { JobsOf } from './jobs.mjs';
import { QuietHours } from './quiet-hours.mjs';
import { GRADED, ON, ON_HINTS } from './words.mjs';

/** What a new rule is. */
export const EMPTY = {
  rule_id: '', description: null, enabled: true, jobs: ['_all'], on: 'incidents', min_score: 75, min_grade: null, interim: false, lookback: '1d', only_new: true,
  resolve_after: 12, group_by: null, quiet_hours: [], calendars: [], channels: ['log'], budget: 7,
};

/** What one writes of a rule, without what the server tells of it. @param {any} told */
export const ownOf = (told) => Object.fromEntries(Object.keys(EMPTY).map((name) => [name, told[name]]));

/** @param {{rule: any, set: (values: Record<string, any>) => void, isNew: boolean}} props */
export function RuleForm({ rule, set, isNew }) {
  const text = (name) => (event) => set({ [name]: event.target.value.trim() || null });
  return html`
    <div class="step">
      <div class="fields two">
        ${isNew && html`<${Labelled} label="Name" hint="Lowercase letters, digits, hyphens and underscores">${(props) => html`
          <input ...${props} value=${rule.rule_id} maxlength="64" required onInput=${(event) => set({ rule_id: event.target.value.trim() })} />`}</${Labelled}>`}
        <${Labelled} label="Description">${(props) => html`<input ...${props} value=${rule.description ?? ''} onChange=${text('description')} />`}</${Labelled}>
      </div>
      <label class="check"><input type="checkbox" checked=${rule.enabled} onChange=${(event) => set({ enabled: event.target.checked })} /> It is on</label>
      <fieldset><legend>What is worth an alert</legend>
        <${JobsOf} jobs=${rule.jobs} choose=${(jobs) => set({ jobs })} />
        <div class="fields two">
          <${Labelled} label="Looks at" hint=${ON_HINTS[rule.on]}>${(props) => html`<select ...${props} value=${rule.on} onChange=${(event) => set({ on: event.target.value, ...(event.target.value === 'buckets' && { group_by: null }), ...(!GRADED.has(event.target.value) && { min_grade: null }) })}>
            ${Object.entries(ON).map(([name, words]) => html`<option value=${name}>${words}</option>`)}</select>`}</${Labelled}>
          <${Least} score=${rule.min_score} choose=${(min_score) => set({ min_score })} />
          ${GRADED.has(rule.on) && html`<${Labelled} label="From a grade of" hint="0 to 1, of forest detectors, beside the score; empty for any">${(props) => html`
            <input ...${props} type="number" min="0" max="1" step="any" value=${rule.min_grade ?? ''} onInput=${(event) => set({ min_grade: event.target.value === '' ? null : Number(event.target.value) })} />`}</${Labelled}>`}
        </div>
        ${rule.on !== 'buckets' && html`<${Labelled} label="One alert for each" hint="A field, such as host; else all of it together">${(props) => html`
          <input ...${props} value=${rule.group_by ?? ''} placeholder="all together" onChange=${text('group_by')} />`}</${Labelled}>`}
        <label class="check"><input type="checkbox" checked=${rule.interim} onChange=${(event) => set({ interim: event.target.checked })} /> Also while its bucket is still open</label>
      </fieldset>
      <fieldset><legend>How often</legend>
        <div class="fields two">
          <${Labelled} label="Alerts a week, at most" hint="Its messages say when there are more; empty for no limit">${(props) => html`
            <input ...${props} type="number" min="1" value=${rule.budget ?? ''} onChange=${(event) => set({ budget: event.target.value === '' ? null : Number(event.target.value) })} />`}</${Labelled}>
          <${Labelled} label="Over after" hint="Quiet buckets">${(props) => html`
            <input ...${props} type="number" min="1" max="1000" value=${rule.resolve_after} onChange=${(event) => set({ resolve_after: Number(event.target.value) })} />`}</${Labelled}>
          <${Labelled} label="Not older than" hint="What ended longer ago raises nothing: 6h, 1d; empty for any age">${(props) => html`<input ...${props} value=${rule.lookback ?? ''} onChange=${text('lookback')} />`}</${Labelled}>
        </div>
        <label class="check"><input type="checkbox" checked=${!rule.only_new} onChange=${(event) => set({ only_new: !event.target.checked })} /> Tell also when it gets worse, and when it is over</label>
      </fieldset>
      <fieldset><legend>Whom it tells, and when not</legend>
        <${Channels} chosen=${rule.channels} choose=${(channels) => set({ channels })} />
        <${QuietHours} hours=${rule.quiet_hours} choose=${(quiet_hours) => set({ quiet_hours })} />
        <${CalendarsOf} chosen=${rule.calendars} choose=${(calendars) => set({ calendars })} />
      </fieldset>
    </div>`;
}

/** The least score, by the severity that it is the border of. */
function Least({ score, choose }) {
  const known = severities.value.filter((one) => one.score >= 3);
  const level = known.find((one) => one.score === score);
  return html`
    <${Labelled} label="From a score of" hint=${level ? `${level.word}${level === known.at(-1) ? '' : ' or worse'}` : `within ${severities.value[severityIndex(score)]?.word}`}>${(props) => html`
      <input ...${props} type="number" min="1" max="100" step="any" list="severity-scores" value=${score} onChange=${(event) => choose(Number(event.target.value))} />
      <datalist id="severity-scores">${known.map((one) => html`<option value=${one.score}>${one.word}</option>`)}</datalist>`}</${Labelled}>`;
}

function Channels({ chosen, choose }) {
  const query = useQuery('/channels');
  const options = (query.data?.channels ?? []).map((one) => ({ value: one.channel_id, more: one.channel_id === one.kind ? '' : `${one.kind}${one.to ? `, ${one.to}` : ''}` }));
  return html`<${Several} legend="Channels" options=${options} chosen=${chosen} choose=${choose} error=${query.error} />`;
}

function CalendarsOf({ chosen, choose }) {
  const query = useQuery('/calendars');
  const options = (query.data?.calendars ?? []).map((one) => ({ value: one.calendar_id, more: one.description ?? '' }));
  if (options.length === 0 && chosen.length === 0) return null;
  return html`<${Several} legend="Silent during the planned times of" options=${options} chosen=${chosen} choose=${choose} error=${query.error} />`;
}
