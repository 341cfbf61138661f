// What makes a job a forest detector: a name for each of its features, and what of them is too small to matter.

const SIDE = /^(high|low)_/;
const BOTH = ['ACTUAL_OVER_EXPECTED_RATIO', 'EXPECTED_OVER_ACTUAL_RATIO'];
/** Deviations up to so much of a value are nobody's concern, unless somebody says otherwise. */
const IGNORED = 0.2;

/** What a feature is called unless somebody has called it otherwise. @param {any} detector */
const nameOf = ({ function: name, field_name: field }) => [name, field].filter(Boolean).join(' ').replaceAll('_', ' ');

/** A detector as a feature: forests look at both sides, and have rules of their own. @param {any} detector */
export function asFeature({ custom_rules: _, exclude_frequent: __, ...detector }) {
  const name = (detector.function ?? 'mean').replace(SIDE, '');
  return { ...detector, function: name === 'metric' ? 'mean' : name };
}

/** The share of a value up to which deviations are ignored, the same for all features; null: none is. @param {any} settings */
export function ignored({ rules = [] }) {
  const values = new Set(rules.flatMap((rule) => rule.conditions.map((one) => one.value)));
  return values.size === 1 ? [...values][0] : null;
}

/** Whether the form shows all of the rules of a forest detector. @param {any} settings */
export function areRulesPlain(settings) {
  const { features, rules = [] } = settings;
  return rules.length === 0 || JSON.stringify(plain(rules)) === JSON.stringify(plain(rulesOf(features, ignored(settings))));
}

const plain = (rules) => rules.map((rule) => rule.conditions.map((one) => [one.feature_name, one.threshold_type, one.value]));

const rulesOf = (features, share) => features.map(({ feature_name: name }) => ({
  action: 'IGNORE_ANOMALY', conditions: BOTH.map((type) => ({ feature_name: name, threshold_type: type, operator: 'LTE', value: share })),
}));

/**
 * The settings of a forest for detectors: names that somebody gave stay.
 * @param {any[]} detectors @param {any} [settings] those before @param {any[]} [before] the detectors that they were for
 */
export function forestOf(detectors, settings = {}, before = []) {
  const share = settings.features ? ignored(settings) : IGNORED;
  const features = detectors.map((one, at) => {
    const was = settings.features?.[at];
    const isNamed = was?.feature_name && before[at] && was.feature_name !== nameOf(before[at]);
    const name = isNamed ? was.feature_name : nameOf(one);
    return { feature_id: name.replaceAll(/[^\p{L}\p{N}_]+/gu, '_') || `feature_${at}`, feature_name: name };
  });
  const { rules: _, ...rest } = settings;
  return { ...rest, features, ...(share && { rules: rulesOf(features, share) }) };
}

/** The settings with another share of a value below which nothing matters; null: all does. @param {any} settings @param {number | null} share */
export function ignoring({ rules: _, ...settings }, share) {
  return { ...settings, ...(share && { rules: rulesOf(settings.features, share) }) };
}
