// From tests to a season in use: when to test, which period wins, and its first profile.
#pragma once

#include "series_recur.hpp"
#include "series_swing.hpp"
#include "series_test.hpp"

namespace series {

constexpr double kLonger = 0.2;   // nats a slot, half the logarithm of 1.5

// Tests on ever older windows, each a third older than the one before: their number grows with the logarithm of age.
// Besides, when the window holds nearly two, three and four days, and nearly two weeks.
inline bool test_is_due(const Series& s, const Clock& c) {
  if (s.window_count != 1 || s.window_slots < 48) return false;
  const int64_t age = c.bucket - s.window_first;
  const int64_t tested = s.window_tested - s.window_first;
  if (3 * (age - tested) >= age) return true;
  const auto days = [&c](int64_t buckets) { return static_cast<double>(buckets * c.span_ms) / static_cast<double>(kDay); };
  const double now = days(age), then = days(tested);
  for (const double length : {1.9, 2.9, 3.9, 13.5}) {
    if (now >= length && then < length) return true;
  }
  return false;
}

inline void want_season(Series& s, const Clock& c, Candidate candidate) {
  s.want_season = candidate.kind;
  s.want_period_ms = candidate.period_ms;
  s.want = knots_for(candidate.kind, candidate.period_ms, c.span_ms);
}

// Does `found` describe the window better than `other`, by `nats`?
inline bool beats(const Finding& found, const Finding& other, double nats) {
  return (found.evidence - other.evidence) * found.trust >= nats;
}

struct Choice {
  Candidate candidate{kNoSeason, 0};
  Finding found;
};

// The period with its evidence at its highest, in ever smaller steps from a twentieth of a cycle over the window.
inline Choice sharpened(const Series& s, const Clock& c, const Whitened& w, Choice best) {
  const double window = static_cast<double>(s.window_slots * s.window_span * c.span_ms);
  const double period = static_cast<double>(best.candidate.period_ms);
  double step = 0.1 * period * period / window;
  for (int round = 0; round < 4; ++round, step *= 0.5) {
    const int64_t middle = best.candidate.period_ms;
    for (const double sign : {-1.0, 1.0}) {
      const Candidate candidate{kFree, middle + static_cast<int64_t>(sign * step)};
      const Finding found = examine(s, c, w, candidate, kFewestCycles);
      if (found.evidence > best.found.evidence) best = {candidate, found};
    }
  }
  return best;
}

// The best of the period in the data, its parts and its double: a peak may belong to several cycles, and spikes half a
// cycle apart look like half the period. The double must take a third of the variance that the peak leaves: two cycles
// always fit a little better than one, since the slots' edges fall differently in each.
inline Choice free_choice(const Series& s, const Clock& c, const Whitened& w) {
  const double period = free_lag(w) * static_cast<double>(s.window_span * c.span_ms);
  const auto tried = [&](double times) {
    const Candidate candidate{kFree, static_cast<int64_t>(times * period + 0.5)};
    return Choice{candidate, examine(s, c, w, candidate, kFewestCycles)};
  };
  if (!(period > 0.0)) return {};
  const Choice whole = tried(1.0);
  if (!(whole.found.evidence > 0.0)) return {};
  Choice best;
  for (const double times : {0.2, 0.25, 1.0 / 3.0, 0.5, 1.0, 2.0}) {
    const Choice choice = times == 1.0 ? whole : tried(times);
    const double nats = times > 1.0 ? kAccept + kLonger * w.slots : kAccept;
    if (beats(choice.found, best.found, nats)) best = choice;
  }
  return best.candidate.kind ? sharpened(s, c, w, best) : best;
}

// A period that a short window can hardly tell from a day.
inline Choice near_a_day(const Series& s, const Clock& c, const Whitened& w) {
  Choice best;
  for (const int step : {-3, -2, -1, 1, 2, 3, 5, 7, 10}) {
    const Candidate candidate{kFree, kDay + step * (kDay / 10)};
    const Finding found = examine(s, c, w, candidate, 1.0);
    if (found.evidence > best.found.evidence) best = {candidate, found};
  }
  return best;
}

// Is the long period a whole number of short ones, but for an eighth of a short one over the window?
inline bool whole_times(const Series& s, const Clock& c, int64_t short_ms, int64_t long_ms) {
  const double times = static_cast<double>(long_ms) / static_cast<double>(short_ms);
  const double window = static_cast<double>(s.window_slots * s.window_span * c.span_ms);
  return std::fabs(times - std::floor(times + 0.5)) * window < 0.125 * static_cast<double>(long_ms);
}

// Is the period a week, or a whole part of a day? Then the calendar knows it.
inline bool of_the_calendar(const Series& s, const Clock& c, int64_t period_ms) {
  return whole_times(s, c, period_ms, period_ms > 2 * kDay ? kWeek : kDay) && (period_ms < 2 * kDay || 2 * period_ms > kWeek);
}

// What was given up before needs twice the evidence each time, and so do the rare events of a series that is one value else: a few
// of them share an hour by chance.
inline double doubted(const Series& s) {
  constexpr double kRare = 4.0;
  const double times = static_cast<double>(int64_t{1} << std::min<int64_t>(s.given_up, 6));
  return s.ties > 2.0 * s.changes ? kRare * times : times;
}

// In the order of size: a larger kind must beat the smaller ones by as much again.
inline Choice calendar_choice(const Series& s, const Clock& c, const Whitened& w) {
  const Candidate kinds[3] = {{kDaily, kDay}, {kWorkdays, kDay}, {kWeekly, kWeek}};
  Choice best;
  for (const Candidate& candidate : kinds) {
    const Finding found = examine(s, c, w, candidate, kFewestCycles);
    if (beats(found, best.found, (candidate.kind == kDaily ? kAcceptDay : kAccept) * doubted(s))) best = {candidate, found};
  }
  return best;
}

// The calendar's best, unless a period in the data is better by what choosing it among as many lags as there are slots
// costs. What the window has not seen often enough must wait, and so must a day that explains it less well.
inline Candidate chosen(Series& s, const Clock& c, const Whitened& w, const Choice& calendar,
                        bool calendar_known) {
  const double choice = kAccept * doubted(s) + ln(static_cast<double>(w.slots));
  const Choice free = free_choice(s, c, w);
  if (free.candidate.kind && !(calendar_known && of_the_calendar(s, c, free.candidate.period_ms)) && beats(free.found, calendar.found, choice)) {
    if (examine(s, c, w, free.candidate, kMeasuredCycles).evidence > 0.0) return free.candidate;
    s.window_searched = 0;
    return {kNoSeason, 0};
  }
  if (calendar.candidate.kind == kDaily && beats(near_a_day(s, c, w).found, calendar.found, choice)) return {kNoSeason, 0};
  return calendar.candidate;
}

// A period from the data is measured again as the window grows; it may turn out to be the calendar's, unless the
// calendar's is but several of it.
inline void test_free(Series& s, const Clock& c, const Whitened& w, const Choice& calendar) {
  const Candidate used{kFree, s.period_ms};
  const Choice now{used, examine(s, c, w, used, kFewestCycles)};
  if (!(now.found.evidence > 0.0)) return;  // slots too long for it
  const Choice better = sharpened(s, c, w, now);
  const int64_t repeats = calendar.candidate.kind == kDaily ? kDay : kWeek;
  const bool several = whole_times(s, c, better.candidate.period_ms, repeats);
  if (!several && beats(calendar.found, better.found, kAccept)) {
    want_season(s, c, calendar.candidate);
  } else if (beats(better.found, now.found, kAccept)) {
    want_season(s, c, better.candidate);
  }
}

// A day that hardly pays may be another period that two or three days could not tell from it.
inline bool doubtful_day(const Series& s) { return s.season == kDaily && s.with_season > 0.5 * s.without_season; }

// Whitening leaves the slope of a line, and a day of stairs goes without most of that: a season must show without the line too.
inline bool holds_without_line(const Series& s, const Clock& c, Candidate candidate) {
  Whitened w;
  load_window(s, w);
  if (!straighten(w)) return true;
  whiten(w);
  return beats(examine(s, c, w, candidate, 1.0), {}, candidate.kind == kDaily ? kAcceptDay : kAccept);
}

inline void test_seasons(Series& s, const Clock& c, bool calendar_known) {
  s.window_tested = c.bucket;
  // Once a day is known, only weeks are left to find.
  const bool weeks = static_cast<double>(s.window_slots * s.window_span * c.span_ms) >= kFewestCycles * static_cast<double>(kWeek);
  if (s.season == kWeekly || (!weeks && (s.season == kWorkdays || (s.season == kDaily && !doubtful_day(s))))) return;
  const bool days = static_cast<double>(s.window_slots * s.window_span * c.span_ms) >= kFewestCycles * static_cast<double>(kDay);
  const bool open = s.season == kNoSeason || doubtful_day(s);
  const bool fresh = s.window_searched == 0 && 3 * s.window_slots >= 2 * kWindow;
  if (!days && !fresh && s.season != kFree) return;  // too short for anything
  Whitened w;
  load_window(s, w);
  whiten(w);
  // The window is clipped at 1e37: what is as large as that has lost its shape.
  if (w.known < 40.0 || !(w.variance > 0.0 && w.variance < 1e70)) return;
  const Choice calendar = calendar_known ? calendar_choice(s, c, w) : Choice{};
  if (s.season == kFree) {
    test_free(s, c, w, calendar);
    return;
  }
  Candidate best = calendar.candidate;
  if (open && fresh) s.window_searched = s.window_slots;
  if (open && (fresh || best.kind > s.season)) best = chosen(s, c, w, calendar, calendar_known);
  // A day may become a week; back it goes only by being dropped.
  if (best.kind == kNoSeason || best.kind == s.season) return;
  if (best.kind < s.season || !holds_without_line(s, c, best)) return;
  want_season(s, c, best);
}

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
    const double x = s.window[i] - w.centre;
    if (x != x) continue;
    high[bin[i]] = std::max(high[bin[i]], std::min(x, top[bin[i]]));
    deep[bin[i]] = std::min(deep[bin[i]], std::max(x, low[bin[i]]));
    top[bin[i]] = std::max(top[bin[i]], x);
    low[bin[i]] = std::min(low[bin[i]], x);
  }
  for (int i = 0; i < w.slots; ++i) {
    if (w.value[i] == w.value[i]) w.value[i] = std::clamp(s.window[i] - w.centre, deep[bin[i]], high[bin[i]]);
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
  const Candidate candidate{s.want_season, s.want_period_ms};
  const Folded f = fold_means(s, pool, c, w, candidate, refined);
  const int knots = s.want / (two_parts(candidate.kind) ? 2 : 1);
  double total = 0.0;
  for (int i = 0; i < s.want; ++i) {
    const double place = (i % knots + 0.5) / knots;
    const double folded = between(f.mean + (candidate.kind == kWorkdays ? i / knots : 0) * f.bins, f.bins, place);
    double value = found.folded || refined ? folded : harmonics_at(found, place);
    if (refined) {
      const int64_t into = static_cast<int64_t>(place * static_cast<double>(candidate.period_ms)) + (i / knots) * 5 * kDay;
      value += season_value(s, pool, position(s, {0, into - c.span_ms / 2 + s.shift_ms, c.span_ms}, 0)) - f.all;
    }
    bins[i] = static_cast<float>(value / s.season_unit);
    total += value;
  }
  if (refined) return;
  const float mean = static_cast<float>(total / s.want / s.season_unit);
  for (int i = 0; i < s.want; ++i) bins[i] -= mean;
}

// The middle of what the season leaves of the window's last two days.
inline double level_of_late(const Series& s, const float* pool, const Clock& c) {
  const int slots = static_cast<int>(std::max<int64_t>(2 * kDay / (s.window_span * c.span_ms), 8));
  double left[kWindow];
  int n = 0;
  for (int i = std::max(s.window_slots - slots, 0); i < s.window_slots; ++i) {
    if (s.window[i] == s.window[i]) left[n++] = s.window[i] + s.window_reference - slot_season(s, pool, c, i);
  }
  if (n == 0) return s.level[0];
  std::nth_element(left, left + n / 2, left + n);
  return left[n / 2];
}

// Days of the window that lie in weekends.
inline double weekends_of_window(const Series& s, const Clock& c) {
  int slots = 0;
  for (int i = 0; i < s.window_slots; ++i) slots += weekend(slot_time(s, c, kDaily, i));
  return static_cast<double>(slots) * s.window_span * c.span_ms / static_cast<double>(kDay);
}

// By how much more the window's days of one kind differ than their slots do by themselves, metric unit squared. Of a day alone in its kind
// nobody knows.
inline double variance_of_days(const Series& s, const float* pool, const Clock& c, const Whitened& w) {
  constexpr int kMost = kWindow / 2;  // days of two slots at least
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
  constexpr int kMost = kWindow / 2;  // days of two slots at least
  const int64_t first = slot_time(s, c, kDaily, 0) / kDay;
  Moved day[kMost] = {}, side[2] = {};
  for (int i = 0; i < s.window_slots; ++i) {
    const int64_t d = slot_time(s, c, kDaily, i) / kDay - first;
    if (s.window[i] != s.window[i] || d < 0 || d >= kMost) continue;
    day[d].add(s.window[i] + s.window_reference, level + slot_season(s, pool, c, i));
  }
  const double slots = static_cast<double>(kDay) / static_cast<double>(s.window_span * c.span_ms);
  for (const Moved& one : day) {
    if (one.n >= 0.5 * slots && one.apart()) side[one.rest > 0.0].add(one);
  }
  const Moved& other = side[side[1].n > side[0].n];
  if (other.n == 0.0 || !other.apart()) return;  // days of a line are each at a level of its own
  const double factor = other.multiplied() ? other.factor() : 1.0;
  const double at = other.multiplied() ? factor * level : level + other.rest / other.n;
  remember_level(s, at, factor, s.window_first + static_cast<int64_t>(15 * kDay / c.span_ms));
}

// A slot's mean says of each of its buckets what one visit in `window_span` would: edges and spikes are still to be learnt. That such
// days were seen, and when they are high or low, it does say.
inline void count_cycles(Series& s, int part, double seen) {
  s.cycles[part] = std::min(seen / s.window_span, 2.0);
  s.known_days[part] = std::max(std::floor(seen + 0.5) - s.cycles[part], 0.0);
}

// Called once the pool has room: the profile starts from the window, the level and the scale start anew around it.
inline Accepted install_season(Series& s, const Clock& c, float* pool) {
  Whitened w;
  load_window(s, w);
  whiten(w);
  const Finding found = examine(s, c, w, {s.want_season, s.want_period_ms}, kFewestCycles);
  const bool refined = s.bins_before >= 0 && s.season != kFree && s.want_season != kFree;
  cut_singles(s, c, {s.want_season, s.want_period_ms}, w);
  float* bins = pool + s.bins;
  std::swap(s.bins, s.bins_before);  // the season in use is still the one before
  if (!refined) s.season_unit = std::max(std::sqrt(w.variance), 1e-300);
  seed_profile(s, pool, c, w, found, refined, bins);
  std::swap(s.bins, s.bins_before);
  const Accepted accepted{kSeasonFound, static_cast<double>(s.season ? s.period_ms : 0), static_cast<double>(s.want_period_ms)};
  s.season = s.want_season;
  s.period_ms = s.want_period_ms;
  s.knots = s.want;
  s.want = s.want_season = 0;
  clear_marks(s, pool);
  const double covered = static_cast<double>(s.window_slots) * s.window_span * c.span_ms / static_cast<double>(s.period_ms);
  const double weekends = s.season == kDaily ? weekends_of_window(s, c) : covered;
  count_cycles(s, 0, s.season == kDaily ? covered - weekends : covered);
  count_cycles(s, 1, weekends);
  s.seeded = covered * s.window_span;
  s.season_age = s.with_season = s.without_season = 0.0;
  forget_shift(s);
  forget_swing(s);
  s.raw_level = s.level[0];
  doubt_families(s);
  const double level = level_of_late(s, pool, c);
  // What the profile leaves of the window, and what a slot's mean hides: what one bucket does not know of the next.
  double squares = 0.0, n = 0.0;
  for (int i = 0; i < w.slots; ++i) {
    if (w.value[i] != w.value[i]) continue;
    squares += square(w.value[i] - slot_season(s, pool, c, i));
    n += 1.0;
  }
  const double hidden = s.window_span > 1 ? s.step_square * s.variance : 0.0;
  // Where one season takes the place of another, nothing is known yet of how much better it is.
  if (!refined) s.variance = std::min(s.variance, 1.3 * squares / std::max(n, 1.0) + hidden);
  s.season_square = mean_square(s, pool);
  s.day_variance = s.season == kDaily ? variance_of_days(s, pool, c, w) : 0.0;
  // What was far out, or an outlier, was so without this season.
  s.tail_count = s.tail_hits = s.tail_excess = s.tail_uncensored = 0.0;
  s.far = s.far_near = s.outliers = s.outliers_above = s.outlier_buckets = 0.0;
  restart(s, level, c.bucket);
  restart_parts(s, level);
  if (s.season == kDaily) remember_days(s, pool, c, level);
  return accepted;
}

}  // namespace series
