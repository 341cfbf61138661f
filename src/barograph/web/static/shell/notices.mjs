// What the page has to say in passing, and what of the URL it could not use.
import { html, signal } from '../lib/html.mjs';
import { notices } from '../lib/url.mjs';
import { unknownJobs } from '../lib/range.mjs';
import { Icon } from '../parts/icon.mjs';

const said = signal(null);
const STAYS_MS = 6000;
let timer = 0;

/** Say something in passing. @param {string} text */
export function say(text) {
  said.value = text;
  clearTimeout(timer);
  timer = setTimeout(() => { said.value = null; }, STAYS_MS);
}

/** All of it. */
export const Notices = () => html`
  ${notices.value.map(({ key, value, wanted }) => html`
    <p class="notice" role="status" key=${key}>
      <${Icon} name="info" /><span>The address has <code>${key}=${value}</code>, which is left out: wanted ${wanted}.</span>
    </p>`)}
  ${unknownJobs.value.map((name) => html`
    <p class="notice" role="status" key=${name}><${Icon} name="info" /><span>There is no job or group <code>${name}</code>.</span></p>`)}
  <div class="toast" role="status" aria-live="polite">${said.value && html`<p>${said.value}</p>`}</div>`;
