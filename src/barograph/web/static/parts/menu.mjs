// What opens below a button: a native popover, so Escape and a click elsewhere close it.
import { html, useEffect, useId, useRef, useState } from '../lib/html.mjs';
import { Icon } from './icon.mjs';

const GAP = 4;
const EDGE = 8;

/** Put a popover below its button, or above it where there is no room, within the window. */
export function place(popover, anchor) {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = popover;
  const below = at.bottom + GAP + height <= innerHeight - EDGE || at.top < height;
  const left = at.left + width > innerWidth - EDGE ? at.right - width : at.left;
  popover.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
  popover.style.top = `${Math.max(EDGE, below ? at.bottom + GAP : at.top - GAP - height)}px`;
}

/**
 * A button, and what it opens.
 * @param {{button: any, label?: string, class?: string, buttonClass?: string, arrow?: boolean, title?: string,
 *   children: any | ((close: () => void) => any)}} props
 *   label: the name of what opens, and of a button without an arrow, which shows no text
 */
export function Popover({ button, label, class: more = '', buttonClass = '', arrow = true, title, children }) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const anchor = useRef(null);
  const popover = useRef(null);
  const close = () => popover.current?.hidePopover();
  useEffect(() => {
    if (!open) return undefined;
    const again = () => place(popover.current, anchor.current);
    again();
    addEventListener('resize', again);
    return () => removeEventListener('resize', again);
  }, [open]);
  return html`
    <button type="button" ref=${anchor} class=${buttonClass} popovertarget=${id} aria-expanded=${String(open)} title=${title}
      aria-label=${arrow ? undefined : label}>
      ${button}${arrow && html`<${Icon} name="down" />`}
    </button>
    <div ref=${popover} id=${id} popover="auto" class=${`popover ${more}`} role="group" aria-label=${label}
      onToggle=${(event) => setOpen(event.newState === 'open')}>
      ${open && (typeof children === 'function' ? children(close) : children)}
    </div>`;
}

/**
 * A list of things to do, below a button.
 * @param {{button: any, label: string, items: Array<{text: any, run?: () => void, href?: string, disabled?: string, danger?: boolean,
 *   download?: boolean} | null | false>,
 *   buttonClass?: string, arrow?: boolean}} props
 *   disabled: why it cannot be done
 */
export const Menu = ({ items, ...rest }) => html`
  <${Popover} ...${rest} class="menu">
    ${(close) => html`<ul>${items.filter(Boolean).map((item) => html`<li><${Item} item=${item} close=${close} /></li>`)}</ul>`}
  </${Popover}>`;

function Item({ item, close }) {
  const look = item.danger ? 'danger' : undefined;
  if (item.href && !item.disabled) {
    return html`<a class=${look} href=${item.href} download=${item.download} onClick=${close}>${item.text}</a>`;
  }
  return html`
    <button type="button" class=${look} disabled=${Boolean(item.disabled)} title=${item.disabled}
      onClick=${() => { close(); item.run(); }}>
      ${item.text}${item.disabled && html`<small>${item.disabled}</small>`}
    </button>`;
}
