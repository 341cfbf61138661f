// Lanes over time: all of it together, and by job, entity or detector; with what was noted above them.
import { html, useMemo, useRef } from '../../lib/html.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { count, interval } from '../../lib/format.mjs';
import { jobIds, jobs, range, zone } from '../../lib/range.mjs';
import { alertVersion } from '../../lib/alerts.mjs';
import { useVersion } from '../../lib/live.mjs';
import { Icon } from '../../parts/icon.mjs';
import { Panel } from '../../parts/panel.mjs';
import { hideTooltip } from '../../parts/tooltip.mjs';
import { ticks } from '../../widgets/time-axis.mjs';
import { AlertsPanel, histogramUrl, withAlerts } from './alerts.mjs';
import { CellPopover } from './cell-popover.mjs';
import { Help } from './help.mjs';
import { LaneBlock, KIND_WORDS } from './lane-block.mjs';
import { LanesTable } from './lanes-table.mjs';
import { NotesStrip } from './notes-strip.mjs';
import { Pager } from './pager.mjs';
import { useWidth } from './width.mjs';
import {
  ROW_CHOICES, WAITING, asked, change, filter, isSelected, lanes, page, picked, rows, select, selected, shownSeverities,
} from './state.mjs';

const CELL_PX = 8;
const TICK_PX = 90;
const TEXT_PX = 64;

/** How many columns fit, in steps of ten, so that small changes of the window ask nothing. */
function useColumns(host) {
  const wide = useWidth(host);
  if (wide === 0) return 0;
  const labels = Number.parseInt(getComputedStyle(host.current).getPropertyValue('--lane-labels'), 10);
  return Math.max(20, Math.floor((wide - labels) / CELL_PX / 10) * 10);
}

/** @param {{by: string | null, fields: any}} props by: what the lanes are; null until it is known */
export function Timeline({ by, fields }) {
  const host = useRef(null);
  const columns = useColumns(host);
  const version = useVersion(jobIds.value);
  const ready = columns > 0 && range.value !== null && by !== null;
  const least = shownSeverities.value?.[0] || null;
  const isAll = isOneSeries(fields);
  const common = { ...asked(), width: columns };
  const overall = useQuery(ready ? `/lanes${params({ ...common, by: 'overall', q: null })}` : null, { deps: [version] });
  const inside = selected.value !== null && lanes.value.length === 0 ? { sel_from: selected.value[0], sel_to: selected.value[1] } : {};
  const of = { ...common, ...inside, by, min: least, page: page.value - 1, rows: rows.value };
  const view = useQuery(ready && !isAll ? `/lanes${params(of)}` : null, { deps: [version] });
  const alerts = useQuery(overall.data ? histogramUrl(overall.data) : null, { deps: [alertVersion.value] });
  const marked = useMarked(overall.data, alerts.data);
  const markedView = useMarked(view.data, alerts.data);
  const name = by === 'job' || by === 'detector' ? by : by?.replace(/^:/, '');
  const pages = Math.max(1, Math.ceil((view.data?.total ?? 0) / rows.value));
  const turn = (step) => change({ page: Math.min(pages, Math.max(1, page.value + step)) });
  const pick = (kind, of) => (selection, place, widget) => {
    select(selection, of);
    hideTooltip();
    if (selection === null || place === null) picked.value = null;
    else picked.value = { rect: widget.rectOf(place.lane, place.column), score: place.cell?.[2] ?? null, kind };
  };
  return html`
    <div class="timeline" ref=${host}>
      <${Panel} title="Timeline" query=${ready ? overall : WAITING} height=${60} actions=${html`
        ${isSelected.value && html`<button type="button" onClick=${() => select(null)}><${Icon} name="close" />Clear selection</button>`}
        <${LanesTable} overall=${overall.data} view=${view.data} name=${name} /><${Help} />`}>
        ${(data) => html`
          <div class="lane-rows">
            <${NotesStrip} start=${data.start} end=${data.end} />
            <${LaneBlock} name="Overall" field=${null} data=${marked} selection=${selectionOf(data)}
              onSelect=${(selection, place, widget) => pick(data.kind, null)(selection && { ...selection, lanes: [] }, place, widget)} />
            ${isAll && html`<div /><${Axis} data=${data} />`}
          </div>
          <p class="lane-kind quiet">${overallNote(data)}</p>`}
      </${Panel}>
      ${!isAll && html`<${Panel} name="Lanes" query=${ready ? view : WAITING} height=${rows.value * 26 + 28} actions=${html`
        <${ViewBy} by=${by} fields=${fields} data=${view.data} />`}
        empty=${view.data && view.data.total === 0 ? nothing(name) : null}>
        ${(data) => html`
          <div class="lane-rows">
            <${LaneBlock} key=${by} name=${`Lanes by ${name}`} field=${name} data=${markedView} selection=${selectionOf(data)} labelOf=${labels(by)}
              onSelect=${pick(data.kind, by)} turn=${turn} />
            <div />
            <${Axis} data=${data} />
          </div>
          <div class="lane-foot">
            <label class="beside">Rows <select value=${String(rows.value)} onChange=${(event) => change({ rows: event.target.value, page: null })}>
              ${ROW_CHOICES.map((many) => html`<option value=${many}>${many}</option>`)}
            </select></label>
            <${Pager} name="lanes" page=${page.value} pages=${pages} go=${(to) => change({ page: to })}
              text=${`${count((page.value - 1) * rows.value + 1)}–${count(Math.min(page.value * rows.value, data.total))} of ${count(data.total)}`} />
          </div>`}
      </${Panel}>`}
      <${AlertsPanel} query=${alerts} />
      <${CellPopover} by=${by} hasAlerts=${(alerts.data?.columns.length ?? 0) > 0} />
    </div>`;
}

/** Lanes with their alerts, the same object as long as nothing in it changes. */
const useMarked = (lanes, alerts) => useMemo(() => withAlerts(lanes, alerts), [lanes, alerts]);

/** Whether lanes of anything would only say again what the one above them says. */
const isOneSeries = (fields) => (fields?.fields.length ?? 1) === 0 && jobs.value?.length === 1 && jobs.value[0].detectors.length === 1;

/** What is selected, for a block of lanes: all of its lanes where none is named. */
function selectionOf(data) {
  if (!isSelected.value) return null;
  const [from, to] = selected.value ?? [data.start, data.end];
  return { lanes: data.by === 'overall' ? [] : lanes.value, from, to };
}

const overallNote = (data) => `${data.kind === 'overall' ? 'Worst bucket of any of the jobs' : 'Bucket scores of the job'}${filter.value ? ', not filtered' : ''}`;

const nothing = (name) => html`
  <p>No ${name} has a score${filter.value ? ` that the filter ${filter.value} lets through` : ''} in this time.
    ${filter.value && html` <button type="button" class="link" onClick=${() => change({ q: null, page: null })}>Remove the filter</button>`}</p>`;

/** Detectors have ids; people know them by what they do. */
const labels = (by) => {
  if (by !== 'detector') return undefined;
  const many = (jobs.value ?? []).length > 1;
  return (value) => {
    const [jobId, index] = value.split('/');
    const text = jobs.value?.find((job) => job.job_id === jobId)?.detectors[Number(index)] ?? value;
    return many ? `${jobId}: ${text}` : text;
  };
};

function ViewBy({ by, fields, data }) {
  const names = (fields?.fields ?? []).map((field) => field.name);
  const value = (name) => (['overall', 'job', 'detector'].includes(name) || name.startsWith(':') ? `:${name}` : name);
  const sorted = selected.value !== null && lanes.value.length === 0
    ? `by highest score in ${interval(...selected.value)}` : 'by highest score';
  const note = by === 'job' && filter.value ? ', not filtered' : '';
  return html`
    <label class="beside">View by <select value=${by ?? ''} onChange=${(event) => change({ by: event.target.value, page: null, lane: null, sel: null })}>
      ${names.map((name) => html`<option value=${value(name)}>${name}</option>`)}
      <option value="detector">detector</option>
      <option value="job">job</option>
    </select></label>
    <span class="quiet lane-caption">${data && `${KIND_WORDS[data.kind]}s, sorted ${sorted}${note}`}</span>`;
}

function Axis({ data }) {
  const host = useRef(null);
  const wide = useWidth(host);
  const pick = (event) => {
    const box = host.current.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * ((data.end - data.start) / data.step));
    const from = data.start + column * data.step;
    select({ lanes: [], from, to: from + data.step });
  };
  return html`
    <div class="lane-axis" ref=${host} onClick=${pick} aria-hidden="true">
      ${ticks(data.start, data.end, Math.max(2, wide / TICK_PX), zone.value).filter(({ t }) => data.end - t > TEXT_PX / wide * (data.end - data.start)).map(({ t, text, isDay }) => html`
        <span class=${isDay ? 'is-day' : ''} style=${{ left: `${(100 * (t - data.start)) / (data.end - data.start)}%` }}>${text}</span>`)}
    </div>`;
}

