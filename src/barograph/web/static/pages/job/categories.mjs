// The categories of a job's messages.
import { html, Fragment, useEffect, useState } from '../../lib/html.mjs';
import { choice, get, go, href, number } from '../../lib/url.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { count, counted } from '../../lib/format.mjs';
import { CategoryDetails, FIELD, Terms } from '../../parts/category.mjs';
import { shownValue } from '../../parts/entity.mjs';
import { Icon } from '../../parts/icon.mjs';
import { Panel } from '../../parts/panel.mjs';

const MORE = 50;
const TYPING_ENDS_MS = 300;
const ORDERS = [['-matches', 'Most messages first'], ['id', 'In the order in which they came']];

/** @param {{job: any, version: string}} props */
export function Categories({ job, version }) {
  const [size, setSize] = useState(MORE);
  const sort = choice('sort', ORDERS.map(([name]) => name), '-matches');
  const id = number('id', { least: 1, most: 1e9 });
  const asked = { q: get('q'), sort: sort === 'id' ? null : sort, id, partition: get('partition'), size };
  const query = useQuery(`/jobs/${encodeURIComponent(job.job_id)}/categories${params(asked)}`, { deps: [version] });
  const found = query.data;
  return html`
    ${found && html`<${Fit} stats=${found.stats} />`}
    <${Panel} name="Categories" class="of-categories" query=${query} height=${240} actions=${html`<${Filters} sort=${sort} id=${id} stats=${found?.stats ?? []} />`}
      empty=${found && found.total === 0 && (found.stats.length === 0 ? 'None yet: no row with a message has come.' : 'None match.')}>
      ${() => html`
        <${List} job=${job} rows=${found.rows} all=${found.stats.reduce((sum, one) => sum + one.categorized_doc_count, 0)} open=${id} />
        ${found.total > found.rows.length && html`
          <p class="under"><button type="button" onClick=${() => setSize(size + 4 * MORE)}>Show more</button> <span class="quiet">${count(found.rows.length)} of ${count(found.total)}</span></p>`}`}
    </${Panel}>`;
}

function Filters({ sort, id, stats }) {
  const [text, setText] = useState(get('q') ?? '');
  useEffect(() => {
    if (text.trim() === (get('q') ?? '')) return undefined;
    const timer = setTimeout(() => go({ set: { q: text.trim() || null } }, { replace: true }), TYPING_ENDS_MS);
    return () => clearTimeout(timer);
  }, [text]);
  if (id !== null) return html`<a href=${href(undefined, { id: null })}>All categories</a>`;
  return html`
    <input type="search" aria-label="Find a category" placeholder="Words of a message" value=${text} onInput=${(event) => setText(event.target.value)} />
    ${stats.length > 1 && html`
      <select aria-label=${stats[0].partition_field_name} value=${get('partition') ?? ''} onChange=${(event) => go({ set: { partition: event.target.value || null } })}>
        <option value="">every ${stats[0].partition_field_name}</option>
        ${stats.map(({ partition_field_value: value }) => html`<option value=${value}>${shownValue(value)}</option>`)}
      </select>`}
    <select aria-label="Order" value=${sort} onChange=${(event) => go({ set: { sort: event.target.value } })}>
      ${ORDERS.map(([name, words]) => html`<option value=${name}>${words}</option>`)}
    </select>`;
}

function List({ job, rows, all, open }) {
  const [shown, setShown] = useState([]);
  const isSplit = rows.some((one) => one.partition_field_value !== null);
  const isOpen = ({ category_id: id }) => (shown.includes(id) !== (id === open));
  const toggle = ({ category_id: id }) => setShown(shown.includes(id) ? shown.filter((one) => one !== id) : [...shown, id]);
  return html`
    <table class="categories">
      <thead><tr><th></th><th class="number">Category</th>${isSplit && html`<th>${rows[0].partition_field_name}</th>`}
        <th class="number">Messages</th><th class="number">Share</th><th>What they have in common</th></tr></thead>
      <tbody>${rows.map((one) => html`
        <${Fragment} key=${one.category_id}>
          <tr class=${isOpen(one) ? 'is-open' : ''}>
            <td class="toggle"><button type="button" class="bare" aria-expanded=${String(isOpen(one))} aria-label=${`${isOpen(one) ? 'Hide' : 'Show'} messages of category ${one.category_id}`}
              onClick=${() => toggle(one)}><${Icon} name=${isOpen(one) ? 'down' : 'right'} /></button></td>
            <td class="number" data-name="Category">${one.category_id}</td>
            ${isSplit && html`<td class="partition" data-name=${one.partition_field_name}><bdi>${shownValue(one.partition_field_value)}</bdi></td>`}
            <td class="number" data-name="Messages">${count(one.num_matches)}</td>
            <td class="number quiet">${share(one.num_matches, all)}</td>
            <td class="terms"><div><${Terms} found=${one} /></div></td>
          </tr>
          ${isOpen(one) && html`
            <tr class="details-row"><td colspan=${isSplit ? 6 : 5}>
              <${CategoryDetails} found=${one} />
              <p><a href=${href('/explorer', { job: job.job_id, q: `${FIELD}:"${one.category_id}"` }, { keep: ['tz', 'theme'] })}>Its anomalies in the explorer</a></p>
            </td></tr>`}
        </${Fragment}>`)}</tbody>
    </table>`;
}

function share(some, all) {
  const percent = (100 * some) / Math.max(all, 1);
  return percent < 0.1 ? '<0.1 %' : `${percent.toFixed(percent < 10 ? 1 : 0)} %`;
}

/** How well categories fit the messages, in a sentence; what is wrong where they do not. */
function Fit({ stats }) {
  if (stats.length === 0) return null;
  const sum = (name) => stats.reduce((total, one) => total + one[name], 0);
  const bad = stats.filter((one) => one.categorization_status === 'warn');
  const stopped = stats.filter((one) => one.is_stopped);
  const failed = sum('failed_category_count');
  const named = (some) => some.slice(0, 5).map((one) => shownValue(one.partition_field_value)).join(', ') + (some.length > 5 ? ' …' : '');
  return html`
    <p>${counted(sum('categorized_doc_count'), 'message')} in ${counted(sum('total_category_count'), 'category', 'categories')}${stats.length > 1 ? ` of ${counted(stats.length, 'partition')}` : ''}:
      ${' '}${count(sum('frequent_category_count'))} frequent, ${count(sum('rare_category_count'))} with a single message${sum('dead_category_count') ? `, ${count(sum('dead_category_count'))} taken over by others` : ''}.</p>
    ${bad.length > 0 && html`
      <p class="notice fit" role="status"><${Icon} name="warning" /><span><strong>The categories say little${bad[0].partition_field_name === null ? '' : ` of ${bad[0].partition_field_name} ${named(bad)}`}.</strong>
        ${' '}The messages are probably no sentences, or take other filters: nearly all have a category of their own, or all have one.${stopped.length > 0 ? ` No more are categorized for ${named(stopped)}.` : ''}</span></p>`}
    ${failed > 0 && html`<p class="notice fit" role="status"><${Icon} name="warning" />${counted(failed, 'message')} without a category: the job has as many categories as it may.</p>`}`;
}
