// Pages of something: which one is shown, and the way to the others.
import { html } from '../../lib/html.mjs';
import { Icon } from '../../parts/icon.mjs';

const AROUND = 1;

/** The numbers to show: the first, the last, and those around the present one; null where some are left out. */
function numbers(page, pages) {
  const near = [1, pages];
  for (let one = page - AROUND; one <= page + AROUND; one += 1) if (one >= 1 && one <= pages) near.push(one);
  const sorted = [...new Set(near)].sort((one, other) => one - other);
  return sorted.flatMap((one, at) => (at > 0 && one > sorted[at - 1] + 1 ? [null, one] : [one]));
}

/** @param {{name: string, page: number, pages: number, text: string, go: (page: number) => void}} props */
export const Pager = ({ name, page, pages, text, go }) => html`
  <nav class="pager" aria-label=${`Pages of ${name}`}>
    <span class="quiet">${text}</span>
    ${pages > 1 && html`
      <button type="button" class="bare" aria-label=${`Previous page of ${name}`} disabled=${page <= 1} onClick=${() => go(page - 1)}><${Icon} name="left" /></button>
      ${numbers(page, pages).map((one) => (one === null
        ? html`<span class="quiet">…</span>`
        : html`<button type="button" class="bare" aria-label=${`Page ${one} of ${name}`} aria-current=${one === page ? 'page' : undefined}
            onClick=${() => go(one)}>${one}</button>`))}
      <button type="button" class="bare" aria-label=${`Next page of ${name}`} disabled=${page >= pages} onClick=${() => go(page + 1)}><${Icon} name="right" /></button>`}
  </nav>`;
