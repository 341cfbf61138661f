// The chart of one series as a component.
import { html, useEffect, useLayoutEffect, useRef } from '../lib/html.mjs';
import { themeVersion } from '../lib/scales.mjs';
import { presentOfOpen, zone } from '../lib/range.mjs';
import { Chart } from '../widgets/chart.mjs';

/**
 * A chart of one series.
 * @param {Omit<import('../widgets/chart.mjs').ChartOptions, 'zone'> & {
 *   data: import('../widgets/chart.mjs').ChartData, range: [number, number], selected?: number | null,
 *   brushed?: [number, number] | null, cursor?: number | null, testid?: string
 * }} props
 *   data: the same object as long as nothing in it changes. range: what is shown, epoch ms. selected: a time that something else
 *   speaks of. brushed: what the brush has chosen. cursor: the time that another chart's pointer is at
 */
export function SeriesChart({ data, range, selected = null, brushed, cursor, testid, ...options }) {
  const host = useRef(null);
  const chart = useRef(null);
  const [from, to] = range;
  const current = { ...options, zone: zone.value };
  useLayoutEffect(() => {
    chart.current = new Chart(host.current, current, data, range);
    return () => chart.current.destroy();
  }, [options.height, options.left, options.span, options.axis, options.brush]);
  useLayoutEffect(() => { chart.current.setOptions(current); });
  const first = useRef(true);
  useLayoutEffect(() => {
    if (first.current) first.current = false;
    else chart.current.setData(data, range);
  }, [data, zone.value]);
  useLayoutEffect(() => { chart.current.setRange([from, to]); }, [from, to]);
  useLayoutEffect(() => { chart.current.select(selected); }, [selected]);
  useLayoutEffect(() => { chart.current.setBrush(brushed ?? null); }, [brushed?.[0], brushed?.[1]]);
  useLayoutEffect(() => { if (cursor !== undefined) chart.current.setCursor(cursor); }, [cursor]);
  useEffect(() => { chart.current.setNow(presentOfOpen.value); }, [presentOfOpen.value, data]);
  useEffect(() => { chart.current.redraw(); }, [themeVersion.value]);
  return html`<div ref=${host} data-testid=${testid} style=${{ height: `${options.height}px` }} />`;
}
