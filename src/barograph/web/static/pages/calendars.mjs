// Planned times, and lists of values that rules refer to.
import { html, useState } from '../lib/html.mjs';
import { send, useQuery } from '../lib/api.mjs';
import { Panel } from '../parts/panel.mjs';
import { Calendar } from './calendars/calendar.mjs';
import { Filters } from './calendars/filters.mjs';
import { NewDialog } from './calendars/new-dialog.mjs';

/** The page. */
export default function Calendars() {
  const query = useQuery('/calendars');
  const [making, setMaking] = useState(false);
  const make = async (calendar_id, description) => {
    await send('POST', '/calendars', { calendar_id, description: description || null });
    query.retry();
  };
  const none = query.data?.total === 0;
  return html`
    <div class="page calendars">
      <div class="page-head">
        <div><h1>Calendars</h1><p class="quiet">Planned times: holidays, deployments, maintenance. What happens in them is no anomaly of the jobs that they are for, and no news to their models.</p></div>
        <div class="page-actions"><button type="button" class="primary" onClick=${() => setMaking(true)}>New calendar</button></div>
      </div>
      <${Panel} query=${query} name="Calendars" height=${200} empty=${none && 'No calendar yet.'}>
        ${(found) => found && html`<div class="calendar-list">${found.calendars.map((one) => html`<${Calendar} key=${one.calendar_id} calendar=${one} changed=${query.retry} />`)}</div>`}
      </${Panel}>
      <${Filters} />
      ${making && html`<${NewDialog} title="New calendar" what="calendar" make=${make} close=${() => setMaking(false)} />`}
    </div>`;
}
