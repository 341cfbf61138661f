// One calendar: what it is for, and its planned times.
import { html, useEffect, useState } from '../../lib/html.mjs';
import { send, useQuery, useTask } from '../../lib/api.mjs';
import { allJobs } from '../../lib/live.mjs';
import { count, counted, interval } from '../../lib/format.mjs';
import { Confirm } from '../../parts/dialog.mjs';
import { Icon } from '../../parts/icon.mjs';
import { Menu, Popover } from '../../parts/menu.mjs';
import { Failed, Panel } from '../../parts/panel.mjs';
import { pickFile } from '../jobs/actions.mjs';
import { NewEvent } from './new-event.mjs';
import { NewHolidays } from './new-holidays.mjs';

const SHOWN = 10;

/** @param {{calendar: any, changed: () => void}} props */
export function Calendar({ calendar, changed }) {
  const url = `/calendars/${encodeURIComponent(calendar.calendar_id)}`;
  const query = useQuery(`${url}/events`);
  const [all, setAll] = useState(false);
  const [asks, setAsks] = useState(null);
  const { run: tried, error } = useTask();
  const run = (method, rest, body) => tried(async () => {
    await send(method, url + rest, body);
    setAsks(null);
    if (rest) query.retry();
    changed();
  });
  const events = query.data?.events ?? [];
  const shown = all ? events : upcoming(events);
  return html`
    <${Panel} title=${calendar.calendar_id} query=${query} height=${80} actions=${html`
        <${Jobs} calendar=${calendar} choose=${(ids) => run('PUT', '/jobs', { job_ids: ids })} />
        <button type="button" onClick=${() => setAsks({ kind: 'new' })}><${Icon} name="plus" /> Planned time</button>
        <${Menu} button=${html`<${Icon} name="more" />`} label=${`Actions of ${calendar.calendar_id}`} buttonClass="bare" arrow=${false} items=${[
          { text: 'Add public holidays …', run: () => setAsks({ kind: 'holidays' }) },
          { text: 'Import an .ics file …', run: () => pickFile((file) => run('POST', '/ics', file)) },
          { text: 'Delete …', danger: true, run: () => setAsks({ kind: 'delete' }) },
        ]} />`}>
      ${calendar.description && html`<p class="quiet">${calendar.description}</p>`}
      ${error && !asks && html`<${Failed} error=${error} />`}
      ${query.data && events.length === 0 && html`<p class="empty">Nothing is planned.</p>`}
      ${shown.length > 0 && html`
        <table class="events">
          <thead><tr><th>When</th><th>What</th><th><span class="hidden-text">Actions</span></th></tr></thead>
          <tbody>${shown.map((one) => html`
            <tr key=${one.event_id} class=${one.end <= Date.now() ? 'over' : ''}><td>${interval(one.start, one.end)}</td><td>${one.description}${one.force_time_shift ? html` <span class="quiet">clock ${one.force_time_shift > 0 ? '+' : '−'}${Math.abs(one.force_time_shift) / 60} min</span>` : ''}</td>
              <td class="act"><button type="button" class="bare" aria-label=${`Remove ${one.description}`} onClick=${() => setAsks({ kind: 'event', one })}><${Icon} name="trash" /></button></td></tr>`)}
          </tbody>
        </table>`}
      ${events.length > shown.length && html`<p><button type="button" class="link" onClick=${() => setAll(true)}>Show all ${count(events.length)}</button></p>`}
    </${Panel}>
    ${asks?.kind === 'new' && html`<${NewEvent} read=${readBy(calendar.job_ids)} add=${(event) => send('POST', `${url}/events`, { events: [event] }).then(() => { query.retry(); changed(); })} close=${() => setAsks(null)} />`}
    ${asks?.kind === 'holidays' && html`<${NewHolidays} add=${(asked) => send('POST', `${url}/holidays`, asked).then((added) => { query.retry(); changed(); return added; })} close=${() => setAsks(null)} />`}
    ${asks?.kind === 'event' && html`
      <${Confirm} title="Remove this planned time?" does="Remove" close=${() => setAsks(null)} run=${() => run('DELETE', `/events/${asks.one.event_id}`)}>
        <p>“${asks.one.description}”, ${interval(asks.one.start, asks.one.end)}.</p>${error && html`<${Failed} error=${error} />`}
      </${Confirm}>`}
    ${asks?.kind === 'delete' && html`
      <${Confirm} title=${`Delete ${calendar.calendar_id}?`} does="Delete" close=${() => setAsks(null)} run=${() => run('DELETE', '')}>
        <p>This removes the calendar and ${counted(events.length, 'planned time')}.${calendar.job_ids.length ? ` It is for ${calendar.job_ids.join(', ')}.` : ''}</p>
        ${error && html`<${Failed} error=${error} />`}
      </${Confirm}>`}`;
}

/** Up to when the jobs of a calendar have results, as epoch ms; null without any. */
function readBy(ids) {
  const ends = (allJobs.value ?? [])
    .filter((job) => job.latest_bucket !== null && [job.job_id, ...job.groups].some((id) => ids.includes(id)))
    .map((job) => job.latest_bucket + job.bucket_span_ms);
  return ends.length ? Math.max(...ends) : null;
}

/** The next ones; where nothing comes any more, the last ones. */
function upcoming(events) {
  const next = events.filter((one) => one.end > Date.now());
  return (next.length ? next.slice(0, SHOWN) : events.slice(-SHOWN));
}

function Jobs({ calendar, choose }) {
  const jobs = (allJobs.value ?? []).map((job) => job.job_id);
  const groups = [...new Set((allJobs.value ?? []).flatMap((job) => job.groups))].sort();
  const [chosen, setChosen] = useState(calendar.job_ids); // at once what was clicked, in the end what the server has
  useEffect(() => setChosen(calendar.job_ids), [calendar.job_ids]);
  const toggle = async (id) => {
    const wanted = chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id];
    setChosen(wanted);
    if (!await choose(wanted)) setChosen(calendar.job_ids);
  };
  const box = (id) => html`<label class="check"><input type="checkbox" checked=${chosen.includes(id)} onChange=${() => toggle(id)} /> ${id}</label>`;
  const gone = calendar.job_ids.filter((id) => !jobs.includes(id) && !groups.includes(id));
  return html`
    <${Popover} button=${calendar.job_ids.length === 0 ? 'For no jobs' : calendar.job_ids.length <= 2 ? `For ${calendar.job_ids.join(', ')}` : `For ${calendar.job_ids.length} jobs`} label="Jobs of the calendar">
      <div class="calendar-jobs">
        ${groups.length > 0 && html`<h3>Groups</h3>${groups.map(box)}`}
        <h3>Jobs</h3>${jobs.map(box)}
        ${gone.length > 0 && html`<h3>Not there</h3>${gone.map(box)}`}
      </div>
    </${Popover}>`;
}
