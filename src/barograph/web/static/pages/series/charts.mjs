// The two charts of a series: what is zoomed to, and below it all there is.
import { html, signal, useCallback, useRef, useState } from '../../lib/html.mjs';
import { counted, interval, number, score, time } from '../../lib/format.mjs';
import { word } from '../../lib/scales.mjs';
import { SeriesChart } from '../../parts/chart.mjs';
import { hideTooltip, showTooltip } from '../../parts/tooltip.mjs';
import { isCross } from '../../widgets/chart-draw.mjs';
import { Strip } from './strip.mjs';
import { open, setZoom } from './state.mjs';

const FOCUS_PX = 320;
const CONTEXT_PX = 64;

/** Where the pointer is, for the other chart; null: nowhere. */
const pointed = signal(null);

/** What a mark is called by those who do not see it. */
export const said = (job) => (mark) => [
  interval(mark.t, mark.t + job.bucket_span_ms), `record score ${score(mark.score)}, ${word(mark.score)}`,
  isCross(mark) && 'several buckets together', mark.interim && 'interim', mark.of > 1 && `the worst of ${mark.of}`,
].filter(Boolean).join(', ');

/** @param {{job: any, series: any, data: any, zoom: [number, number], whole: [number, number], selected: number | null,
 *   drags: 'zoom' | 'annotate', annotate: (span: [number, number]) => void, planned: any[]}} props */
export function Focus({ job, series, data, zoom, whole, selected, drags, annotate, planned }) {
  const [moved, setMoved] = useState(null);
  const range = moved ?? zoom;
  const inside = useCallback(([from, to]) => {
    const length = Math.min(to - from, whole[1] - whole[0]);
    const begin = Math.min(Math.max(from, whole[0]), whole[1] - length);
    return [begin, begin + length];
  }, [whole[0], whole[1]]);
  const onSpan = (span, done) => {
    if (!done) { setMoved(inside(span)); return; }
    setMoved(null);
    setZoom(inside(span));
  };
  const onHover = (at) => {
    pointed.value = at?.t ?? null;
    if (at) showTooltip(at.x, at.y, html`<${Said} job=${job} series=${series} data=${data} at=${at} planned=${planned} />`);
    else hideTooltip();
  };
  return html`
    <${SeriesChart} testid="focus" height=${FOCUS_PX} span=${job.bucket_span_ms} data=${data} range=${range} selected=${selected}
      label=${`Chart of ${series.detector.description}. Arrows go from anomaly to anomaly, with Shift from bucket to bucket; plus and minus zoom, brackets shift.`}
      drags=${drags} describe=${said(job)} onHover=${onHover} onSpan=${onSpan} onAnnotate=${annotate} onReset=${() => { setMoved(null); setZoom(null); }}
      onPick=${(t) => open(t)} />`;
}

/** What is said of a point. */
function Said({ job, series, data, at, planned }) {
  const { index, mark } = at;
  const t = mark?.t ?? at.t;
  const [value, typical, low, high] = [mark ? mark.v : data.v[index], mark?.typical ?? data.typical?.[index], data.lo?.[index], data.hi?.[index]];
  const foreseen = data.forecast ? data.forecast.t.indexOf(t) : -1;
  const row = (name, text) => html`<div><dt>${name}</dt><dd>${text}</dd></div>`;
  return html`
    <strong>${interval(t, t + job.bucket_span_ms)}</strong>
    <dl class="said">
      ${mark && row('Record score', html`<span class="score"><i class=${`swatch ${word(mark.score)}`} />${score(mark.score)} ${word(mark.score)}</span>`)}
      ${(mark || index >= 0) && row(series.fn ?? 'Value', value === null || value === undefined ? 'no data' : number(value))}
      ${typical !== null && typical !== undefined && row('Typical', number(typical))}
      ${low !== null && low !== undefined && row('Usual range', `${number(low)} – ${number(high)}`)}
      ${data.without && index >= 0 && row('Without it', number(data.without[index]))}
      ${mark && isCross(mark) && row('', 'several buckets together')}
      ${mark?.interim && row('', 'interim: the bucket is still open')}
      ${mark?.of > 1 && row('', `the worst of ${mark.of} here`)}
      ${foreseen >= 0 && row('Forecast', `${number(data.forecast.v[foreseen])} (${number(data.forecast.lo[foreseen])} – ${number(data.forecast.hi[foreseen])})`)}
      ${planned.filter((one) => one.start <= t && t < one.end).slice(0, 10).map((one) => row('Planned', one.description))}
    </dl>`;
}

/** @param {{job: any, data: any, zoom: [number, number], whole: [number, number], notes: any[], edit: (note: any) => void}} props */
export function Context({ job, data, zoom, whole, notes, edit }) {
  const [moved, setMoved] = useState(null);
  const shown = useRef(null);
  const onSpan = (span, done) => {
    setMoved(done ? null : span);
    clearTimeout(shown.current);
    if (done) setZoom(span);
    else shown.current = setTimeout(() => setZoom(span, true), 120);
  };
  const worst = data.marks.reduce((one, other) => (other.score > (one?.score ?? 0) ? other : one), null);
  const summary = worst
    ? `${counted(data.marks.reduce((sum, mark) => sum + mark.of, 0), 'anomaly', 'anomalies')}, the worst ${score(worst.score)} at ${time(worst.t)}`
    : 'no anomalies';
  return html`
    <div class="series-context">
      <${SeriesChart} testid="context" height=${CONTEXT_PX} axis=${false} brush span=${job.bucket_span_ms} data=${data} range=${whole}
        brushed=${moved ?? zoom} cursor=${pointed.value} label="All there is" onSpan=${onSpan} />
      <${Strip} label=${`Anomalies: ${summary}`} whole=${whole} span=${job.bucket_span_ms} marks=${data.marks} />
      <div class="series-notes" role="group" aria-label=${`Notes: ${notes.length}`}>
        ${notes.map((note) => html`<${NoteBlock} key=${note.note_id} note=${note} whole=${whole} edit=${edit} />`)}
      </div>
    </div>`;
}

function NoteBlock({ note, whole: [from, to], edit }) {
  const at = (t) => `${(100 * (Math.min(Math.max(t, from), to) - from)) / (to - from)}%`;
  const text = `Note ${interval(note.start, note.end)}: ${note.text}`;
  return html`
    <button type="button" class="note-block" aria-label=${text} title=${text} onClick=${() => edit(note)}
      style=${{ left: at(note.start), width: `calc(${at(note.end)} - ${at(note.start)})` }} />`;
}
