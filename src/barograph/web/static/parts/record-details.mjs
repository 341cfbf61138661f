// What makes a record odd: its values, who is to blame, and the parts of its score in words.
import { html } from '../lib/html.mjs';
import { count, counted, duration, interval, number, probability, score } from '../lib/format.mjs';
import { word } from '../lib/scales.mjs';
import { RecordCategories } from './category.mjs';
import { EntityName, entitiesOf, influencersOf } from './entity.mjs';
import { Icon } from './icon.mjs';

const STEPS = [1, 2, 3, 4, 5];
const SHOWN = 5;

/** @param {{row: import('./records.mjs').RecordRow, filter?: import('./entity.mjs').EntityFilter, series: string}} props */
export const RecordDetails = ({ row, filter, series }) => html`
  <div class="record-details">
    <p class="sentence"><strong>${sentence(row)}</strong></p>
    <div class="record-columns">
      <section aria-label="Values">
        <h3>What happened</h3>
        ${!isRare(row) && !isWritten(row) && html`<${RangePlot} row=${row} />`}
        <${Values} row=${row} />
      </section>
      <section aria-label="Explanation">
        <h3>Why it scores ${score(row.record_score)}</h3>
        <${Explanation} row=${row} />
      </section>
      <section aria-label="Influencers">
        <h3>Who is to blame</h3>
        <${Influencers} row=${row} filter=${filter} />
        <p class="record-links"><a href=${series}>Open series <${Icon} name="right" /></a></p>
      </section>
    </div>
    <${RecordCategories} row=${row} />
    <details class="raw"><summary>All of it as JSON</summary><pre>${JSON.stringify(row, null, 2)}</pre></details>
  </div>`;

function sentence(row) {
  const severity = word(row.record_score);
  const of = entitiesOf(row).map(({ field, value }) => `${field} ${value}`).join(', ');
  return `${severity[0].toUpperCase()}${severity.slice(1)} anomaly in ${row.measure}${of && ` of ${of}`}: ${row.description}`;
}

const Values = ({ row }) => html`
  <dl class="facts">
    <div><dt>Time</dt><dd>${interval(row.timestamp, row.timestamp + row.bucket_span * 1000)}</dd></div>
    ${isRare(row) ? html`<${Rarity} row=${row} />` : html`
      <div><dt>Actual</dt><dd>${row.actual_text ?? number(row.actual)}</dd></div>
      <div><dt>Typical</dt><dd>${row.typical_text ?? number(row.typical)}</dd></div>`}
    ${!isRare(row) && !isWritten(row) && html`
      <div><dt>Usual range</dt><dd>${row.lower_bound === null ? 'not known' : `${number(row.lower_bound)} to ${number(row.upper_bound)}`}</dd></div>`}
    <div><dt>Detector</dt><dd>${row.detector}</dd></div>
    <div><dt>Job</dt><dd><a href=${`/jobs/${encodeURIComponent(row.job_id)}`}>${row.job_id}</a></dd></div>
    ${row.is_interim && html`<div><dt>Interim</dt><dd>its bucket is still open: this may change</dd></div>`}
  </dl>`;

/** Whether it is of a value that is there or not. */
const isRare = (row) => row.buckets_before !== null && row.buckets_before !== undefined;

/** Whether its values are times or places, which numbers do not tell. */
const isWritten = (row) => row.actual_text !== null && row.actual_text !== undefined;

const Rarity = ({ row }) => html`
  <div><dt>Came before</dt><dd>${row.values_before === 0 ? `never, in ${counted(row.buckets_before, 'bucket')}` : `in ${count(row.values_before)} of ${counted(row.buckets_before, 'bucket')}`}</dd></div>
  ${row.by_field_relative_rarity !== null && html`<div><dt>Others</dt><dd>The value in the middle is in ${number(row.by_field_relative_rarity)} times as many buckets</dd></div>`}`;

const IMPACTS = [
  ['single_bucket', 'This bucket alone'],
  ['means', 'With the buckets before it'],
  ['characteristics', 'Against its own past'],
];

const Explanation = ({ row }) => html`
  <dl class="facts">
    <div><dt>Probability</dt><dd>${probability(row.probability, row.log_probability)}</dd></div>
    <div><dt>Score</dt><dd>${scores(row)}</dd></div>
    ${row.anomaly_type && html`<div><dt>Type</dt><dd>${kind(row)}</dd></div>`}
  </dl>
  <ul class="impacts">
    ${IMPACTS.map(([name, text]) => html`<li><${Impact} text=${text} impact=${row.impacts[name]} /></li>`)}
  </ul>
  <ul class="reasons">${reasons(row).map((text) => html`<li><${Icon} name="info" />${text}</li>`)}</ul>`;

function scores(row) {
  const [first, now] = [row.initial_record_score, row.record_score];
  if (Math.floor(first) === Math.floor(now)) return `${score(now)}, ${word(now)}`;
  return `${score(first)} at first → ${score(now)} now, ${word(now)}`;
}

const kind = (row) => ((row.anomaly_length ?? 1) > 1
  ? `${row.anomaly_type} over ${counted(row.anomaly_length, 'bucket')} (${duration(row.anomaly_length * row.bucket_span * 1000)})`
  : `${row.anomaly_type} over 1 bucket (${duration(row.bucket_span * 1000)})`);

/** An impact as five steps and in a word. */
const Impact = ({ text, impact }) => html`
  <span class="impact-name">${text}</span>
  <span class="steps" aria-hidden="true">${STEPS.map((step) => html`<i class=${step <= impact.step ? 'on' : ''} />`)}</span>
  <span class="impact-word">${impact.word}</span>`;

const REASONS = {
  high_variance_penalty: 'More spread than usual is expected at this time, which lowers the score.',
  multimodal_distribution: 'Values far from the centre are a habit of this series, which lowers the score.',
  incomplete_bucket_penalty: 'Judged by what the open bucket is likely to become.',
};
const FEW_VALUES = 20;

function reasons(row) {
  const said = Object.entries(REASONS).filter(([name]) => row[name]).map(([, text]) => text);
  const before = row.values_before ?? FEW_VALUES;
  return before < FEW_VALUES && !isRare(row) ? [...said, `Only ${counted(before, 'value')} came before it, so bounds are wide.`] : said;
}

function Influencers({ row, filter }) {
  const all = influencersOf(row);
  if (all.length === 0) return html`<p class="quiet">Nobody in particular.</p>`;
  return html`
    <ul class="blamed">
      ${all.slice(0, SHOWN).map((one) => html`
        <li><${EntityName} field=${one.field} value=${one.value} filter=${filter} />
          <span class="quiet"> for ${Math.round(100 * one.influence)} %</span></li>`)}
    </ul>
    ${all.length > SHOWN && html`
      <details><summary>${all.length - SHOWN} more</summary>
        <ul class="blamed">${all.slice(SHOWN).map((one) => html`<li><${EntityName} field=${one.field} value=${one.value} /></li>`)}</ul>
      </details>`}`;
}

const WIDTH = 320;
const EDGE = 8;

/** The usual range as a bar, with the typical value as a tick in it and the actual one as a dot. */
function RangePlot({ row }) {
  const { lower_bound: low, upper_bound: high, actual, typical } = row;
  if (low === null || high === null || actual === null || row.actual_text) return null;
  const [least, most] = [Math.min(low, actual, typical), Math.max(high, actual, typical)];
  const x = (value) => EDGE + ((value - least) / (most - least || 1)) * (WIDTH - 2 * EDGE);
  const text = `Actual ${number(actual)}, usual range ${number(low)} to ${number(high)}`;
  return html`
    <svg class="range-plot" viewBox=${`0 0 ${WIDTH} 20`} role="img" aria-label=${text}>
      <line class="axis" x1=${EDGE} x2=${WIDTH - EDGE} y1="10" y2="10" />
      <rect class="band" x=${x(low)} width=${Math.max(2, x(high) - x(low))} y="4" height="12" rx="2" />
      <line class="typical" x1=${x(typical)} x2=${x(typical)} y1="3" y2="17" />
      <circle class=${`actual ${word(row.record_score)}`} cx=${x(actual)} cy="10" r="5" />
    </svg>`;
}
