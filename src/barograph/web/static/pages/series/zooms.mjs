// Links to usual lengths of time; those that would show nothing else are left out.
import { html } from '../../lib/html.mjs';
import { autoZoom, setZoom } from './state.mjs';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const LENGTHS = [
  ['1h', '1 hour', HOUR], ['2h', '2 hours', 2 * HOUR], ['12h', '12 hours', 12 * HOUR], ['1d', '1 day', DAY], ['1w', '1 week', 7 * DAY],
  ['2w', '2 weeks', 14 * DAY], ['1M', '30 days', 30 * DAY],
];
const LEAST_BUCKETS = 4;
const LEAST_SHARE = 0.008;

/** The lengths that can be used: a few buckets at least, a brush that can be seen, and no more than there is. */
export function usable(job, [from, to]) {
  const whole = to - from;
  return LENGTHS.filter(([, , length]) => length >= LEAST_BUCKETS * job.bucket_span_ms && length >= LEAST_SHARE * whole && length < whole);
}

/** So long a span: it ends where the present one does, or begins with all there is. */
export function ofLength(length, [, end], [from, to]) {
  const begin = Math.max(from, end - length);
  return [begin, Math.min(to, begin + length)];
}

/** @param {{job: any, whole: [number, number], zoom: [number, number]}} props */
export function Zooms({ job, whole, zoom }) {
  const same = ([from, to]) => from === zoom[0] && to === zoom[1];
  const auto = autoZoom(job, whole);
  const link = (text, said, span, set) => html`
    <button key=${text} type="button" aria-pressed=${String(same(span))} aria-label=${said} onClick=${() => setZoom(set)}>${text}</button>`;
  return html`
    <div class="segments zooms" role="group" aria-label="Zoom">
      ${link('auto', 'Zoom to the newest buckets, one by one', auto, null)}
      ${usable(job, whole).map(([text, said, length]) => {
        const span = ofLength(length, zoom, whole);
        return link(text, `Zoom to ${said}`, span, span);
      })}
      ${!(auto[0] === whole[0] && auto[1] === whole[1]) && link('all', 'Zoom to all', whole, whole)}
    </div>`;
}
