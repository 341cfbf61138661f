// The summary window of the past and the tests on it: has a season earned its place?
#pragma once

#include "series_season.hpp"

namespace series {

constexpr double kTwoPi = 6.283185307179586;
constexpr double kAccept = 10.0;    // nats of evidence, penalised for coefficients, before a season is used
constexpr int kHarmonics = 6;
constexpr int64_t kLongestSlot = 9000000;  // ms: slots grow to two hours, so the window to three weeks

inline void open_window(Series& s, int64_t bucket, double x) {
  s.window_first = bucket;
  s.window_tested = bucket;
  s.window_reference = x;
  s.window_sum = 0.0;
  s.window_count = 0;
  s.window_slots = 0;
  s.window_span = 1;
  s.window_searched = 0;
}

// Full: halve the resolution, or, where slots are long already, forget the older half.
inline void shorten_window(Series& s, int64_t span_ms) {
  constexpr int half = kWindow / 2;
  s.window_slots = half;
  s.window_searched = 0;
  if (2 * s.window_span * span_ms > kLongestSlot) {
    std::copy(s.window + half, s.window + kWindow, s.window);
    s.window_first += static_cast<int64_t>(half) * s.window_span;
    return;
  }
  for (int i = 0; i < half; ++i) {
    const float a = s.window[2 * i];
    const float b = s.window[2 * i + 1];
    s.window[i] = a != a ? b : b != b ? a : 0.5f * (a + b);
  }
  s.window_span *= 2;
}

inline int64_t open_slot_start(const Series& s) {
  return s.window_first + static_cast<int64_t>(s.window_slots) * s.window_span;
}

inline void close_slot(Series& s, int64_t span_ms) {
  if (s.window_slots == kWindow) shorten_window(s, span_ms);
  s.window[s.window_slots++] =
      s.window_count > 0 ? static_cast<float>(s.window_sum / s.window_count) : std::nanf("");
  s.window_sum = 0.0;
  s.window_count = 0;
}

inline void fold_window(Series& s, const Clock& c, double x) {
  const bool stale = c.bucket - open_slot_start(s) > 2 * static_cast<int64_t>(kWindow) * s.window_span;
  if (s.count == 0.0 || stale) open_window(s, c.bucket, x);
  while (c.bucket >= open_slot_start(s) + s.window_span) close_slot(s, c.span_ms);
  s.window_sum += std::clamp(x - s.window_reference, -1e37, 1e37);
  s.window_count += 1;
}

// The window without its AR(1) memory: under "no season" these innovations are white, also for a random walk.
struct Whitened {
  double value[kWindow];   // the window, winsorised, centred; NaN: no data
  double white[kWindow];   // NaN: unknown
  double phi;
  double variance;         // of white
  double known;
  int slots;
};

struct Candidate {
  int kind;
  int64_t period_ms;
};

struct Finding {
  double evidence = 0.0;   // nats, penalised
  bool folded = false;     // the bins describe it better than the harmonics
  int harmonics = 0;
  double cosine[kHarmonics] = {};
  double sine[kHarmonics] = {};
};

inline void winsorise(Whitened& w) {
  for (int pass = 0; pass < 2; ++pass) {
    double n = 0.0, sum = 0.0, squares = 0.0;
    for (int i = 0; i < w.slots; ++i) {
      if (w.value[i] != w.value[i]) continue;
      n += 1.0;
      sum += w.value[i];
    }
    const double mean = n > 0.0 ? sum / n : 0.0;
    for (int i = 0; i < w.slots; ++i) {
      if (w.value[i] == w.value[i]) squares += square(w.value[i] - mean);
    }
    const double limit = 4.0 * std::sqrt(squares / std::max(n, 1.0));
    for (int i = 0; i < w.slots; ++i) {
      if (w.value[i] == w.value[i]) w.value[i] = std::clamp(w.value[i] - mean, -limit, limit);
    }
  }
}

inline void whiten(const Series& s, Whitened& w) {
  w.slots = s.window_slots;
  for (int i = 0; i < w.slots; ++i) w.value[i] = s.window[i];
  winsorise(w);
  double cross = 0.0, squares = 0.0;
  for (int i = 1; i < w.slots; ++i) {
    const double product = w.value[i] * w.value[i - 1];
    if (product != product) continue;
    cross += product;
    squares += 0.5 * (square(w.value[i]) + square(w.value[i - 1]));
  }
  w.phi = squares > 0.0 ? std::clamp(cross / squares, 0.0, 0.98) : 0.0;
  w.known = 0.0;
  double sum = 0.0;
  for (int i = 0; i < w.slots; ++i) {
    w.white[i] = i > 0 ? w.value[i] - w.phi * w.value[i - 1] : std::nan("");
    if (w.white[i] != w.white[i]) continue;
    w.known += 1.0;
    sum += square(w.white[i]);
  }
  w.variance = w.known > 0.0 ? sum / w.known : 0.0;
}

// Profile time of the middle of slot i.
inline int64_t slot_time(const Series& s, const Clock& c, int kind, int i) {
  const int64_t start = s.window_first + static_cast<int64_t>(i) * s.window_span;
  return profile_time(kind, c, s.shift_ms) - (c.bucket - start) * c.span_ms + (s.window_span * c.span_ms) / 2;
}

inline double phase(int64_t time, int64_t period_ms) {
  return static_cast<double>(modulo(time, period_ms)) / static_cast<double>(period_ms);
}

// What is left of the window when the first `count` harmonics are taken out, without its own AR(1) memory. A season is
// memory too, so the memory must be measured again with the season gone: this is where small seasons show.
inline double variance_without(const Whitened& w, const Finding& found, double start, double turn, int count) {
  double left[kWindow];
  for (int i = 0; i < w.slots; ++i) left[i] = w.value[i];
  for (int k = 1; k <= count; ++k) {
    const double dc = std::cos(kTwoPi * k * turn), ds = std::sin(kTwoPi * k * turn);
    double co = std::cos(k * start), si = std::sin(k * start);
    for (int i = 0; i < w.slots; ++i) {
      left[i] -= found.cosine[k - 1] * co + found.sine[k - 1] * si;
      const double turned = co * dc - si * ds;
      si = si * dc + co * ds;
      co = turned;
    }
  }
  double cross = 0.0, before = 0.0, after = 0.0, n = 0.0;
  for (int i = 1; i < w.slots; ++i) {
    const double product = left[i] * left[i - 1];
    if (product != product) continue;
    cross += product;
    before += square(left[i - 1]);
    after += square(left[i]);
    n += 1.0;
  }
  const double phi = before > 0.0 ? std::clamp(2.0 * cross / (before + after), 0.0, 0.98) : 0.0;
  return n > 0.0 ? (after - 2.0 * phi * cross + phi * phi * before) / n : w.variance;
}

// Low harmonics of the period, one after the other; each pays ln n for its two coefficients.
inline void try_harmonics(const Series& s, const Clock& c, const Whitened& w, Candidate candidate, Finding& found) {
  if (candidate.kind == kWorkdays) return;
  const double turn = static_cast<double>(s.window_span * c.span_ms) / static_cast<double>(candidate.period_ms);
  const double start = kTwoPi * phase(slot_time(s, c, candidate.kind, 0), candidate.period_ms);
  double left = w.variance;
  for (int k = 1; k <= kHarmonics && k * turn < 0.45; ++k) {
    const double dc = std::cos(kTwoPi * k * turn), ds = std::sin(kTwoPi * k * turn);
    double co = std::cos(k * start), si = std::sin(k * start);
    double a = 0.0, b = 0.0;
    for (int i = 0; i < w.slots; ++i) {
      if (w.white[i] == w.white[i]) {
        a += w.white[i] * co;
        b += w.white[i] * si;
      }
      const double turned = co * dc - si * ds;
      si = si * dc + co * ds;
      co = turned;
    }
    a *= 2.0 / w.known;
    b *= 2.0 / w.known;
    left = std::max(left - 0.5 * (a * a + b * b), 1e-6 * w.variance);
    // Undo the whitening: the harmonic had passed the filter 1 - phi B.
    const double re = 1.0 - w.phi * dc;
    const double im = w.phi * ds;
    found.cosine[k - 1] = (a * re - b * im) / (re * re + im * im);
    found.sine[k - 1] = (b * re + a * im) / (re * re + im * im);
    double evidence = 0.5 * w.known * std::log(w.variance / left) - k * std::log(w.known);
    if (evidence > -1.0) {
      const double remeasured = std::max(variance_without(w, found, start, turn, k), 1e-6 * w.variance);
      evidence = std::max(evidence, 0.5 * w.known * std::log(w.variance / remeasured) - k * std::log(w.known));
    }
    if (evidence > found.evidence) {
      found.evidence = evidence;
      found.harmonics = k;
      found.folded = false;
    }
  }
}

inline int fold_bins(const Series& s, const Clock& c, Candidate candidate) {
  const int64_t bins = candidate.period_ms / (s.window_span * c.span_ms);
  return static_cast<int>(std::clamp<int64_t>(bins, 1, candidate.kind == kWorkdays ? kWindow / 2 : kWindow));
}

// Bin of every slot; for workdays the weekend has the bins after those of the week.
inline void fold_slots(const Series& s, const Clock& c, Candidate candidate, int bins, int* bin) {
  const int64_t slot = s.window_span * c.span_ms;
  int64_t time = slot_time(s, c, candidate.kind, 0);
  int64_t into = modulo(time, candidate.period_ms);
  const double width = static_cast<double>(candidate.period_ms) / bins;
  for (int i = 0; i < s.window_slots; ++i) {
    bin[i] = std::min(static_cast<int>(static_cast<double>(into) / width), bins - 1);
    if (candidate.kind == kWorkdays && weekend(time)) bin[i] += bins;
    time += slot;
    into += slot;
    while (into >= candidate.period_ms) into -= candidate.period_ms;
  }
}

// A mean a slot of the cycle, each value predicted by the others of its bin only (leave one out, in closed form).
inline void try_fold(const Series& s, const Clock& c, const Whitened& w, Candidate candidate, Finding& found) {
  const int bins = fold_bins(s, c, candidate);
  double sum[kWindow] = {};
  double seen[kWindow] = {};
  int bin[kWindow];
  fold_slots(s, c, candidate, bins, bin);
  for (int i = 0; i < w.slots; ++i) {
    if (w.white[i] != w.white[i]) continue;
    sum[bin[i]] += w.white[i];
    seen[bin[i]] += 1.0;
  }
  double left = 0.0;
  for (int i = 0; i < w.slots; ++i) {
    if (w.white[i] != w.white[i]) continue;
    const double n = seen[bin[i]];
    left += n > 1.0 ? square((w.white[i] - sum[bin[i]] / n) * n / (n - 1.0)) : square(w.white[i]);
  }
  left = std::max(left / w.known, 1e-6 * w.variance);
  const double evidence = 0.5 * w.known * std::log(w.variance / left);
  if (evidence > found.evidence) {
    found.evidence = evidence;
    found.folded = true;
  }
}

inline Finding examine(const Series& s, const Clock& c, const Whitened& w, Candidate candidate) {
  Finding found;
  const int64_t slot = s.window_span * c.span_ms;
  // Two cycles for what the calendar knows; four for a period that must be measured as well.
  const int64_t repeats = candidate.kind == kWorkdays ? 2 * kWeek : (candidate.kind == kFree ? 4 : 2) * candidate.period_ms;
  if (s.window_slots * slot < repeats || slot * 4 > candidate.period_ms) return found;
  try_harmonics(s, c, w, candidate, found);
  try_fold(s, c, w, candidate, found);
  return found;
}

// Power of the window at a period of `lag` slots.
inline double fundamental(const Whitened& w, double lag) {
  const double dc = std::cos(kTwoPi / lag), ds = std::sin(kTwoPi / lag);
  double co = 1.0, si = 0.0, a = 0.0, b = 0.0;
  for (int i = 0; i < w.slots; ++i) {
    if (w.value[i] == w.value[i]) {
      a += w.value[i] * co;
      b += w.value[i] * si;
    }
    const double turned = co * dc - si * ds;
    si = si * dc + co * ds;
    co = turned;
  }
  return a * a + b * b;
}

// A period from the data, ms: the highest peak of the autocorrelation, made precise by the periodogram. 0: none.
inline int64_t free_period(const Series& s, const Clock& c, const Whitened& w) {
  double value[kWindow];
  for (int i = 0; i < w.slots; ++i) value[i] = w.value[i] == w.value[i] ? w.value[i] : 0.0;
  double power[kWindow / 4 + 2] = {};
  const int most = w.slots / 4;
  for (int lag = 0; lag <= most + 1; ++lag) {
    double sum[2] = {0.0, 0.0};  // two chains: the additions need not wait for each other
    for (int i = lag; i + 1 < w.slots; i += 2) {
      sum[0] += value[i] * value[i - lag];
      sum[1] += value[i + 1] * value[i + 1 - lag];
    }
    power[lag] = (sum[0] + sum[1]) / (w.slots - lag);
  }
  int best = 0;
  for (int lag = 4; lag <= most; ++lag) {
    const bool peak = power[lag] > power[lag - 1] && power[lag] >= power[lag + 1];
    if (peak && (best == 0 || power[lag] > 1.1 * power[best])) best = lag;
  }
  // White noise has no peak beyond two of its standard errors worth measuring.
  if (best == 0 || power[best] < 2.0 * power[0] / std::sqrt(static_cast<double>(w.slots))) return 0;
  // A lag is whole slots; the periodogram around it, in steps of a quarter percent, is finer.
  double lag = best;
  double most_power = 0.0;
  for (int step = -20; step <= 20; ++step) {
    const double tried = best * (1.0 + 0.0025 * step);
    const double strength = fundamental(w, tried);
    if (strength <= most_power) continue;
    most_power = strength;
    lag = tried;
  }
  return static_cast<int64_t>(lag * static_cast<double>(s.window_span * c.span_ms) + 0.5);
}

// Tests on ever older windows, each a third older than the one before: their number grows with the logarithm of age.
inline bool test_is_due(const Series& s, const Clock& c) {
  if (s.window_count != 1 || s.window_slots < 48) return false;
  const int64_t age = c.bucket - s.window_first;
  const int64_t since = c.bucket - s.window_tested;
  return 3 * since >= std::min(age, static_cast<int64_t>(2 * kWindow) * s.window_span);
}

inline void want_season(Series& s, const Clock& c, Candidate candidate) {
  s.want_season = candidate.kind;
  s.want_period_ms = candidate.period_ms;
  s.want = knots_for(candidate.kind, candidate.period_ms, c.span_ms);
}

inline void test_seasons(Series& s, const Clock& c) {
  s.window_tested = c.bucket;
  Whitened w;
  whiten(s, w);
  if (w.known < 40.0 || !(w.variance > 0.0)) return;
  // In the order of size: a larger kind must beat the smaller ones by as much again. What is in use counts for free.
  const Candidate kinds[3] = {{kDaily, kDay}, {kWorkdays, kDay}, {kWeekly, kWeek}};
  Candidate best{kNoSeason, 0};
  double evidence = 0.0;
  for (const Candidate& candidate : kinds) {
    const double found = examine(s, c, w, candidate).evidence;
    if (found < evidence + kAccept) continue;
    evidence = found;
    best = candidate;
  }
  const bool fresh = s.window_searched == 0 && 3 * s.window_slots >= 2 * kWindow;
  if (best.kind == kNoSeason && s.season == kNoSeason && fresh) {
    s.window_searched = s.window_slots;
    const Candidate candidate{kFree, free_period(s, c, w)};
    // Chosen among half as many lags as there are slots: the choice costs its logarithm.
    if (candidate.period_ms > 0 && examine(s, c, w, candidate).evidence > kAccept + std::log(0.5 * w.slots)) best = candidate;
  }
  // A day may become a week; back it goes only by being dropped.
  if (best.kind != kNoSeason && (s.season == kNoSeason || s.season == kFree || best.kind > s.season) && best.kind != s.season) {
    want_season(s, c, best);
  }
}

inline void seed_profile(const Series& s, const Clock& c, const Whitened& w, const Finding& found, float* bins) {
  const Candidate candidate{s.want_season, s.want_period_ms};
  const int coarse = fold_bins(s, c, candidate);
  const int parts = candidate.kind == kWorkdays ? 2 : 1;
  double sum[kWindow] = {};
  double seen[kWindow] = {};
  int bin[kWindow];
  fold_slots(s, c, candidate, coarse, bin);
  for (int i = 0; i < w.slots; ++i) {
    if (w.value[i] != w.value[i]) continue;
    sum[bin[i]] += w.value[i];
    seen[bin[i]] += 1.0;
  }
  const int knots = s.want / parts;
  double total = 0.0;
  for (int i = 0; i < s.want; ++i) {
    const double place = (i % knots + 0.5) / knots;
    double value = 0.0;
    if (found.folded) {
      const int at = std::min(static_cast<int>(place * coarse), coarse - 1) + (i / knots) * coarse;
      value = seen[at] > 0.0 ? sum[at] / seen[at] : 0.0;
    } else {
      for (int k = 1; k <= found.harmonics; ++k) {
        value += found.cosine[k - 1] * std::cos(kTwoPi * k * place) + found.sine[k - 1] * std::sin(kTwoPi * k * place);
      }
    }
    bins[i] = static_cast<float>(value / s.season_unit);
    total += value;
  }
  const float mean = static_cast<float>(total / s.want / s.season_unit);
  for (int i = 0; i < s.want; ++i) bins[i] -= mean;
}

// Called once the pool has room: the profile starts from the window, the level and the scale start anew around it.
inline Accepted install_season(Series& s, const Clock& c, float* pool) {
  Whitened w;
  whiten(s, w);
  const Finding found = examine(s, c, w, {s.want_season, s.want_period_ms});
  s.season_unit = std::max(std::sqrt(w.variance), 1e-300);
  seed_profile(s, c, w, found, pool + s.bins);
  const Accepted accepted{kSeasonFound, static_cast<double>(s.season ? s.period_ms : 0), static_cast<double>(s.want_period_ms)};
  s.season = s.want_season;
  s.period_ms = s.want_period_ms;
  s.knots = s.want;
  s.want = s.want_season = 0;
  const double visits = std::max(1.0, static_cast<double>(s.period_ms) / c.span_ms / s.knots);
  const double covered = static_cast<double>(s.window_slots) * s.window_span * c.span_ms / static_cast<double>(s.period_ms);
  s.cycles = (s.season == kWorkdays ? 0.5 : 1.0) * covered * visits * s.knots;
  s.season_age = s.with_season = s.without_season = 0.0;
  for (int i = 0; i < 2; ++i) s.power_variance[i] = s.power_gain[i] = 0.0;
  s.shift_gain[0] = s.shift_gain[1] = 0.0;
  s.raw_level = s.level[0];
  doubt_families(s);
  restart(s, s.level[0], s.previous - season_value(s, pool, position(s, c, 0)));
  s.level[6] = s.previous;
  return accepted;
}

}  // namespace series
