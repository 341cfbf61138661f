// Lanes on the page: their names beside them, and what the widget tells in words.
import { html, useEffect, useLayoutEffect, useRef } from '../../lib/html.mjs';
import { interval, score } from '../../lib/format.mjs';
import { presentOfOpen } from '../../lib/range.mjs';
import { cssColour, severities, themeVersion, word } from '../../lib/scales.mjs';
import { hideTooltip, showTooltip } from '../../parts/tooltip.mjs';
import { shownValue } from '../../parts/entity.mjs';
import { Lanes } from '../../widgets/lanes.mjs';
import { cursor, levelOf, shownSeverities } from './state.mjs';

const FLAGS = [[1, 'interim'], [2, 'several buckets together'], [4, 'news'], [8, 'a planned event'], [16, 'an alert']];
export const KIND_WORDS = {
  overall: 'overall score', bucket: 'bucket score', influencer: 'influencer score', record: 'record score',
};

/** The colours of lanes in the present theme. */
export const palette = () => ({
  colours: severities.value.map((one) => cssColour(`--severity-${one.word}`)),
  nothing: cssColour('--severity-none'), ground: cssColour('--ground'), ink: cssColour('--text'),
});

const flagWords = (flags) => FLAGS.filter(([bit]) => flags & bit).map(([, text]) => text);

/**
 * @param {{name: string, field: string | null, data: any, selection: any, onSelect: (selection: any, place: any, widget: any) => void,
 *   turn?: (pages: number) => void, labelled?: boolean, labelOf?: (value: string) => string}} props
 *   field: what the lanes are values of; null for the overall lane
 *   data: an answer of `/api/v1/lanes`
 */
export function LaneBlock({ name, field, data, selection, onSelect, turn, labelOf = shownValue }) {
  const host = useRef(null);
  const widget = useRef(null);
  const props = useRef({});
  props.current = { field, data, onSelect, turn, labelOf };
  const columns = Math.round((data.end - data.start) / data.step);

  useLayoutEffect(() => {
    const made = new Lanes(host.current, {
      name,
      level: levelOf,
      palette,
      say: (place) => said(props.current, place),
      select: (chosen, place) => props.current.onSelect(chosen, place, made),
      hover: (place, point) => hover(props.current, place, point),
      turn: (pages) => props.current.turn?.(pages),
    });
    widget.current = made;
    return () => made.destroy();
  }, []);
  useLayoutEffect(() => {
    const shown = data.lanes.length > 0 ? data.lanes : [{ value: 'overall', max: 0 }];
    widget.current.setData({ start: data.start, step: data.step, columns, lanes: shown, cells: data.cells });
  }, [data]);
  useEffect(() => { widget.current.draw(); }, [themeVersion.value, shownSeverities.value]);
  useLayoutEffect(() => { widget.current.setSelection(selection); }, [JSON.stringify(selection), data]);
  useEffect(() => presentOfOpen.subscribe((time) => widget.current?.setNow(time)), [data]);
  useEffect(() => cursor.subscribe((time) => widget.current?.setCursor(time)), []);
  return html`
    <div class="lane-labels">
      ${field === null
        ? html`<span class="lane-label is-overall">${name}</span>`
        : data.lanes.map((lane) => html`
          <button type="button" class="lane-label" key=${lane.value} title=${`${field} ${labelOf(lane.value)}: highest ${score(lane.max)}`}
            aria-label=${`Select ${field} ${labelOf(lane.value)}, highest ${KIND_WORDS[data.kind]} ${score(lane.max)}`}
            onClick=${() => onSelect({ lanes: [lane.value], from: data.start, to: data.end }, null, widget.current)}>
            <span class="cut">${labelOf(lane.value)}</span>
          </button>`)}
    </div>
    <div class="lane-canvas" ref=${host} data-testid=${field === null ? 'overall-lane' : 'view-lanes'} />`;
}

function timesOf({ data }, { column }) {
  const from = data.start + column * data.step;
  return [from, from + data.step];
}

function said(props, place) {
  const { data, field, labelOf } = props;
  const value = field === null ? '' : `${labelOf(data.lanes[place.lane].value)}, `;
  const when = interval(...timesOf(props, place));
  if (place.cell === null) return `${value}${when}, no score`;
  const [, , points, flags] = place.cell;
  return [`${value}${when}`, `${KIND_WORDS[data.kind]} ${score(points)}`, word(points), ...flagWords(flags)].join(', ');
}

function hover(props, place, point) {
  if (place === null) {
    cursor.value = null;
    hideTooltip();
    return;
  }
  const [from, to] = timesOf(props, place);
  cursor.value = (from + to) / 2;
  const { data, field, labelOf } = props;
  const cell = place.cell;
  showTooltip(point.x, point.y, html`
    <p class="tooltip-time">${interval(from, to)}</p>
    ${field !== null && html`<p><span class="quiet">${field}</span> <strong>${labelOf(data.lanes[place.lane].value)}</strong></p>`}
    ${cell === null
      ? html`<p class="quiet">No score</p>`
      : html`<p><span class=${`swatch ${word(cell[2])}`} /> ${KIND_WORDS[data.kind]} <strong>${score(cell[2])}</strong>, ${word(cell[2])}</p>
        ${flagWords(cell[3]).length > 0 && html`<p class="quiet">${flagWords(cell[3]).join(', ')}</p>`}`}`);
}
