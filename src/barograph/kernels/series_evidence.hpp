// From the probability of one bucket to evidence: several buckets together, against what this series has shown before.
#pragma once

#include "series_find.hpp"

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
constexpr double kLeastMean = 0.001;     // variance floor of the means, in deviations: a constant past must not freeze them
constexpr double kEarly = 20.0;          // values before which only the bucket itself is believed
constexpr double kOdd = 5.0;             // nats of evidence from which a value is part of an anomaly
constexpr int64_t kQuiet = 12;           // buckets without such a value that end one
constexpr double kKeep[kMeans] = {0.9, 0.95, 0.98};

struct Evidence {
  double ln_evidence;   // severity
  double severity;      // of this bucket alone
  double plain;         // logarithm of its plainest surprise
  double impact;
  double surprise[kChannels];
  double seen[kChannels];
  int64_t since;        // bucket number where the anomaly that this bucket belongs to began
  double mean[kMeans];
  double local;         // distance from the local level
  double slow;          // distance from the slow level
};

// -ln of the two-sided normal tail. Below 8 deviations a polynomial (least squares, absolute error below 7e-6): channels
// are looked up in a histogram, so more digits would be wasted time.
inline double near_surprise(double z) {
  return z * (0.7978857319356369 + z * (0.31829025937384103 + z * (0.036415882743422334 + z *
         (-0.004920887140354877 + z * (8.558571789708173e-05 + z * (0.00015558437571267875 + z *
         (-4.3521113949449064e-05 + z * (6.455178893667956e-06 + z * (-5.746881324602879e-07 + z *
         (2.8883341276997774e-08 + z * (-6.311801595922128e-10)))))))))));
}

// Of several z at once: the polynomials go side by side, and the rare large z are done again.
template <int N> inline void two_sided_surprises(const double (&z)[N], double (&out)[N]) {
  double most = 0.0;
  for (int i = 0; i < N; ++i) out[i] = near_surprise(std::min(std::fabs(z[i]), 8.0));
  for (int i = 0; i < N; ++i) most = std::max(most, std::fabs(z[i]));
  if (most <= 8.0) return;
  for (int i = 0; i < N; ++i) {
    if (!(std::fabs(z[i]) <= 8.0)) out[i] = -ln_normal_above(std::fabs(z[i])) - kLn2;
  }
}

// Edges of the surprise bins and what the prior expects beyond them.
struct Bins {
  double edge[kBins + 1];
  double prior[kBins + 1];
  Bins() {
    for (int k = 0; k <= kBins; ++k) {
      edge[k] = kSurprise * std::exp(kBinRatio * k);
      prior[k] = kPriorSeen * std::exp(-edge[k]);
    }
  }
};

inline const Bins kTable;

// How often was this channel as surprised as r? A histogram of exceedances with kPriorSeen buckets of e^-r as its prior;
// beyond everything seen it grows with the logarithm of r only.
inline double remembered(const Series& s, int channel, double r) {
  if (!(r > kSurprise)) return r == r ? r : 0.0;
  const float* bins = s.surprise[channel];
  const double total = s.seen + kPriorSeen;
  const double floor = 0.3 / total;
  const auto share = [&](int k) { return (bins[k] + kTable.prior[k]) / total; };
  int k = 0;
  while (k < kBins - 1 && r > kTable.edge[k + 1]) ++k;
  double p = share(k);
  if (k < kBins - 1) p += (r - kTable.edge[k]) / (kTable.edge[k + 1] - kTable.edge[k]) * (share(k + 1) - p);
  if (p > floor && k < kBins - 1) return -std::log(p);
  int last = k;
  while (last > 0 && share(last) < floor) --last;
  return -std::log(std::max(share(last), floor)) + std::log(std::max(r / kTable.edge[last + 1], 1.0));
}

// A detector of one side is not surprised by the other.
inline double on_side(int side, double z) { return side == 0 ? z : std::max(side * z, 0.0); }

// The surprise of each channel, against the state of the bucket before.
inline void listen(const Series& s, const Forecast& f, int side, double x, double ln_p, Evidence& e) {
  const double y = x - f.season;
  const double least = floor_square(s, x);
  e.local = y - s.local_level;
  e.slow = y - s.level[0];
  const double z = e.slow / std::sqrt(s.slow_square + least);
  // The window of the impact, the local and the slow level, and the two longer means.
  double standard[6] = {0.0, e.local / std::sqrt(s.local_square + least), z, 0.0, 0.0, 0.0};
  constexpr int kPlace[kMeans] = {0, 3, 4};
  for (int i = 0; i < kMeans; ++i) {
    e.mean[i] = s.mean[i] + (1.0 - kKeep[i]) * (std::clamp(z, -4.0, 4.0) - s.mean[i]);
    if (s.count >= 30.0) standard[kPlace[i]] = (e.mean[i] - s.mean_centre[i]) / std::sqrt(s.mean_square[i] + kLeastMean);
  }
  if (side != 0) {
    for (double& one : standard) one = on_side(side, one);
  }
  double surprise[6];
  two_sided_surprises(standard, surprise);
  e.surprise[0] = -ln_p;
  for (int i = 1; i < kChannels; ++i) e.surprise[i] = surprise[i];
  const double ln_m = -surprise[0];
  const double ratio = std::min(ln_p, ln_m) / std::min(std::max(ln_p, ln_m), -0.001);
  e.impact = s.count < 30.0 ? -5.0 : std::clamp(kImpact * ratio * (ln_p - ln_m), -5.0, 5.0);
}

// ln(1 + r); below 1, where nobody looks, its Pade approximant (error below 0.007).
inline double ln_one_and(double r) { return r < 1.0 ? r * (6.0 + r) / (6.0 + 4.0 * r) : std::log(1.0 + r); }

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
    e.seen[i] = early ? std::min(r, 1.0) : remembered(s, i, r);
  }
  const double plain = std::max(e.surprise[0], std::min(e.surprise[1], e.surprise[2]));
  e.plain = early ? 0.0 : ln_one_and(std::min(plain, 1e9));
  e.severity = severity_of(e.seen, e.plain);
  const double lasting = 0.5 * (e.severity + s.memory + (1.0 - kKeep[0]) * (e.severity - s.memory));
  e.ln_evidence = ln_evidence_of(lasting, e.surprise[0]);
}

inline Evidence evidence(const Series& s, const Forecast& f, int side, int64_t bucket, double x, double ln_p) {
  Evidence e;
  listen(s, f, side, x, ln_p, e);
  weigh(s, e);
  e.since = s.odd_last >= 0 && bucket - s.odd_last <= kQuiet ? s.odd_since : bucket;
  return e;
}

inline void learn_spread(Series& s, const Evidence& e, double x) {
  const double open = s.spread_count < 16.0 ? kInfinity : 0.0;
  const double least = floor_square(s, x);
  const double g = gain(s.spread_count, kSlow);
  const double reach = s.spread_count < 16.0 ? kInfinity : 4.0 * std::sqrt(s.local_square);
  s.local_square += g * (std::min(square(e.local), 16.0 * (s.local_square + least) + open) - s.local_square);
  s.slow_square += g * (std::min(square(e.slow), 16.0 * (s.slow_square + least) + open) - s.slow_square);
  s.local_level += 0.01 * std::clamp(e.local, -reach, reach);
  s.spread_count += 1.0;
  const double g_mean = gain(s.count, 3000.0);
  for (int i = 0; i < kMeans; ++i) {
    const double step = e.mean[i] - s.mean_centre[i];
    const double limit = 4.0 * std::sqrt(s.mean_square[i] + kLeastMean);
    s.mean_square[i] += g_mean * (std::min(square(step), square(limit) + (s.count < 100.0 ? 16.0 : 0.0)) - s.mean_square[i]);
    s.mean_centre[i] += g_mean * std::clamp(step, -limit, limit);
    s.mean[i] = e.mean[i];
  }
}

inline void learn_evidence(Series& s, const Evidence& e, int64_t bucket, double x) {
  constexpr double kIncident = 8.0;
  if (e.ln_evidence <= -kOdd) {
    s.odd_since = e.since;
    s.odd_last = bucket;
  }
  const float weight = e.ln_evidence < -kIncident ? static_cast<float>(kRepeated) : 1.0f;
  for (int i = 0; i < kChannels; ++i) {
    if (!(e.surprise[i] > kSurprise)) continue;
    float* bins = s.surprise[i];
    for (int k = 0; k < kBins && e.surprise[i] > kTable.edge[k]; ++k) bins[k] += weight;
  }
  s.seen += weight;
  if ((static_cast<int64_t>(s.count) & 63) == 63) {
    const double keep = std::exp(-64.0 / kMemory);
    s.seen *= keep;
    for (auto& channel : s.surprise) {
      for (float& b : channel) b = static_cast<float>(b * keep);
    }
  }
  s.memory += (1.0 - kKeep[0]) * (e.severity - s.memory);
  learn_spread(s, e, x);
}

}  // namespace series
