// One alert: how bad, what, since when, who is to blame; and what can be done about it.
import { html, useState } from '../../lib/html.mjs';
import { all, go, href } from '../../lib/url.mjs';
import { send, useTask } from '../../lib/api.mjs';
import { alertsChanged } from '../../lib/alerts.mjs';
import { ago, counted, duration, interval, score } from '../../lib/format.mjs';
import { word } from '../../lib/scales.mjs';
import { Status, rulePath, sentence, withLook } from '../../parts/alert.mjs';
import { shownValue } from '../../parts/entity.mjs';
import { Icon } from '../../parts/icon.mjs';
import { Menu } from '../../parts/menu.mjs';
import { Failed } from '../../parts/panel.mjs';
import { say } from '../../shell/notices.mjs';
import { AlertDetails } from './details.mjs';
import { ExpectedDialog } from './expected.mjs';
import { MuteDialog } from './mute.mjs';

/** @param {{alert: import('../../parts/alert.mjs').Alert, changed: () => void}} props changed: called when something was done to it */
export function AlertRow({ alert, changed }) {
  const [asks, setAsks] = useState(null);
  const { run, error, busy } = useTask();
  const isOpen = all('open').includes(alert.alert_id);
  const toggle = () => go({ set: { open: isOpen ? all('open').filter((id) => id !== alert.alert_id) : [...all('open'), alert.alert_id] } });
  const done = () => { setAsks(null); alertsChanged(); changed(); };
  const acknowledge = () => run(async () => {
    await send('POST', `/alerts/${encodeURIComponent(alert.alert_id)}/${alert.acknowledged ? 'unacknowledge' : 'acknowledge'}`, alert.acknowledged ? {} : { note: '' });
    say(alert.acknowledged ? 'Nobody has taken this on any more.' : 'Acknowledged: nothing more is sent of it.');
    done();
  });
  const severity = word(alert.max_score);
  const details = `alert-${alert.alert_id}`;
  return html`
    <li class=${`alert-row ${isOpen ? 'is-open' : ''}`} data-alert=${alert.alert_id}>
      <div class=${`how-bad ${severity}`}><strong>${score(alert.max_score)}</strong><span>${severity}</span></div>
      <div class="said">
        <h3><a href=${withLook(alert.link)}>${sentence(alert)}</a></h3>
        <p class="quiet">
          <span><${Status} status=${alert.status} /></span>
          <span>${interval(alert.start, alert.end)}</span>
          <span>${duration(alert.duration)}</span>
          <span>rule <a href=${href(rulePath(alert.rule_id))}>${alert.rule_id}</a></span>
          <span>job ${alert.job_id}</span>
          ${alert.series > 1 && html`<span>${counted(alert.series, 'series', 'series')}</span>`}
          ${alert.interim && html`<span>interim</span>`}
        </p>
        <${Notes} alert=${alert} />
        ${error && html`<${Failed} error=${error} />`}
      </div>
      <div class="do">
        <button type="button" data-acknowledge disabled=${busy} aria-pressed=${String(Boolean(alert.acknowledged))} onClick=${acknowledge}>
          <${Icon} name="check" />${alert.acknowledged ? 'Acknowledged' : 'Acknowledge'}</button>
        <${Menu} button=${html`<${Icon} name="more" />`} label="Actions of this alert" buttonClass="bare" arrow=${false} items=${[
          { text: 'This was expected …', disabled: alert.expected ? `already ${EXPECTED[alert.expected]}` : undefined, run: () => setAsks('expected') },
          { text: 'Mute …', run: () => setAsks('mute') },
          { text: 'Open in the explorer', href: withLook(alert.link) },
        ]} />
        <button type="button" class="bare" aria-expanded=${String(isOpen)} aria-controls=${isOpen ? details : undefined} aria-label=${`${isOpen ? 'Hide' : 'Show'} details`} onClick=${toggle}>
          <${Icon} name=${isOpen ? 'down' : 'right'} /></button>
      </div>
      ${isOpen && html`<div class="alert-details" id=${details}><${AlertDetails} alert=${alert} /></div>`}
      ${asks === 'expected' && html`<${ExpectedDialog} alert=${alert} done=${done} close=${() => setAsks(null)} />`}
      ${asks === 'mute' && html`<${MuteDialog} ruleId=${alert.rule_id} entity=${entityOf(alert)} done=${done} close=${() => setAsks(null)} />`}
    </li>`;
}

const EXPECTED = { forgotten: 'forgotten', planned: 'planned' };

/** Whose alert it is: what the rule groups by, else the one that is to blame most. */
const entityOf = ({ entity, blamed }) => (Object.keys(entity).length ? entity : blamed.length ? { [blamed[0].field_name]: blamed[0].field_value } : {});

/** Whom it blames, and what holds it. */
function Notes({ alert }) {
  const { blamed, acknowledged, expected, held, delivery } = alert;
  return html`
    ${blamed.length > 0 && html`<p class="to-blame"><span class="quiet">To blame</span> ${blamed.slice(0, 3).map((one, at) => html`${at > 0 && ', '}${one.field_name} <strong>${shownValue(one.field_value)}</strong>`)}${blamed.length > 3 && ` and ${blamed.length - 3} more`}</p>`}
    <p class="alert-notes">
      ${acknowledged && html`<span class="badge"><${Icon} name="check" />${acknowledged.by ?? 'acknowledged'}, ${ago(acknowledged.time)}${acknowledged.note && `: ${acknowledged.note}`}</span>`}
      ${expected && html`<span class="badge">expected, ${EXPECTED[expected]}</span>`}
      ${held && html`<span class="badge">not sent: ${held}</span>`}
      ${delivery.failed > 0 && html`<span class="badge warning"><${Icon} name="warning" />${counted(delivery.failed, 'message')} could not be sent</span>`}
    </p>`;
}
