// A score, and the mark that stands for it in charts and tables.
import { html } from '../lib/html.mjs';
import { score as scoreText } from '../lib/format.mjs';
import { word } from '../lib/scales.mjs';

/**
 * A mark: a dot; a cross for several buckets together; hollow while its bucket is open.
 * @param {{score: number, multiBucket?: 'none' | 'low' | 'medium' | 'high', interim?: boolean}} props
 */
export function ScoreMark({ score, multiBucket = 'none', interim = false }) {
  const isCross = multiBucket === 'medium' || multiBucket === 'high';
  return html`
    <svg class=${`score-mark ${word(score)} ${interim ? 'is-interim' : ''}`} viewBox="0 0 12 12" aria-hidden="true"
      data-shape=${isCross ? 'cross' : 'dot'} data-interim=${String(interim)}>
      ${isCross ? html`<path d="M4 1h4v3h3v4h-3v3h-4v-3h-3v-4h3z" />` : html`<circle cx="6" cy="6" r="4.5" />`}
    </svg>`;
}

/**
 * A score with its mark, and in words for those who see neither colour nor shape.
 * @param {{score: number, multiBucket?: string, interim?: boolean, kind?: string}} props kind: what the score is of
 */
export const Score = ({ score, multiBucket = 'none', interim = false, kind = 'record' }) => html`
  <span class="score" title=${`${kind} score ${scoreText(score)}, ${word(score)}${interim ? ', interim' : ''}`}>
    <${ScoreMark} score=${score} multiBucket=${multiBucket} interim=${interim} />
    ${scoreText(score)}<span class="hidden-text"> ${word(score)}${multiBucket === 'none' ? '' : ', several buckets together'}</span>
  </span>`;
