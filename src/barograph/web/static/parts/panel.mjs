// A part of a page that shows what a query gave, in each of its states.
import { html, useId } from '../lib/html.mjs';
import { Icon } from './icon.mjs';

/**
 * A titled part of a page. First a skeleton, later the last picture dimmed; an error with what it is and a way to try again.
 * @param {{
 *   title?: any, query?: import('../lib/api.mjs').Query, actions?: any, empty?: any, height?: number,
 *   name?: string, class?: string, children?: any
 * }} props
 *   query: what it shows; without one it is only a frame
 *   children: what is shown, or a function of the query's data
 *   empty: shown instead of the children when given: say what is not there, and why
 *   height: px that are kept free while nothing is known yet, so that nothing jumps
 *   name: what it is called for those who do not see it, where it has no title
 */
export function Panel({ title, query, actions, empty, height = 120, name, class: more = '', children }) {
  const id = useId();
  const busy = query?.pending ?? false;
  const dimmed = query?.loading ? ' is-loading' : '';
  return html`
    <section class=${`panel${dimmed} ${more}`} aria-labelledby=${title ? id : undefined} aria-label=${title ? undefined : name}
      aria-busy=${String(busy)}>
      ${(title || actions) && html`
        <header class="panel-head">
          ${title && html`<h2 id=${id}>${title}</h2>`}
          ${actions && html`<div class="panel-actions">${actions}</div>`}
        </header>`}
      <div class="panel-body">${body(query, empty, height, children)}</div>
    </section>`;
}

function body(query, empty, height, children) {
  if (query?.error) return html`<${Failed} error=${query.error} retry=${query.retry} />`;
  if (query && query.data === undefined && query.pending) {
    return html`<div class="skeleton" style=${{ height: `${height}px` }} aria-hidden="true" />`;
  }
  if (empty) return html`<div class="empty">${empty}</div>`;
  return typeof children === 'function' ? children(query?.data) : children;
}

/** What went wrong, and a way to try again. @param {{error: import('../lib/api.mjs').Failure, retry?: () => void}} props */
export const Failed = ({ error, retry }) => html`
  <div class="failed" role="alert">
    <${Icon} name="warning" />
    <div>
      <p><strong>${error.message}</strong></p>
      <p class="quiet">${error.hint}${error.request_id && html` · request <code>${error.request_id}</code>`}</p>
    </div>
    ${retry && html`<button type="button" onClick=${retry}>Try again</button>`}
  </div>`;
