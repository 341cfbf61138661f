// A span of time, to the minute, in the page's zone.
import { html, useState } from '../lib/html.mjs';
import { localMs, localText } from '../lib/local-time.mjs';
import { range, zone } from '../lib/range.mjs';

/** @param {{look: (from: number, to: number) => void, close: () => void}} props */
export function Exact({ look, close }) {
  const [from, to] = range.value ?? [Date.now() - 86_400_000, Date.now()];
  const [texts, setTexts] = useState([localText(from), localText(to)]);
  const [wrong, setWrong] = useState('');
  const submit = (event) => {
    event.preventDefault();
    const [start, end] = texts.map((text) => localMs(text));
    if (Number.isNaN(start) || Number.isNaN(end)) setWrong('Both need a date and a time.');
    else if (start >= end) setWrong('The start must be before the end.');
    else { look(start, end); close(); }
  };
  const field = (index, label) => html`
    <label>${label}<input type="datetime-local" value=${texts[index]} required
      onInput=${(event) => setTexts(texts.with(index, event.target.value))} /></label>`;
  return html`
    <form class="exact" onSubmit=${submit} novalidate>
      <h3>From and to, in ${zone.value}</h3>
      <div>${field(0, 'From')}${field(1, 'To')}<button type="submit" class="primary">Show</button></div>
      ${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}
    </form>`;
}
