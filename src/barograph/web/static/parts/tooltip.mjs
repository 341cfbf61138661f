// One tooltip for everything that is drawn: lanes and charts tell it where and what.
import { html, render, signal, useLayoutEffect, useRef } from '../lib/html.mjs';

const shown = signal(null);
const AWAY = 14;
const EDGE = 8;

/**
 * Show a tooltip beside a point of the window.
 * @param {number} x @param {number} y px @param {any} content a template; text stays text
 */
export const showTooltip = (x, y, content) => { shown.value = { x, y, content }; };

/** Take it away. */
export const hideTooltip = () => { shown.value = null; };

function Tooltip() {
  const box = useRef(null);
  const at = shown.value;
  useLayoutEffect(() => {
    if (!at) return;
    const { offsetWidth: width, offsetHeight: height } = box.current;
    const right = at.x + AWAY + width <= innerWidth - EDGE;
    const below = at.y + AWAY + height <= innerHeight - EDGE;
    box.current.style.left = `${Math.max(EDGE, right ? at.x + AWAY : at.x - AWAY - width)}px`;
    box.current.style.top = `${Math.max(EDGE, below ? at.y + AWAY : at.y - AWAY - height)}px`;
  }, [at]);
  return at && html`<div ref=${box} class="tooltip">${at.content}</div>`;
}

/** Called once, by the shell. Whoever does not see it reads the same elsewhere. */
export function mountTooltip() {
  const place = document.createElement('div');
  place.setAttribute('aria-hidden', 'true');
  document.body.append(place);
  render(html`<${Tooltip} />`, place);
}
