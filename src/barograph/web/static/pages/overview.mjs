// What is odd now, what was, and how the jobs are.
import { html } from '../lib/html.mjs';
import { choice, get, go, href, number } from '../lib/url.mjs';
import { params, useQuery } from '../lib/api.mjs';
import { allJobs, jobsError, loadJobs, useVersion } from '../lib/live.mjs';
import { expressions, jobIds, range } from '../lib/range.mjs';
import { counted, interval } from '../lib/format.mjs';
import { Failed, Panel } from '../parts/panel.mjs';
import { Filters } from './overview/filters.mjs';
import { Incidents } from './overview/incidents.mjs';
import { JobsNow, Messages } from './overview/jobs-now.mjs';
import { NoJobs } from './overview/no-jobs.mjs';
import { Strip } from './overview/strip.mjs';

const PAGE = 20;

/** The first page. */
export default function Overview() {
  const known = allJobs.value;
  if (known === null && jobsError.value) return html`<div class="page"><${Failed} error=${jobsError.value} retry=${loadJobs} /></div>`;
  if (known?.length === 0) return html`<${NoJobs} />`;
  return html`
    <div class="page overview">
      <div class="page-head"><h1>Overview</h1><div class="page-actions"><${Filters} /></div></div>
      <div class="columns">
        <div class="main-column"><${Strip} /><${Found} /></div>
        <aside aria-label="Jobs and messages"><${JobsNow} /><${Messages} /></aside>
      </div>
    </div>`;
}

function Found() {
  const version = useVersion(jobIds.value);
  const asked = {
    job: expressions.value, from: range.value?.[0], to: range.value?.[1],
    status: choice('status', ['ongoing', 'resolved']), min: number('min', { least: 0, most: 100, whole: false }), q: get('q'),
    size: number('shown', { least: 1, most: 1000, usual: PAGE }),
  };
  const ready = allJobs.value !== null;
  const query = useQuery(ready && range.value ? `/incidents${params(asked)}` : null, { deps: [version] });
  if (ready && range.value === null) return html`<${Processing} />`;
  const nothing = query.data?.total === 0;
  return html`
    <${Panel} query=${ready ? query : { pending: true }} name="Incidents" height=${400}
      empty=${nothing && html`<${Nothing} asked=${asked} version=${version} />`}>
      ${(data) => data && html`<${Incidents} found=${data} more=${() => go({ set: { shown: asked.size + PAGE } }, { replace: true })} />`}
    </${Panel}>`;
}

/** There are jobs, and none has results yet. */
const Processing = () => html`
  <p class="empty" role="status">No job has read a row yet. What they find will be here as soon as there is something.</p>`;

/** None of what was asked for: quiet, or filtered away. */
function Nothing({ asked, version }) {
  const filters = ['status', 'min', 'q'].filter((key) => get(key) !== null);
  const url = `/incidents${params({ ...asked, status: null, min: null, q: null, size: 1 })}`;
  const { data } = useQuery(filters.length ? url : null, { deps: [version] });
  if (filters.length && data?.total) {
    const said = filters.map((key) => `${NAMES[key]} “${get(key)}”`).join(' and ');
    return html`
      <p>${counted(data.total, 'incident')} in this time, and none with ${said}.</p>
      <p><a href=${href(undefined, { status: null, min: null, q: null })}>Show all of them</a></p>`;
  }
  return html`
    <p>Nothing was odd enough for an incident, ${interval(...range.value)}.</p>
    <p><a href=${href('/explorer')}>See all scores in the explorer</a></p>`;
}

const NAMES = { status: 'the status', min: 'a score from', q: 'the text' };
