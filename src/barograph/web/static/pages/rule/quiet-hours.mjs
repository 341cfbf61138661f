// Hours of the day in which nothing is sent.
import { html } from '../../lib/html.mjs';
import { zone } from '../../lib/range.mjs';
import { Icon } from '../../parts/icon.mjs';

const DAYS = [['mon', 'Mo'], ['tue', 'Tu'], ['wed', 'We'], ['thu', 'Th'], ['fri', 'Fr'], ['sat', 'Sa'], ['sun', 'Su']];
const ALL = DAYS.map(([name]) => name);
const NIGHT = { from: '22:00', to: '06:00', days: ALL };

/** @param {{hours: any[], choose: (hours: any[]) => void}} props */
export function QuietHours({ hours, choose }) {
  const change = (at, values) => choose(hours.map((one, index) => (index === at ? { ...one, ...values } : one)));
  return html`
    <fieldset class="field quiet-hours"><legend>Quiet hours</legend>
      ${hours.map((one, at) => html`<${Hours} key=${at} hours=${one} at=${at} change=${(values) => change(at, values)} remove=${() => choose(hours.filter((_, index) => index !== at))} />`)}
      <div><button type="button" onClick=${() => choose([...hours, { ...NIGHT, time_zone: zone.peek() }])}><${Icon} name="plus" /> Quiet hours</button></div>
    </fieldset>`;
}

function Hours({ hours, at, change, remove }) {
  const days = hours.days ?? ALL;
  const toggle = (day) => {
    const next = ALL.filter((one) => days.includes(one) !== (one === day));
    if (next.length) change({ days: next });
  };
  return html`
    <div class="hours" role="group" aria-label=${`Quiet hours ${at + 1}`}>
      <label>From<input type="time" value=${hours.from} onChange=${(event) => change({ from: event.target.value })} /></label>
      <label>To<input type="time" value=${hours.to} onChange=${(event) => change({ to: event.target.value })} /></label>
      <label>Time zone<input value=${hours.time_zone ?? 'UTC'} onChange=${(event) => change({ time_zone: event.target.value.trim() || 'UTC' })} /></label>
      <button type="button" class="bare" aria-label=${`Remove quiet hours ${at + 1}`} onClick=${remove}><${Icon} name="trash" /></button>
      <div class="segments" role="group" aria-label="Days">${DAYS.map(([name, text]) => html`
        <button type="button" aria-pressed=${String(days.includes(name))} aria-label=${name} onClick=${() => toggle(name)}>${text}</button>`)}</div>
    </div>`;
}
