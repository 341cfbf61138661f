// What entities usually add to the buckets of a series: the records, whose dtypes are in buckets/usual_layout.py.

#pragma once

#include <cstddef>
#include <cstdint>

#include "fold_index.hpp"

namespace usual {

using fold::Index;
using fold::kNone;

struct Series {
  double cells;    // decayed number of cells that were learnt
  double weight;   // decayed rows in them
  double actual;   // decayed sum of their bucket values
  int64_t learnt;  // cells that were learnt
  int32_t newest;  // its newest entity; kNone without one
  int32_t unused;
};

struct Entity {
  double weight;   // decayed rows of the entity
  double effect;   // decayed sum of what its rows did to the bucket value
  double square;   // decayed sum of the squares of that
  int64_t learnt;  // cells of the series that had been learnt when the three were
  int64_t seen;    // bucket of the last odd cell that had it
  int32_t series;
  int32_t text;    // number of its name
  int32_t next;    // the entity of the same series that came before it; kNone for the first
  int32_t unused;
};

struct Told {  // what an entity usually does, for one odd cell
  int64_t row;     // row of the entity; kNone for one that is missed
  double effect;   // what it usually does to the value of a cell
  double square;   // the mean of the square of that
  double share;    // its usual share of the series' rows
  int32_t cell;    // number of the odd cell
  int32_t text;    // number of its name
};

inline uint64_t hash_of(const Entity& entity) { return fold::hash_of(fold::Pair{entity.series, entity.text}); }

// d^n by squaring: the same bits everywhere.
inline double power(double d, int64_t n) {
  double out = 1.0;
  for (; n > 0; n >>= 1, d *= d)
    if (n & 1) out *= d;
  return out;
}

}  // namespace usual
