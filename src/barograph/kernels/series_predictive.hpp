// The distribution around the expectation: its families, what repeats, what recurs, and by which other accounts a value is usual.
#pragma once

#include "series_expectation.hpp"

namespace series {

constexpr double kBiggest = 1e140;     // values beyond (also infinities) are read as this: its square is finite
constexpr double kHabit = 9.0;         // separate occasions that are still told each, before outliers are part of the distribution (chosen)
constexpr double kLeastHabit = 2.0;   // ... of a young series at least (chosen)
constexpr double kOftenest = 20.0;    // buckets between outliers below which they are a habit of a young series (chosen)
constexpr double kPassing = 0.125;    // of a cycle that something may last to be a thing of its phase (chosen: three hours of a day)
constexpr double kNever = 1e-3;        // occasions: what never happened is thought to be meant so (chosen)
constexpr double kLeastSwing = 0.1;      // a season that is as good as gone is dropped, not scaled (chosen)
constexpr double kFewZeros = 3.0;      // occasions of zero up to which zero is out of the ordinary (chosen)
constexpr double kFarPrior = 5.0;      // occasions far out that the t3's tail counts for (chosen)

// P(the first change in this bucket) of a series that has kept to one value for n buckets, if it is as likely as not that it never leaves
// it, and else does so at any rate from once a bucket to once in eight hours, or ten buckets where that is longer, of all orders of
// magnitude alike (chosen: what has a life of its own shows it within a shift). That is the integral of e^-rn over these rates, over ln of
// the slowest and that of e^-rn / r, which is E1(x) - E1(n). For E1 stands its lower bound ½ e^-x ln(1 + 2/x), and what lies beyond once a
// bucket is left out: from n = 4 on the answer is up to a fifth too large, to the careful side.
inline double first_change(double n, const Memory& m) {
  const double slowest = std::max(m.day / 3.0, 10.0), x = n / slowest, left = e_to(-x);
  return left / n / (ln(slowest) + 0.5 * left * ln_1p(2.0 / x));
}

// Of such a series: P(another value), and how far others are from it. One occasion teaches nothing of either; siblings do, for as many
// buckets as they are alike; how far they go counts as kSiblingJumps changes, new series as kNewSeries buckets.
inline void repeats(const Series& s, const Memory& m, Predictive& p) {
  p.usual = s.repeats.usual;
  p.ln_change = std::nan("");
  p.jump_centre = p.jump_deviation = p.jump_dof = 0.0;
  if (!repeats_itself(s)) return;
  constexpr double kNewSeries = 500.0, kSiblingJumps = 5.0;  // (chosen)
  const bool appears = s.repeats.changes == 0.0 && s.first < s.born && m.lesson.births > m.lesson.change_rate;
  const double rate = appears ? m.lesson.births : m.lesson.change_rate;
  const double taught = rate > 0.0 ? appears ? kNewSeries : m.lesson.change_buckets : 0.0;
  // Before siblings have shown whether such things change, that is as likely as not.
  const double seen_buckets = s.repeats.changes + s.repeats.ties + 1.0;
  const double known = std::max(s.repeats.changes - 1.0, 0.0);
  const double so_far = m.lesson.given ? std::max(known + kNever, first_change(s.count, m) * seen_buckets)
                                       : s.repeats.changes + 0.5;
  p.ln_change = ln((so_far + taught * rate) / (seen_buckets + taught));
  // Before any other value was seen: as far as a tenth of the value, within a factor e^2. Zero has no tenth: any size will do at
  // first, then that of the first.
  const double zero = s.repeats.changes > 0.0 ? s.repeats.jump_centre : ln(kBiggest);
  const double guess = m.lesson.change_rate > 0.0 ? m.lesson.jump_centre : s.repeats.usual == 0.0 ? zero : ln(0.1 * std::fabs(s.repeats.usual));
  const double guess_square = m.lesson.change_rate > 0.0 ? m.lesson.jump_square : 4.0;
  const double guessed = m.lesson.change_rate > 0.0 ? kSiblingJumps : 1.0;
  const double seen = known + guessed;
  p.jump_centre = (known * s.repeats.jump_centre + guessed * guess) / seen;
  const double rounding = whole_numbers(s) ? e_to(-2.0 * std::max(p.jump_centre, 0.0)) / 12.0 : 0.0;
  p.jump_deviation = std::sqrt((known * s.repeats.jump_square + guessed * guess_square) / seen + rounding + 0.01);
  // What is thought of things at large is no sample; of a sample the deviation is unsure, too, the less as it fades.
  const double sampled = guessed > 1.0 ? 1.0 : std::min(known, 1.0);
  p.jump_dof = sampled > 0.0 ? std::min((known + 2.0 + guessed) / sampled, kNormalDof) : kNormalDof;
}

// Independent values that the spread rests on: neighbours that are alike count for less.
inline double degrees_of_freedom(const Series& s) {
  if (!(s.count > 0.0)) return 0.0;
  const double phi = memory_of_rest(s);
  const double seen = std::max(s.spread.count - 1.0, 0.0) * (1.0 - phi) / (1.0 + phi);
  return seen + (s.spread.prior > 0.0 ? kPriorWeight : 0.0) + (s.spread.count > 1.0 ? 0.5 : 0.0);
}

constexpr double kFarShare = 0.0044;       // share of a t3's values beyond them (computed of a t3)

// How likely a heavy tail is that has shown so few values far out: a Poisson count against what a t3 would have had there. Weights
// of families are learnt from the middle, where they differ little.
inline double heavy_tail_left(const Series& s) {
  const double expected = kFarShare * s.tail.count;
  const double seen = s.tail.far_near;
  if (seen >= expected) return 1.0;
  return e_to(seen - expected + (seen > 0.0 ? seen * ln(expected / seen) : 0.0));
}

// The power with which the tail falls beyond kFar, a t3 as its prior: of power a, far_near is 2 a / (a + 3) of far.
inline double tail_power(const Series& s) {
  const double mean = (s.tail.far_near + kFarPrior) / (s.tail.far + kFarPrior);
  return std::max(3.0, 3.0 * mean / (2.0 - mean));
}

// Share of values seen beyond the tail's start on a side over its nominal share, as if 1,000 values had come as they should; and mean
// excess of -ln p there, as if 2,000 had.
// Whole numbers are there less often, and less far, because they are whole.
inline double tail_rate(const Series& s, bool above) {
  const double rate = (s.tail.hits[above] + 25.0) / (0.025 * s.tail.count + 25.0);
  return whole_numbers(s) ? std::max(rate, 1.0) : rate;
}
inline double tail_mean(const Series& s, bool above) {
  const double mean = (s.tail.excess[above] + 50.0) / (s.tail.uncensored[above] + 50.0);
  return whole_numbers(s) ? std::max(mean, 1.0) : mean;
}

// What bounds are read from: centre, deviation, degrees of freedom, weights of families and calibration; the rest stays as it is.
inline void shape(const Series& s, const Expectation& e, Predictive& p) {
  p.centre = e.centre;
  p.deviation = e.deviation;
  p.dof = degrees_of_freedom(s);
  p.lattice = whole_numbers(s);
  for (const bool above : {false, true}) p.tail_rate[above] = tail_rate(s, above), p.tail_mean[above] = tail_mean(s, above);
  const bool shaped = s.spread.count >= 9.0;
  for (int i = 0; i < kFamilies; ++i) p.weight[i] = shaped ? s.families.weight[i] : 0.0;
  if (!shaped) p.weight[kNormalFamily] = 1.0;
  if (p.weight[kT3Family] > 0.0) {
    const double taken = p.weight[kT3Family] * (1.0 - heavy_tail_left(s));
    p.weight[kT3Family] -= taken;
    p.weight[kNormalFamily] += taken;
  }
  if (!(p.centre > 0.0) || p.weight[kNormalFamily] + p.weight[kT3Family] >= 1.0) {
    // Families on the positive axis have nothing to say about a centre below it: the t3 stands in for them.
    const double rest = std::max(0.0, 1.0 - p.weight[kNormalFamily] - p.weight[kT3Family]);
    p.weight[kT3Family] += rest;
    p.weight[kLogNormalFamily] = p.weight[kGammaFamily] = p.weight[kCountFamily] = 0.0;
  }
}

// What a young series is believed: a share of what its values show, and never more than `most` nats.
struct Belief {
  double share;
  double most;

  double operator()(double nats) const { return std::min(share * nats, most); }
};

// Until a day (or 30 buckets) is known, nothing scores more than 50 but what leaves everything seen far behind: `apart` of 50 deviations of 15
// independent values is believed, of 20 no more than anything else; less where two values or more went far already. Where any
// did, that limit goes away over the second day. How soon one value may be left is reckoned with already: of what keeps to one, 30 buckets are enough.
inline Belief belief(const Series& s, const Memory& m, double apart) {
  constexpr double kEnough = 15.0;  // independent values (chosen)
  constexpr double kNear = 20.0, kFarBehind = 50.0;  // deviations (chosen)
  constexpr double kMajor = 8.111728083308073;  // -ln 3e-4 (computed: the probability in half an hour that scores 50)
  const bool constant = repeats_itself(s);
  const double day = constant && m.lesson.given ? 30.0 : std::max(m.day, 30.0);
  const double known = s.count + (s.spread.prior > 0.0 ? 0.5 * day : 0.0);  // siblings know something of it
  const double behind = constant ? 0.0 : (std::fabs(apart) - kNear) / (kFarBehind - kNear) / std::max(s.tail.far, 1.0);
  const double phi = memory_of_rest(s);
  const double share = std::clamp(std::min(std::max(known / day, behind), known * (1.0 - phi) / (1.0 + phi) / kEnough), 0.3, 1.0);
  const double second = std::max(known / day - 1.0, 0.0);  // share of the second day
  if (second >= 1.0 || behind >= 1.0 || (known >= day && (constant || s.tail.far < 0.5))) return {share, kInfinity};
  return {share, (kMajor + ln(std::max(m.day / 48.0, 1.0))) / (1.0 - std::max(behind, 0.0)) / (1.0 - second)};
}

inline bool odd_now(const Series& s) { return s.incident.since >= 0; }

// What the series has become: the expectation moved, or multiplied.
struct Became {
  double offset;
  double factor;
  bool multiplied;
  double amplitude;    // factor on the season alone
  bool swings;         // that describes it best
  double value;        // in this bucket
  double variance;     // of the values around it
};

inline Became became(const Series& s, double centre, double season) {
  const double n = s.incident.count;
  const double offset = s.incident.offset / n;
  const double around_offset = s.incident.offset_square / n - square(offset);
  const double factor = s.incident.centre_square > 0.0 ? 1.0 + s.incident.cross / s.incident.centre_square : 1.0;
  const double explained = s.incident.centre_square > 0.0 ? square(s.incident.cross) / s.incident.centre_square : 0.0;
  const double around_factor = (s.incident.offset_square - explained) / n;
  const double swing = s.incident.season_square > 0.0 ? s.incident.season / s.incident.season_square : 0.0;
  const double swung = s.incident.season_square > 0.0 ? square(s.incident.season) / s.incident.season_square : -kInfinity;
  const double around_swing = (s.incident.offset_square - swung) / n;
  const bool seasonal = s.season.kind != 0 && n > 1.5;  // one value is told by each of them
  const bool swings = seasonal && around_swing < 0.5 * std::min(around_offset, around_factor);
  const bool multiplied = !swings && seasonal && factor >= 0.0 && around_factor < around_offset;
  const double now = swings ? centre + swing * season : multiplied ? factor * centre : centre + offset;
  return {offset, factor, multiplied, 1.0 + swing, swings, now, std::max(swings ? around_swing : multiplied ? around_factor : around_offset, 0.0)};
}

// ln of the odds that an incident is what is normal from now on: a series changes for good about once in three years (chosen), and what
// has just begun is an incident first, by kNew nats that shrink until it is accepted.
inline double ln_changed(const Series& s, const Memory& m, int64_t bucket) {
  constexpr double kNew = 14.0;  // (chosen)
  const double left = std::max(1.0 - static_cast<double>(bucket - s.incident.since) / m.accept, 0.0);
  return m.ln_change_for_good - kNew * left;
}

// What was normal before the last change. In an incident of more than an hour, what the series has become. Else, while a series is too
// young for anyone to know what it keeps to, that it goes on from
// its last value: ever less likely, by three nats a day (or 30 values).
inline void other_account(const Series& s, const Memory& m, const Expectation& e, int64_t bucket, Predictive& p) {
  constexpr double kNatsADay = 3.0;  // (chosen)
  p.alternative = e.alternative;
  p.alternative_deviation = e.alternative_deviation;
  p.ln_alternative = 0.0;
  if (e.alternative == e.alternative) return;
  if (odd_now(s) && s.incident.count >= m.quiet) {
    const Became now = became(s, e.centre, e.season);
    p.alternative = now.value;
    p.alternative_deviation = std::sqrt(std::max(e.variance, now.variance));
    p.ln_alternative = ln_changed(s, m, bucket);
    return;
  }
  p.ln_alternative = std::nan("");
  if (repeats_itself(s)) return;
  const double age = s.count / std::max(m.day, 30.0);
  p.alternative = s.previous;
  p.alternative_deviation = e.deviation * std::sqrt(std::max(s.rest.step_square, 1e-12));
  if (age < 8.0 && s.rest.step_square < 0.5) p.ln_alternative = -kNatsADay * age;
}

// On how many of the last `cycles` cycles was there an outlier at this time (three hours either way)?
inline int came_at_this_time(const int64_t* when, const Memory& m, int64_t bucket, double cycle, int cycles) {
  int came = 0;
  for (int k = 1; k <= cycles; ++k) {
    bool there = false;
    for (int i = 0; i < kOccasions; ++i) there = there || (when[i] > 0 && std::fabs(static_cast<double>(bucket - when[i]) - k * cycle) <= kPassing * m.day);
    came += there;
  }
  return came;
}

// Is another outlier due on this side? As it came at this time on three of the last five days (so of working days), or in each of the last
// two weeks, or as they were as far apart as this one would be, three times running. Buckets of the time in which one is due; 0: none is.
inline double due_within(const Series& s, const Memory& m, int64_t bucket, bool above) {
  constexpr double kRegular = 1.0 / 16.0;  // of what is between two, either way (chosen)
  constexpr int kRunning = 3;              // times that they were so far apart (chosen: four restarts are still told each)
  const int64_t* when = s.outliers.when + (above ? kOccasions : 0);
  if (when[1] <= 0) return 0.0;  // one occasion teaches nothing
  const bool daily = m.day > 1.0 && came_at_this_time(when, m, bucket, m.day, 5) >= 3;
  if (daily || came_at_this_time(when, m, bucket, m.week, 2) == 2) return std::max(2.0 * kPassing * m.day, 1.0);
  const bool begun = odd_now(s) && when[0] == s.incident.since;  // it has come, and goes on
  const int64_t now = begun ? when[0] : bucket;
  const int64_t* last = begun ? when + 1 : when;
  if (last[kRunning] <= 0) return 0.0;
  const double apart = static_cast<double>(last[0] - last[kRunning]) / kRunning, give = kRegular * apart;
  bool regular = std::fabs(static_cast<double>(now - last[0]) - apart) <= give;
  for (int i = 0; i < kRunning; ++i) regular = regular && std::fabs(static_cast<double>(last[i] - last[i + 1]) - apart) <= give;
  return regular ? std::max(2.0 * give, 1.0) : 0.0;
}

// Separate occasions that are still told each: of a young series no more than one in twenty of its buckets.
inline double too_few(const Series& s) { return std::clamp(s.count / kOftenest, kLeastHabit, kHabit); }

// Of outliers, how many come on a side once those are left out that are too few to be a habit.
inline void outliers(const Series& s, const Memory& m, int64_t bucket, Predictive& p) {
  const double few = too_few(s);
  p.outlier_share[0] = s.outliers.count > 0.0 ? std::max(s.outliers.count - s.outliers.above - few, 0.0) / s.outliers.count : 0.0;
  p.outlier_share[1] = s.outliers.count > 0.0 ? std::max(s.outliers.above - few, 0.0) / s.outliers.count : 0.0;
  double end = s.outliers.end;
  const bool any = p.outlier_share[0] + p.outlier_share[1] > 0.0;
  const double rate = any ? s.outliers.buckets / std::min(s.count, m.habits) : 1.0;
  bool is_due = false;
  for (const bool above : {false, true}) {
    const double due = due_within(s, m, bucket, above);
    if (due <= 0.0) continue;
    is_due = true;
    p.outlier_share[above] = 1.0 / (due * rate);  // the other side is as it always is
    end = s.outliers.most;
  }
  p.ln_outlier = any || is_due ? ln(rate) : std::nan("");
  p.outlier_centre = s.outliers.centre;
  p.outlier_deviation = std::sqrt(s.outliers.square + square(kLeastBlur));
  p.outlier_end = end;
}

// ln of the chance that outliers come so many in a row: they end after as many buckets as they did before, on the mean.
inline double in_a_row(const Series& s, int64_t bucket) {
  if (!odd_now(s) || s.incident.last + 1 != bucket || !(s.outliers.count > 0.0)) return 0.0;
  const double length = s.outliers.buckets / s.outliers.count;
  return static_cast<double>(std::min(s.run.length, bucket - s.incident.since)) * ln(length / (length + 1.0));
}

inline Predictive predictive(const Series& s, const Memory& m, const Expectation& e, int side, int64_t bucket) {
  Predictive p;
  shape(s, e, p);
  other_account(s, m, e, bucket, p);
  p.side = side;
  p.tail_power = tail_power(s);
  // Where values go below zero it is as any other.
  const double zeros = (1.0 - s.occupancy) * std::min(s.count, m.slow);
  p.ln_zero = zeros < kFewZeros && !was_negative(s) ? ln((std::max(zeros - 1.0, 0.0) + kNever) / (s.count + 1.0)) : std::nan("");
  outliers(s, m, bucket, p);
  p.ln_outlier += in_a_row(s, bucket);
  repeats(s, m, p);
  return p;
}

// Is there another account that has a say in the bulk, too? (That of an incident has none.)
inline bool has_other_account(const Series& s, const Memory& m, const Expectation& e) {
  return e.alternative == e.alternative || (s.rest.step_square < 0.5 && s.count < std::max(m.day, 30.0));
}

// `judge(predictive(...), x)` of the values in the bulk, which need no more of the predictive than this: most values
// never build it.
inline bool judge_bulk(const Series& s, const Memory& m, const Expectation& e, int side, double x, Verdict& v) {
  const double dof = degrees_of_freedom(s);
  if (has_other_account(s, m, e)) return false;
  if (side != 0 || dof < kBulkDof || repeats_itself(s)) return false;
  const double ratio = e.centre > 0.0 ? e.deviation / e.centre : 0.0;
  const double z = bulk_deviate(x, e.centre, e.deviation, s.families.weight, ratio, whole_numbers(s));
  if (!(z < kInfinity)) return false;
  v.raw = bulk_ln_p(z, dof);
  const bool above = x > e.centre;
  v.ln_p = v.ln_once = calibrated(v.raw, tail_rate(s, above), tail_mean(s, above));
  return true;
}

inline Verdict verdict(const Series& s, const Memory& m, const Expectation& e, int side, int64_t bucket, double x) {
  Verdict v;
  return judge_bulk(s, m, e, side, x, v) ? v : judge(predictive(s, m, e, side, bucket), x);
}
}  // namespace series
