// How well the past could have been forecast: what forecasts of the future rest on. Pure: nothing is learnt.
//
// How far a series wanders in k slots is not guessed but looked up: the summary window of the past, with the season
// taken out, is forecast from each of its own slots with six simple rules, at lags up to a third of its length. The rules'
// errors weigh them, lag by lag, and the errors of the weighted forecast are the variance at that lag.
#pragma once

#include "series_window.hpp"

namespace series {

constexpr int kRules = 6;       // mean, two decayed means, last slot, line through all slots, line through the recent ones (counted)
constexpr int kLevelRules = 4;      // the first four have no slope (counted)
constexpr int kMostLags = 16;  // (chosen)
constexpr int kLeastSlots = 8;  // slots with data, below which there is nothing to look up (chosen)
constexpr double kDecay[kRules] = {0.0, 1.0 / 12.0, 1.0 / 3.0, 1.0, 0.0, 1.0 / 24.0};  // (chosen)
// Chosen by coverage on synthetic white noise, AR(1), walks and lines, with and without a season.
constexpr double kLineHandicap = 4.0;  // lines must win by this over the root of the independent tries, relative (chosen)
constexpr double kExpected = 6.0;       // tries that count for what shorter lags lead to expect (chosen)
constexpr double kChosen = 0.75;       // tries used up by choosing among the rules in the very same ones (Akaike's FPE)
constexpr double kBorrowed = 2.0;      // independent tries that this is worth (chosen)
constexpr double kMostGrowth = 2.0;    // a walk's variance grows with the lag, that of a walk with a wandering slope faster (chosen)
constexpr double kClearly = 0.25;      // lines' mean square over that of levels, up to which lines go on after the last lag (chosen)
constexpr double kDoubtful = 0.5;      // and above which they end there (chosen)

// Where and when.
struct Horizon {
  const int64_t* local_ms;    // civil start of the buckets from `first` on, ms since a Monday 00:00
  int64_t first;              // bucket number of local_ms[0]: at or before the window of every row
  int64_t start;              // bucket number of the first bucket to forecast
  int64_t buckets;
  int64_t span_ms;
  double z;                   // normal quantile of the bounds
  bool non_negative;

  Clock clock(int64_t bucket) const { return {bucket, local_ms[bucket - first], span_ms}; }
};

struct Rule {
  double level;
  double slope;  // a slot
};

// The window without its season, and what each rule would have said at each of its slots.
struct Tries {
  double value[kWindow + 1];  // metric unit; NaN: no data
  Rule rule[kRules][kWindow + 1];
  double base;                // metric unit; near the values, for the sake of their last digits
  int slots;
  int known;
  double span;                // buckets of a slot
};

// What the tries show: at each lag, how much each rule counts, and the variance of the whole.
struct Skill {
  int lags;
  int slots;
  double lag[kMostLags];      // slots
  double weight[kMostLags][kRules];
  double variance[kMostLags];
  double freedom[kMostLags];  // independent tries
  double beyond;              // variance grows with this power of the lag after the last one
  double trust;               // 0 .. 1: how far lines go on after the last lag
};

inline double season_at(const Series& s, const float* pool, const Horizon& h, int64_t bucket) {
  return s.season.kind ? season_value(s, pool, position(s, h.clock(bucket), 0)) : 0.0;
}

inline double mean_season(const Series& s, const float* pool, const Horizon& h, int64_t start, int64_t n) {
  if (!s.season.kind) return 0.0;
  double sum = 0.0;
  for (int64_t b = start; b < start + n; ++b) sum += season_at(s, pool, h, b);
  return sum / n;
}

// One slot far outside both its neighbours is an outlier, not a level: no rule should start from it.
inline void clamp_spikes(Tries& t) {
  double step[kWindow];
  int n = 0;
  for (int i = 1; i < t.slots; ++i) {
    const double d = std::fabs(t.value[i] - t.value[i - 1]);
    if (d == d) step[n++] = d;
  }
  if (n == 0) return;
  std::nth_element(step, step + n / 2, step + n);
  const double limit = 6.0 * step[n / 2];
  if (!(limit > 0.0)) return;
  double before = t.value[0];
  for (int i = 1; i + 1 < t.slots; ++i) {
    const double x = t.value[i];
    const double low = std::min(before, t.value[i + 1]) - limit;
    const double high = std::max(before, t.value[i + 1]) + limit;
    before = x;
    if (low == low && high == high && x == x) t.value[i] = std::clamp(x, low, high);
  }
}

inline void read_window(const Series& s, const float* pool, const Horizon& h, Tries& t) {
  t.slots = s.window.slots;
  t.span = s.window.span;
  t.base = s.window.reference;
  t.known = 0;
  for (int i = 0; i < t.slots; ++i) {
    const int64_t start = s.window.first + static_cast<int64_t>(i) * s.window.span;
    t.value[i] = s.window.slot[i] + s.window.reference;
    if (t.value[i] == t.value[i]) t.value[i] -= mean_season(s, pool, h, start, s.window.span);
  }
  const int64_t open = open_slot_start(s);
  if (2 * s.window.count >= s.window.span && s.last >= open) {
    t.value[t.slots++] = s.window.sum / s.window.count + s.window.reference - mean_season(s, pool, h, open, s.last - open + 1);
  }
  for (int i = 0; i < t.slots; ++i) t.known += t.value[i] == t.value[i];
}

// Decayed least squares of the values on the slot number, as of each slot; a decay of 0 weighs all alike. A level's rule is
// the decayed mean, a line's its end and slope.
inline void run_rule(Tries& t, int r) {
  const double keep = 1.0 - kDecay[r];
  double n = 0.0, x1 = 0.0, x2 = 0.0, y1 = 0.0, xy = 0.0;  // sums with x counted back from the present slot
  for (int i = 0; i < t.slots; ++i) {
    x2 += 2.0 * x1 + n;
    x1 += n;
    xy += y1;
    const double y = t.value[i] - t.base;
    if (y == y) {
      n = keep * n + 1.0;
      x1 *= keep;
      x2 *= keep;
      y1 = keep * y1 + y;
      xy *= keep;
    }
    const double spread = n * x2 - x1 * x1;
    const bool line = r >= kLevelRules && spread > 1e-9 * n * x2;
    const double back = line ? (n * xy - x1 * y1) / spread : 0.0;
    t.rule[r][i] = {t.base + (n > 0.0 ? (y1 - back * x1) / n : 0.0), -back};
  }
}

// The errors of one weighted forecast, or of one rule, at one lag: their mean square, and how many of them are independent.
// A part of them is noise, new in each slot; the other lasts, as overlapping tries are alike: for its variance, n of them with
// a correlation r from one to the next count as n (1 - r^2) / (1 + r^2). Of r, noise shows less than there is; the products of
// what lies two slots apart, over those of neighbours, are free of it.
struct Errors {
  double tried = 0.0;
  double squares = 0.0;
  double next = 0.0;   // products with the error before
  double after = 0.0;  // products with the one before that
  double before[2] = {std::nan(""), std::nan("")};

  void add(double error) {
    if (error == error) {
      tried += 1.0;
      squares += square(error);
      if (before[0] == before[0]) next += error * before[0];
      if (before[1] == before[1]) after += error * before[1];
    }
    before[1] = before[0];
    before[0] = error;
  }
  // The share of the mean square that is not noise.
  double lasting() const { return squares > 0.0 ? std::clamp(next / squares, 0.0, 1.0) : 0.0; }
  // Independent tries of what lasts.
  double lasting_tries() const {
    const double r = next > 0.0 ? square(std::clamp(std::max(after / next, next / squares), 0.0, 1.0)) : 0.0;
    return std::max(tried * (1.0 - r) / (1.0 + r), 1.0);
  }
  // Of both together (Welch and Satterthwaite).
  double freedom() const {
    const double share = lasting();
    return std::max(1.0 / (square(1.0 - share) / tried + square(share) / lasting_tries()), 1.0);
  }
};

// At one lag: what each rule is worth, then the variance of the weighted forecast.
inline void try_lag(const Tries& t, int lag, Skill& k) {
  const int from = t.slots / 3;
  Errors of[kRules];
  for (int i = from; i + lag < t.slots; ++i) {
    for (int r = 0; r < kRules; ++r) of[r].add(t.value[i + lag] - t.rule[r][i].level - lag * t.rule[r][i].slope);
  }
  if (of[0].tried < 3.0) return;
  double worth[kRules], freedom[kRules];
  for (int r = 0; r < kRules; ++r) {
    freedom[r] = of[r].freedom();
    // A walk has a line in every past: one must win by more where there were few independent tries.
    worth[r] = of[r].squares * (r < kLevelRules ? 1.0 : 1.0 + kLineHandicap / std::sqrt(freedom[r]));
  }
  const double levels = *std::min_element(worth, worth + kLevelRules);
  const double lines = *std::min_element(worth + kLevelRules, worth + kRules);
  double* weight = k.weight[k.lags];
  double total = 0.0;
  for (int r = 0; r < kRules; ++r) {
    const double ratio = worth[r] > 0.0 ? std::min(levels, lines) / worth[r] : 1.0;
    total += weight[r] = square(square(ratio)) * ratio;
  }
  double independent = 0.0;
  for (int r = 0; r < kRules; ++r) {
    weight[r] /= total;
    independent += weight[r] * freedom[r];
  }
  // Where tries are few, what shorter lags say of the rules counts as well.
  const double before = kExpected / (kExpected + independent);
  for (int r = 0; r < kRules && k.lags > 0; ++r) weight[r] += before * (k.weight[k.lags - 1][r] - weight[r]);
  Errors whole;
  for (int i = from; i + lag < t.slots; ++i) {
    double error = 0.0;  // of the errors, so that a constant has none
    for (int r = 0; r < kRules; ++r) error += weight[r] * (t.value[i + lag] - t.rule[r][i].level - lag * t.rule[r][i].slope);
    whole.add(error);
  }
  k.lag[k.lags] = lag;
  const double tries = whole.lasting_tries();
  const double more = whole.lasting() * ((tries + kChosen) / (tries - kChosen) - 1.0);
  k.variance[k.lags] = whole.squares / whole.tried * (1.0 + more);
  k.freedom[k.lags] = whole.freedom();
  k.trust = levels > 0.0 ? std::clamp((kDoubtful - lines / levels) / (kDoubtful - kClearly), 0.0, 1.0) : 0.0;
  ++k.lags;
}

// Long lags have few independent tries. What shorter ones lead to expect, growing on with the power they grew with, counts
// as kExpected tries more. A power between those of white noise and of a walk is not known well: it is taken for more.
inline void smooth(Skill& k) {
  double power = 0.5;
  for (int j = 1; j < k.lags; ++j) {
    const double longer = k.lag[j] / k.lag[j - 1];
    const double expected = k.variance[j - 1] * to_the(longer, power);
    k.variance[j] = std::max((k.freedom[j] * k.variance[j] + kExpected * expected) / (k.freedom[j] + kExpected), k.variance[j - 1]);
    k.freedom[j] += kBorrowed;
    const double grown = k.variance[j - 1] > 0.0 ? ln(k.variance[j] / k.variance[j - 1]) / ln(longer) : 0.0;
    power += 0.5 * (std::clamp(grown, 0.0, kMostGrowth) - power);
  }
  k.beyond = power < 1.0 ? power * (2.0 - power) : power;
}

inline Skill examine_past(Tries& t) {
  Skill k{};
  k.slots = t.slots;
  clamp_spikes(t);
  for (int r = 0; r < kRules; ++r) run_rule(t, r);
  for (int lag = 1; lag <= std::max(t.slots / 3, 1) && k.lags < kMostLags; lag += std::max(lag / 2, 1)) try_lag(t, lag, k);
  smooth(k);
  return k;
}

}  // namespace series
