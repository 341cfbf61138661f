// Where the points of a chart are: of members and times by value, of rare values in rows, of places on a map without a map.
import { number } from '../lib/format.mjs';
import { shownValue } from '../parts/entity.mjs';

export const [TOP, BOTTOM, RIGHT] = [8, 24, 12];
const [NEAR, ON] = [9, 12];
const LABELLED_ROW = 12;
const WIDEST_LABEL = 180;
const LETTER_PX = 7;
const VALUES_PX = 60;
const LEAST_DEGREES = 0.02;

/**
 * Where everything is. @param {import('../parts/points.mjs').Points} data @param {[number, number]} range @param {number} span of a bucket, ms
 * @param {number} width @param {number} height px
 */
export function layout(data, range, span, width, height) {
  return data.kind === 'places' ? onEarth(data, width, height) : overTime(data, range, span, width, height);
}

function overTime(data, [from, to], span, width, height) {
  const isRows = data.kind === 'rare';
  const bottom = height - BOTTOM;
  const row = (bottom - TOP) / Math.max(data.names.length, 1);
  const isLabelled = isRows && row >= LABELLED_ROW;
  const widest = Math.max(0, ...data.names.map((name) => shownValue(name).length)) * LETTER_PX;
  const left = isRows ? (isLabelled ? Math.min(Math.max(widest, 40), WIDEST_LABEL, width / 3) + 12 : 12) : VALUES_PX;
  const x = (t) => round(left + ((t - from) / (to - from)) * (width - left - RIGHT));
  const [low, high] = isRows ? [0, 1] : data.axis.length ? [data.axis[0].v, data.axis.at(-1).v] : reach(data);
  const y = (value) => round(bottom - ((value - low) / (high - low)) * (bottom - TOP));
  const rowOf = (of) => round(TOP + (of + 0.5) * row);
  const letters = Math.floor((left - 12) / LETTER_PX);
  const line = (values) => path(data.band.t, values, (t) => x(t + span / 2), y);
  const { lo = [], hi = [], typical = [] } = data.band;
  return {
    left, x, y,
    px: data.t.map((t) => x(t + span / 2)),
    py: data.t.map((_, index) => (isRows ? rowOf(data.of[index]) : y(data.v[index]))),
    lines: isRows ? data.names.map((name, of) => ({ y: rowOf(of), text: isLabelled ? cut(shownValue(name), letters) : '' })) : (data.axis.length ? data.axis : steps(low, high).map((value) => ({ v: value, text: number(value) }))).map(({ v, text }) => ({ y: y(v), text })),
    band: isRows || lo.every((one) => one === null) ? null : area(data.band, (t) => x(t + span / 2), y, low, high),
    typical: isRows || typical.every((one) => one === null) ? null : line(typical),
    marks: data.marks.toSorted((one, other) => one.score - other.score).map((mark) => ({
      mark, x: x(mark.t + span / 2), y: isRows ? rowOf(mark.of) : y(mark.v ?? low), usual: data.kind === 'times' && mark.usual !== null ? { x: x(mark.t + span / 2), y: y(mark.usual) } : null,
    })),
  };
}

/** Degrees of latitude and longitude, as long as they are on the ground; across the date line where that is the shorter way. */
function onEarth(data, width, height) {
  const known = data.places.flat().filter((place) => place !== null);
  const all = [...data.v.map((longitude, index) => [longitude, data.lat[index]]), ...known];
  const wraps = Math.max(...all.map(([longitude]) => longitude)) - Math.min(...all.map(([longitude]) => longitude)) > 180;
  const east = (longitude) => (wraps && longitude < 0 ? longitude + 360 : longitude);
  const [west, last] = extent(all.map(([longitude]) => east(longitude)));
  const [south, north] = extent(all.map(([, latitude]) => latitude));
  const narrow = Math.max(Math.cos(((south + north) / 2) * (Math.PI / 180)), 0.05);
  const [wide, high] = [width - VALUES_PX - RIGHT, height - TOP - BOTTOM];
  const scale = Math.min(wide / ((last - west) * narrow), high / (north - south));
  const x = (longitude) => round(VALUES_PX + wide / 2 + (east(longitude) - (west + last) / 2) * narrow * scale);
  const y = (latitude) => round(TOP + high / 2 - (latitude - (south + north) / 2) * scale);
  const half = [wide / 2 / (narrow * scale), high / 2 / scale];
  const across = steps((west + last) / 2 - half[0], (west + last) / 2 + half[0]);
  const up = steps((south + north) / 2 - half[1], (south + north) / 2 + half[1]);
  const at = (place) => (place === null ? null : { x: x(place[0]), y: y(place[1]) });
  return {
    left: VALUES_PX, x, y,
    px: data.v.map(x),
    py: data.lat.map(y),
    lines: up.map((latitude) => ({ y: y(latitude), text: `${number(latitude)}°` })),
    columns: across.map((longitude) => ({ x: x(longitude), text: `${number(longitude > 180 ? longitude - 360 : longitude)}°` })),
    band: null,
    typical: null,
    marks: data.marks.map((mark, index) => ({ mark, ...at(data.places[index][0]), usual: at(data.places[index][1]) })).toSorted((one, other) => one.mark.score - other.mark.score),
  };
}

/** The least and the greatest, with some room. */
function extent(values) {
  const [least, most] = values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const room = Math.max((most - least) * 0.05, LEAST_DEGREES);
  return [least - room, most + room];
}

const round = (px) => Math.round(10 * px) / 10;
const cut = (text, letters) => (text.length > letters ? `${text.slice(0, Math.max(letters - 1, 1))}…` : text);

/** The least and greatest of what is drawn; from zero where that is near. */
function reach({ v, marks }) {
  let [low, high] = [Infinity, -Infinity];
  for (const value of [...v, ...marks.map((mark) => mark.v).filter((value) => value !== null)]) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low === Infinity) return [0, 1];
  if (low > 0 && low < 0.4 * high) low = 0;
  const room = (high - low) * 0.04 || Math.abs(high) / 10 || 1;
  return [low === 0 ? 0 : low - room, high + room];
}

/** Four or so round numbers between two. */
function steps(low, high) {
  const rough = (high - low) / 4;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * [1, 2, 5, 10].find((many) => many * size >= rough);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, index) => (first + index) * step);
}

function path(t, values, x, y) {
  let pen = 'M';
  let text = '';
  values.forEach((value, index) => {
    if (value === null) { pen = 'M'; return; }
    text += `${pen}${x(t[index])} ${y(value)}`;
    pen = 'L';
  });
  return text;
}

function area({ t, lo, hi }, x, y, low, high) {
  const known = t.map((_, index) => index).filter((index) => lo[index] !== null && hi[index] !== null);
  const inside = (value) => Math.min(Math.max(value, low), high);
  const upper = known.map((index) => `${x(t[index])} ${y(inside(hi[index]))}`);
  const lower = known.map((index) => `${x(t[index])} ${y(inside(lo[index]))}`).reverse();
  return known.length ? `M${[...upper, ...lower].join('L')}Z` : null;
}

/** What the pointer is at: an anomaly before a point. */
export function nearest(data, at, x, y) {
  const mark = best(at.marks.length, (index) => Math.hypot(at.marks[index].x - x, at.marks[index].y - y), ON);
  if (mark !== null) return { mark: at.marks[mark].mark };
  const index = best(data.t.length, (one) => Math.hypot(at.px[one] - x, at.py[one] - y), NEAR);
  return index === null ? null : { index };
}

function best(many, away, most) {
  let [found, least] = [null, most];
  for (let index = 0; index < many; index += 1) {
    const distance = away(index);
    if (distance <= least) [found, least] = [index, distance];
  }
  return found;
}
