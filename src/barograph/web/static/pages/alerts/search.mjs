// A text that alerts have in their titles.
import { html, useEffect, useState } from '../../lib/html.mjs';
import { get, go } from '../../lib/url.mjs';
import { useShortcut } from '../../lib/keys.mjs';

const TYPING_ENDS_MS = 300;

/** The field. */
export function SearchText() {
  const [text, setText] = useState(get('q') ?? '');
  useEffect(() => setText(get('q') ?? ''), [get('q')]);
  useEffect(() => {
    if (text.trim() === (get('q') ?? '')) return undefined;
    const timer = setTimeout(() => go({ set: { q: text.trim() || null, shown: null } }, { replace: true }), TYPING_ENDS_MS);
    return () => clearTimeout(timer);
  }, [text]);
  useShortcut('/', 'Find an alert', () => document.getElementById('alert-text')?.focus());
  return html`<input id="alert-text" type="search" aria-label="Text in alerts" placeholder="Host, job, measure …" value=${text} onInput=${(event) => setText(event.target.value)} />`;
}
