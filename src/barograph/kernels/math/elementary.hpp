// Logarithm, exponential, sine and cosine of our own: the mathematical library picks another variant on another machine,
// and its last bits with it. These are the same bits everywhere, and they inline into the loop.
//
// Errors, held by tests/kernels/test_math.py over all doubles: ln and e_to below 1, ln_1p 2, e_to_less_1 3 units in the
// last place; sine and cosine 4e-16 absolute. Coefficients are Chebyshev interpolants of the functions named beside them.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace math {

constexpr double kLn2 = 0.6931471805599453;
constexpr double kHalfLn2Pi = 0.9189385332046727;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLn2High = 0x1.62e42feep-1;              // ln 2 in two parts: whole multiples of the first are exact
constexpr double kLn2Low = 1.9082149292705877e-10;

inline uint64_t bits_of(double x) {
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

inline double double_of(uint64_t bits) {
  double x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

// ln x of a normal, finite, positive x: x = 2^k m with m around 1, s = (m - 1) / (m + 1), ln m = 2 atanh s.
inline double ln_normal(double x, double k_before) {
  constexpr uint64_t kRootHalf = 0x3fe6a09e00000000;  // sqrt(1/2): m is in [sqrt(1/2), sqrt 2)
  const uint64_t shifted = bits_of(x) - kRootHalf;
  const double k = static_cast<double>(static_cast<int64_t>(shifted) >> 52) + k_before;
  const double m = double_of((shifted & 0x000fffffffffffff) + kRootHalf);
  const double f = m - 1.0;
  const double s = f / (2.0 + f);
  const double z = s * s;
  const double w = z * z;
  // (2 atanh s - 2 s) / s as a polynomial in s^2.
  const double even = w * (0.39999999999899505 + w * (0.2222221113479508 + w * 0.15331721600556042));
  const double odd = z * (0.666666666666667 + w * (0.28571428625975487 + w * (0.18182889125261723 + w * 0.14616449685043406)));
  const double half = 0.5 * f * f;
  return k * kLn2High - ((half - (s * (half + (odd + even)) + k * kLn2Low)) - f);
}

[[gnu::noinline, gnu::cold]] inline double ln_special(double x) {
  if (x == 0.0) return -kInfinity;
  if (x != x || x < 0.0) return std::numeric_limits<double>::quiet_NaN();
  return x > std::numeric_limits<double>::max() ? x : ln_normal(x * 0x1p54, -54.0);
}

// -inf at 0, NaN below.
inline double ln(double x) {
  constexpr uint64_t kLeast = 0x0010000000000000, kPastLast = 0x7ff0000000000000;
  return bits_of(x) - kLeast < kPastLast - kLeast ? ln_normal(x, 0.0) : ln_special(x);
}

// ln(1 + x), exact to the last digits also for small x: what 1 + x rounds away is given back.
inline double ln_1p(double x) {
  const double u = 1.0 + x;
  if (!(u > 0.0 && u <= std::numeric_limits<double>::max())) return ln(u);
  return ln(u) + (x - (u - 1.0)) / u;
}

// e^r - 1 = r + r c / (2 - c), c = r - r^2 P(r^2), for |r| up to ln 2 / 2.
struct Reduced {
  double r;
  double low;   // what r lost when it was rounded
  double c;
};

inline Reduced reduced(double high, double low) {
  const double r = high - low;
  const double t = r * r;
  const double p = 0.1666666666666666 +
      t * (-0.002777777777754694 + t * (6.613756462990855e-05 + t * (-1.6534046756143388e-06 + t * 4.143141020859916e-08)));
  return {r, low, r - t * p};
}

inline double power_of_two(int64_t k) { return double_of(static_cast<uint64_t>(k + 1023) << 52); }

inline double e_to(double x) {
  constexpr double kMost = 709.782712893384;
  if (!(x <= kMost)) return x > kMost ? kInfinity : x;
  if (x < -745.1332191019412) return 0.0;
  const double k = std::floor(x * 1.4426950408889634 + 0.5);
  const double high = x - k * kLn2High;
  const Reduced e = reduced(high, k * kLn2Low);
  const double y = 1.0 - ((e.low - e.r * e.c / (2.0 - e.c)) - high);
  const int64_t whole = static_cast<int64_t>(k);
  if (whole >= -1021 && whole <= 1023) return y * power_of_two(whole);
  return y * power_of_two(whole < 0 ? whole + 600 : whole - 1) * (whole < 0 ? 0x1p-600 : 2.0);
}

// e^x - 1, exact to the last digits also for small x.
inline double e_to_less_1(double x) {
  if (!(std::fabs(x) < 0.35)) return e_to(x) - 1.0;
  const Reduced e = reduced(x, 0.0);
  return x + x * e.c / (2.0 - e.c);
}

// x^y of x >= 0 and y >= 0, to about y |ln x| units in the last place.
inline double to_the(double x, double y) { return y == 0.0 ? 1.0 : e_to(y * ln(x)); }

inline double cube_root(double x) { return e_to(ln(x) / 3.0); }

// Sine and cosine of whole turns: nothing is lost to a rounded pi.
struct Circle {
  double cosine;
  double sine;
};

inline Circle on_circle(double turns) {
  const double quarter = std::floor(4.0 * turns + 0.5);
  const double r = turns - 0.25 * quarter;
  const double t = r * r;
  const double s = r * (6.283185307179586 + t * (-41.34170224039976 + t * (81.60524927607493 + t * (-76.70585975299802 +
                   t * (42.058693928968445 + t * (-15.094640401809297 + t * (3.819788015188426 + t * -0.7116337422848508)))))));
  const double c = 1.0 + t * (-19.739208802178716 + t * (64.93939402266795 + t * (-85.45681720652244 + t * (60.24464132881232 +
                   t * (-26.426250902993964 + t * (7.903091404013634 + t * -1.6968438839452997))))));
  switch (static_cast<int64_t>(quarter) & 3) {
    case 0: return {c, s};
    case 1: return {-s, c};
    case 2: return {-c, -s};
    default: return {s, -c};
  }
}

}  // namespace math
