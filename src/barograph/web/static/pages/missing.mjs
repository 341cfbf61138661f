// A path without a page.
import { html } from '../lib/html.mjs';
import { href, path } from '../lib/url.mjs';

/** Says so, and where there is something. */
export default () => html`
  <div class="page">
    <h1>Nothing here</h1>
    <p>There is no page at <code>${path.value}</code>. Go to the <a href=${href('/')}>overview</a>.</p>
  </div>`;
