// Categories of messages: what those of one have in common, and some of them as they came.
import { html } from '../lib/html.mjs';
import { href } from '../lib/url.mjs';
import { params, useQuery } from '../lib/api.mjs';
import { count, counted } from '../lib/format.mjs';
import { visible } from '../lib/visible.mjs';
import { entitiesOf, influencersOf } from './entity.mjs';
import { Failed } from './panel.mjs';

/** The field that categories are the values of. */
export const FIELD = 'mlcategory';
const SHOWN = 3;
const links = { keep: ['tz', 'theme'] };

/** @typedef {Record<string, any>} Category a row of `/api/v1/jobs/{job_id}/categories` */

/** Where a category is told of. @param {string} jobId @param {number | string} id */
export const categoryHref = (jobId, id) => href(`/jobs/${encodeURIComponent(jobId)}/categories`, { id: String(id) }, links);

/** The words that all messages of a category have. @param {{found: Category}} props */
export const Terms = ({ found }) => (found.terms ? html`<bdi>${visible(found.terms)}</bdi>` : html`<span class="quiet">no words in common</span>`);

/** All that is known of a category. @param {{found: Category}} props */
export const CategoryDetails = ({ found }) => html`
  <div class="category-details">
    <${Examples} found=${found} />
    <dl class="facts wide">
      <div><dt>Regular expression</dt><dd><code class="cut-long">${visible(found.regex)}</code></dd></div>
      <div><dt>Grok pattern</dt><dd><code class="cut-long">${visible(found.grok_pattern)}</code></dd></div>
      <div><dt>Longest</dt><dd>${counted(found.max_matching_length, 'character')}, a tenth more than any that came</dd></div>
      ${found.preferred_to_categories.length > 0 && html`
        <div><dt>In place of</dt><dd>${counted(found.preferred_to_categories.length, 'category', 'categories')} that it has taken over: ${found.preferred_to_categories.slice(0, 20).join(', ')}${found.preferred_to_categories.length > 20 ? ' …' : ''}</dd></div>`}
    </dl>
  </div>`;

/** Messages as they came: text, whatever is in them. */
const Examples = ({ found }) => html`
  <figure class="examples">
    <figcaption>${found.examples.length > 0 ? `The first ${found.examples.length === 1 ? 'message' : `${found.examples.length} different messages`} of ${count(found.num_matches)}` : 'No examples are kept (categorization_examples_limit)'}</figcaption>
    <ul tabindex="0" aria-label="Examples">${found.examples.map((text) => html`<li><pre dir="ltr">${visible(text)}</pre></li>`)}</ul>
  </figure>`;

/** The ids of the categories that a record is of, or blames. */
const idsOf = (row) => [...new Set([...entitiesOf(row), ...influencersOf(row)].filter((one) => one.field === FIELD).map((one) => one.value))].slice(0, SHOWN);

/** The categories of a record, where it has any. @param {{row: import('./records.mjs').RecordRow}} props */
export function RecordCategories({ row }) {
  const ids = idsOf(row);
  const query = useQuery(ids.length ? `/jobs/${encodeURIComponent(row.job_id)}/categories${params({ id: ids })}` : null);
  if (ids.length === 0) return null;
  return html`
    <section class="record-categories" aria-label="Messages" aria-busy=${String(query.pending)}>
      <h3>What the messages say</h3>
      ${query.error && html`<${Failed} error=${query.error} retry=${query.retry} />`}
      ${(query.data?.rows ?? []).map((found) => html`
        <div class="record-category">
          <p><a href=${categoryHref(row.job_id, found.category_id)}>Category ${found.category_id}</a>: <strong><${Terms} found=${found} /></strong></p>
          <${Examples} found=${found} />
        </div>`)}
      ${query.data?.rows.length === 0 && html`<p class="quiet">The job no longer has this category: it went back to an earlier snapshot.</p>`}
    </section>`;
}
