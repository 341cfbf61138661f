// Incidents as sentences.
import { html } from '../../lib/html.mjs';
import { href, timeText } from '../../lib/url.mjs';
import { count, counted, duration, interval, score } from '../../lib/format.mjs';
import { severities, word } from '../../lib/scales.mjs';
import { allJobs } from '../../lib/live.mjs';
import { Spark } from './spark.mjs';

/** @param {{found: {total: number, ongoing: number, incidents: any[]}, more: () => void}} props */
export function Incidents({ found, more }) {
  const ongoing = found.incidents.filter((one) => one.ongoing);
  const resolved = found.incidents.filter((one) => !one.ongoing);
  const rest = found.total - found.incidents.length;
  return html`
    ${ongoing.length > 0 && html`<${Group} title="Ongoing" total=${found.ongoing} incidents=${ongoing} />`}
    ${resolved.length > 0 && html`<${Group} title="Resolved" total=${found.total - found.ongoing} incidents=${resolved} />`}
    ${rest > 0 && html`<p class="more"><button type="button" onClick=${more}>Show more (${count(rest)} left)</button></p>`}`;
}

const Group = ({ title, total, incidents }) => html`
  <section class="group" aria-label=${title}>
    <h2>${title} <span class="quiet">${total}</span></h2>
    <ul>${incidents.map((one) => html`<${Incident} key=${`${one.job_id} ${one.incident_id}`} incident=${one} />`)}</ul>
  </section>`;

function Incident({ incident }) {
  const severity = word(incident.score);
  return html`
    <li class="incident">
      <div class="how-bad ${severity}"><strong>${score(incident.score)}</strong><span>${severity}</span></div>
      <div class="said">
        <h3><a href=${explorer(incident)}>${sentence(incident)}</a></h3>
        ${incident.series > 1 && html`<p>Worst in ${nameOf(incident.worst)}: ${incident.worst.how}</p>`}
        ${hasHint(incident) && html`<p>A hint at the cause: ${measureOf(incident.likely_cause)} ${incident.likely_cause.how}</p>`}
        <p class="quiet">
          <span>${incident.ongoing ? 'Since ' : ''}${interval(incident.start, incident.end)}</span>
          <span>${duration(incident.end - incident.start)}</span>
          <span title="Those of lower scores are in the explorer">${counted(incident.records, 'record')} from ${severities.value.find((one) => one.word === 'minor').score} on</span>
          <span>${incident.job_id}</span>
        </p>
      </div>
      <a class="picture" href=${series(incident)} aria-label=${`See the series of ${nameOf(incident.worst)}`}><${Spark} incident=${incident} /></a>
    </li>`;
}

const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** What went wrong, in one sentence. */
function sentence(incident) {
  const { worst, entities } = incident;
  if (incident.series === 1) {
    const who = splits(worst).map(([, value]) => value).join(', ');
    return `${upper(worst.what)}${who ? ` of ${who}` : ''}: ${worst.how}`;
  }
  const common = entities.filter((one) => one.members === incident.series).slice(0, 3).map((one) => `${one.field_name} ${one.field_value}`);
  const what = incident.measures === 1 ? upper(worst.what) : counted(incident.measures, 'measure');
  return `${what}: ${counted(incident.series, 'series', 'series')} together${common.length ? `, all of ${common.join(', ')}` : ''}`;
}

const splits = (member) => ['partition', 'by', 'over'].map((role) => [member[`${role}_field_name`], member[`${role}_field_value`]])
  .filter(([name, value]) => name !== null && value !== null);

const nameOf = (member) => splits(member).map(([name, value]) => `${name} ${value}`).join(', ') || member.what;

/** A series and what it measures; that alone where it has no other name. */
const measureOf = (member) => (splits(member).length ? `${nameOf(member)}, ${member.what}` : member.what);

/** Whether another series than the worst is the one to look at first. */
const hasHint = ({ worst, likely_cause: hint }) => measureOf(hint) !== measureOf(worst);

const bucketSpan = (incident) => allJobs.value.find((job) => job.job_id === incident.job_id)?.bucket_span_ms ?? 0;

/** A span with as much around an incident that one sees what is usual: its own length, at least 48 buckets. */
export function around(incident) {
  const more = Math.max(incident.end - incident.start, 48 * bucketSpan(incident));
  return [incident.start - more, incident.end + more];
}

function zoomed(incident) {
  const [from, to] = around(incident);
  return { job: incident.job_id, from: timeText(from), to: timeText(to) };
}

const explorer = (incident) => href('/explorer', {
  ...zoomed(incident), sel: `${timeText(incident.start)}~${timeText(incident.end)}`,
}, { keep: ['tz', 'theme'] });

function series(incident) {
  const [from, to] = around(incident);
  const { worst } = incident;
  const entities = Object.fromEntries(splits(worst).map(([name, value]) => [`e.${name}`, value]));
  return href('/series', {
    job: incident.job_id, det: worst.detector_index, ...entities, zoom: `${timeText(from)}~${timeText(to)}`,
  }, { keep: ['tz', 'theme'] });
}
