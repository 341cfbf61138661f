// What a job was told to do: what matters in words, all of it as a document that can be changed.
import { html, useState } from '../../lib/html.mjs';
import { send } from '../../lib/api.mjs';
import { loadJobs } from '../../lib/live.mjs';
import { Failed, Panel } from '../../parts/panel.mjs';
import { detectorWords } from '../jobs/words.mjs';

/** @param {{job: any, changed: () => void}} props */
export function Config({ job, changed }) {
  const { config } = job;
  const { analysis_config: analysis, data_description: data = {}, model_plot_config: plot } = config;
  return html`
    <${Panel} title="Settings">
      <dl class="facts wide">
        <${Fact} name="Bucket span">${analysis.bucket_span}</${Fact}>
        <${Fact} name=${analysis.detectors.length > 1 ? 'Detectors' : 'Detector'}>
          <ul>${analysis.detectors.map((one) => html`<li>${detectorWords(one)}${rules(one)}</li>`)}</ul></${Fact}>
        <${Fact} name="May blame">${analysis.influencers?.length ? analysis.influencers.join(', ') : 'nobody: no influencer fields'}</${Fact}>
        <${Fact} name="Time">${data.time_field ?? 'time'}${data.time_format && data.time_format !== 'auto' ? `, as ${data.time_format}` : ''}</${Fact}>
        <${Fact} name="Time zone">${job.time_zone}</${Fact}>
        ${analysis.latency && html`<${Fact} name="Latency">${analysis.latency}</${Fact}>`}
        <${Fact} name="Bounds for charts">${plot?.enabled ? `kept, ${plot.bounds_percentile ?? 95} % wide` : 'not kept'}</${Fact}>
        <${Fact} name="Groups">${job.groups.join(', ') || 'none'}</${Fact}>
      </dl>
    </${Panel}>
    <${Document} key=${JSON.stringify(config)} job=${job} changed=${changed} />`;
}

const rules = ({ custom_rules: given }) => (given?.length ? `, with ${given.length} rule${given.length > 1 ? 's' : ''}` : '');

const Fact = ({ name, children }) => html`<div><dt>${name}</dt><dd>${children}</dd></div>`;

function Document({ job, changed }) {
  const whole = JSON.stringify(job.config, null, 2);
  const [text, setText] = useState(whole);
  const [error, setError] = useState(null);
  const [editing, setEditing] = useState(false);
  const save = async () => {
    let config;
    try {
      config = JSON.parse(text);
    } catch (problem) {
      setError({ message: `This is no JSON: ${problem.message}`, hint: 'mend it, or cancel', request_id: '' });
      return;
    }
    try {
      await send('PUT', `/jobs/${encodeURIComponent(job.job_id)}/config`, { config });
      setEditing(false);
      await loadJobs();
      changed();
    } catch (failure) {
      setError(failure);
    }
  };
  const cancel = () => { setEditing(false); setText(whole); setError(null); };
  return html`
    <${Panel} title="As a document" actions=${editing ? html`
        <button type="button" onClick=${cancel}>Cancel</button>
        <button type="button" class="primary" disabled=${text === whole} onClick=${save}>Save</button>`
      : html`<button type="button" onClick=${() => setEditing(true)}>Change</button>`}>
      ${error && html`<${Failed} error=${error} />`}
      ${editing ? html`
        <p class="quiet under">Descriptions, groups, rules and what is kept can change; what its models have learnt under cannot.</p>
        <textarea class="code" aria-label="Settings as JSON" spellcheck=${false} rows=${Math.min(30, text.split('\n').length + 1)} value=${text} onInput=${(event) => setText(event.target.value)} />`
    : html`<pre class="code" tabindex="0" aria-label="Settings as JSON">${whole}</pre>`}
    </${Panel}>`;
}
