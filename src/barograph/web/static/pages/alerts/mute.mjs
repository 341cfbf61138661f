// Muting a rule for a while, or for one entity only.
import { html, useState } from '../../lib/html.mjs';
import { send, useTask } from '../../lib/api.mjs';
import { Dialog } from '../../parts/dialog.mjs';
import { shownValue } from '../../parts/entity.mjs';
import { Failed } from '../../parts/panel.mjs';
import { say } from '../../shell/notices.mjs';

const HOUR_MS = 3_600_000;
const LENGTHS = [['1 hour', HOUR_MS], ['4 hours', 4 * HOUR_MS], ['1 day', 24 * HOUR_MS], ['1 week', 168 * HOUR_MS], ['Until it is unmuted', null]];

/** @param {{ruleId: string, entity: Record<string, string>, done: () => void, close: () => void}} props entity: whom one may want to mute alone; empty for nobody */
export function MuteDialog({ ruleId, entity, done, close }) {
  const [name] = Object.keys(entity);
  const [whole, setWhole] = useState(name === undefined);
  const [length, setLength] = useState(2);
  const { run, error, busy } = useTask();
  const mute = (event) => {
    event.preventDefault();
    run(async () => {
      const ms = LENGTHS[length][1];
      await send('POST', `/rules/${encodeURIComponent(ruleId)}/mute`, { until: ms === null ? null : Date.now() + ms, entity: whole ? {} : entity });
      say(`${whole ? ruleId : `${name} ${shownValue(entity[name])}`} is muted.`);
      done();
    });
  };
  return html`
    <${Dialog} title="Mute" close=${close} actions=${html`
      <button type="button" onClick=${close}>Cancel</button><button type="submit" form="mute" class="primary" disabled=${busy}>Mute</button>`}>
      <form id="mute" class="dialog-text" onSubmit=${mute}>
        <p>Alerts are raised and kept as before; nothing is sent of them.</p>
        ${name !== undefined && html`
          <label>What is muted<select value=${whole ? 'rule' : 'entity'} onChange=${(event) => setWhole(event.target.value === 'rule')}>
            <option value="entity">${name} ${shownValue(entity[name])} in the rule ${ruleId}</option>
            <option value="rule">the rule ${ruleId}</option>
          </select></label>`}
        <label>For how long<select value=${String(length)} onChange=${(event) => setLength(Number(event.target.value))}>
          ${LENGTHS.map(([text], at) => html`<option value=${String(at)}>${text}</option>`)}</select></label>
        ${error && html`<${Failed} error=${error} />`}
      </form>
    </${Dialog}>`;
}
