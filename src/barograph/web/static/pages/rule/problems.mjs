// What is wrong with a rule.
import { html } from '../../lib/html.mjs';
import { Failed } from '../../parts/panel.mjs';

/** A line for each setting, where the server names them. @param {{error: any}} props */
export const Problems = ({ error }) => (error.problems?.length
  ? html`<div class="problems" role="alert">${error.problems.map((one) => html`<p><code>${one.path.replace(/^rule\./, '')}</code>: wanted ${one.wanted}</p>`)}</div>`
  : html`<${Failed} error=${error} />`);
