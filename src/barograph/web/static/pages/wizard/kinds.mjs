// The kinds of jobs that forms make, and how the settings of one become those of another.
import { columnsOf, seen } from './draft.mjs';
import { areRulesPlain, asFeature, forestOf } from './forest-config.mjs';

/** What a job looks at: its name in the URL, and in words. */
export const KINDS = [
  ['single', 'One measure'], ['multi', 'Several measures'], ['forest', 'Features together'], ['population', 'Population'], ['rare', 'Rare values'],
  ['categories', 'Messages'], ['times', 'Times'], ['places', 'Places'], ['advanced', 'Advanced'],
];
/** The field that categories are the values of. */
export const CATEGORY = 'mlcategory';
const RARE = ['rare', 'freq_rare'];
const TIMES = ['time_of_day', 'time_of_week'];
const PLACE = 'lat_long';
/** Functions that compare no members, and those that do the same where members are compared. */
const TOGETHER = { non_zero_count: 'count', non_null_sum: 'sum' };
const ROLES = ['partition', 'by', 'over'];
const SPLITS = ROLES.map((role) => `${role}_field_name`);
/** The roles that the form of a kind asks for. */
const ASKED = { single: [], multi: ['partition'], forest: ['partition', 'by'], population: ['partition', 'over'], rare: ROLES, categories: ['partition'], times: ['partition'], places: ['partition'], advanced: ['partition', 'over'] };
const OF_MESSAGES = ['categorization_field_name', 'categorization_filters', 'categorization_analyzer', 'per_partition_categorization'];
const COUNT = { function: 'count' };

const isMeasure = (one) => ![...RARE, ...TIMES, PLACE].includes(one.function) && one.by_field_name !== CATEGORY;
const isSame = (detectors, name) => detectors.every((one) => one[name] === detectors[0][name]);

/** The kind whose form shows all of a job's settings. @param {any} config @returns {string} */
export function kindOf({ analysis_config: { detectors, categorization_field_name: messages }, forest_config: forest }) {
  const [first] = detectors;
  if (forest) return areRulesPlain(forest) && !messages && forest.imputation_option?.method !== 'FIXED_VALUES' ? 'forest' : 'advanced';
  if (!first || !SPLITS.every((name) => isSame(detectors, name))) return 'advanced';
  if (messages || first.by_field_name === CATEGORY) return detectors.length === 1 && first.by_field_name === CATEGORY ? 'categories' : 'advanced';
  if (RARE.includes(first.function)) return detectors.length === 1 ? 'rare' : 'advanced';
  const alone = detectors.length === 1 && !first.by_field_name && !first.over_field_name;
  if (alone && TIMES.includes(first.function)) return 'times';
  if (alone && first.function === PLACE) return 'places';
  if (!detectors.every(isMeasure) || first.by_field_name) return 'advanced';
  if (first.over_field_name) return 'population';
  return detectors.length > 1 || first.partition_field_name ? 'multi' : 'single';
}

/**
 * What of a job's settings other kinds can use, beside what was kept of earlier ones, which the present kind does not show.
 * @param {string} shown the kind whose form was filled in @param {any} config @param {Record<string, any>} [before] as this gave earlier
 */
export function usable(shown, config, before = {}) {
  const { analysis_config: analysis } = config;
  const [first = {}] = analysis.detectors;
  const kind = shown === 'advanced' ? kindOf(config) : shown;
  const measures = analysis.detectors.filter(isMeasure).map(plain);
  return {
    ...before,
    ...Object.fromEntries(ASKED[kind].map((role) => [role, first[`${role}_field_name`]])),
    ...(measures.length && { measures: kind === 'single' ? [...measures, ...(before.measures ?? []).slice(1)] : measures }),
    ...(config.forest_config && { forest: config.forest_config, features: analysis.detectors }),
    ...(kind === 'rare' && { rare: first.function }),
    ...(kind === 'times' && { times: first.function }),
    ...(kind === 'places' && { place: first.field_name }),
    ...(kind === 'categories' && { ofMessages: first.function, messages: only(OF_MESSAGES, analysis) }),
  };
}

const only = (names, of) => Object.fromEntries(names.filter((name) => of[name] !== undefined).map((name) => [name, of[name]]));

function plain(detector) {
  const { detector_description: _, detector_index: __, ...rest } = detector;
  for (const name of SPLITS) delete rest[name];
  if (rest.custom_rules) rest.custom_rules = rest.custom_rules.filter((rule) => !rule.scope);
  return rest;
}

/**
 * The same job as another kind, as far as that goes: its span, time and influencers stay, and of its detectors what fits.
 * @param {string} kind @param {any} config @param {Record<string, any>} spare what `usable` gave of it
 */
export function asKind(kind, config, spare) {
  const analysis = { ...config.analysis_config, detectors: DETECTORS[kind](spare).map((one) => only(Object.keys(one), one)) };
  for (const name of OF_MESSAGES) delete analysis[name];
  if (kind === 'categories') {
    Object.assign(analysis, spare.messages ?? { categorization_field_name: messagesColumn() });
    if (!spare.partition) delete analysis.per_partition_categorization;
  }
  const forest = kind === 'forest' ? { forest_config: forestOf(analysis.detectors, spare.forest, spare.features) } : {};
  const named = analysis.detectors.flatMap((one) => SPLITS.map((name) => one[name])).filter(Boolean);
  const looked = [CATEGORY, analysis.categorization_field_name, ...analysis.detectors.filter((one) => one.function === PLACE).map((one) => one.field_name)];
  const others = (analysis.influencers ?? []).filter((name) => !looked.includes(name));
  analysis.influencers = [...new Set([...(kind === 'forest' ? [] : others), ...named])];
  const { forest_config: _, ...rest } = config;
  return { ...rest, analysis_config: analysis, ...forest };
}

const measuresOf = ({ measures }) => (measures?.length ? measures : [COUNT]);

const DETECTORS = {
  single: (spare) => [measuresOf(spare)[0]],
  multi: (spare) => measuresOf(spare).map((one) => ({ ...one, partition_field_name: spare.partition ?? spare.over })),
  forest: (spare) => several(measuresOf(spare).map(asFeature)).map((one) => ({
    ...one, partition_field_name: spare.partition ?? spare.over, by_field_name: spare.partition && spare.by !== spare.partition ? spare.by : undefined,
  })),
  population: (spare) => {
    const over = spare.over ?? spare.partition ?? membersColumn();
    return measuresOf(spare).map((one) => ({
      ...one, function: together(one.function), over_field_name: over, partition_field_name: spare.partition === over ? undefined : spare.partition,
    }));
  },
  rare: (spare) => {
    const by = spare.by ?? rareColumn(spare);
    const free = (name) => (name === by ? undefined : name);
    return [{ function: spare.over ? spare.rare ?? 'rare' : 'rare', by_field_name: by, over_field_name: free(spare.over), partition_field_name: free(spare.partition) }];
  },
  times: (spare) => [{ function: spare.times ?? 'time_of_day', partition_field_name: spare.partition ?? spare.over }],
  places: (spare) => [{ function: PLACE, field_name: spare.place ?? placeColumn(), partition_field_name: spare.partition ?? spare.over }],
  categories: (spare) => [{ function: spare.ofMessages ?? 'count', by_field_name: CATEGORY, partition_field_name: spare.partition }],
};

const FEW_FEATURES = 5;

/** More than one feature, where the file has more numbers. */
function several(features) {
  if (features.length > 1) return features;
  const others = columnsOf('number').filter((one) => one.distinct > 1 && one.name !== features[0].field_name);
  return [...features.filter((one) => one.field_name || others.length < 2), ...others.map((one) => ({ function: 'mean', field_name: one.name }))].slice(0, FEW_FEATURES);
}

function together(name) {
  const side = ['high_', 'low_'].find((prefix) => name.startsWith(prefix)) ?? '';
  const bare = name.slice(side.length);
  return side + (TOGETHER[bare] ?? bare);
}

const FEWEST_MEMBERS = 10;
const length = (column) => column.examples.reduce((sum, text) => sum + text.length, 0) / Math.max(column.examples.length, 1);
const hasWords = (column) => column.examples.some((text) => text.includes(' '));

/** The column whose texts are the longest, where they are of several words; an empty name where none is. */
const messagesColumn = () => columnsOf('text').filter(hasWords).sort((one, other) => length(other) - length(one))[0]?.name ?? '';

const DEGREES = /^\s*[+-]?\d{1,3}(\.\d+)?\s*,\s*[+-]?\d{1,3}(\.\d+)?\s*$/;

/** The first column whose texts are latitudes and longitudes; an empty name where none is. */
const placeColumn = () => columnsOf('text').find((one) => one.examples.length > 0 && one.examples.every((text) => DEGREES.test(text)))?.name ?? '';

/** The column with the most values that come again and again. */
function membersColumn() {
  const rows = seen.value?.rows ?? 0;
  const likely = columnsOf('text').filter((one) => one.distinct >= FEWEST_MEMBERS && 2 * one.distinct <= rows);
  return (likely.length ? likely : columnsOf('text')).sort((one, other) => other.distinct - one.distinct)[0]?.name ?? '';
}

/** The column with the fewest values of those that are not taken. */
function rareColumn({ partition, over }) {
  const free = columnsOf('text').filter((one) => one.distinct > 1 && one.name !== partition && one.name !== over);
  return free.sort((one, other) => one.distinct - other.distinct)[0]?.name ?? '';
}
