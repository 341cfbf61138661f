// What stands beside a cell after it was selected: its score, the highest of its records, and where to go on.
import { html, useEffect, useLayoutEffect, useRef } from '../../lib/html.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { counted, interval, score } from '../../lib/format.mjs';
import { word } from '../../lib/scales.mjs';
import { Icon } from '../../parts/icon.mjs';
import { place } from '../../parts/menu.mjs';
import { seriesHref } from '../../parts/records.mjs';
import { Score } from '../../parts/score.mjs';
import { CellAlerts } from './cell-alerts.mjs';
import { KIND_WORDS } from './lane-block.mjs';
import { askedInside, lanes, picked, selected } from './state.mjs';

/** @param {{by: string, hasAlerts: boolean}} props hasAlerts: whether there are any in the time that is shown */
export function CellPopover({ by, hasAlerts }) {
  const box = useRef(null);
  const at = picked.value;
  const shown = at !== null && selected.value !== null;
  const query = useQuery(shown ? `/records${params({ ...askedInside(by), iv: 'all', size: 1 })}` : null);
  useLayoutEffect(() => {
    if (!shown) return;
    if (!box.current.matches(':popover-open')) box.current.showPopover();
    place(box.current, { getBoundingClientRect: () => at.rect });
  }, [at, query.data]);
  useEffect(() => {
    if (!shown) return undefined;
    const away = (event) => { if (!box.current?.contains(event.target)) picked.value = null; };
    addEventListener('scroll', away, { capture: true, passive: true });
    return () => removeEventListener('scroll', away, { capture: true });
  }, [shown]);
  if (!shown) return null;
  const worst = query.data?.rows[0];
  const total = query.data?.total ?? 0;
  return html`
    <div ref=${box} popover="manual" class="popover cell-popover" role="dialog" aria-label="What is selected" aria-busy=${String(query.pending)}
      onKeyDown=${(event) => { if (event.key === 'Escape') { event.stopPropagation(); picked.value = null; } }}>
      <header>
        <p><strong>${interval(...selected.value)}</strong></p>
        <button type="button" class="bare" aria-label="Close" onClick=${() => { picked.value = null; }}><${Icon} name="close" /></button>
      </header>
      ${lanes.value.length > 0 && html`<p class="cut">${lanes.value.slice(0, 3).join(', ')}${lanes.value.length > 3 && ` and ${lanes.value.length - 3} more`}</p>`}
      <dl class="facts">
        <div><dt>${KIND_WORDS[at.kind]}</dt><dd>
          ${at.score === null ? html`<span class="quiet">none</span>` : html`<span class="score"><span class=${`swatch ${word(at.score)}`} />${score(at.score)}</span> ${word(at.score)}`}
        </dd></div>
        <div><dt>highest record</dt><dd>
          ${worst ? html`<${Score} score=${worst.record_score} multiBucket=${worst.multi_bucket} interim=${worst.is_interim} /> ${word(worst.record_score)}` : html`<span class="quiet">${query.pending ? '…' : 'none'}</span>`}
        </dd></div>
      </dl>
      ${query.error && html`<p class="wrong">${query.error.message}</p>`}
      ${hasAlerts && html`<${CellAlerts} by=${by} />`}
      <footer>
        <button type="button" disabled=${total === 0} onClick=${showRecords}>Show ${counted(total, 'record')}</button>
        ${worst && html`<a href=${seriesHref(worst)}>Open series</a>`}
      </footer>
    </div>`;
}

function showRecords() {
  picked.value = null;
  const table = document.getElementById('anomalies');
  table?.scrollIntoView({ block: 'start' });
  table?.focus({ preventScroll: true });
}
