// Several numbers side by side in one register. The compiler turns these into the machine's own instructions; every lane has
// the bits that the same arithmetic has alone.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

namespace series {

typedef float Four __attribute__((vector_size(16)));
typedef double Two __attribute__((vector_size(16)));
typedef int32_t FourWhether __attribute__((vector_size(16)));  // what a comparison says: 0 or -1
typedef int64_t TwoWhole __attribute__((vector_size(16)));

template <class Lanes, class T> inline Lanes load(const T* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

template <class Lanes, class T> inline void store(T* to, Lanes lanes) { std::memcpy(to, &lanes, sizeof lanes); }

// By value, so that they are single instructions also where the library's versions, which return references, are branches.
template <class T> inline T lesser(T a, T b) { return b < a ? b : a; }
template <class T> inline T greater(T a, T b) { return a < b ? b : a; }
template <class T> inline T within(T x, T low, T high) { return lesser(greater(x, low), high); }

// Lanes that are a number, else 0.
inline Two known(Two x, Two sign) { return sign == sign ? x : Two{}; }
inline bool any(FourWhether which) {
  const TwoWhole halves = reinterpret_cast<TwoWhole>(which);
  return (halves[0] | halves[1]) != 0;
}

inline Four swapped(Four x) { return Four{x[1], x[0], x[3], x[2]}; }
inline Four swapped_halves(Four x) { return Four{x[2], x[3], x[0], x[1]}; }

// ln x of normal, positive x, to 3e-7.
inline Four near_ln(Four x) {
  const FourWhether root_half = FourWhether{} + 0x3f3504f3;
  const FourWhether shifted = reinterpret_cast<FourWhether>(x) - root_half;
  const Four whole = __builtin_convertvector(shifted >> 23, Four);
  const Four f = reinterpret_cast<Four>((shifted & 0x007fffff) + root_half) - 1.0f;
  const Four f2 = f * f;
  const Four low = (0.9999999681180599f + f * -0.5000037505628973f) + f2 * (0.333346060234523f + f * -0.2496890695895267f);
  const Four high = (0.19913347882373827f + f * -0.17278206066426674f) + f2 * (0.16126247905987104f + f * -0.09895350736906514f);
  return whole * 0.6931472f + f * (low + f2 * f2 * high);
}

inline double sum_of(Two x) { return x[0] + x[1]; }

inline Four root(Four x) { return Four{std::sqrt(x[0]), std::sqrt(x[1]), std::sqrt(x[2]), std::sqrt(x[3])}; }
inline Two root(Two x) { return Two{std::sqrt(x[0]), std::sqrt(x[1])}; }

}  // namespace series
