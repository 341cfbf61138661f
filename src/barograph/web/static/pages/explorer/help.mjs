// What one looks at: why scores differ, and what the marks mean.
import { html } from '../../lib/html.mjs';
import { severities } from '../../lib/scales.mjs';
import { Icon } from '../../parts/icon.mjs';
import { Popover } from '../../parts/menu.mjs';
import { ScoreMark } from '../../parts/score.mjs';

/** A popover that says it. */
export const Help = () => html`
  <${Popover} button=${html`<${Icon} name="info" />`} label="What am I looking at?" title="What am I looking at?" buttonClass="bare"
    class="explorer-help" arrow=${false}>
    <h2>What am I looking at?</h2>
    <p>Each cell is a stretch of time; its colour is the highest score in it. Scores run from 0 to 100, and there are several kinds, which need not agree:</p>
    <dl class="facts">
      <div><dt>Bucket score</dt><dd>how odd a time was for a whole job: all its records together. Many mild ones can make a bucket odd.</dd></div>
      <div><dt>Overall score</dt><dd>the worst bucket of any of several jobs at that time.</dd></div>
      <div><dt>Influencer score</dt><dd>how much an entity is to blame for what was odd at that time, over all records that blame it.</dd></div>
      <div><dt>Record score</dt><dd>how odd one value of one series was. The table below has these.</dd></div>
    </dl>
    <p class="legend-row">${(severities.value ?? []).map((one, at, all) => html`
      <span><span class=${`swatch ${one.word}`} /> ${one.word} ${one.score}–${all[at + 1]?.score ?? 100}</span>`)}</p>
    <p class="legend-row">
      <span><${ScoreMark} score=${80} /> one bucket</span>
      <span><${ScoreMark} score=${80} multiBucket="high" /> several buckets together</span>
      <span><${ScoreMark} score=${80} interim=${true} /> interim: its bucket is still open</span>
    </p>
    <p>Hatched cells are interim. A dark bar on top of a cell is an alert of a rule, at its foot a planned event. News is what is the first of its kind to be so odd.</p>
    <p class="quiet">Click a cell, drag over several, or use the arrow keys and Enter. Ctrl with an arrow goes to the next odd cell, Shift extends, Esc clears.
      What you select in the overall lane also decides which lanes come first.</p>
  </${Popover}>`;
