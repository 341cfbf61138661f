// A detector of several features that are judged together: which entity was odd when, and which of its features are to blame.
import { html } from '../lib/html.mjs';
import { get, href, time as timeKey } from '../lib/url.mjs';
import { params, useQuery } from '../lib/api.mjs';
import { jobsError, loadJobs, useVersion } from '../lib/live.mjs';
import { jobs } from '../lib/range.mjs';
import { clock, counted, duration, interval } from '../lib/format.mjs';
import { shownValue } from '../parts/entity.mjs';
import { Failed, Panel } from '../parts/panel.mjs';
import { Entity } from './series/choices.mjs';
import { useSeries, wholeRange } from './series/state.mjs';
import { Anomalies } from './features/anomalies.mjs';
import { FeatureCharts } from './features/charts.mjs';
import { Details } from './features/details.mjs';
import { GradeLanes, useGrades } from './features/lanes.mjs';
import { Strips } from './features/strips.mjs';

const POINTS = 2000;

/** The page. */
export default function Features() {
  if (jobs.value === null) {
    return html`<div class="page features" aria-busy=${String(jobsError.value === null)}>${jobsError.value && html`<${Failed} error=${jobsError.value} retry=${loadJobs} />`}</div>`;
  }
  const job = jobs.value.find((one) => one.features.length > 0);
  if (!job) {
    return html`
      <div class="page features">
        <h1>Features</h1>
        <p class="empty">${jobs.value.length === 1 ? `${jobs.value[0].job_id} looks at each of its measures by itself` : 'No job that is chosen looks at several features together'}: see the <a href=${href('/explorer')}>explorer</a>.</p>
      </div>`;
  }
  return html`<${OfJob} key=${job.job_id} job=${job} />`;
}

function OfJob({ job }) {
  const version = useVersion([job.job_id]);
  const whole = wholeRange(job);
  const grades = useGrades(job, whole, version);
  const worst = grades.data?.lanes[0]?.entity ?? {};
  const series = useSeries(job, version, Object.keys(worst).some((field) => get(`e.${field}`) !== null) ? {} : worst);
  if (series.error) return html`<div class="page features"><${Failed} error=${series.error} /></div>`;
  if ((grades.pending && !grades.data) || series.pending || !series.detector) return html`<div class="page features" aria-busy="true"><div class="skeleton" style=${{ height: '520px' }} /></div>`;
  const fields = series.detector.fields;
  const entity = Object.fromEntries(Object.entries(fields).map(([role, field]) => [field, series.values[role]]));
  return html`
    <div class="page features">
      <header class="page-head">
        <div><h1>${titleOf(entity) || job.job_id}</h1><p class="quiet">${counted(job.features.length, 'feature')} of ${job.job_id}, judged together</p></div>
      </header>
      ${whole === null ? html`<p class="empty">The detector has read no rows yet. What comes is shown as it does.</p>` : html`
        ${Object.keys(fields).length > 0 && html`
          <${GradeLanes} query=${grades} entity=${entity} />
          <div class="series-choices">${Object.entries(fields).map(([role, field]) => html`<${Entity} key=${field} series=${series} role=${role} field=${field} whole=${whole} version=${version} />`)}</div>`}
        ${series.missing.length === 0 && html`<${OfEntity} job=${job} series=${series} entity=${entity} whole=${whole} version=${version} />`}`}
    </div>`;
}

const titleOf = (entity) => Object.entries(entity).filter(([, value]) => value !== null).map(([field, value]) => `${field} ${shownValue(value)}`).join(', ');

function OfEntity({ job, series, entity, whole, version }) {
  const asked = { entity: Object.entries(entity).map(([field, value]) => `${field}=${value}`), from: whole[0], to: whole[1], max_points: POINTS };
  const query = useQuery(`${series.base}/features${params(asked)}`, { deps: [version] });
  const at = timeKey('open');
  const { data } = query;
  const chosen = data?.anomalies.find((one) => one.t === at) ?? null;
  return html`
    ${data?.looks && html`<p class="quiet looks" data-testid="looks">${inWords(data.looks)}</p>`}
    <${Panel} title="Grade, score and confidence" query=${query} height=${280} empty=${data?.t.length === 0 && 'No result in this time: the entity has no rows in it, or too few before it.'}>
      ${() => html`<${Strips} data=${data} range=${whole} waiting=${waiting(job)} chosen=${chosen} />`}
    </${Panel}>
    ${chosen && html`<${Details} data=${data} anomaly=${chosen} />`}
    ${data && html`<${FeatureCharts} job=${job} series=${series} data=${data} anomaly=${chosen} whole=${whole} version=${version} />`}
    ${data && html`<${Anomalies} data=${data} chosen=${chosen} />`}`;
}

/** From the newest finished bucket to that of the newest row, which later rows finish; null where there is nothing. */
function waiting({ latest_bucket: finished, latest_time: newest, bucket_span_ms: span }) {
  const [from, to] = [finished + span, Math.floor(newest / span) * span + span];
  return finished !== null && from < to ? [from, to] : null;
}

/** When the detector looks at what has come: every so often, what it looked at last and how long after, and when it looks next. */
function inWords({ every_ms, next_ms, window, ran }) {
  const often = next_ms === null ? 'Does not look any more' : `Looks every ${duration(every_ms)}, next at ${clock(next_ms)}`;
  if (window === null) return `${often}.`;
  const [begin, end] = ran;
  return `${often}. It last looked at ${interval(...window)}, ${duration(begin - window[1])} after that had ended: at ${clock(begin)}, for ${duration(end - begin, { short: true })}.`;
}
