// From what is usual among the peers of a member, and of the member itself, to a probability. Pure.
#pragma once

#include "math/student.hpp"
#include "population_state.hpp"

namespace population {

constexpr double kTailStart = 2.995732273553991;  // -ln 0.05: beyond it the tail's own calibration applies (chosen)
constexpr double kTailDeviations = 1.6448536269514722;  // of a normal's tail there
constexpr double kNormalDof = 128.0;              // beyond it the two differ by less than is seen (chosen)

// Where values are on the scale (of counts: the logarithm of their mean), and their deviation there.
struct Account {
  double centre;
  double deviation;
};

// What is needed to judge any value of a member in a bucket.
struct Payload {
  Account peers;    // as its peers are
  Account own;      // as it has been against its peers
  double dof;       // values that the deviations rest on; 0: none, only what zero says is known
  double zero;      // P(0) of values that are no counts; 0 on a linear scale
  double rate[2];   // by how much more often than told values are beyond the tail's start, below and above
  double mean[2];   // deviations by which they are beyond it
  double heavy[2];  // how sure it is that the tail is exponential in deviations, not a normal's, 0 to 1
  double typical;   // what a peer would have had
  double doubt;     // share of the evidence that is believed
  int64_t scale;
  int64_t side;
};

// Deviations by which a count `k` (a half beside a whole number) is off a Poisson whose mean is log-normal: the signed root of twice the
// rate at the most likely mean. Within a factor of 3 of the tail, on the careful side, for means down to 0.01.
inline double count_deviate(const Account& a, double k) {
  const double ln_k = ln(k), precision = 1.0 / square(a.deviation);
  double w = (a.centre * precision + k * ln_k) / (precision + k);
  for (int i = 0; i < 8; ++i) {
    const double mean = e_to(w), step = ((w - a.centre) * precision - k + mean) / (precision + mean);
    w -= step;
    if (std::fabs(step) < 1e-7) break;
  }
  const double rate = 0.5 * square(w - a.centre) * precision + k * (ln_k - w) - k + e_to(w);
  return std::copysign(std::sqrt(2.0 * std::max(rate, 0.0)), ln_k - a.centre);
}

// ln P(X >= x) or ln P(X <= x) of a value that is not zero.
inline double ln_beyond(const Payload& p, const Account& a, double x, bool above) {
  double z;
  if (p.scale == kCounts) {
    const double k = beyond_first(x);
    if (above && k < 0.5) return 0.0;
    z = count_deviate(a, above ? k - 0.5 : k + 0.5);
  } else {
    z = (on_scale(static_cast<Scale>(p.scale), x) - a.centre) / a.deviation;
  }
  z = std::clamp(above ? z : -z, -1e150, 1e150);
  return p.dof >= kNormalDof ? ln_normal_above(z) : ln_t_above(z, p.dof);
}

// By its peers or by its own habit, whichever finds it likelier: who is odd must be odd by both.
inline double ln_either(const Payload& p, double x, bool above) {
  if (p.dof <= 0.0) return 0.0;
  return std::max(ln_beyond(p, p.peers, x, above), ln_beyond(p, p.own, x, above));
}

inline double ln_tail(const Payload& p, double x, bool above) {
  if (p.scale != kLogarithmic) return ln_either(p, x, above);
  if (x <= 0.0) return above ? 0.0 : ln(p.zero);
  const double rest = ln_1p(-p.zero) + ln_either(p, x, above);
  return above ? rest : ln_add(ln(p.zero), rest);
}

// Deviations of a normal with such a tail, beyond the tail's start.
inline double deviations_of(double nats) {
  double z = std::sqrt(2.0 * nats);
  for (int i = 0; i < 20; ++i) {
    const double tail = ln_normal_above(z), step = (tail + nats) / e_to(-0.5 * z * z - kHalfLn2Pi - tail);
    z += step;
    if (std::fabs(step) < 1e-9 * z) break;
  }
  return z;
}

// As often as values were so far out before: their tail falls as a normal's, or exponentially in deviations. In the bulk logarithms are
// stretched to meet it.
inline double calibrated(const Payload& p, double ln_p, int above) {
  const double ln_rate = ln(p.rate[above]);
  if (ln_p > -kTailStart) return ln_p * (1.0 - ln_rate / kTailStart);
  const double nats = std::min(-ln_p, 1e300);
  const double exponential = -kTailStart - (deviations_of(nats) - kTailDeviations) / p.mean[above];
  return std::min(ln_rate + ln_add(ln_1p(-p.heavy[above]) - nats, ln(p.heavy[above]) + exponential), 0.0);
}

struct Verdict {
  double ln_p;
  double raw;   // before calibration
  int above;    // on which side it is; -1: between what peers and what the member's habit lead to expect
};

// On which side of what is usual of its peers and of itself a value is: 1 above, 0 below; -1: between. Where most have nothing, that
// is usual.
inline int side_of(const Payload& p, double x) {
  if (p.zero > 0.5) return x > 0.0 ? 1 : -1;
  const double on = p.scale == kCounts ? ln(beyond_first(x)) : p.scale == kLinear ? x : ln(std::max(x, 0.0));
  return on > p.peers.centre && on > p.own.centre ? 1 : on < p.peers.centre && on < p.own.centre ? 0 : -1;
}

inline Verdict judge(const Payload& p, double x) {
  if (p.dof <= 0.0 && p.zero <= 0.5) return {0.0, 0.0, -1};
  const int above = side_of(p, x);
  if (above < 0 || (p.side != 0 && above != (p.side > 0))) return {0.0, 0.0, above};
  const double raw = ln_tail(p, x, above), ln_p = calibrated(p, raw, above);
  return {p.side == 0 ? std::min(ln_p + kLn2, 0.0) : ln_p, raw, above};
}

struct Bounds {
  double lower;
  double upper;
};

// The value that is so many deviations off. Of counts, by halving the logarithm of where it must be.
inline double value_at(const Payload& p, const Account& a, double z) {
  if (p.scale == kLogarithmic) return e_to(std::min(a.centre + z * a.deviation, 322.0));
  if (p.scale == kLinear) return a.centre + z * a.deviation;
  const double mean = e_to(a.centre);
  const double far = std::fabs(z) + 1.0;
  double low = std::min(a.centre, 0.0) - far * (a.deviation + 3.0), high = a.centre + far * a.deviation + ln(2.0 + far * far / mean + far);
  for (int i = 0; i < 40; ++i) {
    const double mid = 0.5 * (low + high);
    (count_deviate(a, e_to(mid)) < z ? low : high) = mid;
  }
  return 1.0 + e_to(0.5 * (low + high));
}

// Deviations beyond which a calibrated tail has so many nats.
inline double deviations_at(const Payload& p, double nats, int above) {
  const double ln_rate = ln(p.rate[above]), start = kTailStart - ln_rate;
  if (nats < start) return deviations_of(nats * kTailStart / start);
  const double normal = deviations_of(nats + ln_rate), exponential = kTailDeviations + (nats - start) * p.mean[above];
  const double z = normal + p.heavy[above] * (exponential - normal);
  return p.dof >= kNormalDof ? z : z * e_to(1.3 / p.dof + 0.6 / square(p.dof));  // of Student's t, within 4 %
}

// What is usual of a member: as wide as its peers and its own habit together. `nats`: -ln of the share beyond each end.
inline Bounds bounds(const Payload& p, double nats) {
  if (p.dof <= 0.0) return {std::nan(""), std::nan("")};
  double end[2];
  for (int above = 0; above < 2; ++above) {
    const double z = deviations_at(p, nats, above);
    const double peers = value_at(p, p.peers, above ? z : -z), own = value_at(p, p.own, above ? z : -z);
    end[above] = above ? std::max(peers, own) : std::min(peers, own);
  }
  if (p.scale == kCounts) return {std::max(std::ceil(end[0] - 0.5), 1.0), std::floor(end[1] + 0.5)};
  if (p.scale == kLogarithmic && -ln(p.zero) < nats) end[0] = 0.0;
  return {end[0], end[1]};
}

}  // namespace population
