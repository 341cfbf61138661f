// Times that a job can be taken back to.
import { html, useState } from '../../lib/html.mjs';
import { send, useQuery, useTask } from '../../lib/api.mjs';
import { loadJobs } from '../../lib/live.mjs';
import { count, counted, time } from '../../lib/format.mjs';
import { Confirm } from '../../parts/dialog.mjs';
import { Failed, Panel } from '../../parts/panel.mjs';
import { bytes } from '../jobs/words.mjs';

/** @param {{job: any, version: string, changed: () => void}} props */
export function Snapshots({ job, version, changed }) {
  const url = `/jobs/${encodeURIComponent(job.job_id)}/snapshots`;
  const query = useQuery(url, { deps: [version] });
  const [asks, setAsks] = useState(null);
  const { run: tried, error, clear } = useTask();
  const run = (method, rest, body) => tried(async () => {
    await send(method, url + rest, body);
    setAsks(null);
    query.retry();
    await loadJobs();
    changed();
  });
  const ask = (kind, one) => { clear(); setAsks({ kind, one }); };
  return html`
    <${Panel} name="Snapshots" query=${query} height=${200} empty=${query.data?.total === 0 && 'None yet: the first is written with the first rows.'}>
      ${(found) => found && html`
        <table class="snapshots">
          <thead><tr><th>Up to</th><th>Snapshot</th><th class="number">Size</th><th class="number">Records since</th><th>Kept</th><th><span class="hidden-text">Actions</span></th></tr></thead>
          <tbody>${found.snapshots.map((one) => html`
            <tr key=${one.snapshot_id}>
              <td>${time(one.latest_time)}</td>
              <td>${one.newest ? 'where the job goes on' : one.description ?? html`<code>${one.snapshot_id}</code>`}</td>
              <td class="number">${bytes(one.bytes)}</td>
              <td class="number">${count(one.records_after)}</td>
              <td><label class="check"><input type="checkbox" checked=${one.retain} aria-label=${`Keep the snapshot of ${time(one.latest_time)}`}
                onChange=${(event) => run('PUT', `/${one.snapshot_id}`, { retain: event.target.checked })} />${one.retain ? 'always' : ''}</label></td>
              <td class="act">${!one.newest && html`
                <button type="button" onClick=${() => ask('revert', one)} disabled=${job.state === 'opened'} title=${job.state === 'opened' ? 'close the job first' : undefined}>Go back to it</button>
                <button type="button" class="danger" onClick=${() => ask('delete', one)}>Remove</button>`}</td>
            </tr>`)}
          </tbody>
        </table>
        ${job.state === 'opened' && found.total > 1 && html`<p class="quiet under">To go back to a snapshot, close the job first.</p>`}`}
    </${Panel}>
    ${error && !asks && html`<${Failed} error=${error} />`}
    ${asks?.kind === 'revert' && html`
      <${Confirm} title="Go back to this snapshot?" does="Go back" close=${() => setAsks(null)} run=${() => run('POST', `/${asks.one.snapshot_id}/revert`, {})}>
        <p>The job will be as it was after its row of ${time(asks.one.latest_time)}. This removes ${counted(asks.one.records_after, 'record')} of later buckets, and what
          its models have learnt since. It can read the later rows again.</p>
        ${error && html`<${Failed} error=${error} />`}
      </${Confirm}>`}
    ${asks?.kind === 'delete' && html`
      <${Confirm} title="Remove this snapshot?" does="Remove" close=${() => setAsks(null)} run=${() => run('DELETE', `/${asks.one.snapshot_id}`)}>
        <p>The job can then not be taken back to ${time(asks.one.latest_time)} any more. Its results and its models stay as they are.</p>
        ${error && html`<${Failed} error=${error} />`}
      </${Confirm}>`}`;
}
