// Noting something of a record's time and series.
import { html, signal, useState } from '../../lib/html.mjs';
import { send } from '../../lib/api.mjs';
import { interval } from '../../lib/format.mjs';
import { Dialog } from '../../parts/dialog.mjs';
import { entitiesOf } from '../../parts/entity.mjs';
import { Failed } from '../../parts/panel.mjs';

const LONGEST = 1000;

/** Changes with every note that was made here. */
export const noteVersion = signal(0);

/** @param {{row: import('../../parts/records.mjs').RecordRow, close: () => void}} props */
export function NoteDialog({ row, close }) {
  const [text, setText] = useState('');
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const span = [row.timestamp, row.timestamp + row.bucket_span * 1000];
  const entity = Object.fromEntries(entitiesOf(row).map(({ field, value }) => [field, value]));
  const save = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await send('POST', `/jobs/${encodeURIComponent(row.job_id)}/notes`, { text, start: span[0], end: span[1], entity });
      noteVersion.value += 1;
      close();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return html`
    <${Dialog} title="Note something" close=${close} actions=${html`
      <button type="button" onClick=${close}>Cancel</button>
      <button type="submit" form="explorer-note" class="primary" disabled=${busy || text.trim() === ''}>Save</button>`}>
      <form id="explorer-note" class="dialog-text" onSubmit=${save}>
        <p class="quiet">${row.measure}${Object.entries(entity).map(([field, value]) => `, ${field} ${value}`)} · ${interval(...span)}</p>
        <label>Note<textarea rows="3" maxlength=${LONGEST} value=${text} onInput=${(event) => setText(event.target.value)} autofocus /></label>
        ${text.length > LONGEST - 100 && html`<small>${LONGEST - text.length} characters left</small>`}
        ${error && html`<${Failed} error=${error} />`}
      </form>
    </${Dialog}>`;
}
