// Forecasts: the mean path and the bounds of the buckets to come, from a series' state alone. Pure: nothing is learnt.
#pragma once

#include "series_backtest.hpp"

namespace series {

struct Step {
  double centre;    // season removed
  double variance;  // of a slot's mean
  double freedom;
};

// The weighted rules and their variance `lag` slots ahead of the last slot.
inline Step step_at(const Skill& k, const Rule* now, double lag) {
  const double most = k.lag[k.lags - 1];
  const double within = std::clamp(lag, 1.0, most);
  int j = 0;
  while (j + 2 < k.lags && k.lag[j + 1] < within) ++j;
  const int next = std::min(j + 1, k.lags - 1);
  const double share = next > j ? std::clamp(ln(within / k.lag[j]) / ln(k.lag[next] / k.lag[j]), 0.0, 1.0) : 0.0;
  const double reach = lag <= most ? lag : most + k.trust * (lag - most);
  double slope = 0.0;
  Step out{0.0, (1.0 - share) * k.variance[j] + share * k.variance[next], (1.0 - share) * k.freedom[j] + share * k.freedom[next]};
  for (int r = 0; r < kRules; ++r) {
    const double weight = (1.0 - share) * k.weight[j][r] + share * k.weight[next][r];
    out.centre += weight * (now[r].level + reach * now[r].slope);
    slope += weight * now[r].slope;
  }
  if (lag > most) {
    out.variance *= to_the(lag / most, k.beyond);
    out.freedom = std::max(out.freedom / to_the(lag / most, k.beyond), 1.0);
    // How much further the lines would have gone; and lines end: in as many slots as were seen, one may turn level half-way.
    const double turn = 0.5 * k.trust * std::sqrt(std::min((lag - most) / k.slots, 1.0));
    out.variance += square(slope * (lag - most)) * (square(1.0 - k.trust) + square(turn));
  }
  return out;
}

// Variance of single values around the mean of their slot of m buckets: that of white noise, or of a walk, or between, by how
// large the errors of slots are against those of single buckets.
inline double within_slot(double one_step, double slot_step, double m) {
  if (m <= 1.0 || !(one_step > 0.0)) return 0.0;
  const double white = 1.0 - 1.0 / m;
  const double walk = (m * m - 1.0) / (6.0 * m);
  const double place = std::clamp((slot_step / one_step - 1.0 / m) / (2.0 * m / 3.0 - 1.0 / m), 0.0, 1.0);
  return one_step * (white + std::sqrt(place) * (walk - white));
}

// By how much errors are larger than the window shows, which the profile was learnt from: the last visits of a knot are in it
// with the profile's gain, once where they were tried and once where they are forecast.
inline double profile_share(const Series& s) {
  if (!s.season.kind) return 0.0;
  return 2.0 * std::max(1.0 / (1.0 + s.season.cycles[0]), 0.1 / 1.9);
}

// The AR(1) memory with which the means of slots of m buckets vary as they do. (That of the record is a memory of distances
// from the slow level, which a trend makes endless.)
inline double memory_of(const Series& s, double slot_step, double m) {
  if (m <= 1.0) return std::min(memory_of_rest(s), 0.9);
  double low = 0.0, high = 0.99;
  for (int i = 0; i < 12; ++i) {
    const double f = 0.5 * (low + high);
    const double lags = f * (m - (1.0 - to_the(f, m)) / (1.0 - f)) / (1.0 - f);  // sum of (m - k) f^k
    ((m + 2.0 * lags) * s.spread.variance < slot_step * m * m * (1.0 - f * f) ? low : high) = f;
  }
  return low;
}

// Student's t quantile from the normal one (Cornish and Fisher), within 2 % up to 95 % from 2 degrees of freedom on.
inline double t_quantile(double z, double dof) {
  const double n = std::max(dof, 2.0);
  const double q = z * z;
  return z + z * (q + 1.0) / (4.0 * n) + z * ((5.0 * q + 16.0) * q + 3.0) / (96.0 * n * n) +
         z * (((3.0 * q + 19.0) * q + 17.0) * q - 15.0) / (384.0 * n * n * n);
}

// Bounds of one bucket. The shape of one-step errors holds for the share of the variance that is theirs; sums of many steps
// are normal. `shape`: that share; `dof`: how well the variance is known.
inline Bounds band(const Series& s, const Predictive& p, double z, double shape, double dof) {
  const double* weight = s.families.weight;
  const double skewed = p.centre > 0.0 ? shape * (weight[kLogNormalFamily] + weight[kGammaFamily] + weight[kCountFamily]) : 0.0;
  const double heavy = shape * (p.centre > 0.0 ? s.families.weight[kT3Family] : 1.0 - s.families.weight[kNormalFamily]);
  const double half = p.deviation * ((1.0 - skewed - heavy) * t_quantile(z, dof) + heavy * t_quantile(z, 3.0) / kT3Scale);
  double lower = (1.0 - skewed) * p.centre - half;
  double upper = (1.0 - skewed) * p.centre + half;
  for (int i = 2; i < kFamilies && skewed > 0.0; ++i) {
    lower += shape * s.families.weight[i] * skewed_bound(p, i, -z);
    upper += shape * s.families.weight[i] * skewed_bound(p, i, z);
  }
  return {lower, std::max(lower, upper)};
}

// What the buckets of one forecast have in common.
struct Outlook {
  Skill skill;
  Rule now[kRules];
  double span;       // buckets of a slot
  double middle;     // bucket number of the middle of the last slot, from which lags are counted
  double noise;      // variance within a slot
  double profile;    // by how much the season's errors exceed those of the window
  double phi;        // memory of a bucket
  double far;        // variance one slot ahead
  double reached;    // how much of it a memory of phi reaches by then
  double lead;       // how far the one-step forecast is from the rules'
};

inline Outlook outlook(const Series& s, const float* pool, const Horizon& h, const Tries& t, const Skill& skill) {
  Outlook o;
  o.skill = skill;
  for (int r = 0; r < kRules; ++r) o.now[r] = t.rule[r][t.slots - 1];
  o.span = t.span;
  o.middle = s.window.first + (t.slots - 0.5) * t.span - 0.5;
  const double slot_step = step_at(o.skill, o.now, 1.0).variance;
  o.noise = within_slot(s.spread.variance, slot_step, t.span);
  o.profile = profile_share(s);
  o.phi = memory_of(s, slot_step, t.span);
  o.far = std::max(slot_step * (1.0 + o.profile) + o.noise, s.spread.variance);
  o.reached = 1.0 - to_the(o.phi, 2.0 * std::max(o.middle + t.span - s.last - 1.0, 1.0));
  const double season = season_at(s, pool, h, h.start);
  const Expectation e = expect(s, Memory(h.span_ms), season, 0.0, s.season.kind ? s.season.cycles[0] : 0.0, h.start, 0.0);
  const double rest = s.rest.last == s.rest.last ? memory_of_rest(s) * s.rest.last * e.deviation : 0.0;
  const double one_step = e.level + rest;
  o.lead = one_step - step_at(o.skill, o.now, (h.start - o.middle) / t.span).centre;
  return o;
}

struct ForecastSpread {
  double variance;
  double freedom;
};

// How values scatter around a level `lag` slots ahead, where the spread does not follow the level. Within the first slot it
// rises as memory fades. It is not more than what values were away from the slow level: that record is longer than the
// window, so that one incident does not make it; a line that it was told to follow says nothing of that. What was never seen
// may come, though: in as long a time again, twice as much.
inline ForecastSpread spread_at(const Series& s, const Outlook& o, const Step& at, double lag, double buckets_ahead, double level) {
  const double faded = (1.0 - to_the(o.phi, 2.0 * (buckets_ahead - 1.0))) / o.reached;
  const double within = s.spread.variance + (o.far - s.spread.variance) * faded;
  const double grown = lag >= 1.0 ? at.variance * (1.0 + o.profile) + o.noise : within;
  const double seen = std::min(s.count, kSlow);
  const double most = (s.levels.ahead[kSlowLevel] + square(level - s.levels.value[kSlowLevel])) * (1.0 + 2.0 * buckets_ahead / std::max(seen, 1.0));
  if (grown <= most || s.line.slope != 0.0) return {std::max(grown, s.spread.variance), at.freedom};
  return {std::max(most, s.spread.variance), std::max(at.freedom, seen * s.spread.variance / std::max(most, s.spread.variance))};
}

// Where a forecast goes: one double a bucket each.
struct Foreseen {
  double* lower;
  double* centre;
  double* upper;
  double* level;  // without the season
};

// Forecast one series. False, and nothing written, where the past is too short to look anything up.
inline bool foresee(const Series& s, const float* pool, const Horizon& h, const Foreseen& out) {
  Tries t;
  read_window(s, pool, h, t);
  if (t.known < kLeastSlots) return false;
  const Skill skill = examine_past(t);
  if (skill.lags == 0) return false;
  const Outlook o = outlook(s, pool, h, t, skill);
  const double least = h.non_negative || !was_negative(s) ? 0.0 : -kInfinity;
  double lead = o.lead;
  for (int64_t i = 0; i < h.buckets; ++i, lead *= o.phi) {
    const double lag = (h.start + i - o.middle) / o.span;
    const Step at = step_at(o.skill, o.now, lag);
    Predictive p{};
    out.level[i] = at.centre + lead;
    p.centre = out.level[i] + season_at(s, pool, h, h.start + i);
    const double own = s.season.kind ? parts_variance(s, p.centre) : s.spread.variance;
    const ForecastSpread spread = spread_at(s, o, at, lag, static_cast<double>(h.start + i - s.last), out.level[i]);
    const double variance = own + spread.variance - s.spread.variance + floor_square(s, p.centre);
    p.deviation = std::sqrt(variance);
    Bounds b = band(s, p, h.z, own / variance, 1.0 / (1.0 / s.spread.count + 1.0 / spread.freedom));
    if (whole_numbers(s)) b = whole(b, 0.5);
    out.centre[i] = std::max(p.centre, least);
    out.lower[i] = std::max(b.lower, least);
    out.upper[i] = std::max(b.upper, least);
  }
  return true;
}

}  // namespace series
