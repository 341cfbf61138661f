// Which jobs a rule is for: all of them, or groups and jobs by name.
import { html } from '../../lib/html.mjs';
import { allJobs } from '../../lib/live.mjs';
import { joined } from '../../lib/format.mjs';
import { Popover } from '../../parts/menu.mjs';

const ALL = '_all';

/** @param {{jobs: string[], choose: (jobs: string[]) => void}} props jobs: ids, groups and patterns */
export function JobsOf({ jobs, choose }) {
  const known = allJobs.value ?? [];
  const groups = [...new Set(known.flatMap((job) => job.groups))].sort();
  const ids = known.map((job) => job.job_id);
  const others = jobs.filter((one) => one !== ALL && !groups.includes(one) && !ids.includes(one));
  const toggle = (name) => {
    const left = jobs.filter((one) => one !== name && one !== ALL);
    const next = jobs.includes(name) ? left : [...left, name];
    choose(next.length ? next : [ALL]);
  };
  const box = (name) => html`<label class="check" key=${name}><input type="checkbox" checked=${jobs.includes(name)} onChange=${() => toggle(name)} /> ${name}</label>`;
  return html`
    <div class="labelled">For
      <div><${Popover} button=${jobs.includes(ALL) ? 'All jobs' : joined(jobs)} label="Jobs of the rule">
        <div class="calendar-jobs">
          <label class="check"><input type="checkbox" checked=${jobs.includes(ALL)} onChange=${() => choose([ALL])} /> All jobs, also those to come</label>
          ${groups.length > 0 && html`<h3>Groups</h3>${groups.map(box)}`}
          ${ids.length > 0 && html`<h3>Jobs</h3>${ids.map(box)}`}
          ${others.length > 0 && html`<h3>Others</h3>${others.map(box)}`}
        </div>
      </${Popover}></div>
    </div>`;
}
