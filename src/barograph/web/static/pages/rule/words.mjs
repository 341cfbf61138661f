// Rules as people say them.
import { severityIndex, severities } from '../../lib/scales.mjs';
import { joined } from '../../lib/format.mjs';

/** What a rule can look at. */
export const ON = { incidents: 'Incidents', buckets: 'Buckets', influencers: 'Influencers', records: 'Records' };

/** Those of which a forest's have a grade. */
export const GRADED = new Set(['incidents', 'records']);

/** What is said of each. */
export const ON_HINTS = {
  incidents: 'One alert for what goes wrong together, however many series it has',
  buckets: 'One alert for each time that a whole job is odd',
  influencers: 'One alert for each entity that is to blame',
  records: 'One alert for each series that is odd',
};

/** Whether nothing is sent of a rule now. @param {any} rule as `/rules` tells */
export const isMuted = ({ muted_until: until }) => until === -1 || (until !== null && until > Date.now());

/** `major incidents of all jobs, by host, to log` @param {any} rule */
export function ruleWords({ on, min_score: least, min_grade: grade, jobs, group_by: group, channels }) {
  const level = severities.value?.[severityIndex(least)];
  const severity = level && level.score === least ? `${level.word}${level === severities.value.at(-1) ? '' : ' or worse'}` : `from a score of ${least}`;
  const whose = jobs.includes('_all') ? 'all jobs' : joined(jobs);
  return `${ON[on]} of ${whose}, ${severity}${grade === null ? '' : ` and a grade of ${grade}`}${group ? `, by ${group}` : ''}, to ${joined(channels)}`;
}
