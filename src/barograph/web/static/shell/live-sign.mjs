// Whether what is shown follows the server.
import { html } from '../lib/html.mjs';
import { keyWanted } from '../lib/api.mjs';
import { connected, lastUpdate, pause, pausedAt, resume } from '../lib/live.mjs';
import { clock } from '../lib/format.mjs';
import { useShortcut } from '../lib/keys.mjs';
import { jobs } from '../lib/range.mjs';
import { Icon } from '../parts/icon.mjs';

const turn = () => (pausedAt.peek() === null ? pause() : resume());

/** @param {{follows: boolean}} props follows: whether the page is one that moves while jobs are open */
export const Live = ({ follows }) => html`
  ${!connected.value && !keyWanted.value && html`<span class="badge warning" role="status">Last update ${clock(lastUpdate.value)}</span>`}
  ${(pausedAt.value !== null || (follows && (jobs.value ?? []).some((job) => job.state === 'opened'))) && html`<${Pause} />`}`;

function Pause() {
  useShortcut('p', 'Stop or go on showing what is new', turn);
  const at = pausedAt.value;
  const text = at === null ? 'New results are shown as they come: stop that' : `Nothing new is shown since ${clock(at)}: go on`;
  return html`
    <button type="button" class=${`live ${at === null ? '' : 'is-paused'}`} aria-pressed=${String(at !== null)} aria-label=${text} title=${text} onClick=${turn}>
      <${Icon} name=${at === null ? 'pause' : 'play'} /><span>${at === null ? 'Live' : `Paused ${clock(at)}`}</span></button>`;
}
