// How wide something is.
import { useLayoutEffect, useState } from '../../lib/html.mjs';

/** The width of an element, px; 0 before it is there. @param {{current: HTMLElement | null}} host */
export function useWidth(host) {
  const [wide, setWide] = useState(0);
  useLayoutEffect(() => {
    const element = host.current;
    setWide(element.clientWidth);
    const watch = new ResizeObserver(() => setWide(element.clientWidth));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return wide;
}
