// Which series: its detector, what that measures, and the values of the fields that split it.
import { html, useEffect, useState } from '../../lib/html.mjs';
import { go } from '../../lib/url.mjs';
import { kept, keep } from '../../lib/keys.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { count, score } from '../../lib/format.mjs';
import { word } from '../../lib/scales.mjs';
import { Combo } from '../../parts/combo.mjs';
import { Popover } from '../../parts/menu.mjs';
import { Icon } from '../../parts/icon.mjs';

const KEPT = 'barograph.series.entities';
const TYPED_MS = 200;
const SIZE = 100;

/** @param {{series: ReturnType<typeof import('./state.mjs').useSeries>, whole: [number, number], version: string}} props */
export function Choices({ series, whole, version }) {
  const { detectors, detector } = series;
  return html`
    <div class="series-choices">
      <label>Detector
        <select value=${detector.detector_index} disabled=${detectors.length < 2}
          onChange=${(event) => go({ set: { ...cleared(detector), det: event.target.value, fn: null, open: null, fc: null } })}>
          ${detectors.map((one) => html`
            <option key=${one.detector_index} value=${one.detector_index}>${one.description}${one.refused && !one.points && ' (no chart)'}</option>`)}
        </select>
      </label>
      ${detector.functions.length > 1 && html`
        <label>Of its values
          <select value=${series.fn} onChange=${(event) => go({ set: { fn: event.target.value, open: null } })}>
            ${detector.functions.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
          </select>
        </label>`}
      ${Object.entries(detector.fields).map(([role, field]) => html`
        <${Entity} key=${`${detector.detector_index} ${field}`} series=${series} role=${role} field=${field} whole=${whole} version=${version} />`)}
    </div>`;
}

const cleared = (detector) => Object.fromEntries(Object.values(detector.fields).map((field) => [`e.${field}`, null]));

const SETTINGS = { sort: 'score', anomalous: false };

function settingsOf(field) {
  try {
    return { ...SETTINGS, ...JSON.parse(kept(`${KEPT}.${field}`) ?? '{}') };
  } catch {
    return SETTINGS;
  }
}

/** One field, for what `useSeries` gave: a box that finds its values, those with the highest scores first. */
export function Entity({ series, role, field, whole, version }) {
  const [typed, setTyped] = useState('');
  const [asked, setAsked] = useState('');
  const [settings, setSettings] = useState(() => settingsOf(field));
  useEffect(() => {
    const timer = setTimeout(() => setAsked(typed), TYPED_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const roles = Object.keys(series.detector.fields);
  const [above, below] = [roles.slice(0, roles.indexOf(role)), roles.slice(roles.indexOf(role) + 1)];
  const others = Object.fromEntries(above.map((one) => [one, series.values[one]]));
  const url = `${series.base}/entities${params({
    role, detector: series.detector.detector_index, ...others, q: asked, sort: settings.sort, anomalous: settings.anomalous,
    from: whole[0], to: whole[1], size: SIZE,
  })}`;
  const query = useQuery(url, { deps: [version] });
  const change = (some) => {
    const next = { ...settings, ...some };
    setSettings(next);
    keep(`${KEPT}.${field}`, JSON.stringify(next));
  };
  const told = query.data;
  const value = series.values[role];
  return html`
    <div class="series-entity">
      <${Combo} label=${field} value=${value} clearable=${false} free search=${setTyped} busy=${query.pending}
        options=${(told?.values ?? []).map(option)} note=${told && told.total > told.values.length && `${count(told.values.length)} of ${count(told.total)}: type a part of the name.`}
        choose=${(chosen) => go({ set: { [`e.${field}`]: chosen, open: null, ...lower(series.detector, below) } })} />
      <${Popover} label=${`How ${field} is listed`} button=${html`<${Icon} name="more" />`} buttonClass="bare" arrow=${false}>
        <div class="labelled" role="radiogroup" aria-label="Order">
          <label class="check"><input type="radio" name=${`sort ${field}`} checked=${settings.sort === 'score'} onChange=${() => change({ sort: 'score' })} /> by highest score</label>
          <label class="check"><input type="radio" name=${`sort ${field}`} checked=${settings.sort === 'name'} onChange=${() => change({ sort: 'name' })} /> by name</label>
          <label class="check"><input type="checkbox" checked=${settings.anomalous} onChange=${() => change({ anomalous: !settings.anomalous })} /> anomalous only</label>
        </div>
      </${Popover}>
    </div>`;
}

const lower = (detector, roles) => Object.fromEntries(roles.map((role) => [`e.${detector.fields[role]}`, null]));

const option = ({ value, score: highest }) => ({
  value,
  text: value === '' ? '(empty)' : value,
  more: highest === null ? null : html`<span class="score"><i class=${`swatch ${word(highest)}`} />${score(highest)}</span>`,
});
