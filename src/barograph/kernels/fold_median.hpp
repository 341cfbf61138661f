// Medians: all values of an owner (a cell or a share) up to a size, a compacting sketch beyond it.

#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "fold_layout.hpp"

namespace fold {

// Values a level holds before half of them move up. Up to here the median is exact. Chosen, not tuned.
constexpr int32_t kLevelSize = 2048;

struct Weighted {
  double value;
  double weight;
  int32_t row;
  bool operator<(const Weighted& other) const {
    return value < other.value || (value == other.value && weight < other.weight);
  }
};

// Munro and Paterson's (1980, TCS 12:315) deterministic compaction: a full level is sorted, and of each two neighbours one stays,
// with the weight of both, one level up. Of two equal weights the lower and the higher stay in turn, so that errors of following
// compactions cancel. Of two unequal ones (summary counts) the heavier stays.
//
// Error: a compaction at level l moves a rank by at most 2^l rows, and happens every kLevelSize * 2^l rows. So after n rows a
// rank is off by at most n / kLevelSize for each of log2(n / kLevelSize) levels: 0.44 % of n at a million rows. As compactions
// that follow each other err in opposite directions, it is less than a quarter of that on random and on sorted rows (measured,
// see test_the_rank_of_a_large_median_is_within_the_stated_error). With unequal weights 2^l becomes the lighter of a pair.
struct Sketches {
  Sketch* sketches;
  Value* values;
  int64_t room;
  int64_t* used;  // [2]: values ever taken into use, first of the free chain (kNone without one)

  // Answers false, having changed nothing, when there is no room.
  bool add(int32_t owner, double value, double weight) const {
    const int32_t row = take_free_row();
    if (row == kNone) return false;
    Sketch& sketch = sketches[owner];
    values[row] = {value, weight, sketch.first, 0};
    sketch.first = row;
    if (++sketch.count > kLevelSize) compact(sketch);
    return true;
  }

  int32_t take_free_row() const {
    if (used[1] != kNone) {
      const auto row = static_cast<int32_t>(used[1]);
      used[1] = values[row].next;
      return row;
    }
    return used[0] == room ? kNone : static_cast<int32_t>(used[0]++);
  }

  // The newest value stays behind: a level moves up when it must hold one more, so that kLevelSize values are still exact.
  void compact(Sketch& sketch) const {
    Value& newest = values[sketch.first];
    std::array<Weighted, kLevelSize> level;
    int32_t count = 0;
    for (int32_t row = newest.next; row != kNone; row = values[row].next) level[count++] = weighted(row);
    newest.next = kNone;
    sketch.count = 1;
    halve_into_next(sketch, level, 0);
    for (int32_t up = 1; take_level_if_full(sketch, level, up); ++up) halve_into_next(sketch, level, up);
  }

  Weighted weighted(int32_t row) const { return {values[row].value, values[row].weight, row}; }

  // Take level `up` out of the upper chain if it is full.
  bool take_level_if_full(Sketch& sketch, std::array<Weighted, kLevelSize>& level, int32_t up) const {
    int32_t count = 0;
    for (int32_t row = sketch.upper; row != kNone; row = values[row].next)
      if (values[row].level == up) level[count++] = weighted(row);
    if (count < kLevelSize) return false;
    for (int32_t* link = &sketch.upper; *link != kNone;) {
      if (values[*link].level == up)
        *link = values[*link].next;
      else
        link = &values[*link].next;
    }
    sketch.upper_count -= count;
    return true;
  }

  // Halve a full level into the one above.
  void halve_into_next(Sketch& sketch, std::array<Weighted, kLevelSize>& level, int32_t from_level) const {
    std::sort(level.begin(), level.end());
    const int32_t turn = (sketch.parity >> from_level) & 1;
    sketch.parity ^= 1u << from_level;
    for (int32_t i = 0; i < kLevelSize; i += 2) {
      const Weighted& low = level[i];
      const Weighted& high = level[i + 1];
      const bool keep_high = low.weight == high.weight ? turn == 1 : high.weight > low.weight;
      const int32_t kept_row = keep_high ? high.row : low.row;
      const int32_t freed_row = keep_high ? low.row : high.row;
      values[kept_row] = {values[kept_row].value, low.weight + high.weight, sketch.upper, from_level + 1};
      sketch.upper = kept_row;
      values[freed_row].next = static_cast<int32_t>(used[1]);
      used[1] = freed_row;
    }
    sketch.upper_count += kLevelSize / 2;
  }

  // The weighted median, half way between the two middle values when half of the weight ends exactly between them.
  // `scratch` has room for all values of the owner, of which there is at least one.
  double median(int32_t owner, Weighted* scratch) const {
    Weighted* end = scratch;
    for (int32_t row = sketches[owner].first; row != kNone; row = values[row].next) *end++ = weighted(row);
    for (int32_t row = sketches[owner].upper; row != kNone; row = values[row].next) *end++ = weighted(row);
    if (end == scratch) return std::numeric_limits<double>::quiet_NaN();
    std::sort(scratch, end);
    double total = 0.0;
    for (const Weighted* value = scratch; value != end; ++value) total += value->weight;
    double below = 0.0;
    const Weighted* reached = scratch;
    for (; reached + 1 != end; ++reached) {
      below += reached->weight;
      if (below >= total / 2) break;
    }
    const bool between = reached + 1 != end && below == total / 2;
    return between ? middle(reached->value, (reached + 1)->value) : reached->value;
  }

  static double middle(double low, double high) {
    const double sum = low + high;
    return std::isinf(sum) ? low / 2 + high / 2 : sum / 2;
  }

  // Copy the sketch `owner` and its values, in the order of their chains, to be the sketch `new_owner` of `target`.
  void copy(int32_t owner, int32_t new_owner, const Sketches& target) const {
    const Sketch& old = sketches[owner];
    Sketch& copied = target.sketches[new_owner];
    copied = {kNone, old.count, kNone, old.upper_count, old.parity};
    copy_chain(old.first, &copied.first, target);
    copy_chain(old.upper, &copied.upper, target);
  }

  void copy_chain(int32_t row, int32_t* link, const Sketches& target) const {
    for (; row != kNone; row = values[row].next) {
      *link = static_cast<int32_t>(target.used[0]++);
      Value& copied = target.values[*link];
      copied = {values[row].value, values[row].weight, kNone, values[row].level};
      link = &copied.next;
    }
  }
};

}  // namespace fold
