// What is odd now, what was, and how the jobs are.
import { html } from '../lib/html.mjs';
import { jobs } from '../lib/range.mjs';
import { counted } from '../lib/format.mjs';

/** The first page. */
export default () => html`
  <div class="page">
    <h1>Overview</h1>
    <p>${jobs.value === null ? '' : counted(jobs.value.length, 'job')}</p>
  </div>`;
