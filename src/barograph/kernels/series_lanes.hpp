// Several numbers side by side in one register. The compiler turns these into the machine's own instructions; every lane has
// the bits that the same arithmetic has alone.
#pragma once

#include <cmath>
#include <cstring>

namespace series {

typedef float Four __attribute__((vector_size(16)));
typedef double Two __attribute__((vector_size(16)));

template <class Lanes, class T> inline Lanes load(const T* from) {
  Lanes lanes;
  std::memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

template <class Lanes, class T> inline void store(T* to, Lanes lanes) { std::memcpy(to, &lanes, sizeof lanes); }

template <class Lanes> inline Lanes lesser(Lanes a, Lanes b) { return a < b ? a : b; }
template <class Lanes> inline Lanes greater(Lanes a, Lanes b) { return a > b ? a : b; }
template <class Lanes> inline Lanes within(Lanes x, Lanes low, Lanes high) { return lesser(greater(x, low), high); }

// Lanes that are a number, else 0.
inline Two known(Two x, Two sign) { return sign == sign ? x : Two{}; }
inline double sum_of(Two x) { return x[0] + x[1]; }

inline Four root(Four x) { return Four{std::sqrt(x[0]), std::sqrt(x[1]), std::sqrt(x[2]), std::sqrt(x[3])}; }
inline Two root(Two x) { return Two{std::sqrt(x[0]), std::sqrt(x[1])}; }

}  // namespace series
