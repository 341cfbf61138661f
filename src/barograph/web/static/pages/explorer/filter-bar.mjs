// The filter and what is shown of severities and open buckets.
import { html, useEffect, useRef, useState } from '../../lib/html.mjs';
import { useShortcut } from '../../lib/keys.mjs';
import { severities } from '../../lib/scales.mjs';
import { Icon } from '../../parts/icon.mjs';
import { LEAST_SCORES, change, filter, interim, shownSeverities, toggleSeverity } from './state.mjs';

/** @param {{fields: any, error: any}} props error: why the present filter cannot be used */
export function FilterBar({ fields, error }) {
  const box = useRef(null);
  const [text, setText] = useState(filter.value);
  useEffect(() => setText(filter.value), [filter.value]);
  useShortcut('/', 'Filter', focusFilter);
  const apply = (event) => {
    event.preventDefault();
    if (text.trim() !== filter.peek()) change({ q: text.trim() || null, page: null });
  };
  const names = (fields?.fields ?? []).map((field) => field.name);
  const wrong = error?.message?.startsWith('q') ? error.message : null;
  return html`
    <div class="filter-bar">
      <form class="filter" role="search" onSubmit=${apply}>
        <${Icon} name="search" />
        <input ref=${box} id="explorer-filter" type="text" value=${text} onInput=${(event) => setText(event.target.value)} spellcheck=${false} autocomplete="off"
          aria-label="Filter" aria-invalid=${wrong ? 'true' : undefined} aria-describedby=${wrong ? 'filter-error' : undefined} onBlur=${apply}
          placeholder=${names.length ? `Filter, as ${names[0]}:VALUE, with *, and, or, not` : 'No fields to filter by'} disabled=${names.length === 0 && !text} />
        ${text && html`<button type="button" class="bare" aria-label="Clear the filter" onClick=${() => { setText(''); change({ q: null, page: null }); }}><${Icon} name="close" /></button>`}
      </form>
      <${Severities} />
      <label class="check"><input type="checkbox" checked=${interim.value} onChange=${() => change({ interim: interim.value ? '0' : null })} />Interim</label>
      ${wrong && html`<p id="filter-error" class="wrong" role="alert">${wrong}</p>`}
    </div>`;
}

function focusFilter() {
  document.getElementById('explorer-filter')?.focus();
}

/** Five switches that are the legend, too. */
const Severities = () => html`
  <div class="severities" role="group" aria-label="Severities">
    ${(severities.value ?? []).map((one, at, all) => html`
      <button type="button" class="bare" aria-pressed=${String(shownSeverities.value === null || shownSeverities.value.includes(LEAST_SCORES[at]))}
        title=${`${one.word}: ${one.score} to ${all[at + 1]?.score ?? 100}`} onClick=${() => toggleSeverity(LEAST_SCORES[at])}>
        <span class=${`swatch ${one.word}`} />${one.word}
      </button>`)}
  </div>`;
