// A setting with its name, what is wrong with it, and what would be better.
import { html, signal, useId, useState } from '../../lib/html.mjs';
import { Icon } from '../../parts/icon.mjs';
import { columnsOf, seen, set } from './draft.mjs';

/** What the server says is wrong with the draft: `{path, value, wanted}`. */
export const problems = signal([]);
/** What may be better: `{path, text, value}`. */
export const advice = signal([]);

/** What is wrong at a path. @param {string} path */
export const problemAt = (path) => problems.value.find((one) => one.path === path);

/**
 * A labelled setting.
 * @param {{label: string, path: string, hint?: any, children: (props: {id: string, 'aria-describedby': string, 'aria-invalid'?: string}) => any}} props
 *   path: where it is in the settings: problems and advice of it are shown here
 */
export function Field({ label, path, hint, children }) {
  const id = useId();
  const wrong = problemAt(path);
  const better = advice.value.filter((one) => one.path === path);
  return html`
    <div class="field">
      <label for=${id}>${label}</label>
      ${children({ id, 'aria-describedby': `${id}-said`, 'aria-invalid': wrong ? 'true' : undefined })}
      <div id=${`${id}-said`} class="said">
        ${wrong && html`<p class="wrong">Wanted ${wrong.wanted}</p>`}
        ${better.map((one) => html`<${Better} advice=${one} />`)}
        ${hint && html`<p class="quiet">${typeof hint === 'string' ? upper(hint) : hint}</p>`}
      </div>
    </div>`;
}

const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Advice, and where there is a value that is better, a click that takes it. @param {{advice: {path: string, text: string, value: any}}} props */
export const Better = ({ advice: one }) => html`
  <p class="better"><${Icon} name="info" /><span>${upper(one.text)}</span>
    ${one.value !== null && html`<button type="button" onClick=${() => set(one.path, one.value)}>Use ${one.value}</button>`}</p>`;

/**
 * An input that keeps what is being typed, whatever a trial tells meanwhile; it is taken when one leaves it.
 * @param {{value: any, take: (text: string) => void}} props and those of an input
 */
export function Typed({ value, take, ...props }) {
  const [text, setText] = useState(null);
  return html`
    <input ...${props} value=${text ?? value} onInput=${(event) => setText(event.target.value)} onBlur=${() => setText(null)}
      onChange=${(event) => { setText(null); take(event.target.value.trim()); }} />`;
}

/** The name of a field: one of the file's columns, or any where there is no file.
 * @param {{props: any, kinds: string[], value: string, choose: (name: string) => void, none?: string}} props none: what no field means, where that may be */
export const Name = ({ props, kinds, value, choose, none }) => {
  const names = columnsOf(...kinds).map((one) => one.name);
  if (!seen.value) return html`<${Typed} ...${props} value=${value} placeholder=${none} take=${choose} />`;
  return html`
    <select ...${props} value=${value} onChange=${(event) => choose(event.target.value)}>
      ${(none || !value) && html`<option value="">${none ?? 'choose one'}</option>`}
      ${value && !names.includes(value) && html`<option value=${value}>${value}</option>`}
      ${names.map((name) => html`<option value=${name}>${name}</option>`)}
    </select>`;
};
