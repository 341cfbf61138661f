// Small charts of the series that score highest in what is shown, each asked for when it comes into view.
import { html, useEffect, useMemo, useRef, useState } from '../../lib/html.mjs';
import { go, timeText } from '../../lib/url.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { counted, score, time } from '../../lib/format.mjs';
import { useVersion } from '../../lib/live.mjs';
import { jobIds, range } from '../../lib/range.mjs';
import { word } from '../../lib/scales.mjs';
import { SeriesChart } from '../../parts/chart.mjs';
import { EntityName, entitiesOf } from '../../parts/entity.mjs';
import { Panel } from '../../parts/panel.mjs';
import { PointsChart, withMarks } from '../../parts/points.mjs';
import { seriesHref, seriesKeys } from '../../parts/records.mjs';
import { askedInside, cursor, entityFilter, interim, levelOf, selected, shownSeverities } from './state.mjs';

const FEW = 4;
const MANY = 24;
const LOOKED_AT = 200;
const HEIGHT = 150;
const POINTS = 1000;
const BUCKETS_AROUND = 60;

const isRare = (row) => ['rare', 'freq_rare'].includes(row.function);
const isWritten = (row) => row.actual_text !== null;
const isPopulation = (row) => row.over_field_value !== null && !isRare(row) && !isWritten(row);
const isPoints = (row) => isRare(row) || isWritten(row) || isPopulation(row);
/** What of a record tells its chart from others: members that are compared with each other share one, and so do values that may be rare. */
const partsOf = (row) => ({ partition: row.partition_field_value, by: isRare(row) ? null : row.by_field_value, over: isRare(row) || isPopulation(row) ? null : row.over_field_value });
const keyOf = (row) => JSON.stringify([row.job_id, row.detector_index, row.function_description, Object.values(partsOf(row))]);

/** @param {{by: string}} props */
export function Charts({ by }) {
  const [most, setMost] = useState(FEW);
  const version = useVersion(jobIds.value);
  const query = useQuery(`/records${params({ ...askedInside(by), sev: shownSeverities.value, iv: 'day', size: LOOKED_AT })}`, { deps: [version] });
  const series = [...new Map((query.data?.rows ?? []).map((row) => [keyOf(row), row]).reverse()).entries()].reverse();
  const more = Math.min(series.length, MANY) - most;
  return html`
    <${Panel} title="Charts" class="explorer-charts" query=${query} height=${2 * HEIGHT} actions=${html`
      <span class="quiet">${series.length > 0 && `${Math.min(most, series.length)} of ${counted(series.length, 'series', 'series')}, the highest scores first${query.data.total > LOOKED_AT ? `, of the worst ${LOOKED_AT} of ${counted(query.data.total, 'anomaly', 'anomalies')}` : ''}`}</span>
      ${more > 0 && html`<button type="button" onClick=${() => setMost(MANY)}>Show ${more} more</button>`}`}
      empty=${query.data && series.length === 0 ? 'No series has an anomaly in what is shown.' : null}>
      ${() => html`<div class="chart-grid">${series.slice(0, most).map(([key, row]) => html`<${SmallChart} key=${key} row=${row} version=${version} />`)}</div>`}
    </${Panel}>`;
}

/** Whether an element has come into view. */
function useSeen(host) {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const watch = new IntersectionObserver((entries) => { if (entries.some((one) => one.isIntersecting)) setSeen(true); }, { rootMargin: '200px' });
    watch.observe(host.current);
    return () => watch.disconnect();
  }, []);
  return seen;
}

/** What is selected with some time around it, or all of the time. */
function shownTime(span) {
  const [from, to] = range.value;
  if (selected.value === null) return [from, to];
  const [first, last] = selected.value;
  const around = Math.max(last - first, BUCKETS_AROUND * span);
  return [Math.max(from, first - around), Math.min(to, last + around)];
}

function SmallChart({ row, version }) {
  const host = useRef(null);
  const seen = useSeen(host);
  const [from, to] = shownTime(row.bucket_span * 1000);
  const of = {
    detector: row.detector_index, function: row.function === 'metric' ? row.function_description : null, ...partsOf(row), from, to, max_points: POINTS,
  };
  const query = useQuery(seen ? `/jobs/${encodeURIComponent(row.job_id)}/${isPoints(row) ? 'points' : 'series'}${params(of)}` : null, { deps: [version] });
  const entities = entitiesOf(row).filter((one) => one.field !== memberOf(row));
  const name = [row.measure, ...entities.map((one) => `${one.field} ${one.value}`)].join(', ');
  const Picture = isPoints(row) ? Spread : Line;
  return html`
    <div class="small-chart" ref=${host} aria-busy=${String(seen && query.pending)}>
      <header>
        <h3>${row.measure} ${entities.map((one) => html`<${EntityName} ...${one} filter=${entityFilter} />`)}${memberOf(row) && html` <span class="quiet">every ${memberOf(row)}</span>`}${jobIds.value.length > 1 && html` <span class="quiet">${row.job_id}</span>`}</h3>
        <a href=${seriesHref(row)} aria-label=${`Open series ${name}`}>Open series</a>
      </header>
      ${query.error && html`<p class="quiet">${query.error.message}</p>`}
      ${query.data ? html`<${Picture} row=${row} data=${query.data} range=${[from, to]} name=${name} />` : html`<div class="skeleton" style=${{ height: `${HEIGHT}px` }} />`}
      ${query.data?.thinned && html`<small class="quiet">More buckets than room: the least and the greatest of each stretch are drawn.</small>`}
    </div>`;
}

/** The field whose values share the chart of a record; null where it is of one series. */
const memberOf = (row) => (isRare(row) ? row.by_field_name : isPopulation(row) ? row.over_field_name : null);
const isShown = (mark) => levelOf(mark.score) >= 0 && (interim.value || !mark.interim);

function Line({ row, data: found, range, name }) {
  const [first, last] = selected.value ?? [];
  const data = useMemo(() => ({
    ...found, typical: undefined, marks: found.marks.filter(isShown), notes: first === undefined ? [] : [{ from: first, to: last }],
  }), [found, first, last, shownSeverities.value, interim.value]);
  return html`
    <${SeriesChart} data=${data} range=${range} height=${HEIGHT} label=${name} span=${row.bucket_span * 1000} drags=${null} cursor=${cursor.value}
      describe=${(mark) => `${time(mark.t)}, record score ${score(mark.score)}, ${word(mark.score)}`}
      onPick=${(t) => go({ path: '/series', set: { ...seriesKeys(row), open: timeText(t) } })}
      onHover=${(at) => { cursor.value = at === null ? null : at.t; }} testid="small-chart" />`;
}

/** What is no line: the members or values that a record is of one of, times, places. */
function Spread({ row, data: found, range, name }) {
  const data = useMemo(() => withMarks(found, isShown), [found, shownSeverities.value, interim.value]);
  const pick = (mark) => go({ path: '/series', set: { ...seriesKeys(row), ...(memberOf(row) && { [`e.${memberOf(row)}`]: data.names[mark.of] }), open: timeText(mark.t) } });
  return html`
    <${PointsChart} data=${data} range=${range} height=${HEIGHT} label=${name} span=${row.bucket_span * 1000} noted=${selected.value} onPick=${pick}
      focus=${isRare(row) ? row.by_field_value : isPopulation(row) ? row.over_field_value : null} testid="small-chart" />`;
}
