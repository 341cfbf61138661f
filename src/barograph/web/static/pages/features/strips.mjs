// Grade, score with its threshold, and confidence of one entity: each on an axis of its own, one below the other.
import { html, useRef } from '../../lib/html.mjs';
import { go, timeText } from '../../lib/url.mjs';
import { counted, duration, interval, number } from '../../lib/format.mjs';
import { presentOfOpen, zone } from '../../lib/range.mjs';
import { gradeWord } from '../../lib/scales.mjs';
import { hideTooltip, showTooltip } from '../../parts/tooltip.mjs';
import { ticks } from '../../widgets/time-axis.mjs';
import { useWidth } from '../explorer/width.mjs';

const LEFT = 56;
const RIGHT = 20;  // as charts have it, so that one time is in one place
const GAP = 14;
const AXIS = 24;
const TICK_PX = 90;
const SURE = 0.9;
const HEIGHTS = { grade: 64, score: 84, confidence: 48 };
const TOPS = { grade: 8, score: 8 + HEIGHTS.grade + GAP, confidence: 8 + HEIGHTS.grade + HEIGHTS.score + 2 * GAP };
const BOTTOM = TOPS.confidence + HEIGHTS.confidence;
const NEAR = 12;

const openIt = (anomaly) => go({ set: { open: timeText(anomaly.t) } });

/**
 * @param {{data: any, range: [number, number], waiting?: [number, number] | null, chosen: any, onPick?: (anomaly: any) => void}} props
 *   data: as `/features` tells; waiting: a time whose results wait for rows that come later, or null; chosen: an anomaly of the
 *   data, or null; onPick: what a click on one does, unless it opens its details
 */
export function Strips({ data, range: [from, to], waiting = null, chosen, onPick = openIt }) {
  const host = useRef(null);
  const wide = useWidth(host);
  const span = data.bucket_span_ms;
  const now = presentOfOpen.value;
  const gaps = off(data, [from, to], now, waiting);
  const x = (t) => LEFT + ((t - from) / (to - from)) * (wide - LEFT - RIGHT);
  const highest = Math.max(...data.score, ...data.threshold, 0.01) * 1.05;
  const scale = (name, most) => (value) => TOPS[name] + HEIGHTS[name] * (1 - value / most);
  const y = { grade: scale('grade', 1), score: scale('score', highest), confidence: scale('confidence', 1) };
  const line = (values, of) => data.t.map((t, at) => `${joins(data.t, at, span) ? 'L' : 'M'}${x(t + span / 2).toFixed(1)} ${of(values[at]).toFixed(1)}`).join('');
  const near = (event) => {
    const left = event.clientX - host.current.getBoundingClientRect().left;
    const away = (t) => Math.abs(x(t + span / 2) - left);
    const mark = nearest(data.anomalies, (one) => away(one.t), NEAR);
    return { mark, at: mark ? data.t.indexOf(mark.t) : nearest(data.t.map((_, index) => index), (index) => away(data.t[index]), 40) };
  };
  const move = (event) => {
    const { mark, at } = near(event);
    if (at === null || at < 0) hideTooltip();
    else showTooltip(event.clientX, event.clientY, html`<${Said} data=${data} at=${at} mark=${mark} />`);
    host.current.classList.toggle('can-pick', mark !== null);
  };
  const pick = (event) => { const { mark } = near(event); if (mark) onPick(mark); };
  return html`
    <div class="strips" ref=${host} style=${{ height: `${BOTTOM + AXIS}px` }} role="img" aria-label=${inWords(data)} data-testid="strips" onPointerMove=${move} onPointerLeave=${hideTooltip} onClick=${pick}>
      ${wide > 0 && html`
        <svg width=${wide} height=${BOTTOM + AXIS} aria-hidden="true">
          <pattern id="strips-off" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="off-ground" width="6" height="6" /><line class="off-line" x1="0" x2="0" y1="0" y2="6" /></pattern>
          ${learning(data, span).map(([begin, end]) => html`<rect class="learning" data-learning x=${x(begin)} width=${Math.max(1, x(end) - x(begin))} y=${TOPS.grade} height=${BOTTOM - TOPS.grade} />`)}
          ${gaps.map(([begin, end]) => html`<rect class="off" data-off x=${x(begin)} width=${Math.max(1, x(end) - x(begin))} y=${TOPS.grade} height=${BOTTOM - TOPS.grade} />`)}
          ${chosen && html`<rect class="noted" x=${x(chosen.start)} width=${Math.max(2, x(chosen.end) - x(chosen.start))} y=${TOPS.grade} height=${BOTTOM - TOPS.grade} />`}
          ${Object.keys(HEIGHTS).map((name) => html`<${Frame} name=${name} most=${name === 'score' ? highest : 1} wide=${wide} />`)}
          ${ticks(from, to, Math.max(2, (wide - LEFT) / TICK_PX), zone.value).map(({ t, text, isDay }) => html`
            <line class="tick" x1=${x(t)} x2=${x(t)} y1=${BOTTOM} y2=${BOTTOM + 4} /><text class=${isDay ? 'of-time is-day' : 'of-time'} x=${x(t) + 3} y=${BOTTOM + 16}>${text}</text>`)}
          ${now !== null && now >= from && now < to && html`<line class="now" data-now x1=${x(now)} x2=${x(now)} y1=${TOPS.grade} y2=${BOTTOM} />`}
          <path class="threshold" d=${line(data.threshold, y.score)} />
          <path class="line" d=${line(data.score, y.score)} />
          <path class="line confidence" d=${line(data.confidence, y.confidence)} />
          ${data.anomalies.map((one) => html`<${Mark} key=${one.t} one=${one} x=${x(one.t + span / 2)} start=${one.late > 0 ? x(one.start + span / 2) : null} y=${y} isChosen=${one === chosen} />`)}
        </svg>`}
    </div>
    <p class="quiet strips-legend"><small>Grade: 0 is no anomaly, whatever the score · Score: the line; its threshold: dashed · ${data.confidence.some((one) => one < SURE) ? 'shaded: it is still learning, confidence below 0.9 · ' : ''}${gaps.length > 0 ? 'hatched: no result, as the detector was off or there were no rows · ' : ''}${data.t.length < data.all_points ? `the worst of each of ${data.t.length} stretches of time are drawn` : `${counted(data.t.length, 'bucket')} of ${duration(span)}`}</small></p>`;
}

const joins = (t, at, span) => at > 0 && t[at] - t[at - 1] <= Math.max(span, 4 * (t.at(-1) - t[0]) / t.length);

/**
 * Times without a result, where all results are drawn: it was off, or the entity had no rows. Of what is newest that is not
 * known until a bucket and its latency are over, and one span more for the result to come; nor of what is still waiting.
 * @returns {[number, number][]}
 */
export function off({ t, all_points: all, bucket_span_ms: span, latency_ms: latency }, [from, to], now, waiting) {
  if (t.length < all) return [];
  const ends = t.map((start) => start + span);
  const between = t.map((start, at) => [ends[at - 1] ?? from, start]);
  const [begin, end] = [ends.at(-1) ?? from, Math.min(to, now ?? to)];
  const [until, since] = waiting ?? [end, end];
  const isKnown = ([start]) => now === null || now - start >= 2 * span + latency;
  const newest = [[begin, Math.min(end, until)], [Math.max(begin, since), end]].filter(isKnown);
  return [...between, ...newest].filter(([start, stop]) => stop - start >= span);
}

/** Times in which it was not sure yet. @returns {[number, number][]} */
function learning({ t, confidence }, span) {
  const spans = [];
  t.forEach((start, at) => {
    if (confidence[at] >= SURE) return;
    const end = joins(t, at + 1, span) ? t[at + 1] : start + span;
    if (spans.at(-1)?.[1] === start) spans.at(-1)[1] = end;
    else spans.push([start, end]);
  });
  return spans;
}

const Frame = ({ name, most, wide }) => html`
  <line class="axis" x1=${LEFT} x2=${wide - RIGHT} y1=${TOPS[name] + HEIGHTS[name]} y2=${TOPS[name] + HEIGHTS[name]} />
  <text class="of-value" x=${LEFT - 8} y=${TOPS[name] + 10}>${name === 'score' ? number(Number(most.toPrecision(2))) : most}</text>
  <text class="of-value name" x=${LEFT - 8} y=${TOPS[name] + HEIGHTS[name] - 2}>${name === 'confidence' ? 'conf.' : name}</text>`;

/** An anomaly: its grade as a bar; where it was noticed late, the way from its beginning. */
const Mark = ({ one, x, start, y, isChosen }) => html`
  <g class=${`anomaly ${gradeWord(one.grade)} ${isChosen ? 'is-chosen' : ''}`} data-anomaly=${one.t} data-grade=${one.grade}>
    <rect x=${x - 2} width="4" y=${y.grade(one.grade)} height=${y.grade(0) - y.grade(one.grade)} />
    <circle cx=${x} cy=${y.score(one.score)} r="5" />
    ${start !== null && html`<path class="late" d=${`M${start} ${y.score(one.score)}L${x} ${y.score(one.score)}`} /><rect class="late-start" data-late x=${start - 4} y=${y.score(one.score) - 4} width="8" height="8" />`}
  </g>`;

function Said({ data, at, mark }) {
  const row = (name, text) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`;
  return html`
    <strong>${interval(data.t[at], data.t[at] + data.bucket_span_ms)}</strong>
    <dl class="said">
      ${row('Grade', html`<span class="score"><i class=${`swatch ${gradeWord(data.grade[at])}`} />${number(data.grade[at])}${mark ? ` ${gradeWord(mark.grade)}` : ', no anomaly'}</span>`)}
      ${row('Score', `${number(data.score[at])}, threshold ${number(data.threshold[at])}`)}
      ${row('Confidence', number(data.confidence[at]))}
      ${mark?.late > 0 && row('', `noticed ${duration(mark.t - mark.start)} late`)}
    </dl>`;
}

function nearest(all, away, most) {
  let [found, least] = [null, most];
  for (const one of all) if (away(one) <= least) [found, least] = [one, away(one)];
  return found;
}

function inWords(data) {
  const worst = data.anomalies.reduce((found, one) => (found && found.grade >= one.grade ? found : one), null);
  return `${counted(data.all_points, 'result')}, ${worst === null ? 'no anomalies' : `${counted(data.anomalies.length, 'anomaly', 'anomalies')}, the highest grade ${number(worst.grade)} in ${interval(worst.t, worst.end)}`}`;
}
