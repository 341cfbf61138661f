// Dialogs: the browser's own, which keep the focus and close with Escape.
import { html, useEffect, useId, useRef } from '../lib/html.mjs';
import { Icon } from './icon.mjs';

/**
 * A dialog that is open while it is rendered.
 * @param {{title: any, close: () => void, actions?: any, children: any, wide?: boolean, lasting?: boolean}} props
 *   close: called when it is left, however
 *   lasting: it cannot be left by Escape
 */
export function Dialog({ title, close, actions, children, wide = false, lasting = false }) {
  const id = useId();
  const dialog = useRef(null);
  useEffect(() => {
    dialog.current.showModal();
    return () => dialog.current?.close();
  }, []);
  const cancelled = (event) => {
    event.preventDefault();
    if (!lasting) close();
  };
  return html`
    <dialog ref=${dialog} class=${wide ? 'wide' : ''} aria-labelledby=${id} onCancel=${cancelled}
      onClick=${(event) => { if (event.target === dialog.current && !lasting) close(); }}>
      <div class="dialog-inside">
        <header>
          <h2 id=${id}>${title}</h2>
          ${!lasting && html`<button type="button" class="bare" aria-label="Close" onClick=${close}><${Icon} name="close" /></button>`}
        </header>
        ${children}
        ${actions && html`<footer>${actions}</footer>`}
      </div>
    </dialog>`;
}

/**
 * A question before something is lost.
 * @param {{title: any, children: any, does: string, run: () => void, close: () => void, busy?: boolean}} props
 *   children: what is lost
 *   does: the text of the button that does it
 */
export const Confirm = ({ title, children, does, run, close, busy = false }) => html`
  <${Dialog} title=${title} close=${close} actions=${html`
    <button type="button" onClick=${close}>Cancel</button>
    <button type="button" class="danger" disabled=${busy} onClick=${run}>${does}</button>`}>
    <div class="dialog-text">${children}</div>
  </${Dialog}>`;
