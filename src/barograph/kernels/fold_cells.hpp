// Finding the cell and the shares of a row, and folding values into their statistics.

#pragma once

#include <algorithm>
#include <cmath>

#include "fold_index.hpp"

namespace fold {

struct Cells {
  Series* series;
  int64_t series_room;
  Cell* cells;
  int64_t cells_room;
  int32_t* series_of;  // by key; kNone for a key without rows here
  int64_t* used;       // [2]: series, cells

  // The cell of a row, made when it is its first; kNone, having changed nothing, when there is no room for a new one.
  int32_t find_or_add(int32_t key, int64_t bucket) const {
    const int32_t series_id = series_of[key];
    if (series_id == kNone) return add_series(key, bucket);
    Series& s = series[series_id];
    if (s.head_bucket == bucket) return s.head;
    // Only with a latency are there several open buckets a series, so this walk is short and rare.
    int32_t newer = kNone;
    int32_t older = s.head;
    for (; older != kNone && cells[older].bucket > bucket; older = cells[older].previous) newer = older;
    if (older != kNone && cells[older].bucket == bucket) return older;
    if (used[1] == cells_room) return kNone;
    const auto new_cell = static_cast<int32_t>(used[1]++);
    cells[new_cell] = {bucket, series_id, older};
    if (newer == kNone) {
      s.head = new_cell;
      s.head_bucket = bucket;
    } else {
      cells[newer].previous = new_cell;
    }
    s.first_bucket = std::min(s.first_bucket, bucket);
    return new_cell;
  }

  int32_t add_series(int32_t key, int64_t bucket) const {
    if (used[0] == series_room || used[1] == cells_room) return kNone;
    const auto new_cell = static_cast<int32_t>(used[1]++);
    const auto series_id = static_cast<int32_t>(used[0]++);
    series_of[key] = series_id;
    series[series_id] = {bucket, bucket, new_cell, key};
    cells[new_cell] = {bucket, series_id, kNone};
    return new_cell;
  }
};

struct Shares {
  Share* shares;
  int64_t room;
  Index index;
  int64_t* used;

  // The share of an influencer value in a cell, made when new; kNone, having changed nothing, when there is no room.
  int32_t find_or_add(Share wanted) const {
    int32_t& slot = index.find(hash_of(wanted), [&](int32_t row) {
      return shares[row].cell == wanted.cell && shares[row].value == wanted.value;
    });
    if (slot == kNone) {
      if (*used == room) return kNone;
      slot = static_cast<int32_t>(*used);
      shares[(*used)++] = wanted;
    }
    return slot;
  }
};

// Fold one value into its statistics; `weight` > 0.
//
// The sum is Neumaier's (1974, ZAMM 54:39): error 2 ulp of the result plus n ulp^2 of the sum of |x|. The moments are West's
// weighted update (1979, CACM 22:532) of x - origin: byte counters and epoch times have means of 1e12 and more, where deviations
// from a running mean of x itself keep only four digits of the variance; the difference of two such values is exact.
inline void add_value(Stats& s, double x, double weight) {
  if (s.rows == 0) {
    s.origin = s.min = s.max = x;
  }
  const double sum = s.sum + x;
  s.compensation += std::fabs(s.sum) >= std::fabs(x) ? (s.sum - sum) + x : (x - sum) + s.sum;
  s.sum = sum;
  const double total = s.weight + weight;
  const double delta = (x - s.origin) - s.offset;
  const double step = delta * (weight / total);
  s.m2 += delta * step * s.weight;
  s.offset += step;
  s.min = std::min(s.min, x);
  s.max = std::max(s.max, x);
  s.weight = total;
  s.rows += 1;
}

inline void add_row(Stats& s, double weight) {
  s.weight += weight;
  s.rows += 1;
}

}  // namespace fold
