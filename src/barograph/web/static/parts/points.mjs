// Points: what all members of a population did, when each of rare values came, at which times or where something was.
import { html, useLayoutEffect, useMemo, useRef, useState } from '../lib/html.mjs';
import { count, counted, interval, number, score, time } from '../lib/format.mjs';
import { zone } from '../lib/range.mjs';
import { word } from '../lib/scales.mjs';
import { BOTTOM, RIGHT, TOP, layout, nearest } from '../widgets/points-layout.mjs';
import { ticks } from '../widgets/time-axis.mjs';
import { shownValue } from './entity.mjs';
import { hideTooltip, showTooltip } from './tooltip.mjs';

/** @typedef {{id: string, t: number, score: number, v: number | null, usual: number | null, of: number, interim: boolean, text: string | null, usual_text: string | null}} PointMark */
/**
 * @typedef {{kind: 'population' | 'rare' | 'times' | 'places', bucket_span_ms: number, names: string[], all_names: number, t: number[], v: number[],
 *   of: number[], all_points: number, text: string[], lat: number[], axis: {v: number, text: string}[], places: Array<[number[] | null, number[] | null]>,
 *   band: {t: number[], lo: Array<number | null>, typical: Array<number | null>, hi: Array<number | null>}, marks: PointMark[]}} Points
 *   as `/api/v1/jobs/{job_id}/points` tells
 */

const TICK_PX = 90;
const ROW = 16;

/** The same with some of the anomalies only. @param {Points} data @param {(mark: PointMark) => boolean} keep @returns {Points} */
export function withMarks(data, keep) {
  return { ...data, marks: data.marks.filter(keep), places: data.places.filter((_, index) => keep(data.marks[index])) };
}

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
  const at = useMemo(() => width && layout(data, range, span, width, height), [data, range[0], range[1], span, width, height]);
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
    <div class="points-chart" ref=${host} style=${{ height: `${height}px` }} data-testid=${testid} role="img" aria-label=${inWords(data, label)}
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
      ${noted && data.kind !== 'places' && html`<rect class="noted" x=${at.x(Math.max(noted[0], range[0]))} width=${Math.max(2, at.x(Math.min(noted[1], range[1])) - at.x(Math.max(noted[0], range[0])))} y=${TOP} height=${bottom - TOP} />`}
      ${at.lines.map(({ y, text }) => html`<line class="grid" x1=${at.left} x2=${width - RIGHT} y1=${y} y2=${y} /><text class="of-value" x=${at.left - 8} y=${y + 4}>${text}</text>`)}
      ${(at.columns ?? []).map(({ x, text }) => html`<line class="grid" x1=${x} x2=${x} y1=${TOP} y2=${bottom} /><text class="of-column" x=${x} y=${bottom + 16}>${text}</text>`)}
      ${data.kind !== 'places' && ticks(range[0], range[1], Math.max(2, (width - at.left) / TICK_PX), zone.value).map(({ t, text, isDay }) => html`
        <line class="tick" x1=${at.x(t)} x2=${at.x(t)} y1=${bottom} y2=${bottom + 4} /><text class=${isDay ? 'of-time is-day' : 'of-time'} x=${at.x(t) + 3} y=${bottom + 16}>${text}</text>`)}
      <line class="axis" x1=${at.left} x2=${width - RIGHT} y1=${bottom} y2=${bottom} />
      ${at.band && html`<path class="band" d=${at.band} />`}
      <path class="dots" d=${dots((of) => of !== focused)} />
      ${at.typical && html`<path class="typical" d=${at.typical} />`}
      ${focused >= 0 && html`<path class="dots is-focused" d=${dots((of) => of === focused)} />`}
      ${at.marks.filter((one) => one.usual).map(({ mark, x, y, usual }) => html`<path key=${`usual ${mark.id}`} class="way" d=${`M${usual.x} ${usual.y}L${x} ${y}`} /><circle class="usual" cx=${usual.x} cy=${usual.y} r="3" />`)}
      ${at.marks.map(({ mark, x, y }) => html`<circle key=${mark.id} class=${`mark ${word(mark.score)} ${mark.interim ? 'is-interim' : ''}`} cx=${x} cy=${y} r="5" data-mark=${mark.id} />`)}
    </svg>`;
}

function told(data, { mark, index }, span) {
  const [t, v, of] = mark ? [mark.t, mark.v, mark.of] : [data.t[index], data.v[index], data.of[index]];
  const text = mark ? mark.text : data.text[index];
  const name = shownValue(data.names[of]);
  return html`
    <div>${interval(t, t + span)}</div>
    <div><strong>${text ?? name}</strong>${mark?.usual_text ? `, usually ${mark.usual_text}` : data.kind === 'population' && v !== null ? `: ${number(v)}` : ''}</div>
    ${mark && html`<div>record score ${score(mark.score)}, ${word(mark.score)}${mark.interim ? ', interim' : ''}</div>`}`;
}

const COUNTED = { population: ({ all_names: many }) => `${counted(many, 'member')}, `, rare: ({ all_names: many }) => `${counted(many, 'value')}, `, times: () => '', places: () => '' };

/** The chart for those who do not see it; the table of anomalies has the rest. */
function inWords(data, label) {
  const worst = data.marks.reduce((found, mark) => (found && found.score >= mark.score ? found : mark), null);
  const odd = worst === null ? 'no anomalies'
    : `${counted(data.marks.length, 'anomaly', 'anomalies')}, the worst ${worst.text ?? shownValue(data.names[worst.of])} at ${time(worst.t)}, score ${score(worst.score)}`;
  return `${label}: ${COUNTED[data.kind](data)}${counted(data.all_points, 'point')}, ${odd}`;
}

const SAID = {
  population: (data) => [`a point for each of ${counted(data.all_names, 'member')} and bucket`, data.band.typical.some((one) => one !== null) && 'the line and shade are what is usual for one in the middle'],
  rare: (data) => ['a point for each bucket that has the value', data.all_names > data.names.length && `${data.names.length} of ${count(data.all_names)} values, those with anomalies and the most frequent`],
  times: () => ['a point for each bucket', 'of an anomaly the way to the nearest usual time'],
  places: () => ['a point for each bucket, north at the top', 'of an anomaly the way to the nearest usual place'],
};

/** What of it is not drawn, and what is. @param {{data: Points}} props */
export function PointsSaid({ data }) {
  const parts = SAID[data.kind](data);
  if (data.t.length < data.all_points && data.kind !== 'rare') parts.push(`${count(data.t.length)} of ${count(data.all_points)} points are drawn, and all anomalies`);
  return html`<small>${parts.filter(Boolean).join(' · ')}</small>`;
}
