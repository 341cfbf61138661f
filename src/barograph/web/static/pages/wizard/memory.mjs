// What the job is likely to take in memory, by how many different values its fields have.
import { html } from '../../lib/html.mjs';
import { count, counted } from '../../lib/format.mjs';
import { bytes } from '../jobs/words.mjs';
import { seen } from './draft.mjs';
import { checked } from './trial.mjs';

/** A sentence; nothing where the number of series is not known. */
export function Predicted() {
  const found = checked.value?.memory;
  if (!found) return null;
  const of = seen.value && !seen.value.whole ? ' with the values of these rows' : '';
  return html`
    <p class="quiet facts-line" data-testid="predicted">The job is likely to take about ${bytes(found.bytes)} of memory for ${counted(found.series, 'series', 'series')}${of}; it may have ${bytes(found.limit)}.
      ${found.largest > found.most_series ? html` <span class="wrong">There is room for ${count(found.most_series)} series of each detector: rows of others will be left out.</span>`
        : found.bytes > found.limit ? ' Series without data for long will sleep on the disk.' : ''}</p>`;
}
