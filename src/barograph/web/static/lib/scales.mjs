// Severities: one table, which the server has and everybody uses.
import { signal, computed } from './html.mjs';
import { fetchOnce } from './api.mjs';

/** @typedef {{word: string, score: number, grade: number, light: string, dark: string}} Severity */

/** The severities from the lowest; null until they are known. @type {import('./html.mjs').Signal<Severity[] | null>} */
export const severities = signal(null);
/** Changes with the theme: what is drawn on a canvas reads it, and draws anew. */
export const themeVersion = signal(0);

const dark = matchMedia('(prefers-color-scheme: dark)');
dark.addEventListener('change', () => { themeVersion.value += 1; });
new MutationObserver(() => { themeVersion.value += 1; }).observe(
  document.documentElement, { attributes: true, attributeFilter: ['data-theme'] },
);

/** 'light' or 'dark', whoever decides. */
export const theme = computed(() => {
  themeVersion.value;
  return document.documentElement.dataset.theme ?? (dark.matches ? 'dark' : 'light');
});

/** Ask for the table, and make its colours custom properties: `--severity-low` to `--severity-critical`, `--severity-none`. */
export async function loadScales() {
  const told = await fetchOnce('/scales');
  const sheet = new CSSStyleSheet();
  const rule = (of) => [...told.severities, told.nothing].map((one) => `--severity-${one.word}:${one[of]};`).join('');
  const themed = (name) => `:root[data-theme=${name}]{${rule(name)}}`;
  sheet.replaceSync(`:root{${rule('light')}}@media (prefers-color-scheme:dark){:root{${rule('dark')}}}${themed('light')}${themed('dark')}`);
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
  severities.value = told.severities;
  themeVersion.value += 1;
}

/** @param {number} score 0 to 100 @returns {number} index into `severities`; -1 for no score */
export function severityIndex(score) {
  if (!(score > 0)) return -1;
  return (severities.value ?? []).findLastIndex((one) => score >= one.score);
}

/** @param {number} grade 0 to 1 @returns {number} index into `severities`; -1 for no anomaly */
export const gradeIndex = (grade) => (grade > 0 ? (severities.value ?? []).findLastIndex((one) => grade >= one.grade) : -1);

/** @param {number} grade @returns {string} its word; 'none' for no anomaly */
export const gradeWord = (grade) => (severities.value ?? [])[gradeIndex(grade)]?.word ?? 'none';

/** @param {number} score @returns {string} its word; 'none' for no score */
export const word = (score) => (severities.value ?? [])[severityIndex(score)]?.word ?? 'none';

/** @param {number} score @returns {string} its colour in the present theme, for a canvas */
export const colour = (score) => cssColour(`--severity-${word(score)}`);

/** @param {string} name a custom property @returns {string} its value in the present theme */
export function cssColour(name) {
  themeVersion.value;
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}
