// What can be done with a job; what loses something asks first, and says what.
import { html, useState } from '../../lib/html.mjs';
import { go, href } from '../../lib/url.mjs';
import { params, send, useQuery, useTask } from '../../lib/api.mjs';
import { loadJobs } from '../../lib/live.mjs';
import { counted } from '../../lib/format.mjs';
import { Confirm } from '../../parts/dialog.mjs';
import { Icon } from '../../parts/icon.mjs';
import { Menu } from '../../parts/menu.mjs';
import { Failed } from '../../parts/panel.mjs';
import { jobPath } from './words.mjs';

const url = (job, rest = '') => `/jobs/${encodeURIComponent(job.job_id)}${rest}`;
const links = { keep: ['tz', 'theme'] };

/**
 * The menu of a job.
 * @param {{job: any, changed: () => void}} props changed: called when something was done
 */
export function JobMenu({ job, changed }) {
  const [asks, setAsks] = useState(null);
  const { run: tried, error, clear } = useTask();
  const run = (task) => tried(async () => {
    await task();
    setAsks(null);
    await loadJobs();
    changed();
  });
  const running = job.state === 'opened';
  const open = running ? 'close it first' : undefined;
  return html`
    <${Menu} button=${html`<${Icon} name="more" />`} label=${`Actions of ${job.job_id}`} buttonClass="bare" arrow=${false} items=${[
      { text: 'Open in the explorer', href: href('/explorer', { job: job.job_id }, links) },
      { text: 'Open the series', href: href('/series', { job: job.job_id }, links) },
      running ? { text: 'Close', run: () => run(() => send('POST', url(job, '/close'))) }
        : { text: job.state === 'failed' ? 'Open again' : 'Open', run: () => run(() => send('POST', url(job, '/open'))) },
      { text: 'Add rows from a file …', run: () => pickFile((file) => run(() => feed(job, file))), disabled: running ? undefined : 'open it first' },
      { text: 'Copy to a new job', href: href('/jobs/new', { copy: job.job_id, kind: 'advanced' }, links) },
      { text: 'Reset …', run: () => setAsks('reset'), danger: true, disabled: open },
      { text: 'Delete …', run: () => setAsks('delete'), danger: true },
    ]} />
    ${asks === 'reset' && html`<${Loses} job=${job} title=${`Reset ${job.job_id}?`} does="Reset" close=${() => setAsks(null)} error=${error}
      run=${() => run(() => send('POST', url(job, '/reset')))} keeps="Its settings stay." />`}
    ${asks === 'delete' && html`<${Loses} job=${job} title=${`Delete ${job.job_id}?`} does="Delete" close=${() => setAsks(null)} error=${error} all
      run=${() => run(() => gone(job))} />`}
    ${error && asks === null && html`<${Sorry} error=${error} close=${clear} />`}`;
}

async function gone(job) {
  await send('DELETE', url(job, params({ force: true })));
  if (location.pathname.startsWith(jobPath(job.job_id))) go({ path: '/jobs', keep: ['tz', 'theme'] }, { replace: true });
}

const feed = (job, file) => send('POST', url(job, `/rows${params({ name: file.name })}`), file);

/** Have somebody choose a file. @param {(file: File) => void} take */
export function pickFile(take) {
  const input = document.createElement('input');
  input.type = 'file';
  input.addEventListener('change', () => { const file = input.files[0]; if (file) take(file); });
  input.click();
}

const Sorry = ({ error, close }) => html`
  <${Confirm} title="That did not work" does="Close" run=${close} close=${close}><${Failed} error=${error} /></${Confirm}>`;

/** A question that says what is lost. */
function Loses({ job, title, does, keeps, all = false, run, close, error }) {
  const [busy, setBusy] = useState(false);
  const query = useQuery(url(job));
  const act = async () => { setBusy(true); await run(); setBusy(false); };
  return html`
    <${Confirm} title=${title} does=${does} close=${close} run=${act} busy=${busy || query.pending}>
      ${query.data && html`<p>This removes ${lost(query.data, all)}. It cannot be undone. ${keeps}</p>`}
      ${query.data?.state === 'opened' && html`<p>The job is running; it is closed first.</p>`}
      ${error && html`<${Failed} error=${error} />`}
    </${Confirm}>`;
}

/** What a job has, as a list of words. */
export function lost({ rows, contents }, all) {
  const parts = [
    [contents.records, 'record'], [contents.buckets, 'bucket'], [contents.snapshots, 'snapshot'], [contents.forecasts, 'forecast'],
    [all ? contents.notes : 0, 'note'],
  ].filter(([many]) => many > 0).map(([many, noun]) => counted(many, noun));
  const said = [...(all ? ['the job'] : []), ...(rows ? [`what it has learnt from ${counted(rows, 'row')}`] : []), ...parts];
  if (all && contents.datafeed) said.push(`the datafeed ${contents.datafeed}`);
  if (said.length === 0) return 'nothing yet, as it has read nothing';
  return said.length > 1 ? `${said.slice(0, -1).join(', ')} and ${said.at(-1)}` : said[0];
}
