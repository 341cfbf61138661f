// What a bucket would be if nothing were wrong: the season, the level that the series keeps to, and the spread around both.
#pragma once

#include "series_bounds.hpp"
#include "series_lanes.hpp"

namespace series {

constexpr int64_t kHour = 3600000;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kWeek = 7 * kDay;
constexpr double kBiggest = 1e140;     // values beyond (also infinities) are read as this: its square is finite
constexpr double kHabit = 9.0;         // separate occasions before outliers count as part of the distribution: ten are still told each
constexpr double kRepeats = 4.0;       // values before a series can be seen to repeat itself
constexpr double kPriorWeight = 3.0;   // values that the siblings' scale counts for
constexpr double kOutlierMemory = 4000.0;
constexpr double kNever = 1e-3;        // occasions: what never happened is thought to be meant so (chosen)
constexpr double kImpossible = -9.210340371976182;  // ln 1e-4: opens an incident
constexpr double kLeastSwing = 0.1;      // a season that is as good as gone is dropped, not scaled
constexpr double kFewZeros = 3.0;      // occasions of zero up to which zero is out of the ordinary
constexpr double kFarPrior = 5.0;      // occasions far out that the t3's tail counts for

// What the other series of the detector have taught (`models/siblings.py`).
struct Lesson {
  double variance;     // over the square of the level; 0: not known
  double change_rate;  // share of buckets in which series that keep to one value leave it
  double jump_centre;  // mean and variance of ln of how far they go
  double jump_square;
  double births;       // series that appear in a bucket
  bool given;          // there was a lesson, or nobody to give one
};

// Lengths of memory, buckets. Chosen: what people mean by "lately" is time, not buckets.
struct Memory {
  double slow;      // two weeks: the level that a series keeps to
  double middle;    // a day and a half
  double fast;      // three hours
  double block;     // twelve hours: a level is judged by what it said up to so long before
  double accept;    // 1.15 days: what lasts longer is no incident but a change
  double quiet;     // an hour that fits ends an incident
  double remember;  // four weeks: what was normal before a change
  double day;
  double week;
  double ln_change_for_good;  // ln of the share of buckets in which a series changes for good
  Lesson lesson{};

  explicit Memory(int64_t span_ms) {
    const auto buckets = [span_ms](double ms, double least, double most) {
      return std::min(std::max(ms / static_cast<double>(span_ms), least), most);
    };
    slow = std::floor(buckets(14.0 * kDay, 200.0, 4000.0));
    middle = std::floor(buckets(1.5 * kDay, 24.0, 2000.0));
    fast = std::floor(buckets(3.0 * kHour, 6.0, 300.0));
    block = std::floor(buckets(12.0 * kHour, 6.0, 1440.0));
    accept = std::floor(buckets(1.15 * kDay, 12.0, 1e9));
    quiet = std::floor(buckets(1.0 * kHour, 3.0, 12.0));
    remember = std::floor(buckets(4.0 * kWeek, 100.0, 1e9));
    day = buckets(kDay, 1.0, 1e9);
    week = buckets(kWeek, 1.0, 1e9);
    ln_change_for_good = std::min(ln(static_cast<double>(span_ms) / (3.0 * 365.25 * kDay)), kImpossible);
  }
};

// What is expected of one bucket.
struct Expectation {
  double season;               // metric unit
  double level;                // without the season
  double centre;               // both
  double alternative;          // by what was normal before the last change; NaN: nothing remembered
  double alternative_deviation;
  double variance;             // floored
  double doubt;                // what of it is doubt about the expectation itself, which neighbours share
  double deviation;            // its square root
  double disagreement;         // of the levels: their variance around the expectation, by their shares
};

// The gain of a mean of all values until there are as many as the memory is long.
inline double gain(double count, double memory) { return count + 1.0 < memory ? 1.0 / (count + 1.0) : 1.0 / memory; }

// Integers have at least the variance of rounding; everything has that of its last digits.
inline double floor_square(const Series& s, double centre) {
  const double f = kFloor * std::fabs(centre) + 1e-150;
  return f * f + ((s.flags & 1) == 0 ? 1.0 / 12.0 : 0.0);
}

// What is left of the rest of one bucket in the next one.
inline double memory_of_rest(const Series& s) {
  return s.rest_square > 0.0 ? std::clamp(s.rest_cross / s.rest_square, 0.0, 0.98) : 0.0;
}

// The rest of the bucket before; NaN: that was odd, or there was none.
inline double rest_before(const Series& s, int64_t bucket) { return s.learnt + 1 == bucket ? s.last_rest : std::nan(""); }

// What the variance's parts are multiplied with.
inline void part_units(double centre, double (&unit)[kParts]) {
  unit[0] = 1.0;
  unit[1] = std::max(centre, 0.0);
  unit[2] = unit[1] * unit[1];
}

inline double parts_variance(const Series& s, double centre) {
  double unit[kParts];
  part_units(centre, unit);
  return s.part_scale * (s.part[0] + s.part[1] * unit[1] + s.part[2] * unit[2]);
}

// How much of the expectation comes from levels of hours: 0 where the series keeps to one, 1 where it goes wherever it goes.
inline double wanders(const Series& s) { return std::clamp(1.0 - s.share[0] - s.share[1], 0.0, 1.0); }

// Of a bucket, by how much the level has moved on since it last learnt: nothing where the series keeps to a level, as far as it
// wanders otherwise.
inline double wandered(const Series& s, double since) {
  if (since <= 1.0) return 0.0;
  const double apace = std::max(s.ahead_all - s.variance, 0.0) / std::max(s.ahead_far, 1.0);
  return apace * (since - 1.0);
}

// Small counts, as scattered as counts are: they repeat themselves because there are so few values, and a density is no
// match for a mass there.
inline bool small_counts(const Series& s) {
  // Mean of ln of what is not zero, from which that comes in bursts instead of one by one: where zeros prevail, Poisson counts have
  // 0.17 at most. One occasion teaches nothing.
  constexpr double kBurst = 0.5;
  const bool bursts = s.ties > 2.0 * s.changes && (s.changes < 1.5 || s.jump_centre > kBurst);
  return !bursts && (s.flags & 3) == 0 && s.level[0] < 5.0 && s.changes > 0.5 && s.variance > 0.5 * s.level[0];
}

// Does the series repeat one value more often than not?
inline bool repeats_itself(const Series& s) {
  return s.ties > 2.0 * s.changes && s.count >= kRepeats && s.season == 0 && !small_counts(s);
}

// `season`: the profile's value, metric unit, 0 without one. `doubt`: its own variance here, where it knows no better.
// `cycles`: that it rests on.
inline Expectation expect(const Series& s, const Memory& m, double season, double doubt, double cycles, int64_t bucket) {
  Expectation e;
  e.season = season;
  const double since = s.learnt >= 0 ? static_cast<double>(bucket - s.learnt) : 1.0;
  e.level = 0.0;
  for (int i = 0; i < kLevels; ++i) e.level += s.share[i] * s.level[i];
  e.disagreement = 0.0;
  for (int i = 0; i < kLevels; ++i) e.disagreement += s.share[i] * square(s.level[i] - e.level);
  const double drift = s.trend + s.share[kLevels - 1] * s.slope;
  e.level += drift * std::min(since, m.block);
  e.centre = e.level + season;
  if ((s.flags & 2) == 0) e.centre = std::max(e.centre, 0.0);  // nothing below zero was ever seen
  if (repeats_itself(s)) e.level = e.centre = s.usual;
  // Nobody knows of so few that they come less than once a day before the slow level says so.
  if (small_counts(s)) e.centre = std::max(e.centre, std::min(s.level[0], 1.0 / m.accept));
  e.alternative = s.old_until >= bucket ? s.old_level + s.old_factor * season : std::nan("");
  double variance = s.season ? parts_variance(s, e.centre) : s.variance;
  if (s.prior_variance > 0.0 && s.scale_count < 64.0) {
    const double seen = std::max(s.scale_count - 1.0, 0.0);
    variance = (kPriorWeight * s.prior_variance + seen * variance) / (kPriorWeight + seen);
  }
  // Where shares have changed of late, levels that are far apart are less sure than the errors seen so far say.
  e.doubt = doubt + std::max(e.disagreement - s.disagreed, 0.0) + wandered(s, since);
  // A young profile is as uncertain as the few values that each of its knots is made of.
  if (s.season && cycles < 2.0) e.doubt += parts_variance(s, e.level) / (1.0 + cycles);
  e.variance = variance + e.doubt + floor_square(s, e.centre);
  e.deviation = std::sqrt(e.variance);
  e.alternative_deviation = s.old_factor * e.deviation;
  return e;
}

// Of such a series: P(another value), and how far others are from it. One occasion teaches nothing of how often they come; siblings
// do: what they do counts as kSiblings buckets, and as kSiblingJumps changes.
inline void repeats(const Series& s, const Memory& m, Predictive& p) {
  p.usual = s.usual;
  p.ln_change = std::nan("");
  p.jump_centre = p.jump_deviation = p.jump_dof = 0.0;
  if (!repeats_itself(s)) return;
  constexpr double kSiblings = 500.0, kSiblingJumps = 5.0;
  const bool appears = s.changes == 0.0 && s.first < s.born;
  const double rate = appears ? std::max(m.lesson.births, m.lesson.change_rate) : m.lesson.change_rate;
  const double taught = rate > 0.0 ? kSiblings : 0.0;
  // Before siblings have shown whether such things change, that is as likely as not; so it is at first, and less until a day is known.
  const double young = std::max(1.0 - s.count / std::max(m.day, 30.0), 0.0);
  const double so_far = m.lesson.given ? std::max(std::max(s.changes - 1.0, 0.0) + kNever, 0.5 * young) : s.changes + 0.5;
  p.ln_change = ln((so_far + taught * rate) / (s.changes + s.ties + 1.0 + taught));
  // Before any other value was seen: as far as a tenth of the value, within a factor e^2. Zero has no tenth: any size will do at
  // first, then that of the first.
  const double zero = s.changes > 0.0 ? s.jump_centre : ln(kBiggest);
  const double guess = m.lesson.change_rate > 0.0 ? m.lesson.jump_centre : s.usual == 0.0 ? zero : ln(0.1 * std::fabs(s.usual));
  const double guess_square = m.lesson.change_rate > 0.0 ? m.lesson.jump_square : 4.0;
  const double guessed = m.lesson.change_rate > 0.0 ? kSiblingJumps : 1.0;
  const double seen = s.changes + guessed;
  p.jump_centre = (s.changes * s.jump_centre + guessed * guess) / seen;
  const double rounding = (s.flags & 1) == 0 ? e_to(-2.0 * std::max(p.jump_centre, 0.0)) / 12.0 : 0.0;
  p.jump_deviation = std::sqrt((s.changes * s.jump_square + guessed * guess_square) / seen + rounding + 0.01);
  p.jump_dof = s.changes + 2.0 + guessed;
}

// Independent values that the spread rests on: neighbours that are alike count for less.
inline double degrees_of_freedom(const Series& s) {
  if (!(s.count > 0.0)) return 0.0;
  const double phi = memory_of_rest(s);
  return std::max(s.scale_count - 1.0, 0.0) * (1.0 - phi) / (1.0 + phi) + (s.prior_variance > 0.0 ? kPriorWeight : 0.0) + (s.scale_count > 1.0 ? 0.5 : 0.0);
}

constexpr double kFarShare = 0.0044;       // share of a t3's values beyond them

// How likely a heavy tail is that has shown so few values far out: a Poisson count against what a t3 would have had there. Weights
// of families are learnt from the middle, where they differ little.
inline double heavy_tail_left(const Series& s) {
  const double expected = kFarShare * s.tail_count;
  const double seen = s.far_near;
  if (seen >= expected) return 1.0;
  return e_to(seen - expected + (seen > 0.0 ? seen * ln(expected / seen) : 0.0));
}

// The power with which the tail falls beyond kFar, a t3 as its prior: of power a, far_near is 2 a / (a + 3) of far.
inline double tail_power(const Series& s) {
  const double mean = (s.far_near + kFarPrior) / (s.far + kFarPrior);
  return std::max(3.0, 3.0 * mean / (2.0 - mean));
}

// Share of values seen beyond the tail's start over its nominal share, as if 1,000 values had come as they should; and mean excess of
// -ln p there, as if 2,000 had.
// Whole numbers are there less often because they are whole.
inline double tail_rate(const Series& s) {
  const double rate = (s.tail_hits + 50.0) / (0.05 * s.tail_count + 50.0);
  return (s.flags & 1) == 0 ? std::max(rate, 1.0) : rate;
}
inline double tail_mean(const Series& s) { return (s.tail_excess + 100.0) / (s.tail_uncensored + 100.0); }

// What bounds are read from: centre, deviation, degrees of freedom, weights of families and calibration; the rest stays as it is.
inline void shape(const Series& s, const Expectation& e, Predictive& p) {
  p.centre = e.centre;
  p.deviation = e.deviation;
  p.dof = degrees_of_freedom(s);
  p.lattice = (s.flags & 1) == 0;
  p.tail_rate = tail_rate(s);
  p.tail_mean = tail_mean(s);
  const bool shaped = s.scale_count >= 9.0;
  for (int i = 0; i < kFamilies; ++i) p.weight[i] = shaped ? s.weight[i] : 0.0;
  if (!shaped) p.weight[0] = 1.0;
  if (p.weight[1] > 0.0) {
    const double taken = p.weight[1] * (1.0 - heavy_tail_left(s));
    p.weight[1] -= taken;
    p.weight[0] += taken;
  }
  if (!(p.centre > 0.0) || p.weight[0] + p.weight[1] >= 1.0) {
    // Families on the positive axis have nothing to say about a centre below it: the t3 stands in for them.
    const double rest = std::max(0.0, 1.0 - p.weight[0] - p.weight[1]);
    p.weight[1] += rest;
    p.weight[2] = p.weight[3] = p.weight[4] = 0.0;
  }
}

// Doubt about a young series: until a day (or 30 buckets) is known, only what leaves everything seen far behind is severe.
inline double doubt_of(const Series& s, const Memory& m) {
  constexpr double kEnough = 15.0;  // independent values
  const double day = std::max(m.day, 30.0);
  const double known = s.count + (s.prior_variance > 0.0 ? 0.5 * day : 0.0);  // siblings know something of it
  const double phi = memory_of_rest(s);
  return std::clamp(std::min(known / day, known * (1.0 - phi) / (1.0 + phi) / kEnough), 0.3, 1.0);
}

inline bool odd_now(const Series& s) { return s.odd_since >= 0; }

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
  const double n = s.odd_count;
  const double offset = s.odd_offset / n;
  const double around_offset = s.odd_offset_square / n - square(offset);
  const double factor = s.odd_centre_square > 0.0 ? 1.0 + s.odd_cross / s.odd_centre_square : 1.0;
  const double explained = s.odd_centre_square > 0.0 ? square(s.odd_cross) / s.odd_centre_square : 0.0;
  const double around_factor = (s.odd_offset_square - explained) / n;
  const double swing = s.odd_season_square > 0.0 ? s.odd_season / s.odd_season_square : 0.0;
  const double around_swing = s.odd_season_square > 0.0 ? (s.odd_offset_square - square(s.odd_season) / s.odd_season_square) / n : kInfinity;
  const bool seasonal = s.season != 0 && n > 1.5;  // one value is told by each of them
  const bool swings = seasonal && around_swing < 0.5 * std::min(around_offset, around_factor);
  const bool multiplied = !swings && seasonal && factor >= 0.0 && around_factor < around_offset;
  const double now = swings ? centre + swing * season : multiplied ? factor * centre : centre + offset;
  return {offset, factor, multiplied, 1.0 + swing, swings, now, std::max(swings ? around_swing : multiplied ? around_factor : around_offset, 0.0)};
}

// ln of the odds that an incident is what is normal from now on: a series changes for good about once in three years (chosen), and what
// has just begun is an incident first, by kNew nats that shrink until it is accepted.
inline double ln_changed(const Series& s, const Memory& m, int64_t bucket) {
  constexpr double kNew = 14.0;
  const double left = std::max(1.0 - static_cast<double>(bucket - s.odd_since) / m.accept, 0.0);
  return m.ln_change_for_good - kNew * left;
}

// What was normal before the last change. In an incident of more than an hour, what the series has become. Else, while a series is too
// young for anyone to know what it keeps to, that it goes on from
// its last value: ever less likely, by three nats a day (or 30 values).
inline void other_account(const Series& s, const Memory& m, const Expectation& e, int64_t bucket, Predictive& p) {
  constexpr double kNatsADay = 3.0;
  p.alternative = e.alternative;
  p.alternative_deviation = e.alternative_deviation;
  p.ln_alternative = 0.0;
  if (e.alternative == e.alternative) return;
  if (odd_now(s) && s.odd_count >= m.quiet) {
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
  p.alternative_deviation = e.deviation * std::sqrt(std::max(s.step_square, 1e-12));
  if (age < 8.0 && s.step_square < 0.5) p.ln_alternative = -kNatsADay * age;
}

// Of outliers, how many come on a side once those are left out that are too few to be a habit.
inline void outliers(const Series& s, Predictive& p) {
  p.outlier_share[0] = s.outliers > 0.0 ? std::max(s.outliers - s.outliers_above - kHabit, 0.0) / s.outliers : 0.0;
  p.outlier_share[1] = s.outliers > 0.0 ? std::max(s.outliers_above - kHabit, 0.0) / s.outliers : 0.0;
  const bool any = p.outlier_share[0] + p.outlier_share[1] > 0.0;
  p.ln_outlier = any ? ln(s.outlier_buckets / std::min(s.count, kOutlierMemory)) : std::nan("");
  p.outlier_centre = s.outlier_centre;
  p.outlier_deviation = std::sqrt(s.outlier_square + square(kLeastBlur));
  p.outlier_end = s.outlier_end;
}

// ln of the chance that outliers come so many in a row: they end after as many buckets as they did before, on the mean.
inline double in_a_row(const Series& s, int64_t bucket) {
  if (!odd_now(s) || s.odd_last + 1 != bucket || !(s.outliers > 0.0)) return 0.0;
  const double length = s.outlier_buckets / s.outliers;
  return static_cast<double>(std::min(s.run, bucket - s.odd_since)) * ln(length / (length + 1.0));
}

inline Predictive predictive(const Series& s, const Memory& m, const Expectation& e, int side, int64_t bucket) {
  Predictive p;
  shape(s, e, p);
  other_account(s, m, e, bucket, p);
  p.side = side;
  p.tail_power = tail_power(s);
  // Where values go below zero it is as any other.
  const double zeros = (1.0 - s.occupancy) * std::min(s.count, m.slow);
  p.ln_zero = zeros < kFewZeros && (s.flags & 2) == 0 ? ln((std::max(zeros - 1.0, 0.0) + kNever) / (s.count + 1.0)) : std::nan("");
  outliers(s, p);
  p.ln_outlier += in_a_row(s, bucket);
  repeats(s, m, p);
  return p;
}

// Is there another account that has a say in the bulk, too? (That of an incident has none.)
inline bool has_other_account(const Series& s, const Memory& m, const Expectation& e) {
  return e.alternative == e.alternative || (s.step_square < 0.5 && s.count < std::max(m.day, 30.0));
}

// `judge(predictive(...), x)` of the values in the bulk, which need no more of the predictive than this: most values
// never build it.
inline bool judge_bulk(const Series& s, const Memory& m, const Expectation& e, int side, double x, Verdict& v) {
  const double dof = degrees_of_freedom(s);
  if (has_other_account(s, m, e)) return false;
  if (side != 0 || dof < kBulkDof || repeats_itself(s)) return false;
  const double ratio = e.centre > 0.0 ? e.deviation / e.centre : 0.0;
  const double z = bulk_deviate(x, e.centre, e.deviation, s.weight, ratio, (s.flags & 1) == 0);
  if (!(z < kInfinity)) return false;
  v.raw = bulk_ln_p(z, dof);
  v.ln_p = v.ln_once = calibrated(v.raw, tail_rate(s), tail_mean(s));
  return true;
}

inline Verdict verdict(const Series& s, const Memory& m, const Expectation& e, int side, int64_t bucket, double x) {
  Verdict v;
  return judge_bulk(s, m, e, side, x, v) ? v : judge(predictive(s, m, e, side, bucket), x);
}

}  // namespace series
