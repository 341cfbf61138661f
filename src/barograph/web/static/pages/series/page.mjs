// One series: its values, what was usual, its anomalies, and why each of its buckets scores what it scores.
import { html, useCallback, useState } from '../../lib/html.mjs';
import { get, go, href } from '../../lib/url.mjs';
import { jobs, unknownJobs } from '../../lib/range.mjs';
import { jobsError, loadJobs, useVersion } from '../../lib/live.mjs';
import { count, duration, interval, time } from '../../lib/format.mjs';
import { Failed, Panel } from '../../parts/panel.mjs';
import { Choices } from './choices.mjs';
import { Context, Focus } from './charts.mjs';
import { Explanation } from './explanation.mjs';
import { ForecastDialog, ForecastSaid } from './forecasts.mjs';
import { Legend, Tools } from './tools.mjs';
import { useChartData, useContext, useFocus, useForecast, useGhost, useTimes } from './lines.mjs';
import { NoteDialog, NoteList } from './notes.mjs';
import { Points } from './points.mjs';
import { Records } from './records.mjs';
import { ChartTable } from './table.mjs';
import { Zooms } from './zooms.mjs';
import { openTime, useSeries, wholeRange, zoomOf } from './state.mjs';

const CHARTS_PX = 460;

/** The page of one series. */
export default function SeriesPage() {
  const job = jobs.value?.[0];
  if (jobs.value === null) {
    return html`<div class="page series-page" aria-busy=${String(jobsError.value === null)}>
      ${jobsError.value && html`<${Failed} error=${jobsError.value} retry=${loadJobs} />`}
    </div>`;
  }
  if (!job) return html`<${NoJob} />`;
  return html`<${OfJob} key=${job.job_id} job=${job} />`;
}

const NoJob = () => html`
  <div class="page series-page">
    <p class="empty">${unknownJobs.value.length ? `There is no job ${unknownJobs.value.join(', ')}.` : 'There are no jobs yet, so there is no series.'}
      ${' '}<a href="/jobs/new">Create a job</a></p>
  </div>`;

function OfJob({ job }) {
  const version = useVersion([job.job_id]);
  const series = useSeries(job, version);
  const whole = wholeRange(job);
  if (series.error) return html`<div class="page series-page"><${Failed} error=${series.error} /></div>`;
  if (series.pending || !series.detector) return html`<div class="page series-page" aria-busy="true"><div class="skeleton" style=${{ height: '520px' }} /></div>`;
  return html`
    <div class="page series-page">
      <header class="page-head">
        <h1>${titleOf(series)}</h1>
        ${jobs.value.length > 1 && html`<small>of job ${job.job_id}; the header chooses another</small>`}
      </header>
      ${whole && html`<${Choices} series=${series} whole=${whole} version=${version} />`}
      ${whole === null
        ? html`<p class="empty">The job has read no rows yet. What comes is shown as it does.</p>`
        : series.query === null ? html`<${Refused} series=${series} job=${job} />`
          : series.detector.refused !== null || ['rare', 'times', 'places'].includes(series.detector.points) ? html`<${Alone} job=${job} series=${series} whole=${whole} version=${version} />` : html`<${Charts} job=${job} series=${series} whole=${whole} version=${version} />`}
    </div>`;
}

/** `mean of latency, host web-14` */
function titleOf({ detector, fn, values }) {
  const entities = Object.entries(detector.fields).filter(([role]) => values[role] !== null).map(([role, field]) => `${field} ${values[role] || '(empty)'}`);
  return [detector.measures[detector.functions.indexOf(fn)], ...entities].join(', ');
}

function Refused({ series, job }) {
  const { detector, missing } = series;
  const why = detector.refused ?? `No value of ${missing.map((role) => detector.fields[role]).join(' and ')} has come yet.`;
  return html`
    <div class="empty">
      <p>This detector has no chart. ${why}</p>
      <p><a href=${href('/explorer', { job: job.job_id })}>What it found is in the explorer</a></p>
    </div>`;
}

/** Values of which no line says anything: whether something was there, when on the clock, or where. */
function Alone({ job, series, whole, version }) {
  const [own, setOwn] = useState(0);
  const [noting, setNoting] = useState(null);
  const zoom = zoomOf(job, whole);
  const times = useTimes(series, job, whole, `${version} ${own}`);
  const selected = openTime();
  return html`
    <${Points} job=${job} series=${series} zoom=${zoom} whole=${whole} version=${version} tools />
    ${selected !== null && html`<${Explanation} job=${job} series=${series} t=${selected} version=${version} planned=${times.planned} note=${([start, end]) => setNoting({ start, end })} />`}
    <${NoteList} notes=${times.ours} query=${times.notes} edit=${setNoting} />
    <${Records} job=${job} series=${series} zoom=${zoom} version=${version} />
    ${noting && html`<${NoteDialog} series=${series} note=${noting} close=${() => setNoting(null)} saved=${() => setOwn(own + 1)} />`}`;
}

function Charts({ job, series, whole: data, version }) {
  const [own, setOwn] = useState(0);
  const versions = `${version} ${own}`;
  const changed = useCallback(() => setOwn((one) => one + 1), []);
  const [drags, setDrags] = useState('zoom');
  const [noting, setNoting] = useState(null);
  const [asking, setAsking] = useState(false);
  const [table, setTable] = useState(false);
  const forecast = useForecast(series, versions);
  const last = forecast.data?.t.at(-1);
  const whole = last === undefined ? data : [data[0], Math.max(data[1], last + job.bucket_span_ms)];
  const zoom = zoomOf(job, whole);
  const context = useContext(series, whole, version);
  const focus = useFocus(series, zoom, version);
  const ghost = useGhost(series, zoom, version);
  const times = useTimes(series, job, whole, versions);
  const over = { notes: times.ours, planned: times.planned, forecast: forecast.data ?? null };
  const focusData = useChartData(focus.data, { ...over, ghost });
  const contextData = useChartData(context.data, over);
  const selected = openTime();
  const edit = (note) => setNoting(note);
  const annotate = (span) => { setNoting({ start: span[0], end: span[1] }); setDrags('zoom'); };
  return html`
    <${Panel} class="series-charts" name="Chart" query=${merged(focus, context)} height=${CHARTS_PX}>
      ${() => focusData && contextData && html`
        <div class="series-tools">
          <${Zooms} job=${job} whole=${whole} zoom=${zoom} />
          <${Tools} drags=${drags} setDrags=${setDrags} table=${table} setTable=${setTable} forecast=${() => setAsking(true)} bounded=${focusData.bounded} />
        </div>
        <p class="series-said">
          <span>${interval(...zoom)}</span>
          <small>${said(job, focusData)}</small>
          <${Legend} data=${focusData} />
        </p>
        <${Focus} job=${job} series=${series} data=${focusData} zoom=${zoom} whole=${whole} selected=${selected} drags=${drags} annotate=${annotate} planned=${times.planned} />
        ${get('fc') !== null && html`<${ForecastSaid} forecast=${forecast} />`}
        <${Context} job=${job} data=${contextData} zoom=${zoom} whole=${whole} notes=${times.ours} edit=${edit} />`}
    </${Panel}>
    ${series.detector.points && html`<${Points} job=${job} series=${series} zoom=${zoom} whole=${whole} version=${version} />`}
    ${table && focusData && html`<${ChartTable} data=${focusData} zoom=${zoom} job=${job} />`}
    ${selected !== null && html`<${Explanation} job=${job} series=${series} t=${selected} version=${version} planned=${times.planned} note=${annotate} />`}
    <${NoteList} notes=${times.ours} query=${times.notes} edit=${edit} />
    <${Records} job=${job} series=${series} zoom=${zoom} version=${version} />
    ${noting && html`<${NoteDialog} series=${series} note=${noting} close=${() => setNoting(null)} saved=${changed} />`}
    ${asking && html`<${ForecastDialog} job=${job} series=${series} close=${() => setAsking(false)} changed=${changed} />`}`;
}

/** Two queries that one panel shows. */
const merged = (one, other) => ({
  data: one.data && other.data && true,
  error: one.error ?? other.error,
  pending: one.pending || other.pending,
  loading: one.loading || other.loading,
  retry: () => { one.retry(); other.retry(); },
});

/** What is not seen at once: how values are merged, that bounds are missing, that there are too many anomalies for buttons. */
function said(job, data) {
  const parts = [data.thinned ? `least and greatest of each stretch of buckets of ${duration(job.bucket_span_ms)}` : `buckets of ${duration(job.bucket_span_ms)}`];
  if (!data.bounded) parts.push('no bounds were kept for this time (model_plot_config)');
  const merged = data.marks.filter((mark) => mark.of > 1).length;
  if (merged) parts.push('marks that share a place show the worst');
  if (data.marks.length > 200) parts.push(`${count(data.marks.length)} marks: zoom in to reach each by keyboard`);
  return parts.join(' · ');
}
