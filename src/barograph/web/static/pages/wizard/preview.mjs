// What the job would have found, beside the settings.
import { html, useMemo } from '../../lib/html.mjs';
import { count, counted, interval, number, score, time } from '../../lib/format.mjs';
import { word } from '../../lib/scales.mjs';
import { visible } from '../../lib/visible.mjs';
import { Terms } from '../../parts/category.mjs';
import { SeriesChart } from '../../parts/chart.mjs';
import { shownValue } from '../../parts/entity.mjs';
import { PointsChart, PointsSaid, rowsHeight, withMarks } from '../../parts/points.mjs';
import { Failed } from '../../parts/panel.mjs';
import { bytes, detectorWords } from '../jobs/words.mjs';
import { config, seen } from './draft.mjs';
import { Graded } from './graded.mjs';
import { advice, Better, problems } from './field.mjs';
import { Predicted } from './memory.mjs';
import { alertScore, shown, splitOf, trialError, tried, trying } from './trial.mjs';

const HEIGHT = 260;
const MOST_MARKS = 100;
const FEW = 10;

/** The preview; nothing without a file. */
export function Preview() {
  if (!seen.value) return null;
  const found = tried.value;
  const isOld = !trying.value && problems.value.some((one) => one.path !== 'job_id');
  return html`
    <section class="preview" aria-label="What it would have found" aria-busy=${String(trying.value)}>
      <div class=${found && (trying.value || isOld) ? 'dimmed' : ''}>
        ${trialError.value && html`<${Failed} error=${trialError.value} />`}
        ${found && isOld && !trialError.value && html`<p role="status">This is of the settings before; those beside it are to be mended first.</p>`}
        ${found && !trialError.value && html`<${Headline} found=${found} /><${Picture} found=${found} /><${Categories} found=${found} /><${Facts} found=${found} />`}
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
  const chosen = nameOf(found.shown);
  return html`
    <div class="which">
      ${!found.features && html`<${Measure} found=${found} />`}
      ${found.others.length > 1 && html`
        <label>${found.features ? 'Entity' : 'Series'}<select value=${keyOf(found.shown)} onChange=${(event) => choose(found.detector, JSON.parse(event.target.value))}>
          ${found.others.map((one) => html`<option value=${keyOf(one)}>${nameOf(one)}${one.record_score > 0 ? ` (${score(one.record_score)})` : ''}</option>`)}</select></label>`}
    </div>
    ${found.features && html`<${Graded} found=${found} range=${range} /><div class="which"><${Measure} found=${found} /></div>`}
    ${found.points ? html`<${Spread} found=${found} chosen=${chosen} />` : found.refused ? html`<${Worst} found=${found} />` : html`<${SeriesChart} data=${data} range=${range} height=${HEIGHT} span=${step} label=${`Values of ${chosen || detectorWords(detectors[found.detector] ?? detectors[0])}, every ${span}`}
      describe=${(mark) => `${time(mark.t)}, score ${score(mark.score)}, ${word(mark.score)}`} testid="preview-chart" />`}
    ${!found.refused && !found.points && html`<p class="quiet legend">Line: values of each ${span}. Shade: what is usual. Marks: anomalies of ${alertScore.value} or more${found.t.length < found.buckets ? '; where there are many values, the least and the greatest are drawn' : ''}.</p>`}`;
}

/** Which of several measures, or features, is charted. */
function Measure({ found }) {
  const { detectors } = config.value.analysis_config;
  if (detectors.length < 2) return null;
  const name = (detector, at) => (found.features && config.value.forest_config?.features[at]?.feature_name) || detectorWords(detector);
  const pick = (event) => { shown.value = { ...shown.peek(), detector: Number(event.target.value), ...(!found.features && { series: null }) }; };
  return html`
    <label>${found.features ? 'Feature' : 'Measure'}<select value=${found.detector} onChange=${pick}>
      ${detectors.map((one, index) => html`<option value=${index}>${name(one, index)}</option>`)}</select></label>`;
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

const SPLITS = ['partition', 'by', 'over'];
const valuesOf = (series) => SPLITS.map((role) => [role, series[role] ?? null]).filter(([, value]) => value !== null);
const keyOf = (series) => JSON.stringify(valuesOf(series));
const nameOf = (series) => valuesOf(series).map(([, value]) => shownValue(value)).join(', ');

const choose = (detector, values) => {
  shown.value = { detector, series: Object.fromEntries(values), of: splitOf(detector) };
};

/** What all did, where one of them by itself is no line. */
function Spread({ found, chosen }) {
  const { bucket_span: span } = config.value.analysis_config;
  const data = useMemo(() => withMarks(found.points, (mark) => mark.score >= alertScore.value), [found.points, alertScore.value]);
  const step = data.bucket_span_ms;
  const range = data.t.reduce(([from, to], t) => [Math.min(from, t), Math.max(to, t + step)], [found.end - step, found.start + step]);
  const focus = { rare: found.shown.by, population: found.shown.over }[data.kind] ?? null;
  return html`
    <${PointsChart} data=${data} range=${range} span=${step} height=${data.kind === 'rare' ? rowsHeight(data) : HEIGHT}
      label=${chosen ? `Every ${span}, ${chosen} in colour` : `Every ${span}`} focus=${focus} testid="preview-chart" />
    <p class="quiet legend"><${PointsSaid} data=${data} /></p>`;
}

/** Those with the highest scores, where their values are no line. */
const Worst = ({ found }) => html`
  <p class="quiet">${found.refused}</p>
  <table>
    <thead><tr><th>Whose</th><th class="number">Highest score</th></tr></thead>
    <tbody>${found.others.filter((one) => one.record_score > 0).slice(0, FEW).map((one) => html`
      <tr><td>${nameOf(one) || 'all rows'}</td><td class="number"><span class="score"><i class=${`swatch ${word(one.record_score)}`} />${score(one.record_score)}</span></td></tr>`)}</tbody>
  </table>`;

/** What messages would be taken for the same. */
const Categories = ({ found }) => found.all_categories > 0 && html`
  <div class="tried-categories">
    <h3>${counted(found.all_categories, 'category', 'categories')} of messages${found.all_categories > found.categories.length ? `, the largest ${found.categories.length} of them` : ''}</h3>
    <table>
      <thead><tr><th class="number">Messages</th><th>What they have in common, and one of them</th></tr></thead>
      <tbody>${found.categories.map((one) => html`
        <tr><td class="number">${count(one.num_matches)}</td><td><${Terms} found=${one} />${one.examples.length > 0 && html`<div class="quiet such"><bdi>${visible(one.examples[0])}</bdi></div>`}</td></tr>`)}</tbody>
    </table>
  </div>`;

function Facts({ found }) {
  const left = Object.values(found.dropped).reduce((sum, many) => sum + many, 0);
  return html`
    <p class="quiet facts-line">
      ${found.whole ? '' : 'The first '}${counted(found.rows, 'row')} · ${counted(found.buckets, 'bucket')} · ${counted(found.series, 'series', 'series')} · ${bytes(found.memory.total)} of memory in this trial
      ${left > 0 && html` · <span class="wrong">${counted(left, 'row')} left out (${Object.keys(found.dropped).map((reason) => reason.replaceAll('_', ' ')).join(', ')})</span>`}
    </p>
    <${Predicted} />
    ${found.notes.map((note) => html`<p class="quiet">${note}</p>`)}`;
}

/** Advice of the job as a whole; that of a setting stands beside it. */
export const Advice = () => advice.value.filter((one) => one.path === '').map((one) => html`<${Better} advice=${one} />`);
