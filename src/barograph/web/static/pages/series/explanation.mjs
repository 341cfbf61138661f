// Why one bucket of the series scores what it scores, also a normal one.
import { html } from '../../lib/html.mjs';
import { get, go } from '../../lib/url.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { count, counted, interval, number, probability, score } from '../../lib/format.mjs';
import { inPageTimes } from '../../lib/local-time.mjs';
import { word } from '../../lib/scales.mjs';
import { Icon } from '../../parts/icon.mjs';
import { Panel } from '../../parts/panel.mjs';
import { open } from './state.mjs';

const TYPES = {
  spike: 'A spike: higher than expected.',
  dip: 'A dip: lower than expected.',
  change: 'A change: the last buckets together are not what is expected.',
  still: 'The very same value for several buckets, where it hardly ever stays.',
  missing: 'No rows, where some were due.',
};

/** @param {{job: any, series: any, t: number, version: string, planned: any[], note: (span: [number, number]) => void}} props */
export function Explanation({ job, series, t, version, planned, note }) {
  const start = Math.floor(t / job.bucket_span_ms) * job.bucket_span_ms;
  const end = start + job.bucket_span_ms;
  const { detector, function: fn, partition, by, over } = series.query;
  const query = useQuery(`${series.base}/explain${params({ time: start, detector, function: fn, partition, by, over })}`, { deps: [version] });
  const actions = html`
    <button type="button" onClick=${() => note([start, end])}><${Icon} name="note" />Note it</button>
    <button type="button" class="bare" aria-label="Close the explanation" onClick=${() => open(null)}><${Icon} name="close" /></button>`;
  const here = planned.filter((one) => one.start < end && start < one.end);
  return html`
    <${Panel} class="explanation" title=${interval(start, end)} query=${query} actions=${actions} height=${220}>
      ${(told) => told && html`<${Told} one=${told.explanations[0]} planned=${here} kind=${series.detector.points} zone=${job.time_zone} />`}
    </${Panel}>`;
}

function Told({ one, planned, kind, zone }) {
  const [isRare, isWritten] = [kind === 'rare', ['times', 'places'].includes(kind)];
  const isLine = !isRare && !isWritten;
  const now = one.record_score;
  return html`
    ${one.together.map((sentence) => html`<p class="together" key=${sentence}>${sentence}</p>`)}
    <p class="verdict">
      ${one.together.length > 0 ? html`<strong>This feature by itself:</strong> ${one.gate ?? 'what it would score.'}` : now === null || one.gate
        ? html`<strong>No anomaly.</strong> ${one.gate ?? 'It has no record.'}`
        : html`<span class="score"><i class=${`swatch ${word(now)}`} />${score(now)} ${word(now)}</span> ${isRare ? 'A value that hardly ever comes.' : isWritten ? 'Far from all that is usual.' : TYPES[one.anomaly_type]}
          ${one.score - now > 1 && ` It first scored ${score(one.score)}; what the job has shown since has made it less remarkable.`}`}
    </p>
    <div class="explanation-columns">
      <div>
        <h3>What was there</h3>
        <dl class="facts">
          ${isRare ? html`
            <${Fact} name="Came" value=${one.actual === null ? 'no' : 'yes'} />
            <${Fact} name="Usual" value=${`in ${number(100 * one.typical)} % of the buckets`} />
            <${Fact} name="Before" value=${`in ${counted(one.values_before, 'bucket')}`} />` : html`
            <${Fact} name="Actual" value=${one.actual_text ?? (one.actual === null ? 'no data' : number(one.actual))} />
            <${Fact} name=${isWritten ? 'Nearest usual' : 'Typical'} value=${one.typical_text ?? number(one.typical)} />
            ${isLine && html`<${Fact} name="Usual range" value=${one.lower === null ? 'not known yet' : `${number(one.lower)} – ${number(one.upper)}`} />`}
            <${Fact} name="Learnt from" value=${`${count(one.values_before)} values before`} />`}
          <${Fact} name="Probability" value=${probability(one.probability, one.log_probability)} />
          ${planned.map((event) => html`<${Fact} key=${event.event_id} name="Planned" value=${`${event.description} (${effect(event)})`} />`)}
        </dl>
        ${isLine && html`<${Range} one=${one} />`}
      </div>
      <div>
        <h3>What makes the score${one.score > 0 ? ` of ${score(one.score)}` : ''}</h3>
        ${one.factors.length === 0 ? html`<p class="quiet">There is no value to score.</p>` : html`
          <ul class="factors">${one.factors.map((factor) => html`<${Factor} key=${factor.name} factor=${factor} />`)}</ul>`}
        ${one.would_score.length > 0 && isLine && html`
          <h3>What would have scored</h3>
          <ul class="would">${one.would_score.map((would) => html`<${Would} key=${would.score} would=${would} />`)}</ul>
          ${one.anomaly_type === 'still' && html`<p class="quiet">The very same value again scores ${score(one.score)}, however near to the typical one it is.</p>`}`}
      </div>
      <div>
        <${Blamed} influencers=${one.influencers} isLine=${isLine} />
        <h3>What the model believed before it</h3>
        <ul class="believed">${one.model.map((sentence) => html`<li key=${sentence}>${inPageTimes(sentence, zone)}</li>`)}</ul>
      </div>
    </div>`;
}

/** Who is to blame; the chart can show what would have been without each. */
function Blamed({ influencers, isLine }) {
  const entities = influencers.flatMap(({ influencer_field_name: field, influencer_field_values: values }) => values.map((value) => ({ field, value })));
  if (entities.length === 0) return null;
  const shown = get('without');
  return html`
    <h3>Who is to blame</h3>
    <ul class="blamed">
      ${entities.map(({ field, value }) => {
        const named = `${field}=${value}`;
        return html`<li key=${named}><span><span class="quiet">${field}</span> ${value || '(empty)'}</span>
          ${isLine && html`<button type="button" class="link" aria-pressed=${String(shown === named)} onClick=${() => go({ set: { without: shown === named ? null : named } })}>
            ${shown === named ? 'Hide what would be without it' : 'Show the series without it'}</button>`}</li>`;
      })}
    </ul>`;
}

const Fact = ({ name, value }) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`;

function effect(event) {
  const effects = [event.skip_result && 'no results wanted', event.skip_model_update && 'not learnt from'].filter(Boolean);
  return effects.join(', ') || 'changes nothing';
}

function Factor({ factor: { what, points } }) {
  const sign = points > 0 ? '+' : points < 0 ? '−' : '';
  const size = Math.abs(points) < 0.05 ? '0' : `${sign}${number(Math.round(Math.abs(points) * 10) / 10)}`;
  return html`
    <li>
      <span>${what}</span>
      <span class="factor-bar" aria-hidden="true"><i class=${points < 0 ? 'less' : ''} style=${{ width: `${Math.min(Math.abs(points), 100)}%` }} /></span>
      <b>${size}</b>
    </li>`;
}

function Would({ would }) {
  const every = would.low !== null && would.high !== null && would.low >= would.high;
  const sides = every ? 'any value' : [
    would.low !== null && `${number(would.low)} or less`, would.high !== null && `${number(would.high)} or more`,
  ].filter(Boolean).join(', ');
  return html`<li><span class="score"><i class=${`swatch ${word(would.score)}`} />${would.score} ${word(would.score)}</span> ${sides || 'no value would'}</li>`;
}

/** Where the value lies beside what was usual. */
function Range({ one }) {
  if (one.lower === null || one.actual === null) return null;
  const values = [one.lower, one.upper, one.actual, one.typical];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const at = (value) => `${4 + (92 * (value - low)) / (high - low || 1)}%`;
  return html`
    <svg class="range-plot" role="img" width="100%" height="36"
      aria-label=${`Actual ${number(one.actual)}, usual from ${number(one.lower)} to ${number(one.upper)}, typical ${number(one.typical)}`}>
      <line x1="0" x2="100%" y1="14" y2="14" class="axis" />
      <rect x=${at(one.lower)} width=${`calc(${at(one.upper)} - ${at(one.lower)})`} y="8" height="12" rx="2" class="usual" />
      <line x1=${at(one.typical)} x2=${at(one.typical)} y1="6" y2="22" class="typical" />
      <circle cx=${at(one.actual)} cy="14" r="5" class=${one.actual < one.lower || one.actual > one.upper ? 'actual outside' : 'actual'} />
      <text x=${at((one.lower + one.upper) / 2)} y="34" text-anchor="middle">usual</text>
    </svg>`;
}
