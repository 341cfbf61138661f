// The second step: what is looked at.
import { html } from '../../lib/html.mjs';
import { columnsOf, config, seen, set } from './draft.mjs';
import { Field, Typed, problemAt } from './field.mjs';
import { Forest } from './forest.mjs';
import { CATEGORY } from './kinds.mjs';
import { Measures } from './measures.mjs';
import { Messages, Places, Population, Rare, Split, Times } from './roles.mjs';

const SPANS = ['1m', '5m', '10m', '15m', '30m', '1h', '2h', '3h', '6h', '12h', '1d'];
const FORMS = {
  single: () => html`<${Measures} kind="single" />`,
  multi: () => html`<${Measures} kind="multi" /><${Split} />`,
  forest: () => html`<${Forest} />`,
  population: () => html`<${Population} /><${Measures} kind="population" />`,
  rare: () => html`<${Rare} />`,
  categories: () => html`<${Messages} />`,
  times: () => html`<${Times} />`,
  places: () => html`<${Places} />`,
};

/** @param {{kind: keyof typeof FORMS, next: any}} props */
export const Fields = ({ kind, next }) => html`
  <div class="step">
    ${FORMS[kind]()}
    <${Span} />
    ${kind !== 'forest' && html`<${Influencers} />`}
    <div class="step-end">${next}</div>
  </div>`;

function Span() {
  const value = config.value.analysis_config.bucket_span ?? '5m';
  const reason = seen.value?.config?.analysis_config.bucket_span === value && seen.value.reasons['analysis_config.bucket_span'];
  return html`
    <${Field} label="Bucket span" path="analysis_config.bucket_span" hint=${reason || 'How much time is looked at as one value'}>
      ${(props) => html`<${Typed} ...${props} list="spans" class="short" value=${value} take=${(text) => set('analysis_config.bucket_span', text)} />
        <datalist id="spans">${SPANS.map((one) => html`<option value=${one} />`)}</datalist>`}
    </${Field}>`;
}

function Influencers() {
  const chosen = config.value.analysis_config.influencers ?? [];
  const { categorization_field_name: messages, detectors } = config.value.analysis_config;
  const looked = [messages, ...detectors.filter((one) => one.function === 'lat_long').map((one) => one.field_name)]; // each value is another
  const names = [...new Set([...columnsOf('text').map((one) => one.name), ...(messages ? [CATEGORY] : []), ...chosen])].filter((name) => !looked.includes(name));
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
