// The bar at the top: where one is, and what is looked at.
import { html } from '../lib/html.mjs';
import { href } from '../lib/url.mjs';
import { allJobs } from '../lib/live.mjs';
import { Mark } from '../parts/icon.mjs';
import { JobPicker } from './job-picker.mjs';
import { RangePicker } from './range-picker.mjs';
import { Live } from './live-sign.mjs';
import { Settings, Zone } from './settings.mjs';
import { NAVIGATION } from './routes.mjs';

/** @param {{route: import('./routes.mjs').Route}} props */
export const Header = ({ route }) => html`
  <header class="top">
    <a class="brand" href=${href('/')} aria-label="Barograph, overview"><${Mark} /><span>Barograph</span></a>
    <nav aria-label="Pages">
      ${NAVIGATION.filter(({ where, holds }) => !where || holds.includes(route.module) || where(allJobs.value ?? [])).map(({ to, text, holds }) => html`
        <a href=${href(to)} aria-current=${holds.includes(route.module) ? 'page' : undefined}>${text}</a>`)}
    </nav>
    <div class="looked-at">
      ${route.jobs !== 'none' && html`<${JobPicker} many=${route.jobs === 'many'} shows=${route.shows} />`}
      ${route.time && html`<${RangePicker} />`}
    </div>
    <div class="top-end"><${Live} follows=${Boolean(route.time)} /><${Zone} /><${Settings} /></div>
  </header>`;
