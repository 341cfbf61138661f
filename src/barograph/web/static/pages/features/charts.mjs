// A chart for each feature: its values with what is usual of them; those that are most to blame come first.
import { html, useMemo } from '../../lib/html.mjs';
import { go, timeText } from '../../lib/url.mjs';
import { params, useQuery } from '../../lib/api.mjs';
import { number, score, time } from '../../lib/format.mjs';
import { word } from '../../lib/scales.mjs';
import { SeriesChart } from '../../parts/chart.mjs';
import { Panel } from '../../parts/panel.mjs';

const HEIGHT = 140;
const POINTS = 1500;

/** @param {{job: any, series: any, data: any, anomaly: any, whole: [number, number], version: string}} props anomaly: the one that is chosen, or null */
export function FeatureCharts({ job, series, data, anomaly, whole, version }) {
  const share = (feature) => anomaly?.attribution.find((one) => one.feature_id === feature.feature_id)?.share ?? 0;
  const features = data.features.toSorted((one, other) => share(other) - share(one));
  return html`
    <section class="feature-charts" aria-label="Features">
      ${features.map((feature) => html`<${FeatureChart} key=${feature.feature_id} feature=${feature} share=${share(feature)} job=${job} series=${series} anomaly=${anomaly} whole=${whole} version=${version} />`)}
    </section>`;
}

const percent = (share) => `${Math.round(100 * share)} %`;

/** What would have been usual of a feature when an anomaly began, the likeliest first; how likely only where there are several. */
function expectedAt({ start, expected }, at) {
  const shares = new Map();
  for (const { values, likelihood } of expected) if (values[at] !== null) shares.set(values[at], (shares.get(values[at]) ?? 0) + likelihood);
  return { t: start, values: [...shares].map(([value, share]) => ({ value, text: shares.size > 1 ? percent(share) : '' })) };
}

function FeatureChart({ feature, share, job, series, anomaly, whole, version }) {
  const asked = { detector: feature.detector_index, ...series.values, from: whole[0], to: whole[1], max_points: POINTS };
  const query = useQuery(`${series.base}/series${params(asked)}`, { deps: [version] });
  const at = feature.detector_index;
  const data = useMemo(() => query.data && { ...query.data, ...(anomaly && { expected: expectedAt(anomaly, at) }) }, [query.data, anomaly?.t, at]);
  const values = anomaly && html`<small>expected ${number(anomaly.expected[0]?.values[at])}, was ${number((anomaly.past ?? anomaly.data)[at])} · ${Math.round(100 * share)} % of the blame</small>`;
  return html`
    <${Panel} title=${html`${feature.feature_name} <span class="quiet">${feature.function.replaceAll('_', ' ')}</span>`} query=${query} height=${HEIGHT} actions=${values}>
      ${() => html`<${SeriesChart} data=${data} range=${whole} height=${HEIGHT} span=${job.bucket_span_ms} selected=${anomaly?.start ?? null} testid="feature-chart"
        label=${`Values of ${feature.feature_name}, with what is usual`} describe=${(mark) => `${time(mark.t)}, record score ${score(mark.score)}, ${word(mark.score)}`}
        onPick=${(t, mark) => mark && go({ set: { open: timeText(mark.t) } })} />`}
    </${Panel}>`;
}
