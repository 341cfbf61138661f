// A picture of an incident's worst series: what it was, within what was expected.
import { html, useEffect, useRef, useState } from '../../lib/html.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { word } from '../../lib/scales.mjs';
import { around } from './incidents.mjs';

const WIDTH = 240;
const HEIGHT = 56;
const EDGE = 3;

/** @param {{incident: any}} props */
export function Spark({ incident }) {
  const box = useRef(null);
  const seen = useSeen(box);
  const { worst } = incident;
  const [from, to] = around(incident);
  const asked = {
    detector: worst.detector_index, function: worst.function_description, partition: worst.partition_field_value,
    by: worst.by_field_value, over: worst.over_field_value, from, to, max_points: WIDTH,
  };
  const { data, pending } = useQuery(seen ? `/jobs/${encodeURIComponent(incident.job_id)}/series${params(asked)}` : null);
  return html`
    <svg ref=${box} class="spark" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true" aria-busy=${String(pending)}>
      ${data && data.t.length > 1 && drawn(data, incident, from, to)}
    </svg>`;
}

/** Whether an element has been on the screen: what nobody looks at is not asked for. */
function useSeen(box) {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) { setSeen(true); observer.disconnect(); }
    }, { rootMargin: '200px' });
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  return seen;
}

function drawn(data, incident, from, to) {
  const known = [...data.v, ...data.lo, ...data.hi].filter((value) => value !== null);
  const least = Math.min(...known);
  const most = Math.max(...known);
  const x = (ms) => ((ms - from) / (to - from)) * WIDTH;
  const y = (value) => HEIGHT - EDGE - ((value - least) / (most - least || 1)) * (HEIGHT - 2 * EDGE);
  const at = (values) => data.t.map((ms, index) => (values[index] === null ? null : `${x(ms).toFixed(1)} ${y(values[index]).toFixed(1)}`));
  return html`
    <rect class="span ${word(incident.score)}" x=${x(incident.start)} width=${Math.max(2, x(incident.end) - x(incident.start))} y="0" height=${HEIGHT} />
    <path class="band" d=${band(at(data.lo), at(data.hi))} />
    <path class="line" d=${path(at(data.v))} vector-effect="non-scaling-stroke" />`;
}

/** A line that is broken where nothing is known. */
const path = (points) => points.map((point, index) => point && `${points[index - 1] ? 'L' : 'M'}${point}`).filter(Boolean).join('');

function band(low, high) {
  const both = low.map((point, index) => point && high[index] && [point, high[index]]).filter(Boolean);
  return both.length ? `M${both.map((one) => one[1]).join('L')}L${both.map((one) => one[0]).reverse().join('L')}Z` : '';
}
