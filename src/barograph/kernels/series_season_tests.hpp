// The tests on the summary window: has a season earned its place?
#pragma once

#include "series_lanes.hpp"
#include "series_line.hpp"
#include "series_window.hpp"

namespace series {

constexpr double kAccept = 8.0;     // nats of evidence, penalised for coefficients, before a season is used (chosen)
constexpr double kAcceptDay = 5.0;  // the same for a day, which most seasons are (chosen)
constexpr double kFewestCycles = 1.9;    // that the window must hold (chosen)
constexpr double kMeasuredCycles = 4.0;  // the same for a period that no calendar knows (chosen)
constexpr int kHarmonics = 6;  // (chosen)
constexpr double kLineShare = 0.5;  // of the window's squares, from which a line that may bend is taken out of it (chosen)
constexpr int kLines = 3;           // bends at most (chosen)
constexpr double kHeaviest = 4.0;   // kurtosis of residuals up to which each value counts as one (chosen)

// The window without its AR(1) memory: under "no season" these innovations are white, also for a random walk.
struct Whitened {
  double value[kWindow];   // the window, winsorised, centred; NaN: no data
  double centre;           // what was taken off
  double white[kWindow];   // 0: unknown
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
  double trust = 1.0;      // share of the nats that counts
  bool folded = false;     // the bins describe it better than the harmonics
  int harmonics = 0;
  double cosine[kHarmonics] = {};
  double sine[kHarmonics] = {};
};

inline void winsorise(Whitened& w) {
  // Slots two at a time; one past the end is no data.
  if (w.slots < kWindow) w.value[w.slots] = std::nan("");
  w.centre = 0.0;
  for (int pass = 0; pass < 2; ++pass) {
    Two n = {}, sum = {}, squares = {};
    for (int i = 0; i < w.slots; i += 2) {
      const Two x = load<Two>(w.value + i);
      n += known(Two{1.0, 1.0}, x);
      sum += known(x, x);
    }
    const double count = std::max(sum_of(n), 1.0);
    const double mean = sum_of(sum) / count;
    w.centre += mean;
    for (int i = 0; i < w.slots; i += 2) {
      const Two x = load<Two>(w.value + i) - mean;
      squares += known(x * x, x);
      store(w.value + i, x);
    }
    const Two limit = Two{} + 4.0 * std::sqrt(sum_of(squares) / count);
    for (int i = 0; i < w.slots; i += 2) {
      const Two x = load<Two>(w.value + i);
      store(w.value + i, x == x ? within(x, -limit, limit) : x);
    }
  }
}

// Takes out of the values a line that bends up to kLines times, where it explains most of them. Returns whether it did.
inline bool straighten(Whitened& w) {
  int round = 0;
  for (; round < kLines; ++round) {
    const Line line = fit_line(w.value, w.slots);
    if (!(line.known >= 24.0 && line.squares > 0.0)) break;
    const Turn bend = best_turns(w.value, w.slots, line, 2).bend;
    const double all = line.squares + square(line.slope) * line.spread;
    if (line.squares - bend.gain > (1.0 - kLineShare) * all) break;
    const Fit fit = fit_with_memory(w.value, w.slots, 0.0, line.centre, bend.at < 0 ? kNoTurn : kBend, bend.at);
    for (int i = 0; i < w.slots; ++i) {
      w.value[i] -= fit.weight[0] + fit.weight[1] * (i - line.centre) + fit.weight[2] * turn_at(kBend, bend.at, i);
    }
  }
  return round > 0;
}

inline void load_window(const Series& s, Whitened& w) {
  w.slots = s.window.slots;
  for (int i = 0; i < w.slots; ++i) w.value[i] = s.window.slot[i];
}

inline void whiten(Whitened& w) {
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
    const double innovation = i > 0 ? w.value[i] - w.phi * w.value[i - 1] : std::nan("");
    const bool known = innovation == innovation;
    w.white[i] = known ? innovation : 0.0;
    w.known += known ? 1.0 : 0.0;
    sum += square(w.white[i]);
  }
  w.variance = w.known > 0.0 ? sum / w.known : 0.0;
}

// Profile time of the middle of slot i.
inline int64_t slot_time(const Series& s, const Clock& c, int kind, int i) {
  const int64_t start = s.window.first + static_cast<int64_t>(i) * s.window.span;
  return profile_time(kind, c, s.season.shift_ms) - (c.bucket - start) * c.span_ms + (s.window.span * c.span_ms) / 2;
}

inline double phase(int64_t time, int64_t period_ms) {
  return static_cast<double>(modulo(time, period_ms)) / static_cast<double>(period_ms);
}

// Share of what happens in the window that the explained slots must hold (chosen): what leaves the one event out explains nothing.
constexpr double kLeastHeld = 0.5;  // (chosen)

struct Gain {
  double nats = 0.0;   // 0: none
  double trust = 1.0;  // share of the values that the nats may be counted for
};

// Nats by which `left` (the window less a season; NaN: not explained) with an AR(1) memory of its own describes the same
// slots better than memory alone. A season is memory too, so the memory must be measured again with the season gone:
// this is where small seasons show. The later half must gain as well: what has ended is no season. Residuals with heavy
// tails are worth fewer values: two of a few spikes that happen to share an hour are no season.
inline Gain gain_over_memory(const Whitened& w, const double* left, int coefficients) {
  // Slots two at a time; one past the end is no data.
  const auto pair = [&w](const double* from, int i) { return i + 1 < w.slots ? load<Two>(from + i) : Two{from[i], std::nan("")}; };
  Two cross = {}, before = {}, after = {}, n = {};
  for (int i = 1; i < w.slots; i += 2) {
    const Two now = pair(left, i), last = load<Two>(left + i - 1);
    const Two product = now * last;
    cross += known(product, product);
    before += known(last * last, product);
    after += known(now * now, product);
    n += known(Two{1.0, 1.0}, product);
  }
  const double pairs = sum_of(n), both = sum_of(before) + sum_of(after);
  if (pairs < 24.0) return {};
  const double phi = both > 0.0 ? std::clamp(2.0 * sum_of(cross) / both, 0.0, 0.98) : 0.0;
  // Memory alone is given the mean of the very slots that are explained.
  Two whites = {};
  const auto errors = [&](int from, int end, auto&& counted) {
    for (int i = from; i < end; i += 2) {
      Two e = square(pair(left, i) - phi * load<Two>(left + i - 1));
      if (i + 1 >= end) e[1] = std::nan("");
      counted(known(pair(w.white, i), e), e);
    }
  };
  errors(1, w.slots, [&](Two white, Two) { whites += white; });
  const Two mean = Two{} + sum_of(whites) / pairs;
  double base[2], squares[2];
  Two fourth = {};
  const int middle = (w.slots + 1) / 2;
  for (int half = 0; half < 2; ++half) {
    Two b = {}, s = {};
    errors(half ? middle : 1, half ? w.slots : middle, [&](Two white, Two e) {
      b += known(square(white - mean), e);
      s += known(e, e);
      fourth += known(e * e, e);
    });
    base[half] = sum_of(b), squares[half] = sum_of(s);
  }
  const double had = base[0] + base[1];
  if (had < kLeastHeld * w.variance * w.known) return {};
  const double has = std::max(squares[0] + squares[1], 1e-6 * had);
  if (has >= had || squares[1] >= base[1]) return {};
  const double kurtosis = std::max(sum_of(fourth) * pairs / square(has), 1.0);
  return {0.5 * (pairs - coefficients) * ln(had / has), std::min(1.0, kHeaviest / kurtosis)};
}

// Low harmonics of the period, one after the other; each pays ln n for its two coefficients.
inline void try_harmonics(const Series& s, const Clock& c, const Whitened& w, Candidate candidate, Finding& found) {
  if (candidate.kind == kWorkdays) return;
  const double turn = static_cast<double>(s.window.span * c.span_ms) / static_cast<double>(candidate.period_ms);
  const double start = phase(slot_time(s, c, candidate.kind, 0), candidate.period_ms);
  double left[kWindow + 1], co[kWindow + 1], si[kWindow + 1];
  std::copy(w.value, w.value + w.slots, left);
  // Two harmonics in a row that do not help end the search; shapes with none but high ones are found folded.
  for (int k = 1; k <= kHarmonics && k * turn < 0.45 && k <= found.harmonics + 2; ++k) {
    const Circle step = on_circle(k * turn), twice = on_circle(2 * k * turn);
    const Circle even = on_circle(k * start), odd = on_circle(k * (start + turn));
    const double dc = step.cosine, ds = step.sine;
    Two c2 = {even.cosine, odd.cosine}, s2 = {even.sine, odd.sine}, along = {}, across = {};
    for (int i = 0; i < w.slots; i += 2) {
      const Two white = i + 1 < w.slots ? load<Two>(w.white + i) : Two{w.white[i], 0.0};
      along += white * c2;
      across += white * s2;
      store(co + i, c2);
      store(si + i, s2);
      const Two next = c2 * twice.cosine - s2 * twice.sine;
      s2 = s2 * twice.cosine + c2 * twice.sine;
      c2 = next;
    }
    double a = sum_of(along), b = sum_of(across);
    a *= 2.0 / w.known;
    b *= 2.0 / w.known;
    // Undo the whitening: the harmonic had passed the filter 1 - phi B.
    const double re = 1.0 - w.phi * dc;
    const double im = w.phi * ds;
    const double cosine = found.cosine[k - 1] = (a * re - b * im) / (re * re + im * im);
    const double sine = found.sine[k - 1] = (b * re + a * im) / (re * re + im * im);
    for (int i = 0; i < w.slots; ++i) left[i] -= cosine * co[i] + sine * si[i];
    const Gain gain = gain_over_memory(w, left, 2 * k);
    const double evidence = gain.nats - k * ln(w.known);
    if (evidence > found.evidence) {
      found.evidence = evidence;
      found.trust = gain.trust;
      found.harmonics = k;
      found.folded = false;
    }
  }
}

inline int fold_bins(const Series& s, const Clock& c, Candidate candidate) {
  const int64_t bins = candidate.period_ms / (s.window.span * c.span_ms);
  return static_cast<int>(std::clamp<int64_t>(bins, 1, candidate.kind == kWorkdays ? kWindow / 2 : kWindow));
}

// Bin of every slot; for workdays the weekend has the bins after those of the week.
inline void fold_slots(const Series& s, const Clock& c, Candidate candidate, int bins, int* bin) {
  const int64_t slot = s.window.span * c.span_ms;
  int64_t time = slot_time(s, c, candidate.kind, 0);
  int64_t into = modulo(time, candidate.period_ms);
  const double width = static_cast<double>(candidate.period_ms) / bins;
  for (int i = 0; i < s.window.slots; ++i) {
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
    if (w.value[i] != w.value[i]) continue;
    sum[bin[i]] += w.value[i];
    seen[bin[i]] += 1.0;
  }
  double left[kWindow];
  for (int i = 0; i < w.slots; ++i) {
    const double n = seen[bin[i]];
    left[i] = n > 1.0 ? (w.value[i] - sum[bin[i]] / n) * n / (n - 1.0) : std::nan("");
  }
  const Gain gain = gain_over_memory(w, left, 0);
  if (gain.nats > found.evidence) {
    found.evidence = gain.nats;
    found.trust = gain.trust;
    found.folded = true;
  }
}

inline Finding examine(const Series& s, const Clock& c, const Whitened& w, Candidate candidate, double cycles) {
  Finding found;
  const int64_t slot = s.window.span * c.span_ms;
  const int64_t repeats = candidate.kind == kWorkdays ? kWeek : candidate.period_ms;
  const bool long_enough = static_cast<double>(s.window.slots * slot) >= cycles * static_cast<double>(repeats);
  if (!long_enough || slot * 4 > candidate.period_ms) return found;
  try_harmonics(s, c, w, candidate, found);
  try_fold(s, c, w, candidate, found);
  return found;
}

// A period from the data, slots: the highest peak of the autocorrelation, made precise at its multiples. 0: none.
inline double free_lag(const Whitened& w) {
  float value[kWindow + 8] = {};
  double squares = 0.0;
  for (int i = 0; i < w.slots; ++i) squares += w.value[i] == w.value[i] ? square(w.value[i]) : 0.0;
  const double unit = squares > 0.0 ? std::sqrt(w.slots / squares) : 0.0;
  for (int i = 0; i < w.slots; ++i) value[i] = w.value[i] == w.value[i] ? static_cast<float>(unit * w.value[i]) : 0.0f;
  double power[kWindow / 2 + 2] = {};
  const int most = w.slots / 2;
  for (int lag = 0; lag <= most + 1; ++lag) {
    Four sum = {}, other = {};  // two chains: the additions need not wait for each other
    for (int i = lag; i < w.slots; i += 8) {
      sum += load<Four>(value + i) * load<Four>(value + i - lag);
      other += load<Four>(value + i + 4) * load<Four>(value + i + 4 - lag);
    }
    sum += other;
    power[lag] = (static_cast<double>(sum[0]) + sum[1] + sum[2] + sum[3]) / (w.slots - lag);
  }
  const auto peak = [&](int lag) { return power[lag] > power[lag - 1] && power[lag] >= power[lag + 1]; };
  int best = 0;
  for (int lag = 4; lag <= most; ++lag) {
    if (peak(lag) && (best == 0 || power[lag] > 1.1 * power[best])) best = lag;
  }
  // White noise has no peak beyond two of its standard errors worth measuring.
  if (best == 0 || power[best] < 2.0 * power[0] / std::sqrt(static_cast<double>(w.slots))) return 0.0;
  double period = 0.0;
  for (int times = 1; times == 1 || times * period + 1.0 < most; ++times) {
    int at = times == 1 ? best : static_cast<int>(times * period + 0.5);
    if (times > 1) at += power[at + 1] > power[at] ? 1 : power[at - 1] > power[at] ? -1 : 0;
    if (at > most || !peak(at)) break;
    // The top of the parabola through the peak and its neighbours.
    const double bend = 2.0 * power[at] - power[at - 1] - power[at + 1];
    period = (at + 0.5 * (power[at + 1] - power[at - 1]) / bend) / times;
  }
  return period;
}

}  // namespace series
