// Which incidents are listed.
import { html, useEffect, useState } from '../../lib/html.mjs';
import { choice, get, go, number } from '../../lib/url.mjs';
import { severities } from '../../lib/scales.mjs';
import { useShortcut } from '../../lib/keys.mjs';

const TYPING_ENDS_MS = 300;
const STATUS = [[null, 'All'], ['ongoing', 'Ongoing'], ['resolved', 'Resolved']];

/** Status, least severity, and a text. */
export function Filters() {
  const status = choice('status', ['ongoing', 'resolved']);
  const least = number('min', { least: 0, most: 100, whole: false });
  return html`
    <div class="segments" role="group" aria-label="Status">
      ${STATUS.map(([value, text]) => html`
        <button type="button" aria-pressed=${String(status === value)} onClick=${() => go({ set: { status: value, shown: null } })}>${text}</button>`)}
    </div>
    <select aria-label="Severity" value=${least ?? ''} onChange=${(event) => go({ set: { min: event.target.value || null, shown: null } })}>
      <option value="">Any severity</option>
      ${severities.value.filter((one) => one.score >= 25).map((one) => html`<option value=${one.score}>${one.word}${one === severities.value.at(-1) ? '' : ' or worse'}</option>`)}
    </select>
    <${Search} />`;
}

function Search() {
  const [text, setText] = useState(get('q') ?? '');
  useEffect(() => setText(get('q') ?? ''), [get('q')]);
  useEffect(() => {
    const timer = setTimeout(() => go({ set: { q: text.trim() || null, shown: null } }, { replace: true }), TYPING_ENDS_MS);
    return () => clearTimeout(timer);
  }, [text]);
  useShortcut('/', 'Filter', () => document.getElementById('incident-text').focus());
  return html`
    <input id="incident-text" type="search" aria-label="Text in incidents" placeholder="Host, job, measure …" value=${text}
      onInput=${(event) => setText(event.target.value)} />`;
}
