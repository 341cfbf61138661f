// Grades of entities over time, those with the highest first.
import { html, useEffect, useLayoutEffect, useMemo, useRef } from '../../lib/html.mjs';
import { go, timeText } from '../../lib/url.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { counted, interval, number, time } from '../../lib/format.mjs';
import { presentOfOpen } from '../../lib/range.mjs';
import { gradeIndex, gradeWord, severities, themeVersion } from '../../lib/scales.mjs';
import { shownValue } from '../../parts/entity.mjs';
import { Panel } from '../../parts/panel.mjs';
import { hideTooltip, showTooltip } from '../../parts/tooltip.mjs';
import { Lanes } from '../../widgets/lanes.mjs';
import { palette } from '../explorer/lane-block.mjs';

const SHOWN = 10;
const COLUMNS = 120;

const nameOf = (entity) => Object.values(entity).map(shownValue).join(' · ');
const keyOf = (entity) => JSON.stringify(Object.values(entity));

/** The entities with the highest grades. @param {any} job @param {[number, number] | null} whole @param {string} version of its results */
export function useGrades(job, whole, version) {
  const asked = whole && { from: whole[0], to: whole[1], width: COLUMNS, size: SHOWN };
  return useQuery(asked && `/jobs/${encodeURIComponent(job.job_id)}/features/lanes${params(asked)}`, { deps: [version] });
}

/** Of several category fields, the lanes of one first value stand together, the worst first. @param {any} data as `/features/lanes` tells */
function grouped(data) {
  const [outer, inner] = Object.keys(data?.lanes[0]?.entity ?? {});
  if (inner === undefined) return data;
  const firsts = [...new Set(data.lanes.map(({ entity }) => entity[outer]))];
  const place = (at) => firsts.indexOf(data.lanes[at].entity[outer]);
  const order = [...data.lanes.keys()].sort((one, other) => place(one) - place(other) || one - other);
  return { ...data, lanes: order.map((at) => data.lanes[at]), cells: data.cells.map(([lane, ...rest]) => [order.indexOf(lane), ...rest]) };
}

/** @param {{query: ReturnType<typeof useGrades>, entity: Record<string, string | null>}} props entity: that which is shown below */
export function GradeLanes({ query, entity }) {
  const data = useMemo(() => grouped(query.data), [query.data]);
  const fields = Object.keys(entity);
  const choose = (of, set = {}) => go({ set: { ...Object.fromEntries(Object.entries(of).map(([field, value]) => [`e.${field}`, value])), open: null, ...set } });
  return html`
    <${Panel} title="Entities" query=${query} height=${SHOWN * 26} empty=${data?.total === 0 && 'No entity had an anomaly in this time.'} actions=${html`
      <span class="quiet">${data && data.total > 0 && `${data.lanes.length < data.total ? `the ${data.lanes.length} worst of ` : ''}${counted(data.total, 'entity', 'entities')}, by highest grade`}</span>`}>
      ${() => html`
        ${fields.length > 1 && html`<p class="lane-fields quiet">${fields.map((field) => html`<span class="cut">${field}</span>`)}</p>`}
        <div class="lane-rows">
          <div class="lane-labels">${data.lanes.map((lane, at) => html`
            <button type="button" class="lane-label" key=${keyOf(lane.entity)} aria-pressed=${String(keyOf(lane.entity) === keyOf(entity))} onClick=${() => choose(lane.entity)}
              title=${`${nameOf(lane.entity)}: ${counted(lane.anomalies, 'anomaly', 'anomalies')}, highest grade ${number(lane.max)}`}>${fields.length > 1 ? html`<${TwoLevels} lane=${lane} above=${data.lanes[at - 1]} />` : html`<span class="cut">${nameOf(lane.entity)}</span>`}</button>`)}</div>
          <${Cells} data=${data} choose=${choose} />
        </div>
        <p class="quiet grade-scale">${time(data.start)} – ${time(data.end)}${severities.value.map((one, at, all) => html`<span><i class=${`swatch ${one.word}`} /> grade ${one.grade}–${all[at + 1]?.grade ?? 1}</span>`)}</p>`}
    </${Panel}>`;
}

/** The values of two fields; the first is seen once where it is that of the lane above, too. */
function TwoLevels({ lane, above }) {
  const [[field, outer], [, inner]] = Object.entries(lane.entity);
  return html`<span class=${`cut outer ${above?.entity[field] === outer ? 'is-same' : ''}`}>${shownValue(outer)}</span><span class="cut">${shownValue(inner)}</span>`;
}

function Cells({ data, choose }) {
  const host = useRef(null);
  const widget = useRef(null);
  const props = useRef({});
  props.current = { data, choose };
  useLayoutEffect(() => {
    widget.current = new Lanes(host.current, {
      name: 'Grades of entities', level: gradeIndex, palette, say: (place) => said(props.current.data, place),
      select: (chosen, place) => place && pick(props.current, place), hover: (place, point) => hover(props.current.data, place, point),
    });
    return () => widget.current.destroy();
  }, []);
  useLayoutEffect(() => {
    const lanes = data.lanes.map(({ entity, max }) => ({ value: keyOf(entity), max }));
    const cells = data.cells.map(([lane, column, grade]) => [lane, column, grade, 0]);
    widget.current.setData({ start: data.start, step: data.step, columns: Math.round((data.end - data.start) / data.step), lanes, cells });
  }, [data]);
  useEffect(() => { widget.current.draw(); }, [themeVersion.value]);
  useEffect(() => presentOfOpen.subscribe((time) => widget.current?.setNow(time)), [data]);
  return html`<div class="lane-canvas" ref=${host} data-testid="grade-lanes" />`;
}

const timesOf = (data, { column }) => [data.start + column * data.step, data.start + (column + 1) * data.step];

/** The entity of a lane; where a cell is of one bucket, its anomaly as well. */
function pick({ data, choose }, place) {
  const [from] = timesOf(data, place);
  choose(data.lanes[place.lane].entity, { open: place.cell ? timeText(from) : null });
}

function said(data, place) {
  const who = nameOf(data.lanes[place.lane].entity);
  const when = interval(...timesOf(data, place));
  return place.cell ? `${who}, ${when}, grade ${number(place.cell[2])}, ${gradeWord(place.cell[2])}` : `${who}, ${when}, no anomaly`;
}

function hover(data, place, point) {
  if (place === null) { hideTooltip(); return; }
  const { cell } = place;
  showTooltip(point.x, point.y, html`
    <p class="tooltip-time">${interval(...timesOf(data, place))}</p>
    <p><strong>${nameOf(data.lanes[place.lane].entity)}</strong></p>
    ${cell ? html`<p><span class=${`swatch ${gradeWord(cell[2])}`} /> grade <strong>${number(cell[2])}</strong>, ${gradeWord(cell[2])}</p>` : html`<p class="quiet">No anomaly</p>`}`);
}
