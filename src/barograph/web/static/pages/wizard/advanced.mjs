// All settings as a document, for what the forms do not show.
import { html, useEffect, useState } from '../../lib/html.mjs';
import { config, draft } from './draft.mjs';
import { problems } from './field.mjs';

/** @param {{next: any}} props */
export function Advanced({ next }) {
  const whole = JSON.stringify(config.value, null, 2);
  const [text, setText] = useState(whole);
  const [wrong, setWrong] = useState(null);
  useEffect(() => { if (!same(text, whole)) setText(whole); }, [whole]);
  const type = (event) => {
    setText(event.target.value);
    const [given, problem] = parsed(event.target.value);
    setWrong(problem);
    if (given && JSON.stringify(given) !== JSON.stringify(config.peek())) draft.value = { ...draft.peek(), config: given };
  };
  const said = problems.value.filter((one) => one.path !== 'job_id');
  return html`
    <div class="step">
      <p class="quiet">A job document, as <code>barograph run</code> and Elasticsearch's <code>_ml</code> read it.</p>
      <textarea class="code" aria-label="Settings as JSON" spellcheck=${false} rows="24" value=${text} aria-invalid=${wrong || said.length ? 'true' : undefined}
        onInput=${type} />
      <div role="status">
        ${wrong ? html`<p class="wrong">${wrong}</p>` : said.map((one) => html`<p class="wrong"><code>${one.path || 'job'}</code>: wanted ${one.wanted}</p>`)}
      </div>
      <div class="step-end">${next}</div>
    </div>`;
}

function parsed(text) {
  try {
    const given = JSON.parse(text);
    const job = Array.isArray(given?.jobs) ? given.jobs[0] : given;
    if (!Array.isArray(job?.analysis_config?.detectors)) return [null, 'Wanted an object with analysis_config.detectors'];
    return [{ ...job, job_id: job.job_id ?? '' }, null];
  } catch (problem) {
    return [null, `This is no JSON: ${problem.message}`];
  }
}

const same = (text, whole) => { const [given] = parsed(text); return given !== null && JSON.stringify(given) === JSON.stringify(JSON.parse(whole)); };
