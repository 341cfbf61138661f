// What is no line: the members of a population side by side, when each of rare values came, times of the day, places.
import { html } from '../../lib/html.mjs';
import { go, timeText } from '../../lib/url.mjs';
import { interval } from '../../lib/format.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { Panel } from '../../parts/panel.mjs';
import { PointsChart, PointsSaid, rowsHeight } from '../../parts/points.mjs';
import { Zooms } from './zooms.mjs';

const POINTS = 4000;
const USUAL_PX = 280;
const PLACES_PX = 460;
const MEMBER = { population: 'over', rare: 'by' };
const SAME = { population: ['partition', 'by'], rare: ['partition'], times: ['partition', 'by', 'over'], places: ['partition', 'by', 'over'] };
const TITLES = { population: (field) => `Every ${field}`, rare: (field) => `When each ${field} came`, times: () => 'At which times', places: () => 'Where' };

/** @param {{job: any, series: any, zoom: [number, number], whole: [number, number], version: string, tools?: boolean}} props
 *   tools: it is the only chart, so the zoom is chosen here */
export function Points({ job, series, zoom, whole, version, tools = false }) {
  const { detector, values, fn } = series;
  const kind = detector.points;
  const field = detector.fields[MEMBER[kind]];
  const asked = {
    detector: detector.detector_index, function: detector.functions.length > 1 ? fn : null,
    ...Object.fromEntries(SAME[kind].map((role) => [role, values[role]])), from: zoom[0], to: zoom[1], max_points: POINTS,
  };
  const query = useQuery(`${series.base}/points${params(asked)}`, { deps: [version] });
  const title = TITLES[kind](field);
  const pick = (mark) => go({ set: { ...(field && { [`e.${field}`]: query.data.names[mark.of] }), open: timeText(mark.t) } });
  const height = kind === 'rare' && query.data ? rowsHeight(query.data) : kind === 'places' ? PLACES_PX : USUAL_PX;
  return html`
    <${Panel} title=${title} class="series-points" query=${query} height=${USUAL_PX} empty=${query.data?.all_points === 0 && 'No values in the time that is zoomed to.'}
      actions=${tools && html`<${Zooms} job=${job} whole=${whole} zoom=${zoom} />`}>
      ${(data) => data && html`
        <p class="series-said"><span>${interval(...zoom)}</span><${PointsSaid} data=${data} /></p>
        <${PointsChart} data=${data} range=${zoom} span=${job.bucket_span_ms} height=${height}
          label=${title} focus=${values[MEMBER[kind]] ?? null} onPick=${pick} testid="points" />`}
    </${Panel}>`;
}
