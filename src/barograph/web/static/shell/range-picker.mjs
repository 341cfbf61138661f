// Which time is looked at: quick choices, exact ones, and steps from where one is.
import { html } from '../lib/html.mjs';
import { get, go, timeText } from '../lib/url.mjs';
import { dataRange, isChosen, jobs, range, zone } from '../lib/range.mjs';
import { days, interval } from '../lib/format.mjs';
import { useShortcut } from '../lib/keys.mjs';
import { Icon } from '../parts/icon.mjs';
import { Popover } from '../parts/menu.mjs';
import { Exact } from './exact-range.mjs';

const DAY = 86_400_000;
const QUICK = [
  ['1h', 'Last hour', DAY / 24], ['6h', 'Last 6 hours', DAY / 4], ['24h', 'Last 24 hours', DAY], ['3d', 'Last 3 days', 3 * DAY],
  ['7d', 'Last 7 days', 7 * DAY], ['30d', 'Last 30 days', 30 * DAY], ['90d', 'Last 90 days', 90 * DAY],
];

/** Look at another span. @param {number} from epoch ms @param {number} to epoch ms */
const look = (from, to) => go({ set: { from: timeText(from), to: timeText(to) } });

const shift = (way) => () => {
  if (!range.value) return;
  const [from, to] = range.value;
  const step = Math.round((to - from) / 2 / 60_000) * 60_000 || 60_000;
  look(from + way * step, to + way * step);
};

const zoomOut = () => {
  if (!range.value) return;
  const [from, to] = range.value;
  const more = Math.round((to - from) / 2 / 60_000) * 60_000 || 60_000;
  look(from - more, to + more);
};

const FEW_BUCKETS = 60;

/** As many of the newest buckets as one watches live, as the URL writes them: `60h`; null where jobs have other buckets each. */
function newestBuckets() {
  const spans = new Set((jobs.value ?? []).map((job) => job.bucket_span_ms));
  const key = spans.size === 1 ? `${Math.round((FEW_BUCKETS * [...spans][0]) / 60_000)}m` : null;
  return key === '0m' ? null : key;
}

/** The control of the time range. */
export function RangePicker() {
  useShortcut('z', 'Zoom out to twice the time', zoomOut);
  useShortcut('[', 'Look at earlier time', shift(-1));
  useShortcut(']', 'Look at later time', shift(1));
  const none = range.value === null;
  return html`
    <div class="range" role="group" aria-label="Time">
      <${IconButton} label="Earlier" icon="left" run=${shift(-1)} disabled=${none} />
      <${Popover} label="Time range" title=${`Times are in ${zone.value}`} class="range-picker" button=${html`<${Icon} name="clock" /><span class="hidden-text">Time: </span><span class="cut">${said()}</span>`}>
        ${(close) => html`<${Choices} close=${close} />`}
      </${Popover}>
      <${IconButton} label="Later" icon="right" run=${shift(1)} disabled=${none} />
      <${IconButton} label="Zoom out" icon="zoomOut" run=${zoomOut} disabled=${none} />
    </div>`;
}

const IconButton = ({ label, icon, run, disabled }) => html`
  <button type="button" class="bare" aria-label=${label} title=${label} disabled=${disabled} onClick=${run}><${Icon} name=${icon} /></button>`;

function said() {
  if (range.value === null) return 'No data yet';
  const quick = get('to') === null && QUICK.find(([key]) => get('from') === `now-${key}`);
  if (quick) return quick[1];
  return isChosen.value ? interval(...range.value) : `All data, ${days(...range.value)}`;
}

function Choices({ close }) {
  const data = dataRange.value;
  const choose = (set) => { go({ set }); close(); };
  const newest = newestBuckets();
  const ofData = data ? QUICK.filter(([, , ms]) => ms < data[1] - data[0]) : [];
  return html`
    <div class="range-columns">
      <div>
        <h3>Until now</h3>
        <ul>${newest && html`
          <li><button type="button" class="row" aria-pressed=${String(get('from') === `now-${newest}` && get('to') === null)}
            onClick=${() => choose({ from: `now-${newest}`, to: null })}>Last 60 buckets</button></li>`}
        ${QUICK.map(([key, text]) => html`
          <li><button type="button" class="row" aria-pressed=${String(get('from') === `now-${key}` && get('to') === null)}
            onClick=${() => choose({ from: `now-${key}`, to: null })}>${text}</button></li>`)}</ul>
      </div>
      <div>
        <h3>Until the data ends</h3>
        <ul>
          <li><button type="button" class="row" aria-pressed=${String(!isChosen.value)} disabled=${!data}
            onClick=${() => choose({ from: null, to: null })}>All of it</button></li>
          ${ofData.map(([, text, ms]) => html`
            <li><button type="button" class="row" onClick=${() => choose({ from: timeText(data[1] - ms), to: timeText(data[1]) })}>
              ${text}</button></li>`)}
        </ul>
      </div>
    </div>
    <${Exact} look=${look} close=${close} />`;
}
