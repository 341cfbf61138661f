// Small drawings, each 16 by 16; they say nothing that the text beside them, or the label of their button, does not.
import { html } from '../lib/html.mjs';

const PATHS = {
  down: 'M4 6l4 4 4-4',
  left: 'M10 4l-4 4 4 4',
  right: 'M6 4l4 4-4 4',
  close: 'M4 4l8 8M12 4l-8 8',
  check: 'M3.5 8.5l3 3 6-7',
  clock: 'M8 4.5V8l2.5 1.5M8 1.5a6.5 6.5 0 110 13 6.5 6.5 0 010-13z',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  link: 'M6.5 9.5l3-3M5 7.5L3.3 9.2a2.5 2.5 0 003.5 3.5L8.5 11M11 8.5l1.7-1.7a2.5 2.5 0 00-3.5-3.5L7.5 5',
  more: 'M3.5 8h1M7.5 8h1M11.5 8h1',
  sliders: 'M2.5 5h5M11.5 5h2M9.5 3v4M2.5 11h2M8.5 11h5M6.5 9v4',
  minus: 'M3.5 8h9',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  play: 'M5 3.5v9l7-4.5z',
  plus: 'M8 3.5v9M3.5 8h9',
  search: 'M7 2.5a4.5 4.5 0 110 9 4.5 4.5 0 010-9zM10.5 10.5l3 3',
  zoomOut: 'M7 2.5a4.5 4.5 0 110 9 4.5 4.5 0 010-9zM10.5 10.5l3 3M5 7h4',
  table: 'M2.5 3.5h11v9h-11zM2.5 6.5h11M2.5 9.5h11M6.5 3.5v9',
  download: 'M8 2.5v7M5 7l3 3 3-3M3 13.5h10',
  upload: 'M8 10V3M5 5.5l3-3 3 3M3 13.5h10',
  warning: 'M8 2.5l6 11H2zM8 6.5v3.5M8 12h.01',
  info: 'M8 1.5a6.5 6.5 0 110 13 6.5 6.5 0 010-13zM8 7.5v3.5M8 5h.01',
  note: 'M3 2.5h10v8l-3 3H3zM10 13.5v-3h3',
  trash: 'M3 4.5h10M6.5 4.5v-2h3v2M4.5 4.5l.5 9h6l.5-9',
  jobs: 'M2.5 3.5h11M2.5 8h11M2.5 12.5h7',
  sun: 'M8 5a3 3 0 110 6 3 3 0 010-6zM8 1.5v1M8 13.5v1M1.5 8h1M13.5 8h1M3.4 3.4l.7.7M11.9 11.9l.7.7M3.4 12.6l.7-.7M11.9 4.1l.7-.7',
  moon: 'M13 9.5A5.5 5.5 0 016.5 3a5.5 5.5 0 106.5 6.5z',
};

/** @param {{name: keyof typeof PATHS}} props */
export const Icon = ({ name }) => html`
  <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>`;

/** Barograph's own sign. */
export const Mark = () => html`
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <rect width="32" height="32" rx="7" /><path d="M4 13 L10 14 L14 12 L18 24 L22 8 L25 11 L28 10" />
  </svg>`;
