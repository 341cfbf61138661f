// Alerts over time, under the lanes and on the same time axis, and what each rule gave.
import { html, useRef } from '../../lib/html.mjs';
import { href } from '../../lib/url.mjs';
import { params } from '../../lib/api.mjs';
import { count, counted, duration, interval, time } from '../../lib/format.mjs';
import { expressions } from '../../lib/range.mjs';
import { Counters, Status, STATUSES, allOf, rulePath } from '../../parts/alert.mjs';
import { Panel } from '../../parts/panel.mjs';
import { hideTooltip, showTooltip } from '../../parts/tooltip.mjs';
import { ALERT } from '../../widgets/lanes-draw.mjs';
import { useWidth } from './width.mjs';
import { cursor, select } from './state.mjs';

const HEIGHT = 72;
const TOP = 10;
const FOOT = 6;
const SHOWN_RULES = 5;
const NAMES = Object.keys(STATUSES);

/** The call for the alerts of some lanes. @param {any} lanes an answer of `/api/v1/lanes` */
export const histogramUrl = (lanes) => `/alerts/histogram${params({ job: expressions.value, from: lanes.start, to: lanes.end, step: lanes.step })}`;

/** The same lanes, with the cells marked that have alerts: of the whole and of jobs, as alerts are of jobs. @param {any} lanes @param {any} alerts */
export function withAlerts(lanes, alerts) {
  if (!lanes || !alerts || alerts.from !== lanes.start || alerts.step !== lanes.step) return lanes;
  const has = new Set(lanes.by === 'overall' ? alerts.columns.map(([column]) => column) : alerts.cells.map(([job, column]) => `${job}/${column}`));
  if (has.size === 0 || !['overall', 'job'].includes(lanes.by)) return lanes;
  const key = ([lane, column]) => (lanes.by === 'overall' ? column : `${lanes.lanes[lane].value}/${column}`);
  return { ...lanes, cells: lanes.cells.map((cell) => (has.has(key(cell)) ? [cell[0], cell[1], cell[2], cell[3] | ALERT] : cell)) };
}

/** The panel; nothing where there are no alerts. @param {{query: import('../../lib/api.mjs').Query}} props of `histogramUrl` */
export function AlertsPanel({ query }) {
  const { data, error } = query;
  if (!error && !(data && allOf(data.counts) > 0)) return null;
  return html`
    <${Panel} title="Alerts" class="alerts-panel" query=${query} height=${HEIGHT} actions=${html`
      ${data && html`<${Counters} counts=${data.counts} />`}
      <a href=${href('/alerts')}>All alerts</a>`}>
      ${() => html`
        <div class="lane-rows">
          <span class="lane-label quiet">At most ${most(data)}</span>
          <${Line} data=${data} />
        </div>
        <${Rules} rules=${data.rules} />`}
    </${Panel}>`;
}

const sum = ([, ...counts]) => counts.reduce((all, one) => all + one, 0);
const most = (data) => Math.max(0, ...data.columns.map(sum));

/** How many began in each column: a line, with a point where there are any. */
function Line({ data }) {
  const host = useRef(null);
  const wide = useWidth(host);
  const columns = Math.round((data.to - data.from) / data.step);
  const highest = most(data);
  const counts = new Map(data.columns.map((one) => [one[0], one]));
  const x = (column) => ((column + 0.5) * wide) / columns;
  const y = (many) => HEIGHT - FOOT - (many / highest) * (HEIGHT - TOP - FOOT);
  const path = Array.from({ length: columns }, (_, column) => `${column ? 'L' : 'M'}${x(column).toFixed(1)} ${y(sum(counts.get(column) ?? [0])).toFixed(1)}`).join('');
  const columnAt = (event) => {
    const box = host.current.getBoundingClientRect();
    return Math.min(columns - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * columns)));
  };
  const start = (column) => data.from + column * data.step;
  const move = (event) => {
    const column = columnAt(event);
    cursor.value = start(column) + data.step / 2;
    showTooltip(event.clientX, event.clientY, html`<${Said} from=${start(column)} to=${start(column + 1)} counts=${counts.get(column)} />`);
  };
  const leave = () => { cursor.value = null; hideTooltip(); };
  const pick = (event) => { const column = columnAt(event); select({ lanes: [], from: start(column), to: start(column + 1) }); };
  return html`
    <div class="alerts-line" ref=${host} data-testid="alerts-line" role="img" aria-label=${inWords(data)}
      onPointerMove=${move} onPointerLeave=${leave} onClick=${pick}>
      ${wide > 0 && html`
        <svg width=${wide} height=${HEIGHT} aria-hidden="true">
          <line class="foot" x1="0" x2=${wide} y1=${HEIGHT - FOOT} y2=${HEIGHT - FOOT} />
          <path d=${path} />
          ${data.columns.map((one) => html`
            <circle class=${one[1] > 0 ? 'is-active' : ''} cx=${x(one[0])} cy=${y(sum(one))} r="4" data-column=${one[0]} data-alerts=${sum(one)} />`)}
        </svg>`}
      <${Cursor} data=${data} />
    </div>`;
}

function Cursor({ data }) {
  const share = cursor.value === null ? -1 : (cursor.value - data.from) / (data.to - data.from);
  return share >= 0 && share <= 1 && html`<div class="lanes-cursor" style=${{ left: `${100 * share}%` }} />`;
}

const Said = ({ from, to, counts }) => html`
  <p class="tooltip-time">${interval(from, to)}</p>
  ${counts ? NAMES.map((status, at) => counts[at + 1] > 0 && html`<p><${Status} status=${status} text=${html`<strong>${count(counts[at + 1])}</strong> ${status}`} /></p>`) : html`<p class="quiet">No alert began</p>`}`;

function inWords(data) {
  const last = data.columns.reduce((latest, [column]) => Math.max(latest, column), 0);
  return `${counted(allOf(data.counts), 'alert')} began, at most ${most(data)} in ${duration(data.step)}; the last in ${interval(data.from + last * data.step, data.from + (last + 1) * data.step)}`;
}

function Rules({ rules }) {
  return html`
    <div class="table-scroll alerts-rules">
      <table>
        <caption class="hidden-text">Alerts of each rule</caption>
        <thead><tr><th>Rule</th>${NAMES.map((status) => html`<th class="number">${status}</th>`)}<th class="number">All</th><th>The last</th></tr></thead>
        <tbody>${rules.slice(0, SHOWN_RULES).map((rule) => html`
          <tr key=${rule.rule_id}>
            <td><a href=${href(rulePath(rule.rule_id))}>${rule.rule_id}</a></td>
            ${NAMES.map((status) => html`<td class="number">${rule[status] > 0 ? count(rule[status]) : html`<span class="quiet">0</span>`}</td>`)}
            <td class="number"><a href=${href('/alerts', { rule: rule.rule_id })}>${count(rule.total)}</a></td>
            <td>${time(rule.last_time)}<span class="quiet"> ${rule.last_end === null && rule.active > 0 ? 'and goes on' : `for ${duration(rule.last_duration)}`}</span></td>
          </tr>`)}</tbody>
      </table>
      ${rules.length > SHOWN_RULES && html`<p><a href=${href('/alerts')}>All ${count(rules.length)} rules</a></p>`}
    </div>`;
}
