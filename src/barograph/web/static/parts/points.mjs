// Points over time: what all members of a population did, or when each of rare values came; anomalies among them.
import { html, useLayoutEffect, useMemo, useRef, useState } from '../lib/html.mjs';
import { count, counted, interval, number, score, time } from '../lib/format.mjs';
import { zone } from '../lib/range.mjs';
import { word } from '../lib/scales.mjs';
import { ticks } from '../widgets/time-axis.mjs';
import { shownValue } from './entity.mjs';
import { hideTooltip, showTooltip } from './tooltip.mjs';

/** @typedef {{id: string, t: number, score: number, v: number | null, of: number, interim: boolean}} PointMark */
/**
 * @typedef {{kind: 'population' | 'rare', names: string[], all_names: number, t: number[], v: number[], of: number[], all_points: number,
 *   band: {t: number[], lo: Array<number | null>, typical: Array<number | null>, hi: Array<number | null>}, marks: PointMark[]}} Points
 *   as `/api/v1/jobs/{job_id}/points` tells
 */

const [TOP, BOTTOM, RIGHT] = [8, 24, 12];
const TICK_PX = 90;
const [NEAR, ON] = [9, 12];
const ROW = 16;
const LABELLED_ROW = 12;
const WIDEST_LABEL = 180;
const LETTER_PX = 7;

/** How high a chart of rare values is that has a line for each. @param {Points} data */
export const rowsHeight = (data) => TOP + BOTTOM + Math.max(data.names.length, 2) * ROW;

/**
 * The chart.
 * @param {{data: Points, range: [number, number], span: number, height: number, label: string, focus?: string | null,
 *   noted?: [number, number] | null, onPick?: (mark: PointMark) => void, testid?: string}} props
 *   span: length of a bucket, ms. focus: the name whose points stand out. noted: a time that is. onPick: called for an anomaly that is clicked
 */
export function PointsChart({ data, range, span, height, label, focus = null, noted = null, onPick, testid }) {
  const host = useRef(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const watch = new ResizeObserver(() => setWidth(host.current.clientWidth));
    watch.observe(host.current);
    return () => watch.disconnect();
  }, []);
  const at = useMemo(() => width && places(data, range, span, width, height), [data, range[0], range[1], span, width, height]);
  const look = (event) => {
    const box = host.current.getBoundingClientRect();
    const found = nearest(data, at, event.clientX - box.left, event.clientY - box.top);
    if (found) showTooltip(event.clientX, event.clientY, told(data, found, span));
    else hideTooltip();
    host.current.classList.toggle('can-pick', Boolean(onPick && found?.mark));
    return found;
  };
  const pick = (event) => { const mark = look(event)?.mark; if (mark && onPick) { hideTooltip(); onPick(mark); } };
  return html`
    <div class="points-chart" ref=${host} style=${{ height: `${height}px` }} data-testid=${testid} role="img" aria-label=${inWords(data, label, span)}
      onPointerMove=${at ? look : undefined} onPointerLeave=${hideTooltip} onClick=${at ? pick : undefined}>
      ${at && html`<${Picture} data=${data} at=${at} range=${range} width=${width} height=${height} focus=${focus} noted=${noted} />`}
    </div>`;
}

function Picture({ data, at, range, width, height, focus, noted }) {
  const bottom = height - BOTTOM;
  const focused = focus === null ? -1 : data.names.indexOf(focus);
  const dots = (wanted) => data.t.map((_, index) => (wanted(data.of[index]) ? `M${at.px[index]} ${at.py[index]}h0` : '')).join('');
  return html`
    <svg width=${width} height=${height} aria-hidden="true">
      ${noted && html`<rect class="noted" x=${at.x(Math.max(noted[0], range[0]))} width=${Math.max(2, at.x(Math.min(noted[1], range[1])) - at.x(Math.max(noted[0], range[0])))} y=${TOP} height=${bottom - TOP} />`}
      ${at.lines.map(({ y, text }) => html`<line class="grid" x1=${at.left} x2=${width - RIGHT} y1=${y} y2=${y} /><text class="of-value" x=${at.left - 8} y=${y + 4}>${text}</text>`)}
      ${ticks(range[0], range[1], Math.max(2, (width - at.left) / TICK_PX), zone.value).map(({ t, text, isDay }) => html`
        <line class="tick" x1=${at.x(t)} x2=${at.x(t)} y1=${bottom} y2=${bottom + 4} /><text class=${isDay ? 'of-time is-day' : 'of-time'} x=${at.x(t) + 3} y=${bottom + 16}>${text}</text>`)}
      <line class="axis" x1=${at.left} x2=${width - RIGHT} y1=${bottom} y2=${bottom} />
      ${at.band && html`<path class="band" d=${at.band} />`}
      <path class="dots" d=${dots((of) => of !== focused)} />
      ${at.typical && html`<path class="typical" d=${at.typical} />`}
      ${focused >= 0 && html`<path class="dots is-focused" d=${dots((of) => of === focused)} />`}
      ${at.marks.map(({ mark, x, y }) => html`<circle key=${mark.id} class=${`mark ${word(mark.score)} ${mark.interim ? 'is-interim' : ''}`} cx=${x} cy=${y} r="5" data-mark=${mark.id} />`)}
    </svg>`;
}

/** Where everything is. */
function places(data, [from, to], span, width, height) {
  const isRows = data.kind === 'rare';
  const bottom = height - BOTTOM;
  const row = (bottom - TOP) / Math.max(data.names.length, 1);
  const isLabelled = isRows && row >= LABELLED_ROW;
  const widest = Math.max(0, ...data.names.map((name) => shownValue(name).length)) * LETTER_PX;
  const left = isRows ? (isLabelled ? Math.min(Math.max(widest, 40), WIDEST_LABEL, width / 3) + 12 : 12) : 60;
  const x = (t) => round(left + ((t - from) / (to - from)) * (width - left - RIGHT));
  const [low, high] = isRows ? [0, 1] : reach(data);
  const y = (value) => round(bottom - ((value - low) / (high - low)) * (bottom - TOP));
  const rowOf = (of) => round(TOP + (of + 0.5) * row);
  const letters = Math.floor((left - 12) / LETTER_PX);
  const line = (values) => path(data.band.t, values, (t) => x(t + span / 2), y);
  const { lo = [], hi = [], typical = [] } = data.band;
  return {
    left, x, y,
    px: data.t.map((t) => x(t + span / 2)),
    py: data.t.map((_, index) => (isRows ? rowOf(data.of[index]) : y(data.v[index]))),
    lines: isRows ? data.names.map((name, of) => ({ y: rowOf(of), text: isLabelled ? cut(shownValue(name), letters) : '' })) : steps(low, high).map((value) => ({ y: y(value), text: number(value) })),
    band: isRows || lo.every((one) => one === null) ? null : area(data.band, (t) => x(t + span / 2), y, low, high),
    typical: isRows || typical.every((one) => one === null) ? null : line(typical),
    marks: data.marks.toSorted((one, other) => one.score - other.score).map((mark) => ({ mark, x: x(mark.t + span / 2), y: isRows ? rowOf(mark.of) : y(mark.v ?? low) })),
  };
}

const round = (px) => Math.round(10 * px) / 10;
const cut = (text, letters) => (text.length > letters ? `${text.slice(0, Math.max(letters - 1, 1))}…` : text);

/** The least and greatest of what is drawn; from zero where that is near. */
function reach({ v, marks }) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of [...v, ...marks.map((mark) => mark.v).filter((value) => value !== null)]) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low === Infinity) return [0, 1];
  if (low > 0 && low < 0.4 * high) low = 0;
  const room = (high - low) * 0.04 || Math.abs(high) / 10 || 1;
  return [low === 0 ? 0 : low - room, high + room];
}

/** Four or so round numbers between two. */
function steps(low, high) {
  const rough = (high - low) / 4;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * [1, 2, 5, 10].find((many) => many * size >= rough);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => (first + index) * step);
}

function path(t, values, x, y) {
  let pen = 'M';
  let text = '';
  values.forEach((value, index) => {
    if (value === null) { pen = 'M'; return; }
    text += `${pen}${x(t[index])} ${y(value)}`;
    pen = 'L';
  });
  return text;
}

function area({ t, lo, hi }, x, y, low, high) {
  const known = t.map((_, index) => index).filter((index) => lo[index] !== null && hi[index] !== null);
  const inside = (value) => Math.min(Math.max(value, low), high);
  const upper = known.map((index) => `${x(t[index])} ${y(inside(hi[index]))}`);
  const lower = known.map((index) => `${x(t[index])} ${y(inside(lo[index]))}`).reverse();
  return known.length ? `M${[...upper, ...lower].join('L')}Z` : null;
}

/** What the pointer is at: an anomaly before a point. */
function nearest(data, at, x, y) {
  const mark = best(at.marks.length, (index) => Math.hypot(at.marks[index].x - x, at.marks[index].y - y), ON);
  if (mark !== null) return { mark: at.marks[mark].mark };
  const index = best(data.t.length, (one) => Math.hypot(at.px[one] - x, at.py[one] - y), NEAR);
  return index === null ? null : { index };
}

function best(many, away, most) {
  let [found, least] = [null, most];
  for (let index = 0; index < many; index += 1) {
    const distance = away(index);
    if (distance <= least) [found, least] = [index, distance];
  }
  return found;
}

function told(data, { mark, index }, span) {
  const [t, v, of] = mark ? [mark.t, mark.v, mark.of] : [data.t[index], data.v[index], data.of[index]];
  return html`
    <div>${interval(t, t + span)}</div>
    <div><strong>${shownValue(data.names[of])}</strong>${data.kind === 'population' && v !== null ? `: ${number(v)}` : ''}</div>
    ${mark && html`<div>record score ${score(mark.score)}, ${word(mark.score)}${mark.interim ? ', interim' : ''}</div>`}`;
}

/** The chart for those who do not see it; the table of anomalies has the rest. */
function inWords(data, label, span) {
  const what = data.kind === 'population' ? counted(data.all_names, 'member') : counted(data.all_names, 'value');
  const worst = data.marks.reduce((found, mark) => (found && found.score >= mark.score ? found : mark), null);
  const odd = worst === null ? 'no anomalies'
    : `${counted(data.marks.length, 'anomaly', 'anomalies')}, the worst ${shownValue(data.names[worst.of])} at ${time(worst.t)}, score ${score(worst.score)}`;
  return `${label}: ${what}, ${count(data.all_points)} points, ${odd}`;
}

/** What of it is not drawn, and what is. @param {{data: Points}} props */
export function PointsSaid({ data }) {
  const parts = data.kind === 'population'
    ? [`a point for each of ${counted(data.all_names, 'member')} and bucket`, data.band.typical.some((one) => one !== null) && 'the line and shade are what is usual for one in the middle']
    : ['a point for each bucket that has the value', data.all_names > data.names.length && `${data.names.length} of ${count(data.all_names)} values, those with anomalies and the most frequent`];
  if (data.t.length < data.all_points && data.kind === 'population') parts.push(`${count(data.t.length)} of ${count(data.all_points)} points are drawn, and all anomalies`);
  return html`<small>${parts.filter(Boolean).join(' · ')}</small>`;
}
