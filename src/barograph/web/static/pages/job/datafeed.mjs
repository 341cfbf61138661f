// Where a job's rows come from by themselves, started and stopped.
import { html } from '../../lib/html.mjs';
import { send, useQuery, useTask } from '../../lib/api.mjs';
import { counted } from '../../lib/format.mjs';
import { Failed, Panel } from '../../parts/panel.mjs';

/** Nothing for a job without one. @param {{job: any, changed: () => void}} props */
export function Datafeed({ job, changed }) {
  const { run: tried, error, busy } = useTask();
  const url = `/jobs/${encodeURIComponent(job.job_id)}/datafeed`;
  const query = useQuery(job.contents.datafeed ? url : null, { deps: [job.state, job.rows] });
  if (!job.contents.datafeed) return null;
  const run = (path) => tried(async () => {
    await send('POST', `${url}${path}`);
    query.retry();
    changed();
  });
  const started = query.data?.started;
  return html`
    <${Panel} title="Datafeed" query=${query} height=${60} actions=${query.data && html`
      <button type="button" disabled=${busy || (!started && job.state !== 'opened')} title=${!started && job.state !== 'opened' ? 'open the job first' : undefined}
        onClick=${() => run(started ? '/stop' : '/start')}>${started ? 'Stop' : 'Start'}</button>`}>
      ${(feed) => feed && html`
        <p>${sentence(feed)}</p>
        ${error && html`<${Failed} error=${error} />`}`}
    </${Panel}>`;
}

function sentence({ datafeed_id: id, indices, started, live, has_end: hasEnd, searches }) {
  const state = !started ? 'is stopped' : live ? 'reads as rows come' : hasEnd ? 'reads up to its end' : 'reads the past first';
  return `${id} ${state}; it reads ${indices.join(', ')}, and has asked ${counted(searches, 'time')}.`;
}
