// One row of cells below a chart: how anomalous each time was.
import { html, useEffect, useRef } from '../../lib/html.mjs';
import { cssColour, themeVersion, word } from '../../lib/scales.mjs';

const LEAST_PX = 2;

/** @param {{label: string, whole: [number, number], span: number, marks: import('../../widgets/chart.mjs').Mark[]}} props */
export function Strip({ label, whole, span, marks }) {
  const canvas = useRef(null);
  useEffect(() => {
    const drawn = canvas.current;
    if (drawn === null) return undefined; // the page was left before its effects ran
    const draw = () => paint(drawn, whole, span, marks);
    const resized = new ResizeObserver(draw);
    resized.observe(drawn);
    draw();
    return () => resized.disconnect();
  }, [whole[0], whole[1], marks, themeVersion.value]);
  return html`<canvas ref=${canvas} class="series-lane" role="img" aria-label=${label} data-testid="lane" />`;
}

/** The worst are drawn last, and none is too narrow to be seen. */
function paint(canvas, [from, to], span, marks) {
  const ratio = devicePixelRatio;
  const { clientWidth: width, clientHeight: height } = canvas;
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const context = canvas.getContext('2d');
  context.scale(ratio, ratio);
  context.fillStyle = cssColour('--severity-none');
  context.fillRect(0, 0, width, height);
  for (const mark of [...marks].sort((one, other) => one.score - other.score)) {
    const left = ((mark.t - from) / (to - from)) * width;
    context.fillStyle = cssColour(`--severity-${word(mark.score)}`);
    context.fillRect(Math.min(left, width - LEAST_PX), 0, Math.max((span / (to - from)) * width, LEAST_PX), height);
  }
}
