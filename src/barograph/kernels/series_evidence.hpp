// From the probability of one bucket to evidence: several buckets together, against what this series has shown before.
#pragma once

#include "series_find.hpp"
#include "series_surprise.hpp"

namespace series {

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
constexpr Four kMeanStep = {0.1f, 0.0f, 0.05f, 0.02f};  // the channels of the last two lie in their own lanes

struct Evidence {
  double ln_evidence;   // severity
  double severity;      // of this bucket alone
  double plain;         // logarithm of its plainest surprise
  float window;         // distance of the window of the impact, in deviations
  double alone;         // surprise of the bucket itself
  double surprise[kChannels];  // of each channel, unless `calm`
  Surprises near;       // the same in single precision, where `calm`
  Surprises seen;       // against what the series has shown before
  bool calm;            // every channel stays within the calm bins
  int64_t since;        // bucket number where the anomaly that this bucket belongs to began
  Four mean;
  Four deviation;       // of the means, floored
  Two distance;         // from the local and the slow level, metric unit
  double local_deviation;  // floored
  double least;         // floor of their squares
};

// -ln of the two-sided normal tail. Below 8 deviations a polynomial (least squares, absolute error below 4e-5 in single
// precision): channels are looked up in a histogram, so more digits would be wasted time.
inline Four near_surprise(Four z) {
  // By halves (Estrin), not one by one: a bucket waits for this.
  const Four z2 = z * z, z4 = z2 * z2;
  const Four low = (0.7978857319356369f + z * 0.31829025937384103f) + z2 * (0.036415882743422334f + z * -0.004920887140354877f);
  const Four middle = (8.558571789708173e-05f + z * 0.00015558437571267875f) +
                      z2 * (-4.3521113949449064e-05f + z * 6.455178893667956e-06f);
  const Four high = (-5.746881324602879e-07f + z * 2.8883341276997774e-08f) + z2 * -6.311801595922128e-10f;
  return z * (low + z4 * (middle + z4 * high));
}

constexpr float kNear = 8.0f;
inline double far_surprise(double z) { return -ln_normal_above(std::fabs(z)) - kLn2; }

// A detector of one side is not surprised by the other.
inline double on_side(int side, double z) { return side == 0 ? z : std::max(side * z, 0.0); }

// Distances beyond the polynomial's end.
[[gnu::noinline]] inline void listen_again(Evidence& e, double local, double slow, float mean, float longer) {
  const double distance[kChannels] = {0.0, local, slow, mean, longer};
  e.surprise[0] = e.alone;
  for (int i = 1; i < kChannels; ++i) {
    e.surprise[i] = std::fabs(distance[i]) > kNear ? far_surprise(distance[i]) : e.near.others[i - 1];
  }
}

inline double surprise_of(const Evidence& e, int channel) {
  return channel == 0 ? e.alone : e.calm ? e.near.others[channel - 1] : e.surprise[channel];
}

// The surprise of each channel, against the state of the bucket before.
inline void listen(const Series& s, const Forecast& f, int side, double x, double ln_p, Evidence& e) {
  const double y = x - f.season;
  e.least = floor_square(s, x);
  e.distance = y - Two{s.local_level, s.level[0]};
  const Two deviation = root(Two{s.local_square, s.slow_square} + e.least);
  const Two apart = e.distance / deviation;
  e.local_deviation = deviation[0];
  const double z = apart[1], local = on_side(side, apart[0]), slow = on_side(side, z);
  const Four mean = load<Four>(s.mean);
  e.mean = mean + kMeanStep * (static_cast<float>(std::clamp(z, -4.0, 4.0)) - mean);
  e.deviation = root(load<Four>(s.mean_square) + kLeastMean);
  Four means = (e.mean - load<Four>(s.mean_centre)) / e.deviation;
  if (s.count < 30.0) means = Four{};
  means = side == 0 ? greater(means, -means) : greater(means * static_cast<float>(side), Four{});
  e.window = means[0];
  const Four distance = {static_cast<float>(std::min(std::fabs(local), 1e30)), static_cast<float>(std::min(std::fabs(slow), 1e30)),
                         means[2], means[3]};
  e.near = {static_cast<float>(std::min(-ln_p, 1e30)), near_surprise(lesser(distance, Four{} + kNear))};
  e.alone = -ln_p;
  const float most = static_cast<float>(kTable.edge[kCalm]);
  e.calm = !any(greater(e.near.others, Four{} + e.near.first) > most);
  if (!e.calm) [[unlikely]] listen_again(e, local, slow, means[2], means[3]);
}

// -5: this bucket alone; 5: only the last twelve together.
inline double impact_of(const Series& s, const Evidence& e, double ln_p) {
  if (s.count < 30.0) return -5.0;
  const double ln_m = -far_surprise(e.window);
  const double ratio = std::min(ln_p, ln_m) / std::min(std::max(ln_p, ln_m), -0.001);
  return std::clamp(kImpact * ratio * (ln_p - ln_m), -5.0, 5.0);
}

// Half the two strongest channels, plus the logarithm of the plainest surprise.
inline double severity_of(const Surprises& channel, double plain) {
  // The strongest and the second of two pairs side by side, then of all four, then with the fifth.
  const Four other = swapped_halves(channel.others);
  const Four high = greater(channel.others, other), low = lesser(channel.others, other);
  const Four strongest = greater(high, swapped(high));
  const Four second = greater(lesser(high, swapped(high)), greater(low, swapped(low)));
  const Four first = Four{} + channel.first;
  const Four both = greater(strongest, first) + greater(second, lesser(strongest, first));
  return 0.5 * both[0] + plain;
}

// Below the start only the order counts; a value impossible on its own is severe whatever its neighbours say.
inline double ln_evidence_of(double severity, double alone) {
  return -std::max({0.2 * severity, kSeverityScale * (severity - kSeverityStart), 0.25 * alone});
}

// What was seen before of each channel, one by one. A series that has shown too little yet has nothing to be surprised about.
[[gnu::noinline]] inline void weigh_each(const Series& s, Evidence& e) {
  const bool early = s.count < kEarly;
  float seen[kChannels];
  for (int i = 0; i < kChannels; ++i) {
    const double r = std::max(surprise_of(e, i), 0.0);
    seen[i] = static_cast<float>(early ? std::min(r, 1.0) : remembered(s, i, r));
  }
  const double plain = std::max(e.alone, std::min(surprise_of(e, 1), surprise_of(e, 2)));
  e.plain = early ? 0.0 : ln(1.0 + std::min(plain, 1e9));
  e.seen = {seen[0], load<Four>(seen + 1)};
}

// Severity, each channel against its own past: half of it now, half its mean over the last buckets.
inline void weigh(const Series& s, Evidence& e) {
  if (s.count < kEarly || !e.calm || !calm_memory(s, e.near, e.seen, e.plain)) [[unlikely]] weigh_each(s, e);
  e.severity = severity_of(e.seen, e.plain);
  const double lasting = 0.5 * (e.severity + s.memory + kFresh * (e.severity - s.memory));
  e.ln_evidence = ln_evidence_of(lasting, e.alone);
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
  const Two squares = {s.local_square, s.slow_square};
  const Two fresh = squares + g * (lesser(square(e.distance), 16.0 * (squares + e.least) + open) - squares);
  s.local_square = fresh[0];
  s.slow_square = fresh[1];
  s.local_level += 0.01 * std::clamp(e.distance[0], -reach, reach);
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
  if (e.calm) [[likely]] {
    remember_calm(s, e.near, weight);
  } else {
    remember(s, e.surprise, weight);
  }
  s.seen += weight;
  if ((static_cast<int64_t>(s.count) & 63) == 63) fade_memory(s);
  s.memory += kFresh * (e.severity - s.memory);
  learn_spread(s, e);
}

}  // namespace series
