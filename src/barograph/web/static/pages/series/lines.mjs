// What the charts draw, asked of the server.
import { useMemo } from '../../lib/html.mjs';
import { get } from '../../lib/url.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { COMPARED, compared, layers } from './state.mjs';

const CONTEXT_POINTS = 2600;
const FOCUS_POINTS = 3000;

/** @param {any} series @param {[number, number]} span @param {any} more @param {string} version */
function useLine(series, span, more, version) {
  const url = series.query && span && `${series.base}/series${params({ ...series.query, from: span[0], to: span[1], ...more })}`;
  return useQuery(url || null, { deps: [version] });
}

/** All there is, as far as it can be seen at once. */
export const useContext = (series, whole, version) => useLine(series, whole, { max_points: CONTEXT_POINTS }, version);

/** What is zoomed to; without the rows of an entity as well, where the URL names one. */
export const useFocus = (series, zoom, version) => useLine(series, zoom, { max_points: FOCUS_POINTS, without: get('without') }, version);

/** The same time a day or a week before, moved to this one; null: not asked for. */
export function useGhost(series, zoom, version) {
  const by = COMPARED[compared()] ?? null;
  const query = useLine(series, by && zoom && zoom.map((t) => t - by), { max_points: FOCUS_POINTS }, version);
  return useMemo(() => (query.data && by ? { t: query.data.t.map((t) => t + by), v: query.data.v } : null), [query.data, by]);
}

/** The forecast of the URL; its data is undefined without one. */
export function useForecast(series, version) {
  const id = get('fc');
  const url = id && series.query && `${series.base}/forecasts/${encodeURIComponent(id)}/series${params({ ...series.query, max_points: FOCUS_POINTS })}`;
  return useQuery(url || null, { deps: [version] });
}

/** Notes of the job and of this series, and planned times. */
export function useTimes(series, job, whole, version) {
  const span = whole && params({ from: whole[0], to: whole[1] });
  const notes = useQuery(span && `${series.base}/notes${span}`, { deps: [version] });
  const planned = useQuery(span && `${series.base}/planned${span}`, { deps: [version] });
  const ours = useMemo(() => (notes.data?.notes ?? []).filter((note) => isOf(note, series)), [notes.data, series.detector, series.values.partition, series.values.by, series.values.over]);
  return { notes, ours, planned: planned.data?.planned ?? [] };
}

/** Whether a note is of the whole job, or of a series with these values. */
function isOf(note, { detector, values }) {
  const fields = Object.entries(detector?.fields ?? {});
  return Object.entries(note.entity).every(([field, value]) => fields.some(([role, name]) => name === field && values[role] === value));
}

/** What one chart is given; the same object as long as nothing in it changes. */
export function useChartData(line, { ghost = null, forecast = null, notes = [], planned = [] }) {
  const shown = layers();
  const words = [...shown].join();
  return useMemo(() => line && ({
    ...line,
    lo: shown.has('bounds') ? line.lo : undefined,
    hi: shown.has('bounds') ? line.hi : undefined,
    typical: shown.has('typical') ? line.typical : undefined,
    ghost,
    forecast,
    notes: shown.has('notes') ? notes.map(({ start, end }) => ({ from: start, to: end })) : [],
    events: shown.has('planned') ? planned.map(({ start, end }) => ({ from: start, to: end })) : [],
  }), [line, ghost, forecast, notes, planned, words]);
}
