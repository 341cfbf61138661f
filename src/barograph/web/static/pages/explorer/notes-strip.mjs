// What was noted, above the lanes: by people, and of what is the new normal.
import { html } from '../../lib/html.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { counted, interval, time } from '../../lib/format.mjs';
import { useVersion } from '../../lib/live.mjs';
import { expressions, jobIds } from '../../lib/range.mjs';
import { Popover } from '../../parts/menu.mjs';
import { noteVersion } from './note-dialog.mjs';

const PLACES = 120;

/** @param {{start: number, end: number}} props the time of the lanes */
export function NotesStrip({ start, end }) {
  const version = useVersion(jobIds.value);
  const query = useQuery(`/annotations${params({ job: expressions.value, from: start, to: end })}`, { deps: [version, noteVersion.value] });
  const places = new Map();
  for (const one of query.data?.annotations ?? []) {
    const place = Math.floor((PLACES * (Math.max(one.start, start) - start)) / (end - start));
    places.set(place, [...(places.get(place) ?? []), one]);
  }
  const left = query.data ? query.data.total - query.data.annotations.length : 0;
  return html`
    <span class="lane-label strip-label quiet">Notes${left > 0 && ` (first ${query.data.annotations.length})`}</span>
    <div class="notes-strip" role="group" aria-label="Notes" aria-busy=${String(query.pending)}>
      ${query.error && html`<small>${query.error.message}</small>`}
      ${[...places].map(([place, notes]) => html`<${Place} key=${place} notes=${notes} start=${start} end=${end} />`)}
    </div>`;
}

function Place({ notes, start, end }) {
  const from = Math.max(start, Math.min(...notes.map((one) => one.start)));
  const isSomebodys = notes.some((one) => one.kind === 'note');
  const label = notes.length === 1 ? `${notes[0].text}, ${time(notes[0].start)}` : `${counted(notes.length, 'note')} from ${time(from)}`;
  return html`
    <span class=${`note-place ${isSomebodys ? 'is-note' : ''}`} style=${{ left: `${(100 * (from - start)) / (end - start)}%` }}>
      <${Popover} button=${html`<span class="note-mark" />`} label=${label} title=${label} buttonClass="bare" arrow=${false}>
        <ul class="note-list">
          ${notes.slice(0, 50).map((one) => html`
            <li><strong>${one.text}</strong><br />
              <small>${interval(one.start, Math.max(one.end, one.start + 1))} · ${one.job_id}
                ${Object.entries(one.entity).map(([field, value]) => ` · ${field} ${value}`)}</small></li>`)}
          ${notes.length > 50 && html`<li class="quiet">and ${notes.length - 50} more: choose a shorter time</li>`}
        </ul>
      </${Popover}>
    </span>`;
}
