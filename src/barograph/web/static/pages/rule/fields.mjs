// Fields of the form of a rule.
import { html, useId } from '../../lib/html.mjs';
import { Failed } from '../../parts/panel.mjs';

/** A labelled field. @param {{label: string, hint?: string, children: (props: {id: string, 'aria-describedby': string}) => any}} props */
export function Labelled({ label, hint, children }) {
  const id = useId();
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      ${children({ id, 'aria-describedby': `${id}-said` })}
      <div id=${`${id}-said`} class="said">${hint && html`<p class="quiet">${hint}</p>`}</div>
    </div>`;
}

/** Some of several. @param {{legend: string, options: {value: string, more: string}[], chosen: string[], choose: (chosen: string[]) => void, error?: any}} props */
export function Several({ legend, options, chosen, choose, error }) {
  const known = new Set(options.map((one) => one.value));
  const shown = [...options, ...chosen.filter((one) => !known.has(one)).map((value) => ({ value, more: 'not there' }))];
  const toggle = (value) => choose(chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value]);
  return html`
    <fieldset class="field several"><legend>${legend}</legend>
      ${error && html`<${Failed} error=${error} />`}
      <div class="checks">${shown.map(({ value, more }) => html`
        <label class="check" key=${value}><input type="checkbox" checked=${chosen.includes(value)} onChange=${() => toggle(value)} /> ${value}${more && html` <small>${more}</small>`}</label>`)}</div>
    </fieldset>`;
}
