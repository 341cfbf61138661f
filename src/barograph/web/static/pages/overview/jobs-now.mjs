// How the jobs are, and what they had to complain about.
import { html } from '../../lib/html.mjs';
import { href } from '../../lib/url.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { allJobs } from '../../lib/live.mjs';
import { expressions, jobs } from '../../lib/range.mjs';
import { ago, counted, time } from '../../lib/format.mjs';
import { Panel } from '../../parts/panel.mjs';

const SHOWN = 8;
const ORDER = ['failed', 'opening', 'opened', 'closing', 'closed'];

/** The jobs, those that need somebody first. */
export function JobsNow() {
  const known = jobs.value ?? [];
  const sorted = known.toSorted((one, other) => ORDER.indexOf(one.state) - ORDER.indexOf(other.state));
  const running = known.filter((job) => job.state === 'opened').length;
  return html`
    <${Panel} title=${html`Jobs <span class="quiet">${running} of ${known.length} running</span>`}
      actions=${html`<a href=${href('/jobs/new')}>New job</a>`}>
      <ul class="jobs-now">${sorted.slice(0, SHOWN).map((job) => html`<${JobNow} key=${job.job_id} job=${job} />`)}</ul>
      ${sorted.length > SHOWN && html`<p><a href=${href('/jobs')}>All ${counted(sorted.length, 'job')}</a></p>`}
    </${Panel}>`;
}

const JobNow = ({ job }) => html`
  <li>
    <span class="state ${job.state}" aria-hidden="true"></span>
    <a class="cut" href=${href(`/jobs/${encodeURIComponent(job.job_id)}`)} title=${job.description}>${job.job_id}</a>
    <small>${sentence(job)}</small>
  </li>`;

/** A job's state, as one would say it. */
function sentence(job) {
  if (job.state === 'failed') return `failed: ${job.failure ?? 'its messages say why'}`;
  const state = job.state === 'opened' ? 'running' : job.state;
  if (job.rows === 0) return `${state}, no rows yet`;
  if (job.latest_bucket === null) return `${state}, no whole bucket yet`;
  return `${state}, newest bucket ${time(job.latest_bucket)}`;
}

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
