// Which jobs are looked at: single ones, or groups of them.
import { html, useMemo, useState } from '../lib/html.mjs';
import { go } from '../lib/url.mjs';
import { allJobs } from '../lib/live.mjs';
import { expressions, jobs } from '../lib/range.mjs';
import { counted } from '../lib/format.mjs';
import { Icon } from '../parts/icon.mjs';
import { Popover } from '../parts/menu.mjs';

const SHOWN = 200;

/** @param {{many: boolean, shows?: (job: any) => boolean}} props many: several may be chosen; shows: which jobs the page has something of */
export function JobPicker({ many, shows = () => true }) {
  const known = allJobs.value?.filter(shows) ?? null;
  return html`
    <${Popover} label="Jobs" class="job-picker" button=${html`<${Icon} name="jobs" /><span class="hidden-text">Jobs: </span><span class="cut">${said(many, shows)}</span>`}>
      ${(close) => (known === null
        ? html`<p class="quiet">The jobs are not known yet.</p>`
        : html`<${Choices} known=${known} many=${many} close=${close} />`)}
    </${Popover}>`;
}

function said(many, shows) {
  const chosen = expressions.value;
  if (!many && chosen.length !== 1) return jobs.value?.find(shows)?.job_id ?? 'Choose a job';
  if (chosen.length === 0) return 'All jobs';
  return chosen.length === 1 ? chosen[0] : `${chosen[0]} and ${chosen.length - 1} more`;
}

function Choices({ known, many, close }) {
  const [text, setText] = useState('');
  const groups = useMemo(() => grouped(known), [known]);
  const chosen = expressions.value;
  const matches = (name) => name.toLowerCase().includes(text.trim().toLowerCase());
  const listed = known.filter((job) => matches(job.job_id) || matches(job.description ?? ''));
  const take = (name) => {
    if (!many) {
      go({ set: { job: name } });
      close();
    } else {
      const next = chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name];
      go({ set: { job: next.length ? next : null } });
    }
  };
  const option = (name, more) => html`
    <li key=${name}>
      <label>
        <input type=${many ? 'checkbox' : 'radio'} name="job" checked=${chosen.includes(name)} onChange=${() => take(name)} />
        <span class="cut" title=${name}>${name}</span><span class="quiet">${more}</span>
      </label>
    </li>`;
  return html`
    <input type="search" aria-label="Find jobs" placeholder=${`Find in ${counted(known.length, 'job')}`} value=${text}
      onInput=${(event) => setText(event.target.value)} />
    ${many && html`
      <button type="button" class="row" aria-pressed=${String(chosen.length === 0)} onClick=${() => go({ set: { job: null } })}>
        All jobs
      </button>`}
    ${many && groups.filter(([name]) => matches(name)).length > 0 && html`
      <h3>Groups</h3>
      <ul>${groups.filter(([name]) => matches(name)).map(([name, size]) => option(name, counted(size, 'job')))}</ul>
      <h3>Jobs</h3>`}
    <ul>${listed.slice(0, SHOWN).map((job) => option(job.job_id, job.state))}</ul>
    ${listed.length === 0 && html`<p class="quiet">No job of this name.</p>`}
    ${listed.length > SHOWN && html`<p class="quiet">${counted(listed.length - SHOWN, 'more job', 'more jobs')}: type a part of the name.</p>`}`;
}

function grouped(known) {
  const sizes = new Map();
  for (const job of known) for (const group of job.groups) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  return [...sizes].sort(([one], [other]) => one.localeCompare(other));
}
