// The URL is the state: what is shown follows from it, and every decision is written to it.
import { signal, computed } from './html.mjs';

const place = signal({ path: location.pathname, search: location.search });

/** The path that is shown. */
export const path = computed(() => place.value.path);
/** Its query, as URLSearchParams. Not to be changed in place: use `go`. */
export const query = computed(() => new URLSearchParams(place.value.search));
/** What is wrong in the URL, by key: `{key, value, wanted}`. The shell shows it. */
export const notices = signal([]);

addEventListener('popstate', () => show());

function show() {
  notices.value = [];
  place.value = { path: location.pathname, search: location.search };
}

/** @param {string} key @returns {string | null} the first value of a key */
export const get = (key) => query.value.get(key);
/** @param {string} key @returns {string[]} all values of a key */
export const all = (key) => query.value.getAll(key);

/**
 * The URL of a path with keys of the query set.
 * @param {string} [to] a path; the one that is shown unless given
 * @param {Record<string, string | number | Array<string | number> | null>} [set] null removes a key
 * @param {{keep?: string[] | 'all'}} [options] the keys of the present query that stay; all on the same path, else those that
 *   every page knows
 */
export function href(to = path.value, set = {}, { keep } = {}) {
  const stays = keep ?? (to === path.value ? 'all' : SHARED);
  const next = new URLSearchParams([...query.value].filter(([key]) => stays === 'all' || stays.includes(key)));
  for (const [key, value] of Object.entries(set)) {
    next.delete(key);
    for (const one of value === null || value === undefined ? [] : [value].flat()) next.append(key, String(one));
  }
  const text = next.toString().replaceAll('%3A', ':').replaceAll('%7E', '~').replaceAll('%2C', ',');
  return text ? `${to}?${text}` : to;
}

/** The keys that every page knows; a link to another page keeps them. */
export const SHARED = ['job', 'from', 'to', 'tz', 'theme'];

/**
 * Go somewhere. A decision is a new entry of the history; a gesture replaces the present one.
 * @param {{path?: string, set?: Record<string, any>, keep?: string[] | 'all'}} to
 * @param {{replace?: boolean}} [options]
 */
export function go({ path: to, set = {}, keep }, { replace = false } = {}) {
  const url = href(to, set, { keep });
  if (url === location.pathname + location.search) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', url);
  const moved = to !== undefined && to !== path.peek();
  show();
  if (moved && !replace) scrollTo(0, 0);
}

/** Have links within the page change the URL without loading it anew. */
export function followLinks() {
  addEventListener('click', (event) => {
    const link = event.target instanceof Element && event.target.closest('a[href]');
    if (!link || event.defaultPrevented || event.button !== 0 || link.target || link.hasAttribute('download')) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || link.origin !== location.origin) return;
    if (/^\/(api|ui|_)/.test(link.pathname)) return;
    if (link.hash && link.pathname === location.pathname && link.search === location.search) return;
    event.preventDefault();
    if (link.href === location.href) return;
    const moved = link.pathname !== location.pathname;
    history.pushState(null, '', link.href);
    show();
    if (moved) scrollTo(0, 0);
  });
}

function refuse(key, value, wanted) {
  queueMicrotask(() => {
    if (notices.peek().some((one) => one.key === key && one.value === value)) return;
    notices.value = [...notices.peek(), { key, value, wanted }];
  });
  return null;
}

/**
 * A number of the query; what is none is left out with a notice.
 * @param {string} key @param {{least?: number, most?: number, whole?: boolean, usual?: number | null}} [wanted]
 */
export function number(key, { least = -Infinity, most = Infinity, whole = true, usual = null } = {}) {
  const text = get(key);
  if (text === null) return usual;
  const value = Number(text);
  const good = text.trim() !== '' && value >= least && value <= most && (!whole || Number.isInteger(value));
  return good ? value : (refuse(key, text, `a ${whole ? 'whole ' : ''}number from ${least} to ${most}`) ?? usual);
}

/**
 * One of several words.
 * @template {string} T @param {string} key @param {T[]} words @param {T | null} [usual]
 * @returns {T | null}
 */
export function choice(key, words, usual = null) {
  const text = get(key);
  if (text === null) return usual;
  return words.includes(text) ? text : (refuse(key, text, `one of ${words.join(', ')}`) ?? usual);
}

/**
 * A span of time `FROM~TO`, each as `time` reads it.
 * @param {string} key @returns {[number, number] | null} half-open, epoch ms
 */
export function span(key) {
  const text = get(key);
  if (text === null) return null;
  const [from, to] = text.split('~').map((part) => parseTime(part));
  return from !== null && to !== null && to !== undefined && from < to
    ? [from, to] : refuse(key, text, 'FROM~TO, as 2026-01-02T03:00Z~2026-01-02T04:00Z');
}

/**
 * A time of the query: `2026-01-02T03:00Z`, `now-7d`, or epoch ms.
 * @param {string} key @param {number} [now] epoch ms
 * @returns {number | null} epoch ms
 */
export function time(key, now = Date.now()) {
  const text = get(key);
  if (text === null) return null;
  return parseTime(text, now) ?? refuse(key, text, 'a time as 2026-01-02T03:00Z, or now-7d');
}

const UNITS = { s: 1e3, m: 60e3, h: 3600e3, d: 86400e3, w: 7 * 86400e3 };

/** @param {string} text @param {number} [now] @returns {number | null} epoch ms; null where it is no time */
export function parseTime(text, now = Date.now()) {
  const relative = /^now(?:-(\d{1,6})([smhdw]))?$/.exec(text);
  if (relative) return now - (relative[1] ? Number(relative[1]) * UNITS[relative[2]] : 0);
  if (/^-?\d{10,15}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/.test(text)) return null;
  const value = Date.parse(text);
  return Number.isNaN(value) ? null : value;
}

/** @param {number} ms epoch ms @returns {string} as short as it can be: `2026-01-02T03:00Z` */
export const timeText = (ms) => new Date(ms).toISOString().replace(/\.000Z$/, 'Z').replace(/:00Z$/, 'Z');
