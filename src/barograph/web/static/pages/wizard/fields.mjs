// The second step: what is looked at.
import { html } from '../../lib/html.mjs';
import { Icon } from '../../parts/icon.mjs';
import { columnsOf, config, edit, seen, set } from './draft.mjs';
import { Field, problemAt } from './field.mjs';

const FUNCTIONS = [
  ['Values of a field', ['mean', 'median', 'min', 'max', 'sum', 'non_null_sum', 'varp', 'metric', 'distinct_count']],
  ['Rows', ['count', 'non_zero_count']],
];
const SIDED = new Set(['mean', 'median', 'sum', 'non_null_sum', 'varp', 'distinct_count', 'count', 'non_zero_count']);
const OF_ROWS = new Set(['count', 'non_zero_count']);
const SPANS = ['1m', '5m', '10m', '15m', '30m', '1h', '2h', '3h', '6h', '12h', '1d'];

/** @param {{kind: 'single' | 'multi', next: any}} props */
export function Fields({ kind, next }) {
  const { detectors } = config.value.analysis_config;
  const shown = kind === 'single' ? detectors.slice(0, 1) : detectors;
  return html`
    <div class="step">
      <div class="detectors">
        ${shown.map((detector, index) => html`<${Detector} key=${index} detector=${detector} index=${index} kind=${kind} many=${detectors.length > 1} />`)}
        ${problemAt('analysis_config.detectors') && html`<p class="wrong">Wanted ${problemAt('analysis_config.detectors').wanted}</p>`}
        ${kind === 'multi' && html`<button type="button" class="add" onClick=${addDetector}><${Icon} name="plus" /> Another measure</button>`}
      </div>
      ${kind === 'multi' && html`<${Split} />`}
      <${Span} />
      <${Influencers} />
      <div class="step-end">${next}</div>
    </div>`;
}

function addDetector() {
  edit((whole) => {
    const { detectors } = whole.analysis_config;
    const used = new Set(detectors.map((one) => one.field_name));
    const free = columnsOf('number').find((one) => !used.has(one.name));
    const splits = Object.fromEntries(Object.entries(detectors[0] ?? {}).filter(([name]) => name === 'partition_field_name'));
    detectors.push(free ? { function: 'mean', field_name: free.name, ...splits } : { function: 'count', ...splits });
    return whole;
  });
}

function parts(name) {
  const side = ['high_', 'low_'].find((prefix) => name.startsWith(prefix)) ?? '';
  return [side, name.slice(side.length)];
}

function Detector({ detector, index, kind, many }) {
  const at = `analysis_config.detectors[${index}]`;
  const [side, plain] = parts(detector.function ?? 'metric');
  const change = (values) => edit((whole) => {
    const next = { ...whole.analysis_config.detectors[index], ...values };
    delete next.detector_description;
    for (const [name, value] of Object.entries(next)) if (value === undefined || value === '') delete next[name];
    whole.analysis_config.detectors[index] = next;
    return whole;
  });
  const choose = (name) => change({
    function: SIDED.has(name) ? side + name : name,
    field_name: OF_ROWS.has(name) ? undefined : detector.field_name ?? columnsOf(name === 'distinct_count' ? 'text' : 'number')[0]?.name,
  });
  const remove = () => edit((whole) => { whole.analysis_config.detectors.splice(index, 1); return whole; });
  return html`
    <div class="fields three detector" role="group" aria-label=${kind === 'single' ? 'Measure' : `Measure ${index + 1}`}>
      <${Field} label="Look at the" path=${`${at}.function`}>
        ${(props) => html`<select ...${props} value=${plain} onChange=${(event) => choose(event.target.value)}>
          ${FUNCTIONS.map(([title, names]) => html`<optgroup label=${title}>${names.map((name) => html`<option value=${name}>${name.replaceAll('_', ' ')}</option>`)}</optgroup>`)}
        </select>`}
      </${Field}>
      ${!OF_ROWS.has(plain) && html`
        <${Field} label="of" path=${`${at}.field_name`}>${(props) => html`<${Name} props=${props} kinds=${plain === 'distinct_count' ? ['text', 'number'] : ['number']}
          value=${detector.field_name ?? ''} choose=${(value) => change({ field_name: value })} />`}</${Field}>`}
      <${Field} label="Odd when it is" path=${`${at}.side`}>
        ${(props) => html`<select ...${props} value=${side} disabled=${!SIDED.has(plain)} onChange=${(event) => change({ function: event.target.value + plain })}>
          <option value="">high or low</option><option value="high_">high only</option><option value="low_">low only</option></select>`}
      </${Field}>
      ${kind === 'multi' && many && html`<button type="button" class="bare remove" aria-label=${`Remove measure ${index + 1}`} onClick=${remove}><${Icon} name="trash" /></button>`}
    </div>`;
}

/** The name of a field: one of the file's columns, or any where there is no file. */
const Name = ({ props, kinds, value, choose, none }) => {
  const names = columnsOf(...kinds).map((one) => one.name);
  if (!seen.value) return html`<input ...${props} value=${value} placeholder=${none} onChange=${(event) => choose(event.target.value.trim())} />`;
  return html`
    <select ...${props} value=${value} onChange=${(event) => choose(event.target.value)}>
      ${(none || !value) && html`<option value="">${none ?? 'choose one'}</option>`}
      ${value && !names.includes(value) && html`<option value=${value}>${value}</option>`}
      ${names.map((name) => html`<option value=${name}>${name}</option>`)}
    </select>`;
};

/** A series for each value of a field: the same for all measures. */
function Split() {
  const value = config.value.analysis_config.detectors[0]?.partition_field_name ?? '';
  const choose = (name) => edit((whole) => {
    for (const detector of whole.analysis_config.detectors) {
      if (name) detector.partition_field_name = name;
      else delete detector.partition_field_name;
      delete detector.detector_description;
    }
    const { influencers = [] } = whole.analysis_config;
    if (name && !influencers.includes(name)) whole.analysis_config.influencers = [...influencers, name];
    return whole;
  });
  const reason = seen.value?.reasons['analysis_config.detectors[0].partition_field_name'];
  return html`
    <${Field} label="A series for each" path="analysis_config.detectors[0].partition_field_name" hint=${value && reason}>
      ${(props) => html`<${Name} props=${props} kinds=${['text', 'number']} value=${value} choose=${choose} none="no split: all rows together" />`}
    </${Field}>`;
}

function Span() {
  const value = config.value.analysis_config.bucket_span ?? '5m';
  const reason = seen.value?.config?.analysis_config.bucket_span === value && seen.value.reasons['analysis_config.bucket_span'];
  return html`
    <${Field} label="Bucket span" path="analysis_config.bucket_span" hint=${reason || 'How much time is looked at as one value'}>
      ${(props) => html`<input ...${props} list="spans" class="short" value=${value} onChange=${(event) => set('analysis_config.bucket_span', event.target.value.trim())} />
        <datalist id="spans">${SPANS.map((one) => html`<option value=${one} />`)}</datalist>`}
    </${Field}>`;
}

function Influencers() {
  const chosen = config.value.analysis_config.influencers ?? [];
  const names = [...new Set([...columnsOf('text').map((one) => one.name), ...chosen])];
  const toggle = (name) => set('analysis_config.influencers', chosen.includes(name) ? chosen.filter((one) => one !== name) : [...chosen, name]);
  if (!seen.value) {
    return html`
      <${Field} label="May be to blame" path="analysis_config.influencers" hint="Names of fields, with commas between them">
        ${(props) => html`<input ...${props} value=${chosen.join(', ')}
          onChange=${(event) => set('analysis_config.influencers', event.target.value.split(',').map((one) => one.trim()).filter(Boolean))} />`}
      </${Field}>`;
  }
  if (names.length === 0) return null;
  return html`
    <fieldset class="field">
      <legend>May be to blame</legend>
      <div class="checks">${names.map((name) => html`
        <label class="check"><input type="checkbox" checked=${chosen.includes(name)} onChange=${() => toggle(name)} /> ${name}</label>`)}</div>
      ${names.map((name, index) => problemAt(`analysis_config.influencers[${index}]`)).filter(Boolean).map((one) => html`<p class="wrong">Wanted ${one.wanted}</p>`)}
    </fieldset>`;
}
