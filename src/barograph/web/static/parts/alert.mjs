// What pages say of an alert, and of how many there are.
import { html } from '../lib/html.mjs';
import { get } from '../lib/url.mjs';
import { count } from '../lib/format.mjs';

/** @typedef {{alert_id: string, rule_id: string, job_id: string, status: 'active' | 'recovered' | 'untracked', start: number, end: number, time: number,
 *   duration: number, max_score: number, title: string, text: string, link: string, worst: any, blamed: any[], acknowledged: any, expected: string | null,
 *   held: string | null, interim: boolean, series: number, records: number, entity: Record<string, string>, delivery: any, history?: any[]}} Alert
 *   as `/api/v1/alerts` tells */

/** The states of alerts, and what they mean. */
export const STATUSES = {
  active: 'goes on', recovered: 'over: quiet for as long as its rule wants', untracked: 'its rule is gone, off, or no longer for the job',
};

/** A state with its sign. @param {{status: keyof typeof STATUSES, text?: any}} props text: what is written, else the state */
export const Status = ({ status, text = status }) => html`<span class=${`alert-status ${status}`} title=${STATUSES[status]}><i aria-hidden="true" />${text}</span>`;

/** How many are in each state. @param {{counts: Record<string, number>}} props */
export const Counters = ({ counts }) => html`
  <span class="alert-counters">${Object.keys(STATUSES).map((status) => html`
    <${Status} key=${status} status=${status} text=${html`${status} <strong data-status=${status}>${count(counts[status])}</strong>`} />`)}</span>`;

/** @param {Record<string, number>} counts @returns {number} of all states */
export const allOf = (counts) => Object.keys(STATUSES).reduce((sum, status) => sum + counts[status], 0);

/** What it is about, in one sentence. @param {Alert} alert */
export function sentence({ worst, title, series }) {
  if (worst === null) return title;
  const whose = worst.series ? ` of ${worst.series}` : '';
  return `${upper(worst.what)}${whose}: ${worst.how}${series > 1 ? `, and ${count(series - 1)} more series` : ''}`;
}

const upper = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** A link of the server's, with what the present page looks like. @param {string} link a path with a query */
export function withLook(link) {
  const url = new URL(link, location.origin);
  for (const key of ['tz', 'theme']) if (get(key) !== null) url.searchParams.set(key, get(key));
  return url.pathname + url.search;
}

/** The path of a rule's page. @param {string} ruleId */
export const rulePath = (ruleId) => `/rules/${encodeURIComponent(ruleId)}`;
