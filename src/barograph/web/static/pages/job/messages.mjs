// What happened to a job.
import { html } from '../../lib/html.mjs';
import { choice, go } from '../../lib/url.mjs';
import { useQuery } from '../../lib/api.mjs';
import { ago, count, time } from '../../lib/format.mjs';
import { Panel } from '../../parts/panel.mjs';

const SHOWN = 200;

/** @param {{job: any, version: string}} props */
export function Messages({ job, version }) {
  const level = choice('level', ['warning']);
  const query = useQuery(`/jobs/${encodeURIComponent(job.job_id)}/messages`, { deps: [version] });
  const found = (query.data?.messages ?? []).filter((one) => level === null || one.level !== 'info');
  return html`
    <${Panel} name="Messages" query=${query} height=${240} actions=${html`
        <div class="segments" role="group" aria-label="Which messages">
          ${[[null, 'All'], ['warning', 'Warnings and errors']].map(([value, text]) => html`
            <button type="button" aria-pressed=${String(level === value)} onClick=${() => go({ set: { level: value } })}>${text}</button>`)}
        </div>`}
      empty=${query.data && found.length === 0 && (level ? 'No warnings and no errors.' : 'No messages.')}>
      <table class="messages-table">
        <thead><tr><th>When</th><th>What</th></tr></thead>
        <tbody>${found.slice(0, SHOWN).map((one) => html`
          <tr class=${one.level}><td title=${time(one.time, { precision: 'second' })}>${ago(one.time)}</td><td>${one.level !== 'info' && html`<strong class=${one.level}>${one.level}</strong> `}${one.text}</td></tr>`)}
        </tbody>
      </table>
      ${found.length > SHOWN && html`<p class="quiet under">The newest ${SHOWN} of ${count(found.length)}.</p>`}
    </${Panel}>`;
}
