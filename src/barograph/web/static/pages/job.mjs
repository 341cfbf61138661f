// One job: how it is doing, what it is, what it has read, knows and keeps.
import { html } from '../lib/html.mjs';
import { href } from '../lib/url.mjs';
import { useQuery } from '../lib/api.mjs';
import { useVersion } from '../lib/live.mjs';
import { Failed } from '../parts/panel.mjs';
import { JobMenu } from './jobs/actions.mjs';
import { jobPath } from './jobs/words.mjs';
import { Overview } from './job/overview.mjs';
import { Config } from './job/config.mjs';
import { Counts } from './job/counts.mjs';
import { Messages } from './job/messages.mjs';
import { Models } from './job/models.mjs';
import { Snapshots } from './job/snapshots.mjs';
import { Forecasts } from './job/forecasts.mjs';
import { Categories } from './job/categories.mjs';

const categorizes = (job) => Boolean(job.config.analysis_config.categorization_field_name);
const TABS = [
  ['overview', 'Overview', Overview], ['categories', 'Categories', Categories, categorizes],
  ['config', 'Configuration', Config], ['counts', 'Counts', Counts], ['messages', 'Messages', Messages],
  ['models', 'Models', Models], ['snapshots', 'Snapshots', Snapshots], ['forecasts', 'Forecasts', Forecasts],
];
const links = { keep: ['tz', 'theme'] };

/** The page. @param {{jobId: string, tab?: string}} props */
export default function JobPage({ jobId, tab = 'overview' }) {
  const version = useVersion([jobId]);
  const query = useQuery(`/jobs/${encodeURIComponent(jobId)}`, { deps: [version] });
  const job = query.data?.job_id === jobId ? query.data : null;
  if (query.error && !job) return html`<div class="page"><h1>${jobId}</h1><${Failed} error=${query.error} retry=${query.retry} /></div>`;
  if (!job) return html`<div class="page" aria-busy="true"><h1>${jobId}</h1><div class="skeleton job-skeleton" /></div>`;
  const tabs = TABS.filter(([, , , has]) => has === undefined || has(job));
  const Tab = tabs.find(([name]) => name === tab)?.[2];
  return html`
    <div class="page job">
      <${Head} job=${job} changed=${query.retry} />
      <nav class="tabs" aria-label="Parts of the job">
        ${tabs.map(([name, text]) => html`
          <a href=${href(jobPath(jobId, name), {}, links)} aria-current=${name === tab ? 'page' : undefined}>${text}</a>`)}
      </nav>
      ${Tab ? html`<${Tab} job=${job} version=${version} changed=${query.retry} />`
        : html`<p>A job has no part “${tab}”. <a href=${href(jobPath(jobId), {}, links)}>See its overview</a></p>`}
    </div>`;
}

const Head = ({ job, changed }) => html`
  <div class="page-head">
    <div>
      <p class="crumb"><a href=${href('/jobs', {}, links)}>Jobs</a></p>
      <h1>${job.job_id}</h1>
      ${job.description && html`<p class="quiet">${job.description}</p>`}
    </div>
    <div class="page-actions">
      <a class="button" href=${href('/series', { job: job.job_id }, links)}>Series</a>
      <a class="button" href=${href('/explorer', { job: job.job_id }, links)}>Explorer</a>
      <${JobMenu} job=${job} changed=${changed} />
    </div>
  </div>`;
