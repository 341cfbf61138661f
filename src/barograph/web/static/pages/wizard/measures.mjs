// What is measured: a detector each.
import { html } from '../../lib/html.mjs';
import { Icon } from '../../parts/icon.mjs';
import { columnsOf, config, edit } from './draft.mjs';
import { Field, Name, Typed, problemAt } from './field.mjs';
import { forestOf } from './forest-config.mjs';

const OF_A_FIELD = ['mean', 'median', 'min', 'max', 'sum', 'non_null_sum', 'varp', 'metric', 'distinct_count', 'info_content'];
const OF_ROWS = ['count', 'non_zero_count'];
const TEXTS = ['distinct_count', 'info_content'];
const BOTH_SIDES_ONLY = ['min', 'max', 'metric'];
const ALONE = ['non_null_sum', 'non_zero_count'];
const SIDES = [['', 'high or low'], ['high_', 'high only'], ['low_', 'low only']];

/** @param {{kind: 'single' | 'multi' | 'population' | 'forest'}} props */
export function Measures({ kind }) {
  const { detectors } = config.value.analysis_config;
  const shown = kind === 'single' ? detectors.slice(0, 1) : detectors;
  const wrong = problemAt('analysis_config.detectors');
  return html`
    <div class="detectors">
      ${shown.map((detector, index) => html`<${Measure} key=${index} detector=${detector} index=${index} kind=${kind} many=${detectors.length > 1} />`)}
      ${wrong && html`<p class="wrong">Wanted ${wrong.wanted}</p>`}
      ${kind !== 'single' && html`<button type="button" class="add" onClick=${addMeasure}><${Icon} name="plus" /> Another ${kind === 'forest' ? 'feature' : 'measure'}</button>`}
    </div>`;
}

function addMeasure() {
  edit((whole) => {
    const { detectors } = whole.analysis_config;
    const used = new Set(detectors.map((one) => one.field_name));
    const free = columnsOf('number').find((one) => !used.has(one.name));
    const splits = Object.fromEntries(Object.entries(detectors[0] ?? {}).filter(([name]) => ['partition_field_name', 'by_field_name', 'over_field_name'].includes(name)));
    const added = free ? { function: 'mean', field_name: free.name, ...splits } : { function: 'count', ...splits };
    return withDetectors(whole, [...detectors, added]);
  });
}

/** The settings with other detectors, which in a forest detector are its features. */
function withDetectors(whole, detectors) {
  const { detectors: before } = whole.analysis_config;
  if (whole.forest_config) whole.forest_config = forestOf(detectors, whole.forest_config, before);
  whole.analysis_config.detectors = detectors;
  return whole;
}

function remove(index) {
  edit((whole) => {
    const { detectors } = whole.analysis_config;
    if (whole.forest_config) whole.forest_config.features.splice(index, 1);
    const before = detectors.toSpliced(index, 1);
    whole.analysis_config.detectors = before;
    return withDetectors(whole, before);
  });
}

function parts(name) {
  const side = SIDES.map(([prefix]) => prefix).find((prefix) => prefix && name.startsWith(prefix)) ?? '';
  return [side, name.slice(side.length)];
}

function Measure({ detector, index, kind, many }) {
  const at = `analysis_config.detectors[${index}]`;
  const [side, plain] = parts(detector.function ?? 'metric');
  const isSided = !BOTH_SIDES_ONLY.includes(plain);
  const change = (values) => changeDetector(index, values);
  const choose = (name) => change({
    function: BOTH_SIDES_ONLY.includes(name) ? name : side + name,
    field_name: OF_ROWS.includes(name) ? undefined : detector.field_name ?? columnsOf(TEXTS.includes(name) ? 'text' : 'number')[0]?.name,
  });
  const isForest = kind === 'forest';
  const left = { population: ALONE, forest: ['metric', 'info_content'] }[kind] ?? [];
  const offered = (names) => names.filter((name) => !left.includes(name));
  return html`
    <div class="fields three detector" role="group" aria-label=${kind === 'single' ? 'Measure' : `${isForest ? 'Feature' : 'Measure'} ${index + 1}`}>
      <${Field} label="Look at the" path=${`${at}.function`}>
        ${(props) => html`<select ...${props} value=${plain} onChange=${(event) => choose(event.target.value)}>
          ${[['Values of a field', OF_A_FIELD], ['Rows', OF_ROWS]].map(([title, names]) => html`
            <optgroup label=${title}>${offered(names).map((name) => html`<option value=${name}>${name.replaceAll('_', ' ')}</option>`)}</optgroup>`)}
        </select>`}
      </${Field}>
      ${!OF_ROWS.includes(plain) && html`
        <${Field} label="of" path=${`${at}.field_name`}>${(props) => html`<${Name} props=${props} kinds=${TEXTS.includes(plain) ? ['text', 'number'] : ['number']}
          value=${detector.field_name ?? ''} choose=${(value) => change({ field_name: value })} />`}</${Field}>`}
      ${isForest ? html`<${Called} index=${index} />` : html`<${Field} label="Odd when it is" path=${`${at}.side`}>
        ${(props) => html`<select ...${props} value=${side} disabled=${!isSided} onChange=${(event) => change({ function: event.target.value + plain })}>
          ${SIDES.map(([prefix, text]) => html`<option value=${prefix}>${text}</option>`)}</select>`}
      </${Field}>`}
      ${kind !== 'single' && many && html`<button type="button" class="bare remove" aria-label=${`Remove ${isForest ? 'feature' : 'measure'} ${index + 1}`} onClick=${() => remove(index)}><${Icon} name="trash" /></button>`}
    </div>`;
}

/** Change settings of a detector; empty ones are taken out. @param {number} index @param {Record<string, any>} values */
export function changeDetector(index, values) {
  edit((whole) => {
    const next = { ...whole.analysis_config.detectors[index], ...values };
    delete next.detector_description;
    for (const [name, value] of Object.entries(next)) if (value === undefined || value === '') delete next[name];
    return withDetectors(whole, whole.analysis_config.detectors.with(index, next));
  });
}

/** What a feature is called in all that is said of it. */
function Called({ index }) {
  const path = `forest_config.features[${index}].feature_name`;
  const rename = (name) => edit((whole) => {
    whole.forest_config.features[index].feature_name = name;
    return withDetectors(whole, whole.analysis_config.detectors);
  });
  return html`
    <${Field} label="called" path=${path}>
      ${(props) => html`<${Typed} ...${props} value=${config.value.forest_config?.features[index]?.feature_name ?? ''} take=${rename} />`}
    </${Field}>`;
}
