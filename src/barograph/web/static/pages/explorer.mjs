// The explorer: what was odd, when, and who is to blame, over many series.
import { html } from '../lib/html.mjs';
import { params, useQuery } from '../lib/api.mjs';
import { allJobs, jobsError, loadJobs, useVersion } from '../lib/live.mjs';
import { expressions, jobIds, jobs, range } from '../lib/range.mjs';
import { Failed } from '../parts/panel.mjs';
import { Anomalies, ROWS, tableQuery } from './explorer/anomalies.mjs';
import { Charts } from './explorer/charts.mjs';
import { FilterBar } from './explorer/filter-bar.mjs';
import { Influencers } from './explorer/influencers.mjs';
import { Timeline } from './explorer/timeline.mjs';
import { WAITING, chosenBy, filter, isSelected, tablePage } from './explorer/state.mjs';

/** The page. */
export default function Explorer() {
  if (jobsError.value && allJobs.value === null) return html`<div class="page"><${Failed} error=${jobsError.value} retry=${loadJobs} /></div>`;
  if (jobs.value === null) return html`<div class="page" aria-busy="true" />`;
  const missing = nothingYet();
  return html`
    <div class="page explorer">
      <h1 class="hidden-text">Explorer</h1>
      ${missing ?? html`<${Explored} />`}
    </div>`;
}

/** Why there is nothing to show, where there is not. */
function nothingYet() {
  if (allJobs.value.length === 0) {
    return html`<p>There are no jobs yet. <a href="/jobs/new">Create one</a>, or <a href="/">load the sample data</a>.</p>`;
  }
  if (jobs.value.length === 0) return html`<p>No job is chosen: choose one at the top.</p>`;
  if (range.value === null) {
    const open = jobs.value.some((job) => job.state === 'opened');
    return html`<p>${open ? 'Processing: the job is open, and no row has come yet.' : 'The job has no rows yet.'} What it finds is shown here as it comes.</p>`;
  }
  if (jobs.value.every((job) => job.buckets === 0)) return html`<p>Processing: the first bucket is not full yet. What it finds is shown here as it comes.</p>`;
  return null;
}

function Explored() {
  const version = useVersion(jobIds.value);
  const fields = useQuery(`/fields${params({ job: expressions.value })}`);
  const by = chosenBy.value ?? fields.data?.default ?? null;
  const url = by === null ? null : `/records${params({ ...tableQuery(by), page: tablePage.value - 1, size: ROWS })}`;
  const records = useQuery(url, { deps: [version] });
  if (fields.error) return html`<${Failed} error=${fields.error} retry=${fields.retry} />`;
  const blames = fields.data?.fields.some((field) => field.influencer) ?? true;
  return html`
    <${FilterBar} fields=${fields.data} error=${records.error} />
    <div class=${`explorer-columns ${blames ? '' : 'is-alone'}`}>
      <${Timeline} by=${by} fields=${fields.data} />
      ${blames && html`<${Influencers} by=${by} />`}
      <div class="found">
        ${by !== null && (isSelected.value || filter.value) && html`<${Charts} by=${by} />`}
        <${Anomalies} by=${by ?? 'overall'} query=${by === null ? WAITING : records} />
      </div>
    </div>`;
}
