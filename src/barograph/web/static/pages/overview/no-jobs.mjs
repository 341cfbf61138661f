// The first thing that anybody sees: nothing yet, and two ways on.
import { html, useState } from '../../lib/html.mjs';
import { href } from '../../lib/url.mjs';
import { send } from '../../lib/api.mjs';
import { loadJobs } from '../../lib/live.mjs';
import { Mark } from '../../parts/icon.mjs';
import { Failed } from '../../parts/panel.mjs';

/** Says so. */
export function NoJobs() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState(null);
  const load = async () => {
    setBusy(true);
    setError(null);
    try {
      await send('POST', '/samples');
      await loadJobs();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return html`
    <div class="page first" aria-busy=${String(busy)}>
      <${Mark} />
      <h1>No jobs yet</h1>
      <p>A job watches series: it learns what is usual of them, and tells what is not. Give it a file, a table or a stream of rows.</p>
      <div class="ways">
        <a class="button primary" href=${href('/jobs/new')}>Create a job</a>
        <button type="button" disabled=${busy} onClick=${load}>${busy ? 'Reading half a year of taxi trips …' : 'Load the sample data'}</button>
      </div>
      ${error && html`<${Failed} error=${error} retry=${load} />`}
    </div>`;
}
