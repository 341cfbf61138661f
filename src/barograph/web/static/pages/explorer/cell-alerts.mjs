// The alerts of what is selected, in the popover beside it.
import { html } from '../../lib/html.mjs';
import { href, timeText } from '../../lib/url.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { count, duration, time } from '../../lib/format.mjs';
import { expressions } from '../../lib/range.mjs';
import { Counters, Status, allOf, sentence, withLook } from '../../parts/alert.mjs';
import { lanes, selected } from './state.mjs';

const SHOWN = 3;

/** @param {{by: string}} props by: what the lanes are; alerts are of jobs, whatever entity is selected */
export function CellAlerts({ by }) {
  const [from, to] = selected.value;
  const job = by === 'job' && lanes.value.length > 0 ? lanes.value : expressions.value;
  const query = useQuery(`/alerts${params({ job, from, to, size: SHOWN })}`);
  if (query.error) return html`<p class="wrong">${query.error.message}</p>`;
  if (!query.data || allOf(query.data.counts) === 0) return null;
  const { counts, alerts, total } = query.data;
  return html`
    <section class="cell-alerts" aria-label="Alerts" aria-busy=${String(query.pending)}>
      <h3>Alerts</h3>
      <${Counters} counts=${counts} />
      <ul>${alerts.map((alert) => html`
        <li key=${alert.alert_id}>
          <a class="cut" href=${withLook(alert.link)} title=${sentence(alert)}>${sentence(alert)}</a>
          <small><${Status} status=${alert.status} /> ${alert.rule_id}, ${time(alert.start)}, ${duration(alert.duration)}</small>
        </li>`)}</ul>
      <p><a href=${href('/alerts', { job, from: timeText(from), to: timeText(to) })}>${total > SHOWN ? `All ${count(total)} alerts` : 'To the alerts'}</a></p>
    </section>`;
}
