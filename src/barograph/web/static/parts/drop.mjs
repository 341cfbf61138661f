// A file that is dropped anywhere on the page becomes a job: it is looked at, and one click starts what suits it.
import { html, useEffect, useState } from '../lib/html.mjs';
import { go } from '../lib/url.mjs';
import { allJobs } from '../lib/live.mjs';
import { count, counted, interval } from '../lib/format.mjs';
import { Dialog } from './dialog.mjs';
import { Failed } from './panel.mjs';
import { Icon } from './icon.mjs';
import { fileOf, freeId, started, uploaded } from '../pages/jobs/start.mjs';
import { detectorWords } from '../pages/jobs/words.mjs';

const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');

/** Waits for files; shown by the shell on every page. */
export function DropTarget() {
  const [over, setOver] = useState(false);
  const [file, setFile] = useState(null);
  useEffect(() => {
    const enter = (event) => { if (holdsFiles(event)) { event.preventDefault(); setOver(true); } };
    const leave = (event) => { if (event.relatedTarget === null) setOver(false); };
    const drop = (event) => {
      if (!holdsFiles(event) || event.defaultPrevented) return;
      event.preventDefault();
      setOver(false);
      setFile(fileOf(event.dataTransfer));
    };
    const heard = { dragenter: enter, dragover: enter, dragleave: leave, drop };
    for (const [name, listener] of Object.entries(heard)) addEventListener(name, listener);
    return () => { for (const [name, listener] of Object.entries(heard)) removeEventListener(name, listener); };
  }, []);
  return html`
    ${over && html`<div class="drop-here" aria-hidden="true"><p><${Icon} name="upload" /> Drop the file to make a job of it</p></div>`}
    ${file && html`<${QuickStart} file=${file} close=${() => setFile(null)} />`}`;
}

/**
 * A file on its way to a job.
 * @param {{file: File, close: () => void}} props
 */
export function QuickStart({ file, close }) {
  const [seen, setSeen] = useState(null);
  const [step, setStep] = useState(`Reading ${file.name} …`);
  const [error, setError] = useState(null);
  const run = async (task) => {
    setError(null);
    try {
      await task();
    } catch (failure) {
      setError(failure);
    }
    setStep(null);
  };
  useEffect(() => {
    run(async () => {
      const found = await uploaded(file);
      const config = found.config && { ...found.config, job_id: freeId(found.config.job_id, allJobs.peek() ?? []) };
      setSeen({ ...found, config });
    });
  }, [file]);
  const start = () => run(async () => {
    await started(seen.config, seen.upload_id, setStep);
    close();
    go({ path: `/jobs/${encodeURIComponent(seen.config.job_id)}`, keep: ['tz', 'theme'] });
  });
  const change = () => {
    close();
    go({ path: '/jobs/new', set: { upload: seen.upload_id }, keep: ['tz', 'theme'] });
  };
  const ready = seen?.config && step === null;
  return html`
    <${Dialog} title=${`New job from ${file.name}`} close=${close} lasting=${step !== null && seen !== null} actions=${html`
      <button type="button" disabled=${!seen || step !== null} onClick=${change}>Change settings</button>
      <button type="button" class="primary" disabled=${!ready} onClick=${start}>Start the job</button>`}>
      <div class="dialog-text" aria-busy=${String(step !== null)}>
        ${seen && html`<${Found} seen=${seen} />`}
        ${step !== null && html`<p role="status" class="quiet">${step}</p>`}
        ${error && html`<${Failed} error=${error} />`}
      </div>
    </${Dialog}>`;
}

function Found({ seen }) {
  const { config, time, columns } = seen;
  const rows = `${seen.whole ? '' : 'The first '}${counted(seen.rows, 'row')} of ${counted(columns.length, 'column')}`;
  if (!config) return html`<p>${rows}; none of the columns reads as times. Change the settings to name the one that has them.</p>`;
  const [detector] = config.analysis_config.detectors;
  return html`
    <p>${rows}, ${interval(time.start_ms, time.end_ms, config.time_zone ?? 'UTC')}.</p>
    <dl class="facts">
      <div><dt>Job</dt><dd>${config.job_id}</dd></div>
      <div><dt>Looks at</dt><dd>${detectorWords(detector)}, every ${config.analysis_config.bucket_span}</dd></div>
      <div><dt>Time</dt><dd>${time.name}</dd></div>
      ${config.analysis_config.influencers.length > 0 && html`<div><dt>May blame</dt><dd>${config.analysis_config.influencers.join(', ')}</dd></div>`}
    </dl>
    ${seen.malformed > 0 && html`<p class="quiet">${count(seen.malformed)} of the rows are none of their format and will be left out.</p>`}`;
}
