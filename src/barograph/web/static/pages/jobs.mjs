// All jobs: how each is doing, in a sentence, and what can be done with it.
import { html, useEffect, useState } from '../lib/html.mjs';
import { choice, get, go, href } from '../lib/url.mjs';
import { params, useQuery } from '../lib/api.mjs';
import { allJobs, useVersion } from '../lib/live.mjs';
import { count, counted } from '../lib/format.mjs';
import { useShortcut } from '../lib/keys.mjs';
import { Icon } from '../parts/icon.mjs';
import { Panel } from '../parts/panel.mjs';
import { QuickStart } from '../parts/drop.mjs';
import { NoJobs } from './overview/no-jobs.mjs';
import { JobMenu, pickFile } from './jobs/actions.mjs';
import { doing, jobPath } from './jobs/words.mjs';

const PAGE = 50;
const TYPING_ENDS_MS = 300;
const ORDERS = [['id', 'By name'], ['-anomalies', 'Most anomalies first'], ['-latest', 'Newest rows first'], ['-rows', 'Most rows first'], ['-created', 'Newest job first']];
const STATES = [[null, 'All'], ['opened', 'Running'], ['closed', 'Closed'], ['failed', 'Failed']];

/** The page. */
export default function Jobs() {
  if (allJobs.value?.length === 0) return html`<${NoJobs} />`;
  return html`
    <div class="page jobs">
      <div class="page-head">
        <h1>Jobs</h1>
        <div class="page-actions"><${FromFile} /><a class="button primary" href=${href('/jobs/new', {}, { keep: ['tz', 'theme'] })}>New job</a></div>
      </div>
      <${Filters} />
      <${List} />
    </div>`;
}

function FromFile() {
  const [file, setFile] = useState(null);
  return html`
    <button type="button" onClick=${() => pickFile(setFile)}><${Icon} name="upload" /> From a file</button>
    ${file && html`<${QuickStart} file=${file} close=${() => setFile(null)} />`}`;
}

function Filters() {
  const state = choice('state', ['opened', 'closed', 'failed']);
  const sort = choice('sort', ORDERS.map(([value]) => value), 'id');
  const [text, setText] = useState(get('q') ?? '');
  useEffect(() => setText(get('q') ?? ''), [get('q')]);
  useEffect(() => {
    if (text.trim() === (get('q') ?? '')) return undefined;
    const timer = setTimeout(() => go({ set: { q: text.trim() || null, page: null } }, { replace: true }), TYPING_ENDS_MS);
    return () => clearTimeout(timer);
  }, [text]);
  useShortcut('/', 'Find a job', focusSearch);
  return html`
    <div class="job-filters" role="search">
      <input id="job-text" type="search" aria-label="Find a job" placeholder="Name, group, field …" value=${text} onInput=${(event) => setText(event.target.value)} />
      <div class="segments" role="group" aria-label="State">
        ${STATES.map(([value, name]) => html`
          <button type="button" aria-pressed=${String(state === value)} onClick=${() => go({ set: { state: value, page: null } })}>${name}</button>`)}
      </div>
      <select aria-label="Order" value=${sort} onChange=${(event) => go({ set: { sort: event.target.value === 'id' ? null : event.target.value, page: null } })}>
        ${ORDERS.map(([value, name]) => html`<option value=${value}>${name}</option>`)}
      </select>
    </div>`;
}

const focusSearch = () => document.getElementById('job-text')?.focus();

function List() {
  const [cursors, setCursors] = useState([null]);
  const asked = { q: get('q'), state: get('state'), sort: get('sort'), size: PAGE };
  const key = JSON.stringify(asked);
  useEffect(() => setCursors([null]), [key]);
  const version = useVersion((allJobs.value ?? []).map((job) => job.job_id));
  const query = useQuery(`/job-list${params({ ...asked, cursor: cursors.at(-1) })}`, { deps: [version] });
  const none = query.data?.total === 0;
  return html`
    <${Panel} query=${query} name="Jobs" height=${320} empty=${none && html`<${Nothing} all=${query.data.all} />`}>
      ${(page) => page && html`
        <${Table} jobs=${page.jobs} changed=${query.retry} />
        <${Pages} page=${page} before=${(cursors.length - 1) * PAGE} back=${cursors.length > 1 && (() => setCursors(cursors.slice(0, -1)))}
          on=${page.next && (() => setCursors([...cursors, page.next]))} />`}
    </${Panel}>`;
}

const Nothing = ({ all }) => html`
  <p>None of ${counted(all, 'job')} matches${get('q') ? html` “${get('q')}”` : ''}${get('state') ? ` and is ${STATES.find(([value]) => value === get('state'))?.[1].toLowerCase()}` : ''}.</p>
  <p><a href=${href(undefined, { q: null, state: null })}>Show all of them</a></p>`;

const Pages = ({ page, before, back, on }) => (back || on) && html`
  <p class="pages">
    <span class="quiet">${count(before + 1)}–${count(before + page.jobs.length)} of ${count(page.total)}</span>
    <button type="button" disabled=${!back} onClick=${back || undefined}>Back</button>
    <button type="button" disabled=${!on} onClick=${on || undefined}>Next</button>
  </p>`;

const Table = ({ jobs, changed }) => html`
  <table class="job-table">
    <thead><tr><th>Job</th><th>How it is doing</th><th class="number">Rows</th><th><span class="hidden-text">Actions</span></th></tr></thead>
    <tbody>${jobs.map((job) => html`<${Row} key=${job.job_id} job=${job} changed=${changed} />`)}</tbody>
  </table>`;

const Row = ({ job, changed }) => html`
  <tr>
    <td class="name">
      <a href=${href(jobPath(job.job_id), {}, { keep: ['tz', 'theme'] })}>${job.job_id}</a>
      ${job.groups.map((group) => html`<button type="button" class="badge group" title=${`Jobs of ${group}`} onClick=${() => go({ set: { q: group, page: null } })}>${group}</button>`)}
      <small>${job.description ?? job.does}</small>
    </td>
    <td class="doing"><span class="state ${job.state}" aria-hidden="true"></span><span>${doing(job)}</span></td>
    <td class="number">${count(job.rows)}</td>
    <td class="act"><${JobMenu} job=${job} changed=${changed} /></td>
  </tr>`;
