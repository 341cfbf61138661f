// An accepted season comes into use: its first profile, and what else the window says of its days.
#pragma once

#include "series_season_search.hpp"

namespace series {

// The window, centred: what is far from the rest is cut off, but for what comes again in the same phase to the same side, which
// is the pattern. So each value is kept up to the second furthest of its phase.
inline void cut_singles(const Series& s, const Clock& c, Candidate candidate, Whitened& w) {
  double limit = 0.0;
  for (int i = 0; i < w.slots; ++i) limit = std::max(limit, w.value[i] == w.value[i] ? std::fabs(w.value[i]) : 0.0);
  int bin[kWindow];
  fold_slots(s, c, candidate, fold_bins(s, c, candidate), bin);
  double top[kWindow], low[kWindow];  // the furthest of each phase so far
  double high[kWindow], deep[kWindow];  // and the second furthest, which hold where they are beyond the limit
  std::fill(top, top + kWindow, -kInfinity), std::fill(low, low + kWindow, kInfinity);
  std::fill(high, high + kWindow, limit), std::fill(deep, deep + kWindow, -limit);
  for (int i = 0; i < w.slots; ++i) {
    const double x = s.window.slot[i] - w.centre;
    if (x != x) continue;
    high[bin[i]] = std::max(high[bin[i]], std::min(x, top[bin[i]]));
    deep[bin[i]] = std::min(deep[bin[i]], std::max(x, low[bin[i]]));
    top[bin[i]] = std::max(top[bin[i]], x);
    low[bin[i]] = std::min(low[bin[i]], x);
  }
  for (int i = 0; i < w.slots; ++i) {
    if (w.value[i] == w.value[i]) w.value[i] = std::clamp(s.window.slot[i] - w.centre, deep[bin[i]], high[bin[i]]);
  }
}

// Means of the window's slots by phase: of all it holds, or of what the present season leaves.
struct Folded {
  int bins;           // of one cycle
  double mean[kWindow];
  double all;         // mean over the slots
};

inline Folded fold_means(const Series& s, const float* pool, const Clock& c, const Whitened& w, Candidate candidate, bool rest) {
  Folded f{fold_bins(s, c, candidate), {}, 0.0};
  double sum[kWindow] = {}, seen[kWindow] = {}, n = 0.0;
  int bin[kWindow];
  fold_slots(s, c, candidate, f.bins, bin);
  for (int i = 0; i < w.slots; ++i) {
    if (w.value[i] != w.value[i]) continue;
    const double value = w.value[i] - (rest ? slot_season(s, pool, c, i) : 0.0);
    sum[bin[i]] += value;
    seen[bin[i]] += 1.0;
    f.all += value;
    n += 1.0;
  }
  f.all /= std::max(n, 1.0);
  for (int i = 0; i < kWindow; ++i) f.mean[i] = seen[i] > 0.0 ? sum[i] / seen[i] : 0.0;
  return f;
}

// Between the middles of neighbouring bins of one cycle.
inline double between(const double* mean, int bins, double place) {
  const double at = place * bins - 0.5 + bins;
  const int whole = static_cast<int>(at);
  return mean[whole % bins] + (at - whole) * (mean[(whole + 1) % bins] - mean[whole % bins]);
}

inline double harmonics_at(const Finding& found, double place) {
  double value = 0.0;
  for (int k = 1; k <= found.harmonics; ++k) {
    const Circle at = on_circle(k * place);
    value += found.cosine[k - 1] * at.cosine + found.sine[k - 1] * at.sine;
  }
  return value;
}

// The new profile: the one before it and what that leaves of the window, or the window alone.
inline void seed_profile(const Series& s, const float* pool, const Clock& c, const Whitened& w, const Finding& found, bool refined,
                         float* bins) {
  const Candidate candidate{s.season.want_kind, s.season.want_period_ms};
  const Folded f = fold_means(s, pool, c, w, candidate, refined);
  const int knots = s.season.want / (two_parts(candidate.kind) ? 2 : 1);
  double total = 0.0;
  for (int i = 0; i < s.season.want; ++i) {
    const double place = (i % knots + 0.5) / knots;
    const double folded = between(f.mean + (candidate.kind == kWorkdays ? i / knots : 0) * f.bins, f.bins, place);
    double value = found.folded || refined ? folded : harmonics_at(found, place);
    if (refined) {
      const int64_t into = static_cast<int64_t>(place * static_cast<double>(candidate.period_ms)) + (i / knots) * 5 * kDay;
      value += season_value(s, pool, position(s, {0, into - c.span_ms / 2 + s.season.shift_ms, c.span_ms}, 0)) - f.all;
    }
    bins[i] = static_cast<float>(value / s.season.unit);
    total += value;
  }
  if (refined) return;
  const float mean = static_cast<float>(total / s.season.want / s.season.unit);
  for (int i = 0; i < s.season.want; ++i) bins[i] -= mean;
}

// The middle of what the season leaves of the window's last two days.
inline double level_of_late(const Series& s, const float* pool, const Clock& c) {
  const int slots = static_cast<int>(std::max<int64_t>(2 * kDay / (s.window.span * c.span_ms), 8));
  double left[kWindow];
  int n = 0;
  for (int i = std::max(s.window.slots - slots, 0); i < s.window.slots; ++i) {
    if (s.window.slot[i] == s.window.slot[i]) left[n++] = s.window.slot[i] + s.window.reference - slot_season(s, pool, c, i);
  }
  if (n == 0) return s.levels.value[kSlowLevel];
  std::nth_element(left, left + n / 2, left + n);
  return left[n / 2];
}

// Days of the window that lie in weekends.
inline double weekends_of_window(const Series& s, const Clock& c) {
  int slots = 0;
  for (int i = 0; i < s.window.slots; ++i) slots += weekend(slot_time(s, c, kDaily, i));
  return static_cast<double>(slots) * s.window.span * c.span_ms / static_cast<double>(kDay);
}

// By how much more the window's days of one kind differ than their slots do by themselves, metric unit squared. Of a day alone in its kind
// nobody knows.
inline double variance_of_days(const Series& s, const float* pool, const Clock& c, const Whitened& w) {
  constexpr int kMost = kWindow / 2;  // days of two slots at least (two slots a day at least)
  const int64_t first = slot_time(s, c, kDaily, 0) / kDay;
  double sum[kMost] = {}, square_sum[kMost] = {}, seen[kMost] = {};
  for (int i = 0; i < w.slots; ++i) {
    const int64_t day = slot_time(s, c, kDaily, i) / kDay - first;
    if (w.value[i] != w.value[i] || day < 0 || day >= kMost) continue;
    const double rest = w.value[i] - slot_season(s, pool, c, i);
    sum[day] += rest, square_sum[day] += square(rest), seen[day] += 1.0;
  }
  double between = 0.0, by_chance = 0.0, free = 0.0;
  for (const bool ends : {false, true}) {
    double days = 0.0, all = 0.0, squares = 0.0;
    for (int d = 0; d < kMost; ++d) {
      if (seen[d] < 2.0 || weekend((first + d) * kDay) != ends) continue;
      const double mean = sum[d] / seen[d];
      days += 1.0, all += mean, squares += square(mean);
      by_chance += (square_sum[d] / seen[d] - square(mean)) / (seen[d] - 1.0);
    }
    if (days < 2.0) continue;
    between += squares - square(all) / days, free += days - 1.0;
  }
  return free > 0.0 ? std::max(between / free - by_chance / (free + 1.0), 0.0) : 0.0;
}

// Values of some slots against what is expected there: moved, or multiplied.
struct Moved {
  double n, rest, rest_square, centre_square, cross;

  void add(double value, double centre) {
    n += 1.0, rest += value - centre, rest_square += square(value - centre);
    centre_square += square(centre), cross += (value - centre) * centre;
  }
  void add(const Moved& other) {
    n += other.n, rest += other.rest, rest_square += other.rest_square;
    centre_square += other.centre_square, cross += other.cross;
  }
  double factor() const { return centre_square > 0.0 ? 1.0 + cross / centre_square : 1.0; }
  double around_offset() const { return std::max(rest_square / n - square(rest / n), 0.0); }
  double around_factor() const { return centre_square > 0.0 ? std::max((rest_square - square(cross) / centre_square) / n, 0.0) : kInfinity; }
  // Is it far off, by three deviations (chosen) of what is left?
  bool apart() const { return square(rest / n) > 9.0 * std::min(around_offset(), around_factor()); }
  bool multiplied() const { return factor() > 0.0 && around_factor() < around_offset(); }
};

// Whole days of the window that lie at another level than those of late, until two weeks have shown whether they come again: they were
// normal once, or nobody knows better. Of days on both sides those that are more.
inline void remember_days(Series& s, const float* pool, const Clock& c, double level) {
  constexpr int kMost = kWindow / 2;  // days of two slots at least (two slots a day at least)
  const int64_t first = slot_time(s, c, kDaily, 0) / kDay;
  Moved day[kMost] = {}, side[2] = {};
  for (int i = 0; i < s.window.slots; ++i) {
    const int64_t d = slot_time(s, c, kDaily, i) / kDay - first;
    if (s.window.slot[i] != s.window.slot[i] || d < 0 || d >= kMost) continue;
    day[d].add(s.window.slot[i] + s.window.reference, level + slot_season(s, pool, c, i));
  }
  const double slots = static_cast<double>(kDay) / static_cast<double>(s.window.span * c.span_ms);
  for (const Moved& one : day) {
    if (one.n >= 0.5 * slots && one.apart()) side[one.rest > 0.0].add(one);
  }
  const Moved& other = side[side[1].n > side[0].n];
  if (other.n == 0.0 || !other.apart()) return;  // days of a line are each at a level of its own
  const double factor = other.multiplied() ? other.factor() : 1.0;
  const double at = other.multiplied() ? factor * level : level + other.rest / other.n;
  remember_level(s, at, factor, s.window.first + static_cast<int64_t>(15 * kDay / c.span_ms));
}

// A slot's mean says of each of its buckets what one visit in `window_span` would: edges and spikes are still to be learnt. That such
// days were seen, and when they are high or low, it does say.
inline void count_cycles(Series& s, int part, double seen) {
  s.season.cycles[part] = std::min(seen / s.window.span, 2.0);
  s.season.known_days[part] = std::max(std::floor(seen + 0.5) - s.season.cycles[part], 0.0);
}

// Called once the pool has room: the profile starts from the window, the level and the scale start anew around it.
inline Accepted install_season(Series& s, const Clock& c, float* pool) {
  Whitened w;
  load_window(s, w);
  whiten(w);
  const Finding found = examine(s, c, w, {s.season.want_kind, s.season.want_period_ms}, kFewestCycles);
  const bool refined = s.season.bins_before >= 0 && s.season.kind != kFree && s.season.want_kind != kFree;
  cut_singles(s, c, {s.season.want_kind, s.season.want_period_ms}, w);
  float* bins = pool + s.season.bins;
  std::swap(s.season.bins, s.season.bins_before);  // the season in use is still the one before
  if (!refined) s.season.unit = std::max(std::sqrt(w.variance), 1e-300);
  seed_profile(s, pool, c, w, found, refined, bins);
  std::swap(s.season.bins, s.season.bins_before);
  const Accepted accepted{kSeasonFound, static_cast<double>(s.season.kind ? s.season.period_ms : 0), static_cast<double>(s.season.want_period_ms)};
  s.season.kind = s.season.want_kind;
  s.season.period_ms = s.season.want_period_ms;
  s.season.knots = s.season.want;
  s.season.want = s.season.want_kind = 0;
  clear_marks(s, pool);
  const double covered = static_cast<double>(s.window.slots) * s.window.span * c.span_ms / static_cast<double>(s.season.period_ms);
  const double weekends = s.season.kind == kDaily ? weekends_of_window(s, c) : covered;
  count_cycles(s, 0, s.season.kind == kDaily ? covered - weekends : covered);
  count_cycles(s, 1, weekends);
  s.season.seeded = covered * s.window.span;
  s.season.age = s.season.with = s.season.without = 0.0;
  forget_shift(s);
  forget_swing(s);
  s.season.raw_level = s.levels.value[kSlowLevel];
  doubt_families(s);
  const double level = level_of_late(s, pool, c);
  // What the profile leaves of the window, and what a slot's mean hides: what one bucket does not know of the next.
  double squares = 0.0, n = 0.0;
  for (int i = 0; i < w.slots; ++i) {
    if (w.value[i] != w.value[i]) continue;
    squares += square(w.value[i] - slot_season(s, pool, c, i));
    n += 1.0;
  }
  const double hidden = s.window.span > 1 ? s.rest.step_square * s.spread.variance : 0.0;
  // Where one season takes the place of another, nothing is known yet of how much better it is.
  if (!refined) s.spread.variance = std::min(s.spread.variance, 1.3 * squares / std::max(n, 1.0) + hidden);
  s.season.square = mean_square(s, pool);
  s.season.day_variance = s.season.kind == kDaily ? variance_of_days(s, pool, c, w) : 0.0;
  // What was far out, or an outlier, was so without this season.
  s.tail.count = 0.0;
  for (int i = 0; i < 2; ++i) s.tail.hits[i] = s.tail.excess[i] = s.tail.uncensored[i] = 0.0;
  s.tail.far = s.tail.far_near = 0.0;
  s.outliers.count = s.outliers.above = s.outliers.buckets = 0.0;
  restart(s, level, c.bucket);
  restart_parts(s, level);
  if (s.season.kind == kDaily) remember_days(s, pool, c, level);
  return accepted;
}

}  // namespace series
