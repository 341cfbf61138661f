// How the jobs are, and what they had to complain about.
import { html } from '../../lib/html.mjs';
import { href } from '../../lib/url.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { allJobs, useVersion } from '../../lib/live.mjs';
import { expressions, jobIds, jobs } from '../../lib/range.mjs';
import { ago, counted } from '../../lib/format.mjs';
import { doing } from '../jobs/words.mjs';
import { Panel } from '../../parts/panel.mjs';

const SHOWN = 8;

/** The jobs, those that need somebody first. */
export function JobsNow() {
  const known = jobs.value ?? [];
  const version = useVersion(jobIds.value);
  const states = known.map((job) => job.state).join();
  const query = useQuery(known.length ? `/job-list${params({ job: expressions.value, sort: 'state', size: SHOWN })}` : null, { deps: [version, states] });
  const running = known.filter((job) => job.state === 'opened').length;
  return html`
    <${Panel} title=${html`Jobs <span class="quiet">${running} of ${known.length} running</span>`} query=${query}
      actions=${html`<a href=${href('/jobs/new')}>New job</a>`}>
      ${(page) => page && html`
        <ul class="jobs-now">${page.jobs.map((job) => html`<${JobNow} key=${job.job_id} job=${job} />`)}</ul>
        ${page.total > page.jobs.length && html`<p><a href=${href('/jobs')}>All ${counted(page.total, 'job')}</a></p>`}`}
    </${Panel}>`;
}

const JobNow = ({ job }) => html`
  <li>
    <span class="state ${job.state}" aria-hidden="true"></span>
    <a class="cut" href=${href(`/jobs/${encodeURIComponent(job.job_id)}`)} title=${job.description}>${job.job_id}</a>
    <small>${doing(job)}</small>
  </li>`;

/** The last warnings and errors; nothing where there are none. */
export function Messages() {
  const states = (allJobs.value ?? []).map((job) => job.state).join();
  const asked = params({ job: expressions.value, level: 'warning', size: 5 });
  const query = useQuery(allJobs.value?.length ? `/messages${asked}` : null, { deps: [states] });
  if (query.data?.total === 0) return null;
  return html`
    <${Panel} title="Warnings and errors" query=${query} height=${80}>
      ${(data) => data && html`
        <ul class="messages">${data.messages.map((one) => html`
          <li class=${one.level}>
            <p>${one.text}</p>
            <small><a href=${href(`/jobs/${encodeURIComponent(one.job_id)}/messages`)}>${one.job_id}</a>, ${ago(one.time)}</small>
          </li>`)}
        </ul>`}
    </${Panel}>`;
}
