// A span of time, to the minute, in the page's zone.
import { html, useState } from '../lib/html.mjs';
import { range, zone } from '../lib/range.mjs';

/** @param {{look: (from: number, to: number) => void, close: () => void}} props */
export function Exact({ look, close }) {
  const [from, to] = range.value ?? [Date.now() - 86_400_000, Date.now()];
  const [texts, setTexts] = useState([local(from), local(to)]);
  const [wrong, setWrong] = useState('');
  const submit = (event) => {
    event.preventDefault();
    const [start, end] = texts.map(epoch);
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

/** A time as `datetime-local` has it, in the page's zone. */
function local(ms) {
  const parts = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone.value, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit',
  }).format(ms);
  return parts.replace(' ', 'T');
}

/** Epoch ms of a time of the page's zone; of one that a change of clocks has twice, the earlier. */
function epoch(text) {
  const asUtc = Date.parse(`${text}Z`);
  let guess = asUtc;
  for (let turn = 0; turn < 2; turn += 1) guess += asUtc - Date.parse(`${local(guess)}Z`);
  return guess;
}
