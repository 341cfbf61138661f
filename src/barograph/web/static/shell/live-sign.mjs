// Whether what is shown follows the server.
import { html } from '../lib/html.mjs';
import { keyWanted } from '../lib/api.mjs';
import { connected, lastUpdate } from '../lib/live.mjs';
import { clock } from '../lib/format.mjs';

/** Nothing while all is well, or nobody has signed in yet. */
export const Live = () => !connected.value && !keyWanted.value && html`
  <span class="badge warning" role="status">Last update ${clock(lastUpdate.value)}</span>`;
