// Has the season's amplitude changed? The profile as it is against the profile times a factor.
#pragma once

#include "series_window.hpp"

namespace series {

constexpr double kSwingSign = 1.0 / 3.0;  // share of the squares left by the profile that a factor takes away: worth a trial (chosen)
constexpr double kSwingShare = 0.5;       // the same over the trial, to be accepted (chosen)
constexpr double kSwingEvidence = 10.0;   // nats over the trial (chosen)
constexpr double kOtherSwing = 0.22314355131420976;  // ln 1.25: less the profile learns, and jobs that begin now early, now late differ by as much (chosen)
constexpr int64_t kTwoWeeks = 2 * kWeek;  // before a week can show, weekends are days of another amplitude (unit)

// Half of what the profile swings, metric unit.
inline double amplitude(const Series& s, const float* pool) {
  const auto ends = std::minmax_element(pool + s.season.bins, pool + s.season.bins + s.season.knots);
  return 0.5 * s.season.unit * (*ends.second - *ends.first);
}

// Of the profile, metric unit squared.
inline double mean_square(const Series& s, const float* pool) {
  double sum = 0.0;
  for (int i = 0; i < s.season.knots; ++i) sum += square(static_cast<double>(pool[s.season.bins + i]));
  return square(s.season.unit) * sum / s.season.knots;
}

// Nats by which the factor describes the trial better. Neighbours of what it leaves are alike: n of them count as
// n (1 - phi) / (1 + phi), with phi measured on them, and the bias of that given back.
inline double swing_nats(const Series& s, double left) {
  const double b = s.amplitude.cross / s.amplitude.square;
  const double r = (s.amplitude.lag[0] - b * s.amplitude.lag[1] + b * b * s.amplitude.lag[2]) / std::max(left, 1e-300);
  const double phi = std::clamp(r + (1.0 + 3.0 * r) / s.amplitude.trial, 0.0, 0.98);
  return 0.5 * s.amplitude.trial * (1.0 - phi) / (1.0 + phi) * ln(s.amplitude.miss / std::max(left, 1e-6 * s.amplitude.miss));
}

// The past as it would have been with the new amplitude: days of two amplitudes look like weekdays and weekends.
inline void scale_window(Series& s, const float* pool, const Clock& c, int64_t until, double share) {
  const int64_t slots = (until - s.window.first) / s.window.span;
  for (int i = 0; i < std::min<int64_t>(slots, s.window.slots); ++i) {
    s.window.slot[i] = static_cast<float>(s.window.slot[i] + share * slot_season(s, pool, c, i));
  }
}

// The profile is scaled; level and scale start anew around it, the scale from what the factor leaves.
inline Accepted scale_season(Series& s, const float* pool, const Clock& c, double left) {
  const double factor = 1.0 + s.amplitude.cross / s.amplitude.square;
  const double before = amplitude(s, pool);
  s.season.unit *= factor;
  s.spread.variance = std::min(s.spread.variance, left / s.amplitude.trial);
  s.season.with = left / s.amplitude.trial;
  s.season.without = s.season.with + mean_square(s, pool);  // what the old amplitude was worth says nothing of the new one
  scale_window(s, pool, c, c.bucket - static_cast<int64_t>(1.25 * s.amplitude.trial), 1.0 - 1.0 / factor);
  forget_swing(s);
  doubt_families(s);
  restart(s, s.levels.value[kSlowLevel], c.bucket);
  restart_parts(s, s.levels.value[kSlowLevel]);
  return {kSwingChange, before, before * factor};
}

// An incident after which the season has another amplitude, `change` in units of the pool, in the metric's: the rest of what
// `scale_season` does.
inline void settle_swing(Series& s, const float* pool, const Clock& c, Accepted& change) {
  if (change.kind != kSwingChange) return;
  scale_window(s, pool, c, change.since, 1.0 - change.before / change.after);
  s.season.without = s.season.with + mean_square(s, pool);
  const double swing = amplitude(s, pool) / s.season.unit;
  change.before *= swing, change.after *= swing;
}

// Worth a trial: a factor that takes away enough, in a season that is known; if its cycle is too short to tell how much
// neighbours are alike, of a series that does not wander.
inline bool swing_shows(const Series& s, const Clock& c, double share, double whole, double cycle) {
  if (share <= kSwingSign * whole || s.season.age <= 2.0 * cycle || (c.bucket - s.first) * c.span_ms < kTwoWeeks) return false;
  return cycle > 64.0 || wanders(s) < 0.5;
}

// `profile`: its value once this bucket was learnt; `miss`: how far the bucket is from it. A regression of the one on the
// other shows where the factor is not 1. Decayed over a cycle it gives the sign for a trial of one whole cycle, as a step of
// the level looks like another amplitude for half of one.
inline Accepted learn_swing(Series& s, const float* pool, const Clock& c, double profile, double miss, double cycle) {
  const double fade = s.amplitude.trial > 0.0 ? 0.0 : 1.0 / cycle;
  s.amplitude.miss += square(miss) - fade * s.amplitude.miss;
  s.amplitude.cross += miss * profile - fade * s.amplitude.cross;
  s.amplitude.square += square(profile) - fade * s.amplitude.square;
  const double share = square(s.amplitude.cross), whole = s.amplitude.miss * s.amplitude.square;
  if (s.amplitude.trial > 0.0) {
    const double before = season_value(s, pool, position(s, c, c.span_ms));
    s.amplitude.lag[0] += miss * s.amplitude.last;
    s.amplitude.lag[1] += miss * before + profile * s.amplitude.last;
    s.amplitude.lag[2] += profile * before;
    s.amplitude.trial += 1.0;
  } else if (swing_shows(s, c, share, whole, cycle)) {
    forget_swing(s);
    s.amplitude.trial = 1.0;
  }
  s.amplitude.last = miss;
  if (s.amplitude.trial <= cycle) return {};
  const double left = s.amplitude.miss - share / s.amplitude.square;
  const double factor = 1.0 + s.amplitude.cross / s.amplitude.square;
  const bool another = factor > kLeastSwing && std::fabs(ln(factor)) >= kOtherSwing;
  if (another && share > kSwingShare * whole && swing_nats(s, left) > kSwingEvidence) {
    return scale_season(s, pool, c, left);
  }
  s.amplitude.trial = 0.0;
  return {};
}

}  // namespace series
