// Seasons: a summary window of the past, a test on it, a profile in the pool once the test is passed, and a running
// comparison that takes the profile away again when it stops paying.
#pragma once

#include "series_learn.hpp"

namespace series {

constexpr int64_t kDay = 86400000;
constexpr int64_t kWeek = 7 * kDay;
constexpr double kTwoPi = 6.283185307179586;
constexpr double kAccept = 10.0;      // nats of evidence before a season is used
constexpr int kHarmonics = 6;

struct Clock {
  int64_t bucket;    // bucket number: start / span
  int64_t local_ms;  // civil start of the bucket, ms since a Monday 00:00
  int64_t span_ms;
};

struct Position {
  int at;
  int next;
  double share;  // weight of `next`
};

inline int64_t period_of(int season) { return season == 1 ? kDay : kWeek; }

inline int knots_for(int season, int64_t span_ms) {
  const int64_t most = season == 1 ? 288 : 336;
  return static_cast<int>(std::min(most, (period_of(season) + span_ms / 2) / span_ms));
}

inline int64_t modulo(int64_t a, int64_t b) {
  const int64_t r = a % b;
  return r < 0 ? r + b : r;
}

// Where a bucket lies on the profile. Several buckets a knot: linear between the centres of the knots.
inline Position position(const Series& s, const Clock& c) {
  const int64_t period = period_of(s.season);
  const double width = static_cast<double>(period) / s.knots;
  const double into = static_cast<double>(modulo(c.local_ms, period));
  if (4 * c.span_ms > 3 * static_cast<int64_t>(width)) {
    const int at = std::min(static_cast<int>((into + 1.0) / width), s.knots - 1);
    return {at, at, 0.0};
  }
  const double place = (into + 0.5 * c.span_ms) / width - 0.5 + s.knots;
  const int whole = static_cast<int>(place);
  return {whole % s.knots, (whole + 1) % s.knots, place - whole};
}

inline double season_value(const Series& s, const float* pool, const Position& at) {
  const float* bins = pool + s.bins;
  return s.season_unit * (bins[at.at] + at.share * (bins[at.next] - bins[at.at]));
}

inline void learn_season(Series& s, float* pool, const Position& at, double error, double weight, const Clock& c) {
  const double visits = std::max(1.0, static_cast<double>(period_of(s.season)) / c.span_ms / s.knots);
  const double seen = s.cycles / (visits * s.knots);
  const double g = weight * std::max(1.0 / (1.0 + seen), 0.1) / visits;
  const double near = 1.0 - at.share;
  const double norm = g * error / (s.season_unit * (near * near + at.share * at.share));
  float* bins = pool + s.bins;
  bins[at.at] = static_cast<float>(bins[at.at] + norm * near);
  if (at.share > 0.0) bins[at.next] = static_cast<float>(bins[at.next] + norm * at.share);
  s.cycles += 1.0;
}

// ---- the window -------------------------------------------------------------------------------------------------

inline void open_window(Series& s, int64_t bucket, double x) {
  s.window_first = bucket;
  s.window_tested = bucket;
  s.window_reference = x;
  s.window_sum = 0.0;
  s.window_count = 0;
  s.window_slots = 0;
  s.window_span = 1;
}

// Full: halve the resolution, or, where slots are two hours long already, forget the older half.
inline void shorten_window(Series& s, int64_t span_ms) {
  constexpr int half = kWindow / 2;
  if (2 * s.window_span * span_ms > 9000000) {
    std::copy(s.window + half, s.window + kWindow, s.window);
    s.window_first += static_cast<int64_t>(half) * s.window_span;
    s.window_slots = half;
    return;
  }
  for (int i = 0; i < half; ++i) {
    const float a = s.window[2 * i];
    const float b = s.window[2 * i + 1];
    s.window[i] = a != a ? b : b != b ? a : 0.5f * (a + b);
  }
  s.window_slots = half;
  s.window_span *= 2;
}

inline void close_slot(Series& s, int64_t span_ms) {
  if (s.window_slots == kWindow) shorten_window(s, span_ms);
  s.window[s.window_slots++] =
      s.window_count > 0 ? static_cast<float>(s.window_sum / s.window_count) : std::nanf("");
  s.window_sum = 0.0;
  s.window_count = 0;
}

inline int64_t open_slot_start(const Series& s) {
  return s.window_first + static_cast<int64_t>(s.window_slots) * s.window_span;
}

inline void fold_window(Series& s, const Clock& c, double x) {
  if (s.count == 0.0 || c.bucket - open_slot_start(s) > 4 * static_cast<int64_t>(kWindow) * s.window_span) {
    open_window(s, c.bucket, x);
  }
  while (c.bucket >= open_slot_start(s) + s.window_span) close_slot(s, c.span_ms);
  s.window_sum += std::clamp(x - s.window_reference, -1e37, 1e37);
  s.window_count += 1;
}

// ---- the test ---------------------------------------------------------------------------------------------------

// The window without its AR(1) memory: under "no season" these innovations are white, also for a random walk.
struct Whitened {
  double value[kWindow];   // the window, winsorised, centred
  double white[kWindow];
  bool known[kWindow];     // white is known
  double phi;
  double variance;         // of white
  double known_count;
  int slots;
};

struct Finding {
  double evidence = 0.0;   // nats, penalised
  int season = 0;
  bool folded = false;     // the bins describe it better than the harmonics
  int harmonics = 0;
  double cosine[kHarmonics];
  double sine[kHarmonics];
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
  w.known_count = 0.0;
  double sum = 0.0;
  for (int i = 0; i < w.slots; ++i) {
    w.white[i] = i > 0 ? w.value[i] - w.phi * w.value[i - 1] : std::nan("");
    w.known[i] = w.white[i] == w.white[i];
    if (!w.known[i]) continue;
    w.known_count += 1.0;
    sum += square(w.white[i]);
  }
  w.variance = w.known_count > 0.0 ? sum / w.known_count : 0.0;
}

// Phase in [0, 1) of the middle of slot i.
inline double slot_phase(const Series& s, const Clock& c, int64_t period, int i) {
  const int64_t start = s.window_first + static_cast<int64_t>(i) * s.window_span;
  const int64_t middle = c.local_ms - (c.bucket - start) * c.span_ms + (s.window_span * c.span_ms) / 2;
  return static_cast<double>(modulo(middle, period)) / static_cast<double>(period);
}

// Low harmonics of the period, one after the other; each pays half a ln n a coefficient.
inline void try_harmonics(const Series& s, const Clock& c, const Whitened& w, Finding& found, int season) {
  const int64_t period = period_of(season);
  const double turn = static_cast<double>(s.window_span * c.span_ms) / static_cast<double>(period);
  const double n = w.known_count;
  double left = w.variance;
  for (int k = 1; k <= kHarmonics && k * turn < 0.45; ++k) {
    const double step = kTwoPi * k * turn;
    const double start = kTwoPi * k * slot_phase(s, c, period, 0);
    double co = std::cos(start), si = std::sin(start);
    const double dc = std::cos(step), ds = std::sin(step);
    double a = 0.0, b = 0.0;
    for (int i = 0; i < w.slots; ++i) {
      if (w.known[i]) {
        a += w.white[i] * co;
        b += w.white[i] * si;
      }
      const double turned = co * dc - si * ds;
      si = si * dc + co * ds;
      co = turned;
    }
    a *= 2.0 / n;
    b *= 2.0 / n;
    left = std::max(left - 0.5 * (a * a + b * b), 1e-6 * w.variance);
    // Undo the whitening: a harmonic passed the filter 1 - phi B with gain and phase of that filter.
    const double re = 1.0 - w.phi * dc;
    const double im = w.phi * ds;
    const double power = re * re + im * im;
    found.cosine[k - 1] = (a * re - b * im) / power;
    found.sine[k - 1] = (b * re + a * im) / power;
    const double evidence = 0.5 * n * std::log(w.variance / left) - k * std::log(n);
    if (evidence > found.evidence) {
      found.evidence = evidence;
      found.season = season;
      found.harmonics = k;
      found.folded = false;
    }
  }
}

// Mean of every slot of the cycle, each value predicted by the other cycles only (leave one out, in closed form).
inline void try_fold(const Series& s, const Clock& c, const Whitened& w, Finding& found, int season) {
  const int64_t period = period_of(season);
  const int bins = std::min(kWindow, static_cast<int>(period / (s.window_span * c.span_ms)));
  double sum[kWindow] = {};
  double seen[kWindow] = {};
  int bin[kWindow];
  for (int i = 0; i < w.slots; ++i) {
    bin[i] = std::min(static_cast<int>(slot_phase(s, c, period, i) * bins), bins - 1);
    if (!w.known[i]) continue;
    sum[bin[i]] += w.white[i];
    seen[bin[i]] += 1.0;
  }
  double left = 0.0;
  for (int i = 0; i < w.slots; ++i) {
    if (!w.known[i]) continue;
    const double n = seen[bin[i]];
    left += n > 1.0 ? square((w.white[i] - sum[bin[i]] / n) * n / (n - 1.0)) : square(w.white[i]);
  }
  left = std::max(left / w.known_count, 1e-6 * w.variance);
  const double evidence = 0.5 * w.known_count * std::log(w.variance / left);
  if (evidence > found.evidence) {
    found.evidence = evidence;
    found.season = season;
    found.folded = true;
  }
}

// Tests on ever older windows, each a quarter older than the one before: their number grows with the logarithm of age.
inline bool test_is_due(const Series& s, const Clock& c) {
  const int64_t age = c.bucket - s.window_first;
  const int64_t since = c.bucket - s.window_tested;
  return s.window_count == 1 && s.window_slots >= 48 && 4 * since >= std::min(age, 512 * static_cast<int64_t>(s.window_span)) &&
         age * c.span_ms >= 2 * kDay;
}

inline void test_seasons(Series& s, const Clock& c) {
  s.window_tested = c.bucket;
  Whitened w;
  whiten(s, w);
  if (w.known_count < 32.0 || !(w.variance > 0.0)) return;
  const int64_t covered = static_cast<int64_t>(s.window_slots) * s.window_span * c.span_ms;
  const int64_t slot = s.window_span * c.span_ms;
  double evidence[3] = {0.0, 0.0, 0.0};
  for (int season = 1; season <= 2; ++season) {
    if (covered < 2 * period_of(season) || slot * 4 > period_of(season)) continue;
    Finding found;
    try_harmonics(s, c, w, found, season);
    try_fold(s, c, w, found, season);
    evidence[season] = found.evidence;
  }
  const int best = evidence[2] > evidence[1] + kAccept ? 2 : 1;
  if (best == s.season || evidence[best] < kAccept + (s.season > 0 ? evidence[s.season] : 0.0)) return;
  s.want_season = best;
  s.want = knots_for(best, c.span_ms);
}

// ---- acceptance and withdrawal ----------------------------------------------------------------------------------

inline void seed_bins(const Series& s, const Clock& c, const Whitened& w, const Finding& found, float* bins) {
  const int64_t period = period_of(s.want_season);
  double sum[kWindow] = {};
  double seen[kWindow] = {};
  const int coarse = std::min(s.want, static_cast<int>(period / (s.window_span * c.span_ms)));
  for (int i = 0; i < w.slots; ++i) {
    if (w.value[i] != w.value[i]) continue;
    const int at = std::min(static_cast<int>(slot_phase(s, c, period, i) * coarse), coarse - 1);
    sum[at] += w.value[i];
    seen[at] += 1.0;
  }
  double total = 0.0;
  for (int i = 0; i < s.want; ++i) {
    const double phase = (i + 0.5) / s.want;
    double value = 0.0;
    if (found.folded) {
      const int at = std::min(static_cast<int>(phase * coarse), coarse - 1);
      value = seen[at] > 0.0 ? sum[at] / seen[at] : 0.0;
    } else {
      for (int k = 1; k <= found.harmonics; ++k) {
        value += found.cosine[k - 1] * std::cos(kTwoPi * k * phase) + found.sine[k - 1] * std::sin(kTwoPi * k * phase);
      }
    }
    bins[i] = static_cast<float>(value / s.season_unit);
    total += value;
  }
  const float mean = static_cast<float>(total / s.want / s.season_unit);
  for (int i = 0; i < s.want; ++i) bins[i] -= mean;
}

// Called once the pool has room: the profile starts from the window, the level and the scale start anew around it.
inline void install_season(Series& s, const Clock& c, float* pool) {
  Whitened w;
  whiten(s, w);
  Finding found;
  try_harmonics(s, c, w, found, s.want_season);
  try_fold(s, c, w, found, s.want_season);
  s.season_unit = std::max(std::sqrt(w.variance), 1e-300);
  seed_bins(s, c, w, found, pool + s.bins);
  s.season = s.want_season;
  s.knots = s.want;
  s.want = s.want_season = 0;
  const double period = static_cast<double>(period_of(s.season));
  const double covered = static_cast<double>(s.window_slots) * s.window_span * c.span_ms;
  s.season_age = 0.0;
  s.cycles = covered / period * std::max(1.0, period / c.span_ms / s.knots) * s.knots;
  const double before = season_value(s, pool, position(s, c));
  for (double& level : s.level) level = s.level[0];
  for (int i = 1; i < 3; ++i) s.level[i] = s.previous - before;
  s.level[3] = s.level[0];
  s.level[4] = s.level[5] = s.level[1];
  for (double& e : s.error) e = s.variance;
  s.slope = s.deviation = s.ar_cross = s.ar_square = 0.0;
  s.scale_count = std::min(s.scale_count, 30.0);
  s.raw_level = s.previous;
  s.with_season = s.without_level = s.without_last = 0.0;
  s.run = 0;
  s.run_sum = 0.0;
}

// The season stays as long as it beats, over about the last cycle, the better of two predictions that ignore it.
inline void compare_season(Series& s, const Clock& c, double x, double error, double move, double limit) {
  const double cycle = static_cast<double>(period_of(s.season)) / c.span_ms;
  const double g = 1.0 / std::max(cycle, 64.0);
  s.with_season += g * (std::min(square(error), limit) - s.with_season);
  s.without_level += g * (std::min(square(x - s.raw_level), limit) - s.without_level);
  s.without_last += g * (std::min(square(move), limit) - s.without_last);
  s.raw_level += (x - s.raw_level) / 64.0;
  s.season_age += 1.0;
  if (s.season_age < 2.0 * cycle || s.with_season < std::min(s.without_level, s.without_last)) return;
  s.season = s.knots = 0;
  for (double& level : s.level) level = s.raw_level;
  s.deviation = s.ar_cross = s.ar_square = s.slope = 0.0;
  s.scale_count = std::min(s.scale_count, 30.0);
  open_window(s, c.bucket, x);
}

}  // namespace series
