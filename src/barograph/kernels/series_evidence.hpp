// From the probability of one bucket to evidence: several buckets together, against what this series has shown before.
#pragma once

#include "series_find.hpp"
#include "series_lanes.hpp"

namespace series {

constexpr double kSurprise = 1.5;       // nats: smaller surprises are not remembered
constexpr double kBinRatio = 0.45;      // ln of the width of a surprise bin
constexpr double kPriorSeen = 100.0;    // buckets of prior: surprises are taken at their word until about as many were seen
constexpr double kMemory = 8000.0;      // buckets of memory of surprises
constexpr double kRepeated = 0.2;       // weight in that memory of buckets that are part of an obvious incident
constexpr double kImpact = 5.0 / 6.907755278982137;  // multi-bucket impact: 5 at a factor of 1,000
// Severity to nats, so that null series (normal, gamma, counts, AR, random walks) reach e^-x about as often as e^-x says.
constexpr double kSeverityScale = 1.4;
constexpr double kSeverityStart = 2.8;
constexpr float kLeastMean = 0.001f;      // variance floor of the means, in deviations: a constant past must not freeze them
constexpr double kEarly = 20.0;          // values before which only the bucket itself is believed
constexpr double kOdd = 5.0;             // nats of evidence from which a value is part of an anomaly
constexpr double kFresh = 0.1;           // share of the severity's mean that the present bucket makes up
constexpr int64_t kQuiet = 12;           // buckets without such a value that end one
constexpr Four kStep = {0.1f, 0.05f, 0.02f, 0.0f};

struct Evidence {
  double ln_evidence;   // severity
  double severity;      // of this bucket alone
  double plain;         // logarithm of its plainest surprise
  double ln_m;          // ln p of the window of the impact
  double surprise[kChannels];
  double seen[kChannels];
  int bin[kChannels];   // highest surprise bin whose edge is topped, -1: none
  int64_t since;        // bucket number where the anomaly that this bucket belongs to began
  Four mean;
  Four deviation;       // of the means, floored
  double local;         // distance from the local level
  double slow;          // distance from the slow level
  double local_deviation;  // floored
  double least;         // floor of their squares
};

// -ln of the two-sided normal tail. Below 8 deviations a polynomial (least squares, absolute error below 4e-5 in single
// precision): channels are looked up in a histogram, so more digits would be wasted time.
inline Four near_surprise(Four z) {
  return z * (0.7978857319356369f + z * (0.31829025937384103f + z * (0.036415882743422334f + z *
         (-0.004920887140354877f + z * (8.558571789708173e-05f + z * (0.00015558437571267875f + z *
         (-4.3521113949449064e-05f + z * (6.455178893667956e-06f + z * (-5.746881324602879e-07f + z *
         (2.8883341276997774e-08f + z * (-6.311801595922128e-10f)))))))))));
}

constexpr float kNear = 8.0f;
inline double far_surprise(double z) { return -ln_normal_above(std::fabs(z)) - kLn2; }

// Edges of the surprise bins and what the prior expects beyond them.
struct Bins {
  double edge[kBins + 1];
  double prior[kBins + 1];
  double per_width[kBins];  // one over the width of a bin
  Bins() {
    for (int k = 0; k <= kBins; ++k) {
      edge[k] = kSurprise * e_to(kBinRatio * k);
      prior[k] = kPriorSeen * e_to(-edge[k]);
    }
    for (int k = 0; k < kBins; ++k) per_width[k] = 1.0 / (edge[k + 1] - edge[k]);
  }
};

inline const Bins kTable;

// How often was this channel as surprised as r, which tops the edge of bin k? A histogram of exceedances with kPriorSeen
// buckets of e^-r as its prior; beyond everything seen it grows with the logarithm of r only.
inline double remembered(const Series& s, int channel, int k, double r) {
  constexpr double kFewest = 0.3;  // buckets
  const float* bins = s.surprise[channel];
  const double total = s.seen + kPriorSeen;
  const auto beyond = [&](int i) { return bins[i] + kTable.prior[i]; };
  if (k < kBins - 1) [[likely]] {
    const double here = beyond(k);
    const double n = here + (r - kTable.edge[k]) * kTable.per_width[k] * (beyond(k + 1) - here);
    if (n > kFewest) [[likely]] return ln(total / n);
  }
  int last = k;
  while (last > 0 && beyond(last) < kFewest) --last;
  return ln(total / std::max(beyond(last), kFewest)) + ln(std::max(r / kTable.edge[last + 1], 1.0));
}

inline int surprise_bin(double r) {
  int k = 0;
  while (k < kBins - 1 && r > kTable.edge[k + 1]) ++k;
  return k;
}

// A detector of one side is not surprised by the other.
inline double on_side(int side, double z) { return side == 0 ? z : std::max(side * z, 0.0); }

// The surprise of each channel, against the state of the bucket before.
inline void listen(const Series& s, const Forecast& f, int side, double x, double ln_p, Evidence& e) {
  const double y = x - f.season;
  e.least = floor_square(s, x);
  e.local = y - s.local_level;
  e.slow = y - s.level[0];
  e.local_deviation = std::sqrt(s.local_square + e.least);
  const double local = on_side(side, e.local / e.local_deviation);
  const double z = e.slow / std::sqrt(s.slow_square + e.least);
  const double slow = on_side(side, z);
  const Four mean = load<Four>(s.mean);
  e.mean = mean + kStep * (static_cast<float>(std::clamp(z, -4.0, 4.0)) - mean);
  e.deviation = root(load<Four>(s.mean_square) + kLeastMean);
  Four means = (e.mean - load<Four>(s.mean_centre)) / e.deviation;
  if (s.count < 30.0) means = Four{};
  means = side == 0 ? greater(means, -means) : greater(means * static_cast<float>(side), Four{});
  const Four levels = {static_cast<float>(std::min(std::fabs(local), 1e30)), static_cast<float>(std::min(std::fabs(slow), 1e30))};
  // The rare distance beyond the polynomial's end is looked up again.
  const Four of_means = near_surprise(lesser(means, Four{} + kNear));
  const Four of_levels = near_surprise(lesser(levels, Four{} + kNear));
  e.surprise[0] = -ln_p;
  e.surprise[1] = levels[0] > kNear ? far_surprise(local) : of_levels[0];
  e.surprise[2] = levels[1] > kNear ? far_surprise(slow) : of_levels[1];
  e.surprise[3] = means[1] > kNear ? far_surprise(means[1]) : of_means[1];
  e.surprise[4] = means[2] > kNear ? far_surprise(means[2]) : of_means[2];
  e.ln_m = means[0] > kNear ? -far_surprise(means[0]) : -of_means[0];
}

// -5: this bucket alone; 5: only the last twelve together.
inline double impact_of(const Series& s, const Evidence& e, double ln_p) {
  if (s.count < 30.0) return -5.0;
  const double ratio = std::min(ln_p, e.ln_m) / std::min(std::max(ln_p, e.ln_m), -0.001);
  return std::clamp(kImpact * ratio * (ln_p - e.ln_m), -5.0, 5.0);
}

// ln(1 + r); below 1, where nobody looks, its Pade approximant (error below 0.007).
inline double ln_one_and(double r) { return r < 1.0 ? r * (6.0 + r) / (6.0 + 4.0 * r) : ln(1.0 + r); }

// Half the two strongest channels, plus the logarithm of the plainest surprise.
inline double severity_of(const double* channel, double plain) {
  double first = 0.0, second = 0.0;
  for (int i = 0; i < kChannels; ++i) {
    second = std::max(second, std::min(channel[i], first));
    first = std::max(first, channel[i]);
  }
  return 0.5 * (first + second) + plain;
}

// Below the start only the order counts; a value impossible on its own is severe whatever its neighbours say.
inline double ln_evidence_of(double severity, double alone) {
  return -std::max({0.2 * severity, kSeverityScale * (severity - kSeverityStart), 0.25 * alone});
}

// Severity, each channel against its own past: half of it now, half its mean over the last buckets.
inline void weigh(const Series& s, Evidence& e) {
  const bool early = s.count < kEarly;
  for (int i = 0; i < kChannels; ++i) {
    const double r = std::max(e.surprise[i], 0.0);
    e.bin[i] = r > kSurprise ? surprise_bin(r) : -1;
    e.seen[i] = early ? std::min(r, 1.0) : e.bin[i] < 0 ? r : remembered(s, i, e.bin[i], r);
  }
  const double plain = std::max(e.surprise[0], std::min(e.surprise[1], e.surprise[2]));
  e.plain = early ? 0.0 : ln_one_and(std::min(plain, 1e9));
  e.severity = severity_of(e.seen, e.plain);
  const double lasting = 0.5 * (e.severity + s.memory + kFresh * (e.severity - s.memory));
  e.ln_evidence = ln_evidence_of(lasting, e.surprise[0]);
}

inline Evidence evidence(const Series& s, const Forecast& f, int side, int64_t bucket, double x, double ln_p) {
  Evidence e;
  listen(s, f, side, x, ln_p, e);
  weigh(s, e);
  e.since = s.odd_last >= 0 && bucket - s.odd_last <= kQuiet ? s.odd_since : bucket;
  return e;
}

inline void learn_spread(Series& s, const Evidence& e) {
  const bool young = s.spread_count < 16.0;
  const double open = young ? kInfinity : 0.0;
  const double g = gain(s.spread_count, kSlow);
  const double reach = young ? kInfinity : 4.0 * e.local_deviation;
  s.local_square += g * (std::min(square(e.local), 16.0 * (s.local_square + e.least) + open) - s.local_square);
  s.slow_square += g * (std::min(square(e.slow), 16.0 * (s.slow_square + e.least) + open) - s.slow_square);
  s.local_level += 0.01 * std::clamp(e.local, -reach, reach);
  s.spread_count += 1.0;
  const float g_mean = static_cast<float>(gain(s.count, 3000.0));
  const float first = s.count < 100.0 ? 16.0f : 0.0f;
  const Four centre = load<Four>(s.mean_centre), spread = load<Four>(s.mean_square);
  const Four step = e.mean - centre;
  const Four limit = 4.0f * e.deviation;
  store(s.mean_square, spread + g_mean * (lesser(step * step, limit * limit + first) - spread));
  store(s.mean_centre, centre + g_mean * within(step, -limit, limit));
  store(s.mean, e.mean);
}

inline void learn_evidence(Series& s, const Evidence& e, int64_t bucket) {
  constexpr double kIncident = 8.0;
  if (e.ln_evidence <= -kOdd) {
    s.odd_since = e.since;
    s.odd_last = bucket;
  }
  const float weight = e.ln_evidence < -kIncident ? static_cast<float>(kRepeated) : 1.0f;
  for (int i = 0; i < kChannels; ++i) {
    for (int k = 0; k <= e.bin[i]; ++k) s.surprise[i][k] += weight;
  }
  s.seen += weight;
  if ((static_cast<int64_t>(s.count) & 63) == 63) {
    constexpr double kKeep = 0.9920319148370607;  // exp(-64 / kMemory)
    s.seen *= kKeep;
    for (auto& channel : s.surprise) {
      for (float& b : channel) b *= static_cast<float>(kKeep);
    }
  }
  s.memory += kFresh * (e.severity - s.memory);
  learn_spread(s, e);
}

}  // namespace series
