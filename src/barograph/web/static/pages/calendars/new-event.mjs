// A time to plan.
import { html, useState } from '../../lib/html.mjs';
import { time } from '../../lib/format.mjs';
import { localMs, localText } from '../../lib/local-time.mjs';
import { zone } from '../../lib/range.mjs';
import { Dialog } from '../../parts/dialog.mjs';
import { Failed } from '../../parts/panel.mjs';

const HOUR_MS = 3_600_000;
const MOST_SHIFT_MIN = 7 * 1440;

/** @param {{read: number | null, add: (event: {description: string, start: number, end: number, skip_result: boolean, skip_model_update: boolean, force_time_shift: number | null}) => Promise<void>, close: () => void}} props
 *   read: epoch ms up to which the calendar's jobs have results */
export function NewEvent({ read, add, close }) {
  const next = Math.ceil(Date.now() / HOUR_MS) * HOUR_MS;
  const [description, setDescription] = useState('');
  const [start, setStart] = useState(localText(next));
  const [end, setEnd] = useState(localText(next + HOUR_MS));
  const [tells, setTells] = useState(false);
  const [learns, setLearns] = useState(false);
  const [shift, setShift] = useState('');
  const [error, setError] = useState(null);
  const order = localMs(end) > localMs(start);
  const submit = async (event) => {
    event.preventDefault();
    try {
      await add({ description: description.trim(), start: localMs(start), end: localMs(end), skip_result: !tells, skip_model_update: !learns, force_time_shift: shift ? Math.round(60 * Number(shift)) : null });
      close();
    } catch (failure) {
      setError(failure);
    }
  };
  return html`
    <${Dialog} title="Planned time" close=${close}>
      <form class="dialog-text" onSubmit=${submit}>
        <label>What<input value=${description} required maxlength="1000" onInput=${(event) => setDescription(event.target.value)} /></label>
        <div class="fields two">
          <label>From (${zone.value})<input type="datetime-local" required value=${start} onInput=${(event) => setStart(event.target.value)} /></label>
          <label>To (${zone.value})<input type="datetime-local" required value=${end} onInput=${(event) => setEnd(event.target.value)} /></label>
        </div>
        <label class="check"><input type="checkbox" checked=${tells} onChange=${(event) => setTells(event.target.checked)} /> Anomalies in it are told all the same</label>
        <label class="check"><input type="checkbox" checked=${learns} onChange=${(event) => setLearns(event.target.checked)} /> Models learn from it all the same</label>
        <label>The clock changes with it, for good, by so many minutes<input type="number" value=${shift} step="any" min=${-MOST_SHIFT_MIN} max=${MOST_SHIFT_MIN} placeholder="it does not" onInput=${(event) => setShift(event.target.value)} /></label>
        ${read !== null && localMs(start) < read && html`<p class="quiet">The jobs have results up to ${time(read)}; those stay as they are until a replay.</p>`}
        ${!order && html`<p class="wrong">Wanted an end after the start</p>`}
        ${error && html`<${Failed} error=${error} />`}
        <footer class="dialog-end"><button type="button" onClick=${close}>Cancel</button><button type="submit" class="primary" disabled=${!order}>Plan it</button></footer>
      </form>
    </${Dialog}>`;
}
