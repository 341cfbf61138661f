// Has the season's amplitude changed? The profile as it is against the profile times a factor.
#pragma once

#include "series_window.hpp"

namespace series {

constexpr double kSwingSign = 1.0 / 3.0;  // share of the squares left by the profile that a factor takes away: worth a trial
constexpr double kSwingShare = 0.5;       // the same over the trial, to be accepted
constexpr double kSwingEvidence = 10.0;   // nats over the trial
constexpr int64_t kTwoWeeks = 2 * kWeek;  // before a week can show, weekends are days of another amplitude

// Half of what the profile swings, metric unit.
inline double amplitude(const Series& s, const float* pool) {
  const auto ends = std::minmax_element(pool + s.bins, pool + s.bins + s.knots);
  return 0.5 * s.season_unit * (*ends.second - *ends.first);
}

// Of the profile, metric unit squared.
inline double mean_square(const Series& s, const float* pool) {
  double sum = 0.0;
  for (int i = 0; i < s.knots; ++i) sum += square(static_cast<double>(pool[s.bins + i]));
  return square(s.season_unit) * sum / s.knots;
}

// Nats by which the factor describes the trial better. Neighbours of what it leaves are alike: n of them count as
// n (1 - phi) / (1 + phi), with phi measured on them, and the bias of that given back.
inline double swing_nats(const Series& s, double left) {
  const double b = s.swing_cross / s.swing_square;
  const double r = (s.swing_lag[0] - b * s.swing_lag[1] + b * b * s.swing_lag[2]) / std::max(left, 1e-300);
  const double phi = std::clamp(r + (1.0 + 3.0 * r) / s.swing_run, 0.0, 0.98);
  return 0.5 * s.swing_run * (1.0 - phi) / (1.0 + phi) * ln(s.swing_miss / std::max(left, 1e-6 * s.swing_miss));
}

// The past as it would have been with the new amplitude: days of two amplitudes look like weekdays and weekends.
inline void scale_window(Series& s, const float* pool, const Clock& c, int64_t until, double share) {
  const int64_t slots = (until - s.window_first) / s.window_span;
  for (int i = 0; i < std::min<int64_t>(slots, s.window_slots); ++i) {
    s.window[i] = static_cast<float>(s.window[i] + share * slot_season(s, pool, c, i));
  }
}

// The profile is scaled; level and scale start anew around it, the scale from what the factor leaves.
inline Accepted scale_season(Series& s, const float* pool, const Clock& c, double left) {
  const double factor = 1.0 + s.swing_cross / s.swing_square;
  const double before = amplitude(s, pool);
  s.season_unit *= factor;
  s.variance = std::min(s.variance, left / s.swing_run);
  s.with_season = left / s.swing_run;
  s.without_season = s.with_season + mean_square(s, pool);  // what the old amplitude was worth says nothing of the new one
  scale_window(s, pool, c, c.bucket - static_cast<int64_t>(1.25 * s.swing_run), 1.0 - 1.0 / factor);
  forget_swing(s);
  doubt_families(s);
  restart(s, s.level[0], c.bucket);
  restart_parts(s, s.level[0]);
  return {kSwingChange, before, before * factor};
}

// An incident after which the season has another amplitude, `change` in units of the pool, in the metric's: the rest of what
// `scale_season` does.
inline void settle_swing(Series& s, const float* pool, const Clock& c, Accepted& change) {
  if (change.kind != kSwingChange) return;
  scale_window(s, pool, c, change.since, 1.0 - change.before / change.after);
  s.without_season = s.with_season + mean_square(s, pool);
  const double swing = amplitude(s, pool) / s.season_unit;
  change.before *= swing, change.after *= swing;
}

// Worth a trial: a factor that takes away enough, in a season that is known; if its cycle is too short to tell how much
// neighbours are alike, of a series that does not wander.
inline bool swing_shows(const Series& s, const Clock& c, double share, double whole, double cycle) {
  if (share <= kSwingSign * whole || s.season_age <= 2.0 * cycle || (c.bucket - s.first) * c.span_ms < kTwoWeeks) return false;
  return cycle > 64.0 || wanders(s) < 0.5;
}

// `profile`: its value once this bucket was learnt; `miss`: how far the bucket is from it. A regression of the one on the
// other shows where the factor is not 1. Decayed over a cycle it gives the sign for a trial of one whole cycle, as a step of
// the level looks like another amplitude for half of one.
inline Accepted learn_swing(Series& s, const float* pool, const Clock& c, double profile, double miss, double cycle) {
  const double fade = s.swing_run > 0.0 ? 0.0 : 1.0 / cycle;
  s.swing_miss += square(miss) - fade * s.swing_miss;
  s.swing_cross += miss * profile - fade * s.swing_cross;
  s.swing_square += square(profile) - fade * s.swing_square;
  const double share = square(s.swing_cross), whole = s.swing_miss * s.swing_square;
  if (s.swing_run > 0.0) {
    const double before = season_value(s, pool, position(s, c, c.span_ms));
    s.swing_lag[0] += miss * s.swing_last;
    s.swing_lag[1] += miss * before + profile * s.swing_last;
    s.swing_lag[2] += profile * before;
    s.swing_run += 1.0;
  } else if (swing_shows(s, c, share, whole, cycle)) {
    forget_swing(s);
    s.swing_run = 1.0;
  }
  s.swing_last = miss;
  if (s.swing_run <= cycle) return {};
  const double left = s.swing_miss - share / s.swing_square;
  const bool there = s.swing_cross > (kLeastSwing - 1.0) * s.swing_square;
  if (there && share > kSwingShare * whole && swing_nats(s, left) > kSwingEvidence) {
    return scale_season(s, pool, c, left);
  }
  s.swing_run = 0.0;
  return {};
}

}  // namespace series
