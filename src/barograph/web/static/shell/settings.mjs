// How the page looks and listens: theme, time zone, keys, the link to it, and who is signed in.
import { html, useEffect, useState } from '../lib/html.mjs';
import { get, go, href } from '../lib/url.mjs';
import { fetchOnce, send, signIns } from '../lib/api.mjs';
import { fixedRange, isZone, zone } from '../lib/range.mjs';
import { keep, useShortcut } from '../lib/keys.mjs';
import { theme } from '../lib/scales.mjs';
import { Icon } from '../parts/icon.mjs';
import { Popover } from '../parts/menu.mjs';
import { Combo } from '../parts/combo.mjs';
import { Shortcuts } from './shortcuts.mjs';
import { say } from './notices.mjs';

const ZONES = ['UTC', ...(Intl.supportedValuesOf?.('timeZone') ?? [])].filter(isZone).map((value) => ({ value }));

/** Have a theme; the browser remembers. @param {'light' | 'dark' | null} name null follows the system */
function setTheme(name) {
  if (name === null) delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  keep('barograph.theme', name);
  if (get('theme') !== null) go({ set: { theme: null } }, { replace: true });
}

async function copyLink() {
  const link = new URL(href(undefined, fixedRange()), location.href).href;
  try {
    await navigator.clipboard.writeText(link);
    say('The link is copied. Times in it stay what they are now.');
  } catch {
    say(`The browser does not allow it. The link is ${link}`);
  }
}

/** The menu at the end of the bar. */
export function Settings() {
  const [listed, setListed] = useState(false);
  useShortcut('c', 'Copy a link to what is shown', copyLink);
  useShortcut('t', 'Change between light and dark', () => setTheme(theme.value === 'dark' ? 'light' : 'dark'));
  useShortcut('?', 'Show this list', () => setListed(true));
  return html`
    <button type="button" class="bare" aria-label="Copy link" title="Copy link" onClick=${copyLink}><${Icon} name="link" /></button>
    <${Popover} label="Settings" class="settings" buttonClass="bare" arrow=${false} title="Settings" button=${html`<${Icon} name="sliders" />`}>
      ${(close) => html`
        <${Themes} />
        <${Zones} />
        <button type="button" class="row" onClick=${() => { close(); setListed(true); }}>Keyboard shortcuts <kbd>?</kbd></button>
        <${Who} />`}
    </${Popover}>
    ${listed && html`<${Shortcuts} close=${() => setListed(false)} />`}`;
}

/** The zone of all times on the page; it follows the chosen jobs, so it stands where one sees it. */
export function Zone() {
  const name = zone.value;
  const short = name.split('/').at(-1).replaceAll('_', ' ');
  return html`
    <${Popover} label=${`Times are in ${name}`} title=${`Times are in ${name}`} class="settings" buttonClass="bare zone" arrow=${false} button=${html`<span>${short}</span>`}>
      ${() => html`<${Zones} />`}
    </${Popover}>`;
}

const Zones = () => html`
  <${Combo} label="Time zone" value=${zone.value} options=${ZONES} clearable=${get('tz') !== null} choose=${(name) => go({ set: { tz: name } })} />`;

function Themes() {
  const now = document.documentElement.dataset.theme ?? null;
  const [shown, setShown] = useState(now);
  const option = (name, text) => html`
    <button type="button" aria-pressed=${String(shown === name)} onClick=${() => { setTheme(name); setShown(name); }}>${text}</button>`;
  return html`
    <div class="labelled" role="group" aria-label="Theme">
      <span>Theme</span>
      <div class="segments">${option(null, 'System')}${option('light', 'Light')}${option('dark', 'Dark')}</div>
    </div>`;
}

/** Who is signed in, where the server asks. */
function Who() {
  const [session, setSession] = useState(null);
  useEffect(() => { fetchOnce('/session').then(setSession, () => setSession(null)); }, [signIns.value]);
  if (!session?.name) return null;
  const signOut = async () => {
    await send('DELETE', '/session');
    location.reload();
  };
  return html`
    <div class="who">
      <span class="cut">Signed in with the key <strong>${session.name}</strong>, role ${session.role}</span>
      <button type="button" onClick=${signOut}>Sign out</button>
    </div>`;
}
