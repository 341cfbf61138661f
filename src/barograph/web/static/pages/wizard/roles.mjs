// The fields that say whose values are looked at: what each kind of job asks for.
import { html } from '../../lib/html.mjs';
import { config, edit, seen } from './draft.mjs';
import { Field, Name } from './field.mjs';
import { CATEGORY } from './kinds.mjs';
import { changeDetector } from './measures.mjs';

const AT = 'analysis_config.detectors[0]';
const first = () => config.value.analysis_config.detectors[0] ?? {};

/** A setting of all detectors that names a field. @param {{role: string, label: string, hint?: any, none?: string, kinds?: string[]}} props */
export function Role({ role, label, hint, none, kinds = ['text', 'number'] }) {
  const name = `${role}_field_name`;
  const value = first()[name] ?? '';
  const reason = seen.value?.reasons[`${AT}.${name}`];
  return html`
    <${Field} label=${label} path=${`${AT}.${name}`} hint=${(value && reason) || hint}>
      ${(props) => html`<${Name} props=${props} kinds=${kinds} value=${value} choose=${(chosen) => setRole(role, chosen)} none=${none} />`}
    </${Field}>`;
}

/** The same field in all detectors, which may then be to blame; that of before no longer. */
function setRole(role, chosen) {
  edit((whole) => {
    const { detectors, influencers = [] } = whole.analysis_config;
    for (const detector of detectors) {
      if (chosen) detector[`${role}_field_name`] = chosen;
      else delete detector[`${role}_field_name`];
      delete detector.detector_description;
    }
    if (whole.forest_config) {
      if (role === 'partition' && !chosen) for (const detector of detectors) delete detector.by_field_name;
      const [{ partition_field_name: of, by_field_name: by }] = detectors;
      whole.analysis_config.influencers = [of, by].filter(Boolean); // a forest blames features; only entities are beside them
      return whole;
    }
    if (chosen && !influencers.includes(chosen)) whole.analysis_config.influencers = [...influencers, chosen];
    if (role === 'partition' && !chosen) delete whole.analysis_config.per_partition_categorization;
    if (role === 'over' && !chosen) for (const detector of detectors) if (detector.function === 'freq_rare') detector.function = 'rare';
    return whole;
  });
}

/** A series for each value of a field. */
export const Split = () => html`<${Role} role="partition" label="A series for each" none="no split: all rows together" />`;

const Within = () => html`<${Role} role="partition" label="Within each" none="all rows together" />`;

/** Members that are compared with each other. */
export const Population = () => html`
  <${Role} role="over" label="Compare each" hint="Its values are the members: each is judged by what the others do" />
  <${Within} />`;

const RARE = [['rare', 'who has a value that few others have'], ['freq_rare', 'who often has values that few others have']];

/** Values that hardly ever come. */
export const Rare = () => html`
  <${Role} role="by" label="Rare values of" hint="A value is odd that hardly ever comes, and that is not how the field is" />
  <${Role} role="over" label="Among" none="all rows" />
  ${first().over_field_name && html`
    <${Field} label="Odd is" path=${`${AT}.function`}>
      ${(props) => html`<select ...${props} value=${first().function} onChange=${(event) => changeDetector(0, { function: event.target.value })}>
        ${RARE.map(([name, text]) => html`<option value=${name}>${text}</option>`)}</select>`}
    </${Field}>`}
  <${Within} />`;

const TIMES = [['time_of_day', 'the day'], ['time_of_week', 'the week']];

/** When something usually happens. */
export const Times = () => html`
  <${Field} label="Odd at its time of" path=${`${AT}.function`} hint="Several times may be usual; the clock is that of the job's time zone">
    ${(props) => html`<select ...${props} value=${first().function} onChange=${(event) => changeDetector(0, { function: event.target.value })}>
      ${TIMES.map(([name, text]) => html`<option value=${name}>${text}</option>`)}</select>`}
  </${Field}>
  <${Role} role="partition" label="Usual times of each" none="all rows together" />`;

/** Where something usually is. */
export const Places = () => html`
  <${Field} label="Places" path=${`${AT}.field_name`} hint="Latitude and longitude with a comma between them, as 52.52,13.405; several places may be usual">
    ${(props) => html`<${Name} props=${props} kinds=${['text']} value=${first().field_name ?? ''} choose=${(name) => changeDetector(0, { field_name: name })} />`}
  </${Field}>
  <${Role} role="partition" label="Usual places of each" none="all rows together" />`;

const ODD = [['count', 'one that comes too often or stays away'], ['high_count', 'one that comes too often'], ['rare', 'one that hardly ever comes']];

/** Messages that say the same. */
export function Messages() {
  const { categorization_field_name: field = '', per_partition_categorization: own, influencers = [] } = config.value.analysis_config;
  const change = (values) => edit((whole) => { Object.assign(whole.analysis_config, values); return whole; });
  const choose = (name) => change({ categorization_field_name: name, influencers: influencers.filter((one) => one !== name) });
  return html`
    <${Field} label="Messages" path="analysis_config.categorization_field_name" hint="Those that say the same are one category, whatever the values in them">
      ${(props) => html`<${Name} props=${props} kinds=${['text']} value=${field} choose=${choose} />`}
    </${Field}>
    <${Field} label="Odd is" path=${`${AT}.function`}>
      ${(props) => html`<select ...${props} value=${first().function} onChange=${(event) => changeDetector(0, { function: event.target.value, by_field_name: CATEGORY })}>
        ${ODD.map(([name, text]) => html`<option value=${name}>${text}</option>`)}</select>`}
    </${Field}>
    <${Within} />
    ${first().partition_field_name && html`<${Own} partition=${first().partition_field_name} own=${own} change=${change} />`}`;
}

const Own = ({ partition, own, change }) => html`
  <fieldset class="field">
    <legend>Categories</legend>
    <div class="checks">
      <label class="check"><input type="checkbox" checked=${Boolean(own?.enabled)}
        onChange=${(event) => change({ per_partition_categorization: event.target.checked ? { enabled: true } : undefined })} /> of its own for each ${partition}</label>
      ${own?.enabled && html`
        <label class="check"><input type="checkbox" checked=${Boolean(own.stop_on_warn)}
          onChange=${(event) => change({ per_partition_categorization: { enabled: true, stop_on_warn: event.target.checked } })} /> none where they make no sense</label>`}
    </div>
  </fieldset>`;
