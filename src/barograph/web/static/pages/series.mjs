import { html } from '../lib/html.mjs';

/** A page that is not there yet says where the same is. */
export default () => html`
  <div class="page">
    <p>What this page will show is at <a href="/api/v1/openapi.json">/api/v1</a> today.</p>
  </div>`;
