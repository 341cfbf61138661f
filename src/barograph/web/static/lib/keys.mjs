// Keys for the whole page. Single keys can be turned off, for those whose voice or hands would press them by mistake.
import { signal, useEffect } from './html.mjs';

const KEPT = 'barograph.keys';

/** Whether single keys do anything. */
export const keysOn = signal(kept(KEPT) !== 'off');
/** What there is: `{key, does, run}`, in the order in which it was said. */
export const shortcuts = signal([]);

/** Turn single keys on or off; the browser remembers. @param {boolean} on */
export function setKeys(on) {
  keysOn.value = on;
  keep(KEPT, on ? null : 'off');
}

/** What the browser keeps under a name; null for nothing, or where it keeps nothing. @param {string} name */
export function kept(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Have the browser keep something. @param {string} name @param {string | null} value null forgets it */
export function keep(name, value) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // It keeps nothing; what was chosen holds until the page is left.
  }
}

/**
 * Have a key do something while a component is shown.
 * @param {string} key as `event.key` names it @param {string} does in a few words, for the list
 * @param {() => void} run
 */
export function useShortcut(key, does, run) {
  useEffect(() => {
    const shortcut = { key, does, run };
    shortcuts.value = [...shortcuts.peek(), shortcut];
    return () => { shortcuts.value = shortcuts.peek().filter((one) => one !== shortcut); };
  }, [key, does, run]);
}

/** Listen to keys; called once, by the shell. */
export function listenToKeys() {
  addEventListener('keydown', (event) => {
    if (!keysOn.value || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const at = event.target;
    if (at instanceof Element && at.closest('input, textarea, select, [contenteditable], dialog[open]')) return;
    const found = shortcuts.value.findLast((one) => one.key === event.key);
    if (!found) return;
    event.preventDefault();
    found.run();
  });
}
