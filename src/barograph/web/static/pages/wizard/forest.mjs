// Several features of an entity that are judged together: what a forest detector asks for beside them.
import { html } from '../../lib/html.mjs';
import { config, edit, set } from './draft.mjs';
import { Field, Typed } from './field.mjs';
import { ignored, ignoring } from './forest-config.mjs';
import { Measures } from './measures.mjs';
import { Role } from './roles.mjs';

const SHINGLE = 8;
const MISSING = [['', 'has no result'], ['ZERO', 'counts as 0'], ['PREVIOUS', 'is as it was before']];

/** The form. */
export function Forest() {
  const settings = config.value.forest_config ?? { features: [] };
  const share = ignored(settings);
  const ignore = (text) => edit((whole) => {
    whole.forest_config = ignoring(whole.forest_config, Number(text) > 0 ? Number(text) / 100 : null);
    return whole;
  });
  const fill = (event) => set('forest_config.imputation_option', event.target.value ? { method: event.target.value } : undefined);
  return html`
    <${Measures} kind="forest" />
    <div class="fields two">
      <${Role} role="partition" label="Of each" none="all rows together" hint="Its values are the entities: each has a forest of its own" />
      ${config.value.analysis_config.detectors[0]?.partition_field_name && html`<${Role} role="by" label="and each" none="of these only" />`}
    </div>
    <div class="fields three">
      <${Field} label="Buckets together" path="forest_config.shingle_size" hint="An odd order of them is an anomaly, too">
        ${(props) => html`<${Typed} ...${props} type="number" min="1" max="128" value=${settings.shingle_size ?? SHINGLE}
          take=${(text) => set('forest_config.shingle_size', text === '' ? undefined : Number(text))} />`}
      </${Field}>
      <${Field} label="Ignored, up to %" path="forest_config.rules" hint="Smaller deviations do not matter; empty: all do">
        ${(props) => html`<${Typed} ...${props} type="number" min="0" value=${share === null ? '' : Number((100 * share).toPrecision(6))} take=${ignore} />`}
      </${Field}>
      <${Field} label="Without rows it" path="forest_config.imputation_option">
        ${(props) => html`<select ...${props} value=${settings.imputation_option?.method ?? ''} onChange=${fill}>
          ${MISSING.map(([method, text]) => html`<option value=${method}>${text}</option>`)}</select>`}
      </${Field}>
    </div>`;
}
