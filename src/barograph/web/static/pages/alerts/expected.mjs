// "This was expected": either the models forget it, or it becomes a planned time.
import { html, useState } from '../../lib/html.mjs';
import { send, useQuery, useTask } from '../../lib/api.mjs';
import { allJobs, loadJobs } from '../../lib/live.mjs';
import { interval } from '../../lib/format.mjs';
import { Dialog } from '../../parts/dialog.mjs';
import { Failed } from '../../parts/panel.mjs';
import { say } from '../../shell/notices.mjs';

/** @param {{alert: import('../../parts/alert.mjs').Alert, done: () => void, close: () => void}} props */
export function ExpectedDialog({ alert, done, close }) {
  const job = (allJobs.value ?? []).find((one) => one.job_id === alert.job_id);
  const isOpen = job?.state === 'opened';
  const [how, setHow] = useState(isOpen ? 'event' : 'forget');
  const [calendar, setCalendar] = useState('');
  const [description, setDescription] = useState('');
  const { run, error, busy } = useTask();
  const save = (event) => {
    event.preventDefault();
    run(async () => {
      const body = how === 'forget' ? { how } : { how, calendar_id: calendar || null, description: description.trim() };
      await send('POST', `/alerts/${encodeURIComponent(alert.alert_id)}/expected`, body);
      if (how === 'forget') await loadJobs();
      say(how === 'forget' ? `${alert.job_id} has learnt all but this time.` : 'It is a planned time now.');
      done();
    });
  };
  return html`
    <${Dialog} title="This was expected" close=${close} lasting=${busy} actions=${html`
      <button type="button" disabled=${busy} onClick=${close}>Cancel</button>
      <button type="submit" form="expected" class="primary" disabled=${busy || (how === 'forget' && isOpen)}>${busy ? 'Doing it …' : how === 'forget' ? 'Forget it' : 'Plan it'}</button>`}>
      <form id="expected" class="dialog-text" onSubmit=${save}>
        <p>${alert.job_id}, ${interval(alert.start, alert.end)}</p>
        <div class="choices" role="radiogroup" aria-label="What the models make of it">
          <${Choice} name="forget" how=${how} choose=${setHow} disabled=${isOpen} title="Forget it">The job is computed anew from what it has kept, and learns nothing from this time. ${isOpen ? html`<strong>${alert.job_id} is open: close it first.</strong>` : 'What was found in it stays. Scores after it may change; alerts that were sent do not.'}</${Choice}>
          <${Choice} name="event" how=${how} choose=${setHow} title="Plan it">The time goes into a calendar: no result, and nothing learnt from it when the job is computed anew.</${Choice}>
        </div>
        ${how === 'event' && html`<${Planned} jobId=${alert.job_id} calendar=${calendar} setCalendar=${setCalendar} description=${description} setDescription=${setDescription} />`}
        ${error && html`<${Failed} error=${error} />`}
      </form>
    </${Dialog}>`;
}

const Choice = ({ name, how, choose, title, disabled, children }) => html`
  <label class="choice">
    <input type="radio" name="how" value=${name} checked=${how === name} disabled=${disabled} onChange=${() => choose(name)} />
    <span><strong>${title}</strong><small>${children}</small></span>
  </label>`;

function Planned({ jobId, calendar, setCalendar, description, setDescription }) {
  const query = useQuery('/calendars');
  return html`
    <div class="fields two">
      <label>Calendar<select value=${calendar} onChange=${(event) => setCalendar(event.target.value)}>
        <option value="">${jobId}-expected</option>
        ${(query.data?.calendars ?? []).filter((one) => one.calendar_id !== `${jobId}-expected`).map((one) => html`<option value=${one.calendar_id}>${one.calendar_id}</option>`)}
      </select></label>
      <label>What it was<input value=${description} maxlength="1000" placeholder="Deployment, sale …" onInput=${(event) => setDescription(event.target.value)} /></label>
    </div>`;
}
