// Writing, changing and removing what somebody notes of a time.
import { html, useState } from '../../lib/html.mjs';
import { send } from '../../lib/api.mjs';
import { ago, interval, time } from '../../lib/format.mjs';
import { Confirm, Dialog } from '../../parts/dialog.mjs';
import { Icon } from '../../parts/icon.mjs';
import { Failed, Panel } from '../../parts/panel.mjs';

const LONGEST = 1000;
const NEAR = 900;

/** @param {{series: any, note: any, close: () => void, saved: () => void}} props note: without an id it is new */
export function NoteDialog({ series, note, close, saved }) {
  const entity = Object.fromEntries(Object.entries(series.detector.fields).map(([role, field]) => [field, series.values[role]]));
  const hasEntity = Object.keys(entity).length > 0;
  const [text, setText] = useState(note.text ?? '');
  const [ours, setOurs] = useState(note.note_id ? Object.keys(note.entity).length > 0 : hasEntity);
  const [asking, setAsking] = useState(false);
  const [error, setError] = useState(null);
  const [busy, setBusy] = useState(false);
  const path = `${series.base}/notes${note.note_id ? `/${note.note_id}` : ''}`;
  const run = async (method, body) => {
    setBusy(true);
    try {
      await send(method, path, body);
      saved();
      close();
    } catch (failure) {
      setError(failure);
      setAsking(false);
    }
    setBusy(false);
  };
  const save = () => run(note.note_id ? 'PUT' : 'POST', { text: text.trim(), start: note.start, end: note.end, entity: ours ? entity : {} });
  if (asking) {
    return html`
      <${Confirm} title="Remove this note?" does="Remove it" busy=${busy} close=${() => setAsking(false)} run=${() => run('DELETE')}>
        <p>“${note.text}” of ${interval(note.start, note.end)} will be gone.</p>
      </${Confirm}>`;
  }
  return html`
    <${Dialog} title=${note.note_id ? 'Note' : 'New note'} close=${close} actions=${html`
      ${note.note_id && html`<button type="button" class="danger" onClick=${() => setAsking(true)}><${Icon} name="trash" />Remove</button>`}
      <button type="button" onClick=${close}>Cancel</button>
      <button type="button" class="primary" disabled=${busy || !text.trim()} onClick=${save}>Save</button>`}>
      <p>${time(note.start)} to ${time(note.end)}</p>
      <label>What happened
        <textarea rows="4" maxlength=${LONGEST} value=${text} onInput=${(event) => setText(event.target.value)} />
      </label>
      ${text.length > NEAR && html`<p class="quiet">${LONGEST - text.length} characters left</p>`}
      ${hasEntity && html`
        <label class="check"><input type="checkbox" checked=${ours} onChange=${() => setOurs(!ours)} />
          Only of ${Object.entries(entity).map(([field, value]) => `${field} ${value}`).join(', ')}</label>`}
      ${error && html`<${Failed} error=${error} />`}
    </${Dialog}>`;
}

/** @param {{notes: any[], query: any, edit: (note: any) => void}} props */
export const NoteList = ({ notes, query, edit }) => (notes.length === 0 ? null : html`
  <${Panel} title=${`Notes (${notes.length})`} query=${query}>
    <ul class="note-list">
      ${notes.map((note) => html`
        <li key=${note.note_id}>
          <span class="when">${interval(note.start, note.end)}</span>
          <span class="what">${note.text}</span>
          <span class="quiet">${Object.entries(note.entity).map(([field, value]) => `${field} ${value}`).join(', ') || 'the whole job'} · ${ago(note.modified_time)}</span>
          <button type="button" class="link" aria-label=${`Change the note: ${note.text}`} onClick=${() => edit(note)}>Change</button>
        </li>`)}
    </ul>
  </${Panel}>`);
