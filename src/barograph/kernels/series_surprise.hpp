// What a channel's surprises were before: a histogram of exceedances, and how rare it finds a new one.
#pragma once

#include <algorithm>

#include "series_lanes.hpp"
#include "series_state.hpp"

namespace series {

constexpr double kSurprise = 1.5;       // nats: smaller surprises are not remembered
constexpr double kBinRatio = 0.45;      // ln of the width of a surprise bin
constexpr double kPriorSeen = 100.0;    // buckets of prior: surprises are taken at their word until about as many were seen
constexpr double kMemory = 8000.0;      // buckets of memory of surprises
constexpr double kFewest = 0.3;         // buckets: beyond everything seen
constexpr int kCalm = 4;                // bins that the surprises of most buckets stay within

// Edges of the surprise bins and what the prior expects beyond them, also as lanes: `wide` for all channels but the first.
struct Bins {
  double edge[kBins + 1];
  double prior[kBins + 1];
  float near_edge[kCalm], near_prior[kCalm + 1], per_width[kCalm];
  Four wide_edge[kCalm], wide_prior[kCalm + 1], wide_per_width[kCalm];
  Bins() {
    for (int k = 0; k <= kBins; ++k) {
      edge[k] = kSurprise * e_to(kBinRatio * k);
      prior[k] = kPriorSeen * e_to(-edge[k]);
    }
    for (int k = 0; k <= kCalm; ++k) {
      near_prior[k] = static_cast<float>(prior[k]);
      wide_prior[k] = Four{} + near_prior[k];
      if (k == kCalm) break;
      near_edge[k] = static_cast<float>(edge[k]);
      per_width[k] = static_cast<float>(1.0 / (edge[k + 1] - edge[k]));
      wide_edge[k] = Four{} + near_edge[k];
      wide_per_width[k] = Four{} + per_width[k];
    }
  }
};

inline const Bins kTable;

inline float& seen_beyond(Series& s, int channel, int k) { return channel == 0 ? s.one_step[k] : s.surprise[k][channel - 1]; }

inline double expected_beyond(const Series& s, int channel, int k) {
  return (channel == 0 ? s.one_step[k] : s.surprise[k][channel - 1]) + kTable.prior[k];
}

// -ln of how often this channel was as surprised as r: exceedances with kPriorSeen buckets of e^-r as their prior; beyond
// everything seen it grows with the logarithm of r only.
inline double remembered(const Series& s, int channel, double r) {
  if (!(r > kSurprise)) return r == r ? r : 0.0;
  const double total = s.seen + kPriorSeen;
  int k = 0;
  while (k < kBins - 1 && r > kTable.edge[k + 1]) ++k;
  if (k < kBins - 1) {
    const double here = expected_beyond(s, channel, k);
    const double share = (r - kTable.edge[k]) / (kTable.edge[k + 1] - kTable.edge[k]);
    const double n = here + share * (expected_beyond(s, channel, k + 1) - here);
    if (n > kFewest) return ln(total / n);
  }
  int last = k;
  while (last > 0 && expected_beyond(s, channel, last) < kFewest) --last;
  return ln(total / std::max(expected_beyond(s, channel, last), kFewest)) + ln(std::max(r / kTable.edge[last + 1], 1.0));
}

// Surprises of one bucket: of the first channel, of the others.
struct Surprises {
  float first;
  Four others;
};

// One step alone, or both levels.
inline float plainest(const Surprises& r) { return greater(Four{} + r.first, lesser(r.others, swapped(r.others)))[0]; }

// About half of all buckets surprise no channel: nothing is remembered of them, and nothing needs to be looked up.
inline bool quiet(const Surprises& r) {
  return !any(greater(r.others, Four{} + r.first) > static_cast<float>(kSurprise));
}

// `remembered` of all channels, where each stays within the calm bins: no branch depends on the values, which are as good
// as random. `plain`: ln(1 + the plainest surprise). False where a channel saw too little there.
inline bool calm_memory(const Series& s, const Surprises& r, Surprises& seen, double& plain) {
  if (quiet(r)) {
    seen = r;
    plain = near_ln(Four{} + (1.0f + plainest(r)))[0];
    return true;
  }
  Four here = load<Four>(s.surprise[0]) + kTable.wide_prior[0];
  Four n = here;
  for (int k = 0; k < kCalm; ++k) {
    const Four next = load<Four>(s.surprise[k + 1]) + kTable.wide_prior[k + 1];
    n += within((r.others - kTable.wide_edge[k]) * kTable.wide_per_width[k], Four{}, Four{} + 1.0f) * (next - here);
    here = next;
  }
  // The first channel's lanes are its bins.
  const Four low = load<Four>(s.one_step) + load<Four>(kTable.near_prior);
  const Four high = load<Four>(s.one_step + 1) + load<Four>(kTable.near_prior + 1);
  const Four share = within((r.first - load<Four>(kTable.near_edge)) * load<Four>(kTable.per_width), Four{}, Four{} + 1.0f);
  const Four fall = share * (high - low);
  const float first = low[0] + ((fall[0] + fall[1]) + (fall[2] + fall[3]));
  const Four least = lesser(lesser(n, swapped_halves(n)), Four{} + first);
  if (!(least[0] > static_cast<float>(kFewest) && least[1] > static_cast<float>(kFewest))) return false;
  const float total = static_cast<float>(s.seen + kPriorSeen);
  const Four rare = near_ln(total / n);
  seen.others = r.others > static_cast<float>(kSurprise) ? rare : r.others;
  const Four logs = near_ln(Four{total / first, 1.0f + plainest(r), 1.0f, 1.0f});
  const Four one = Four{} + r.first;
  seen.first = (one > static_cast<float>(kSurprise) ? logs : one)[0];
  plain = logs[1];
  return true;
}

// One bucket more, of surprises within the calm bins.
inline void remember_calm(Series& s, const Surprises& r, float weight) {
  if (quiet(r)) return;
  const Four one = Four{} + weight;
  for (int k = 0; k < kCalm; ++k) {
    store(s.surprise[k], load<Four>(s.surprise[k]) + (r.others > kTable.wide_edge[k] ? one : Four{}));
  }
  const Four edges = load<Four>(kTable.near_edge);
  store(s.one_step, load<Four>(s.one_step) + (Four{} + r.first > edges ? one : Four{}));
}

// One bucket more, of any surprises.
inline void remember(Series& s, const double* surprise, float weight) {
  for (int i = 0; i < kChannels; ++i) {
    for (int k = 0; k < kBins && surprise[i] > kTable.edge[k]; ++k) seen_beyond(s, i, k) += weight;
  }
}

inline void fade_memory(Series& s) {
  constexpr double kKeep = 0.9920319148370607;  // exp(-64 / kMemory)
  s.seen *= kKeep;
  for (auto& bin : s.surprise) store(bin, load<Four>(bin) * static_cast<float>(kKeep));
  for (float& bin : s.one_step) bin *= static_cast<float>(kKeep);
}

}  // namespace series
