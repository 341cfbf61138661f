// The list of keys.
import { html } from '../lib/html.mjs';
import { keysOn, setKeys, shortcuts } from '../lib/keys.mjs';
import { Dialog } from '../parts/dialog.mjs';

/** @param {{close: () => void}} props */
export const Shortcuts = ({ close }) => html`
  <${Dialog} title="Keyboard shortcuts" close=${close}>
    <dl class="keys">
      ${shortcuts.value.map(({ key, does }) => html`<div><dt><kbd>${key}</kbd></dt><dd>${does}</dd></div>`)}
    </dl>
    <label class="check">
      <input type="checkbox" checked=${keysOn.value} onChange=${(event) => setKeys(event.target.checked)} />
      Use single keys
    </label>
  </${Dialog}>`;
