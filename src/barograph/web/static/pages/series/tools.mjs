// What is laid over the chart, and what a drag on it does.
import { html } from '../../lib/html.mjs';
import { get, go } from '../../lib/url.mjs';
import { Popover } from '../../parts/menu.mjs';
import { Icon } from '../../parts/icon.mjs';
import { compared, layers, toggleLayer } from './state.mjs';

const LAYER_WORDS = { bounds: 'Usual range', typical: 'Typical value', notes: 'Notes', planned: 'Planned times' };
const COMPARED_WORDS = [[null, 'Nothing'], ['day', 'The day before'], ['week', 'The week before']];

/** @param {{drags: 'zoom' | 'annotate', setDrags: (drags: string) => void, table: boolean, setTable: (shown: boolean) => void,
 *   forecast: () => void, bounded: boolean}} props */
export function Tools({ drags, setDrags, table, setTable, forecast, bounded }) {
  const shown = layers();
  const under = compared();
  return html`
    <div class="series-actions">
      <div class="segments" role="group" aria-label="A drag on the chart">
        <button type="button" aria-pressed=${String(drags === 'zoom')} onClick=${() => setDrags('zoom')}>Zoom</button>
        <button type="button" aria-pressed=${String(drags === 'annotate')} onClick=${() => setDrags('annotate')}>Annotate</button>
      </div>
      <${Popover} label="Layers" button="Layers">
        <div class="layers">
          <h3>Shown</h3>
          ${Object.entries(LAYER_WORDS).map(([name, text]) => html`
            <label key=${name} class="check"><input type="checkbox" checked=${shown.has(name)} disabled=${name === 'bounds' && !bounded} onChange=${() => toggleLayer(name)} /> ${text}</label>`)}
          <h3>Laid under it</h3>
          ${COMPARED_WORDS.map(([name, text]) => html`
            <label key=${text} class="check"><input type="radio" name="cmp" checked=${under === name} onChange=${() => go({ set: { cmp: name } })} /> ${text}</label>`)}
        </div>
      </${Popover}>
      <button type="button" aria-pressed=${String(table)} onClick=${() => setTable(!table)}><${Icon} name="table" />View as table</button>
      <button type="button" class=${get('fc') ? '' : 'primary'} onClick=${forecast}>Forecast</button>
    </div>`;
}

/** What the lines are, only those that are there. */
export function Legend({ data }) {
  const under = compared();
  const keys = [
    ['series', 'value'], data.lo && data.bounded && ['band', 'usual range'], data.typical && ['typical', 'typical'], data.forecast && ['forecast', 'forecast'],
    under && ['ghost', `the ${under} before`], data.without && ['without', `without ${get('without').replace('=', ' ')}`], data.lo && data.bounded && ['outside', 'outside it'], data.events.length > 0 && ['event', 'planned'],
  ].filter(Boolean);
  return html`<span class="legend">${keys.map(([name, text]) => html`<span key=${name}><i class=${`line-key ${name}`} />${text}</span>`)}</span>`;
}
