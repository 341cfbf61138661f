// The forecasts of a job that are kept.
import { html, useState } from '../../lib/html.mjs';
import { href } from '../../lib/url.mjs';
import { send, useQuery, useTask } from '../../lib/api.mjs';
import { count, duration, interval, time } from '../../lib/format.mjs';
import { Confirm } from '../../parts/dialog.mjs';
import { Failed, Panel } from '../../parts/panel.mjs';

/** @param {{job: any, version: string, changed: () => void}} props */
export function Forecasts({ job, version, changed }) {
  const url = `/jobs/${encodeURIComponent(job.job_id)}/forecasts`;
  const query = useQuery(url, { deps: [version] });
  const [asks, setAsks] = useState(null);
  const { run, error, clear } = useTask();
  const remove = () => run(async () => {
    await send('DELETE', `${url}/${asks.forecast_id}`);
    setAsks(null);
    query.retry();
    changed();
  });
  const none = html`<p>None is kept. The <a href=${href('/series', { job: job.job_id }, { keep: ['tz', 'theme'] })}>series page</a> makes them.</p>`;
  return html`
    <${Panel} name="Forecasts" query=${query} height=${160} empty=${query.data?.total === 0 && none}>
      ${(found) => found && html`
        <table>
          <thead><tr><th>Made</th><th>Of</th><th>How far</th><th class="number">Series</th><th>Kept until</th><th><span class="hidden-text">Actions</span></th></tr></thead>
          <tbody>${found.forecasts.toReversed().map((one) => html`
            <tr key=${one.forecast_id}>
              <td>${time(one.create_time)}</td><td>${interval(one.start, one.end)}</td><td>${duration(one.end - one.start)}</td>
              <td class="number">${count(one.series)}</td><td>${one.expiry_time === null ? 'always' : time(one.expiry_time, { precision: 'day' })}</td>
              <td class="act">
                <a class="button" href=${href('/series', { job: job.job_id, fc: one.forecast_id }, { keep: ['tz', 'theme'] })}>Show</a>
                <button type="button" class="danger" onClick=${() => { clear(); setAsks(one); }}>Remove</button>
              </td>
            </tr>`)}
          </tbody>
        </table>`}
    </${Panel}>
    ${asks && html`
      <${Confirm} title="Remove this forecast?" does="Remove" close=${() => setAsks(null)} run=${remove}>
        <p>This removes what was expected of ${count(asks.series)} series for ${interval(asks.start, asks.end)}. A new forecast would begin where the job is now.</p>
        ${error && html`<${Failed} error=${error} />`}
      </${Confirm}>`}`;
}
