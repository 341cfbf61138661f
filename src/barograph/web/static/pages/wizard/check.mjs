// The last step: its name, what is wrong, and the start.
import { html, useState } from '../../lib/html.mjs';
import { go } from '../../lib/url.mjs';
import { allJobs } from '../../lib/live.mjs';
import { counted } from '../../lib/format.mjs';
import { Failed } from '../../parts/panel.mjs';
import { started } from '../jobs/start.mjs';
import { jobPath } from '../jobs/words.mjs';
import { config, draft, forget, seen, set } from './draft.mjs';
import { Field, problems } from './field.mjs';
import { Predicted } from './memory.mjs';
import { checked, trying } from './trial.mjs';
import { Advice } from './preview.mjs';

/** The step. */
export function Check() {
  const [step, setStep] = useState(null);
  const [error, setError] = useState(null);
  const { job_id: id, description, groups } = config.value;
  const taken = step === null && (allJobs.value ?? []).some((job) => job.job_id === id);
  const start = async () => {
    setError(null);
    try {
      await started(config.peek(), draft.peek().uploadId, setStep);
      forget();
      go({ path: jobPath(id), keep: ['tz', 'theme'] });
    } catch (failure) {
      setError(failure);
      setStep(null);
    }
  };
  const names = (event) => { const list = event.target.value.split(',').map((one) => one.trim()).filter(Boolean); set('groups', list.length ? list : undefined); };
  return html`
    <div class="step" aria-busy=${String(step !== null)}>
      <${Field} label="Name" path="job_id" hint=${taken ? html`<span class="wrong">There is a job of this name</span>` : 'Lowercase letters, digits, hyphens and underscores'}>
        ${(props) => html`<input ...${props} value=${id} maxlength="64" onInput=${(event) => set('job_id', event.target.value.trim())} />`}
      </${Field}>
      <div class="fields two">
        <${Field} label="Description" path="description">${(props) => html`<input ...${props} value=${description ?? ''} onChange=${(event) => set('description', event.target.value.trim() || undefined)} />`}</${Field}>
        <${Field} label="Groups" path="groups" hint="With commas between them">${(props) => html`<input ...${props} value=${(groups ?? []).join(', ')} onChange=${names} />`}</${Field}>
      </div>
      <${Summary} />
      ${!seen.value && html`<${Advice} />`}
      ${error && html`<${Failed} error=${error} />`}
      <div class="step-end">
        ${step && html`<p role="status">${step}</p>`}
        <button type="button" class="primary" disabled=${step !== null || trying.value || taken || problems.value.length > 0} onClick=${start}>Start the job</button>
      </div>
    </div>`;
}

function Summary() {
  const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);
  const others = problems.value.filter((one) => one.path !== 'job_id');
  return html`
    ${checked.value?.does && html`<p class="does">${upper(checked.value.does.replace('every 1 ', 'every '))}.</p>`}
    ${others.length > 0 && html`
      <div class="problems" role="alert">
        <p><strong>${counted(others.length, 'setting')} to mend</strong></p>
        <ul>${others.map((one) => html`<li><code>${one.path}</code>: wanted ${one.wanted}</li>`)}</ul>
      </div>`}
    ${(checked.value?.notes ?? []).map((note) => html`<p class="quiet">${note}</p>`)}
    ${!seen.value && html`<${Predicted} />`}
    <p class="quiet">${seen.value ? `It reads all rows of ${seen.value.name}, and then waits for more.` : 'It is opened, and waits for rows.'}</p>`;
}
