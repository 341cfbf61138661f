// Choosing one of many by typing a part of it.
import { html, useEffect, useId, useRef, useState } from '../lib/html.mjs';

const SHOWN = 200;

/**
 * A combo box.
 * @param {{label: string, value: string | null, options: Array<{value: string, text?: any, more?: any}>, choose: (value: string | null) => void,
 *   search?: (text: string) => void, placeholder?: string, clearable?: boolean, free?: boolean, busy?: boolean, note?: any}} props
 *   search: told what is typed, where the options come from a server; else they are narrowed here
 *   free: what is typed may be chosen though it is no option
 *   note: shown below the options
 */
export function Combo({ label, value, options, choose, search, placeholder, clearable = true, free = false, busy = false, note }) {
  const id = useId();
  const box = useRef(null);
  const [text, setText] = useState(null);
  const [at, setAt] = useState(0);
  const typed = text !== null;
  const matching = search || !text ? options : options.filter((one) => one.value.toLowerCase().includes(text.toLowerCase()));
  const listed = matching.slice(0, SHOWN);
  useEffect(() => { box.current.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }); }, [at, typed]);
  const open = () => { setText(''); setAt(Math.max(0, options.findIndex((one) => one.value === value))); search?.(''); };
  const type = (event) => { setText(event.target.value); setAt(0); search?.(event.target.value); };
  const take = (chosen) => { setText(null); if (chosen !== value) choose(chosen); };
  const key = (event) => {
    if (!typed && ['ArrowDown', 'ArrowUp', 'Enter'].includes(event.key)) open();
    else if (event.key === 'ArrowDown') setAt(Math.min(at + 1, listed.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(at - 1, 0));
    else if (event.key === 'Enter') { if (listed[at]) take(listed[at].value); else if (free && text) take(text); } else if (event.key === 'Escape' && typed) setText(null);
    else return;
    event.preventDefault();
  };
  return html`
    <div class="combo" ref=${box} onFocusOut=${(event) => { if (!box.current.contains(event.relatedTarget)) setText(null); }}>
      <label for=${id}>${label}</label>
      <div class="combo-box">
        <input id=${id} type="text" role="combobox" autocomplete="off" spellcheck=${false} aria-expanded=${String(typed)} aria-controls=${`${id}-list`}
          aria-activedescendant=${typed && listed.length ? `${id}-${at}` : undefined} placeholder=${value ?? placeholder}
          value=${typed ? text : value ?? ''} onFocus=${open} onClick=${() => typed || open()} onInput=${type} onKeyDown=${key} />
        ${clearable && value !== null && html`
          <button type="button" class="bare" aria-label=${`Clear ${label}`} onClick=${() => take(null)}>×</button>`}
      </div>
      ${typed && html`
        <div class="combo-list" onMouseDown=${(event) => event.preventDefault()}>
          <ul id=${`${id}-list`} role="listbox" aria-label=${label} aria-busy=${String(busy)}>
            ${listed.map((one, index) => html`
              <li key=${one.value} id=${`${id}-${index}`} role="option" aria-selected=${String(index === at)} onClick=${() => take(one.value)}>
                <span>${one.text ?? one.value}</span>${one.more && html`<span class="quiet">${one.more}</span>`}
              </li>`)}
          </ul>
          ${listed.length === 0 && !busy && html`<p class="quiet">${free && text ? 'Press Enter to take it as it is.' : 'Nothing of this name.'}</p>`}
          ${matching.length > SHOWN && html`<p class="quiet">${matching.length - SHOWN} more: type a part of the name.</p>`}
          ${note && html`<p class="quiet">${note}</p>`}
        </div>`}
    </div>`;
}
