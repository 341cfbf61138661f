// Which page a path is, and what of the shell it wants.

/**
 * @typedef {{at: RegExp, module: string, title: (values: Record<string, string>) => string,
 *   jobs: 'many' | 'one' | 'none', shows?: (job: any) => boolean, time: boolean}} Route
 *   at: the paths; its named groups are handed to the page
 *   module: the file in pages/
 *   jobs: how many jobs the page looks at
 *   shows: which jobs it has something of; all of them unless it says so
 *   time: whether it looks at a span of time
 */

/** @type {Route[]} */
const PAGES = [
  { at: /^\/$/, module: 'overview', title: () => 'Overview', jobs: 'many', time: true },
  { at: /^\/explorer$/, module: 'explorer', title: () => 'Explorer', jobs: 'many', time: true },
  { at: /^\/series$/, module: 'series', title: () => 'Series', jobs: 'one', time: true },
  { at: /^\/features$/, module: 'features', title: () => 'Features', jobs: 'one', shows: (job) => job.features.length > 0, time: true },
  { at: /^\/jobs$/, module: 'jobs', title: () => 'Jobs', jobs: 'none', time: false },
  { at: /^\/jobs\/new$/, module: 'wizard', title: () => 'New job', jobs: 'none', time: false },
  { at: /^\/jobs\/(?<jobId>[^/]+)(?:\/(?<tab>[^/]+))?$/, module: 'job', title: ({ jobId }) => jobId, jobs: 'none', time: false },
  { at: /^\/alerts$/, module: 'alerts', title: () => 'Alerts', jobs: 'many', time: true },
  { at: /^\/rules\/(?<ruleId>[^/]+)$/, module: 'rule', title: ({ ruleId }) => (ruleId === 'new' ? 'New rule' : ruleId), jobs: 'none', time: false },
  { at: /^\/calendars$/, module: 'calendars', title: () => 'Calendars', jobs: 'none', time: false },
];
const MISSING = { module: 'missing', title: () => 'Nothing here', jobs: 'none', time: false };

/** The links of the navigation, in their order; `where`: which jobs there must be for it to lead anywhere. */
export const NAVIGATION = [
  { to: '/', text: 'Overview', holds: ['overview'] },
  { to: '/explorer', text: 'Explorer', holds: ['explorer'] },
  { to: '/series', text: 'Series', holds: ['series'] },
  { to: '/features', text: 'Features', holds: ['features'], where: (jobs) => jobs.some((job) => job.features.length > 0) },
  { to: '/jobs', text: 'Jobs', holds: ['jobs', 'job', 'wizard'] },
  { to: '/alerts', text: 'Alerts', holds: ['alerts', 'rule'] },
  { to: '/calendars', text: 'Calendars', holds: ['calendars'] },
];

export const ROUTES = {
  /** @param {string} path @returns {{route: Route, values: Record<string, string>}} */
  find(path) {
    for (const route of PAGES) {
      const found = route.at.exec(path);
      if (found) return { route, values: decoded(found.groups ?? {}) };
    }
    return { route: MISSING, values: {} };
  },
};

function decoded(groups) {
  const values = {};
  for (const [name, text] of Object.entries(groups)) {
    if (text === undefined) continue;
    try {
      values[name] = decodeURIComponent(text);
    } catch {
      values[name] = text;
    }
  }
  return values;
}
