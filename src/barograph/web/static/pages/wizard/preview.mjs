// What the job would have found, beside the settings.
import { html, useMemo } from '../../lib/html.mjs';
import { count, counted, interval, number, score, time } from '../../lib/format.mjs';
import { word } from '../../lib/scales.mjs';
import { SeriesChart } from '../../parts/chart.mjs';
import { Failed } from '../../parts/panel.mjs';
import { bytes, detectorWords } from '../jobs/words.mjs';
import { config, seen } from './draft.mjs';
import { advice, Better } from './field.mjs';
import { alertScore, shown, splitOf, trialError, tried, trying } from './trial.mjs';

const HEIGHT = 260;
const MOST_MARKS = 100;

/** The preview; nothing without a file. */
export function Preview() {
  if (!seen.value) return null;
  const found = tried.value;
  return html`
    <section class="preview" aria-label="What it would have found" aria-busy=${String(trying.value)}>
      <div class=${trying.value && found ? 'dimmed' : ''}>
        ${trialError.value && html`<${Failed} error=${trialError.value} />`}
        ${found && !trialError.value && html`<${Headline} found=${found} /><${Picture} found=${found} /><${Facts} found=${found} />`}
        ${!found && !trialError.value && html`<div class="skeleton preview-skeleton" />`}
        <${Advice} />
      </div>
    </section>`;
}

function Headline({ found }) {
  const alerts = found.alerts.length;
  const weekly = found.alerts_a_week;
  const often = alerts === 0 ? '' : weekly >= 1 ? `, ${number(Number(weekly.toPrecision(2)))} a week` : `, one in ${number(Number((1 / weekly).toPrecision(2)))} weeks`;
  return html`
    <div class="headline">
      <p><strong>${alerts === 0 ? 'No alerts' : counted(alerts, 'alert')}</strong>${often}
        <span class="quiet"> in ${interval(found.start, found.end)}, if told from a score of</span></p>
      <div class="segments" role="group" aria-label="Score from which one is told">
        ${found.by_score.map(([from, many]) => html`
          <button type="button" aria-pressed=${String(alertScore.value === from)} title=${`${counted(many, 'alert')} from ${from} on`}
            onClick=${() => { alertScore.value = from; }}>${from} <small>${count(many)}</small></button>`)}
      </div>
    </div>`;
}

function Picture({ found }) {
  const { detectors, bucket_span: span } = config.value.analysis_config;
  const data = useMemo(() => ({ t: found.t, v: found.v, lo: found.lo, hi: found.hi, marks: told(found) }), [found]);
  const step = found.t.length > 1 ? found.t[1] - found.t[0] : 60_000;
  const range = [found.t[0] ?? found.start, (found.t.at(-1) ?? found.end) + step];
  const chosen = [found.shown.partition, found.shown.by].filter((one) => one !== null).join(', ');
  return html`
    <div class="which">
      ${detectors.length > 1 && html`
        <label>Measure<select value=${found.detector} onChange=${(event) => { shown.value = { detector: Number(event.target.value), series: null }; }}>
          ${detectors.map((one, index) => html`<option value=${index}>${detectorWords(one)}</option>`)}</select></label>`}
      ${found.others.length > 1 && html`
        <label>Series<select value=${JSON.stringify([found.shown.partition, found.shown.by])} onChange=${(event) => choose(found.detector, JSON.parse(event.target.value))}>
          ${found.others.map((one) => html`<option value=${JSON.stringify([one.partition, one.by])}>${[one.partition, one.by].filter((value) => value !== null).join(', ')}${one.record_score > 0 ? ` (${score(one.record_score)})` : ''}</option>`)}</select></label>`}
    </div>
    <${SeriesChart} data=${data} range=${range} height=${HEIGHT} span=${step} label=${`Values of ${chosen || detectorWords(detectors[found.detector] ?? detectors[0])}, every ${span}`}
      describe=${(mark) => `${time(mark.t)}, score ${score(mark.score)}, ${word(mark.score)}`} testid="preview-chart" />
    <p class="quiet legend">Line: values of each ${span}. Shade: what is usual. Marks: anomalies of ${alertScore.value} or more${found.t.length < found.buckets ? '; where there are many values, the least and the greatest are drawn' : ''}.</p>`;
}

/** The records that would be told, of those so near each other that they would hide one another the worst. */
function told({ t, marks }) {
  const near = Math.max(1, ((t.at(-1) ?? 0) - (t[0] ?? 0)) / MOST_MARKS);
  const worst = new Map();
  for (const mark of marks.filter((one) => one.score >= alertScore.value)) {
    const place = Math.floor(mark.t / near);
    if (!(worst.get(place)?.score >= mark.score)) worst.set(place, mark);
  }
  return [...worst.values()];
}

const choose = (detector, [partition, by]) => {
  const series = Object.fromEntries([['partition', partition], ['by', by]].filter(([, value]) => value !== null));
  shown.value = { detector, series, of: splitOf(detector) };
};

function Facts({ found }) {
  const left = Object.values(found.dropped).reduce((sum, many) => sum + many, 0);
  return html`
    <p class="quiet facts-line">
      ${found.whole ? '' : 'The first '}${counted(found.rows, 'row')} · ${counted(found.buckets, 'bucket')} · ${counted(found.series, 'series', 'series')} · ${bytes(found.memory.total)} of memory
      ${left > 0 && html` · <span class="wrong">${counted(left, 'row')} left out (${Object.keys(found.dropped).map((reason) => reason.replaceAll('_', ' ')).join(', ')})</span>`}
    </p>
    ${found.notes.map((note) => html`<p class="quiet">${note}</p>`)}`;
}

/** Advice of the job as a whole; that of a setting stands beside it. */
export const Advice = () => advice.value.filter((one) => one.path === '').map((one) => html`<${Better} advice=${one} />`);
