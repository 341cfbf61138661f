// Medians and distinct counts of cells without the rows of some of their shares.

#pragma once

#include <numeric>

#include "fold_distinct.hpp"
#include "fold_median.hpp"

namespace fold {

// What is written for each share: the statistic without it, and without it and all that raise (lower) the statistic more.
struct Without {
  double* alone;
  double* higher;  // NaN for a share that does not raise it
  double* lower;
};

// The values of one cell, from which those of shares are taken away and put back.
//
// The rest is what the sorted values of the cell weigh less what those of the shares weigh, at the same places. So rows of no
// share stay, and up to kLevelSize values a share and cell the median is exact. Beyond, a share's value need not be among the
// cell's; it is taken away at the next one, and the rank is off by the errors of both sketches.
struct Rest {
  Weighted* values;  // sorted, equal ones as one
  double* removed;   // weight taken away at each of them
  int64_t count = 0;
  double total = 0.0;
  int64_t middle = 0;
  double below = 0.0;  // what is left of the values before `middle`

  void start(const Sketches& sketches, int32_t cell) {
    Weighted* end = values;
    each(sketches, cell, [&](double value, double weight) { *end++ = {value, weight, 0}; });
    std::sort(values, end);
    count = 0;
    total = 0.0;
    for (const Weighted* next = values; next != end; ++next) {
      total += next->weight;
      if (count > 0 && values[count - 1].value == next->value)
        values[count - 1].weight += next->weight;
      else
        values[count++] = *next;
    }
    std::fill(removed, removed + count, 0.0);
    middle = 0;
    below = 0.0;
  }

  template <class Do>
  static void each(const Sketches& sketches, int32_t owner, Do&& with) {
    for (int32_t chain : {sketches.sketches[owner].first, sketches.sketches[owner].upper})
      for (int32_t row = chain; row != kNone; row = sketches.values[row].next)
        with(sketches.values[row].value, sketches.values[row].weight);
  }

  // Take the values of a share away, or with a sign of -1 put them back.
  void take(const Sketches& shares, int32_t share, double sign) {
    each(shares, share, [&](double value, double weight) {
      const Weighted* found = std::lower_bound(values, values + count, value,
                                               [](const Weighted& one, double wanted) { return one.value < wanted; });
      const int64_t at = std::min<int64_t>(found - values, count - 1);
      removed[at] += sign * weight;
      total -= sign * weight;
      if (at < middle) below -= sign * weight;
    });
  }

  double left(int64_t at) const { return values[at].weight - removed[at]; }

  // The median of what is left; NaN of nothing.
  double median() {
    if (count == 0 || total <= 0.0) return std::numeric_limits<double>::quiet_NaN();
    const double half = total / 2;
    while (middle > 0 && below >= half) below -= left(--middle);
    while (middle + 1 < count && below + left(middle) < half) below += left(middle++);
    if (below + left(middle) != half) return values[middle].value;
    int64_t next = middle + 1;
    while (next < count && left(next) <= 0.0) ++next;
    return next < count ? Sketches::middle(values[middle].value, values[next].value) : values[middle].value;
  }
};

// Write what the medians of cells are without their shares.
//
//   pull   [n]  scratch: the weight of each share's values above its cell's median less that of those below
//   order  [n]  scratch
struct MediansWithout {
  Sketches cells;
  Sketches shares;
  Rest rest;
  double* pull;
  int64_t* order;
  Without out;

  void of_cell(int32_t cell, const int32_t* share, int64_t first, int64_t last) {
    rest.start(cells, cell);
    const double median = rest.median();
    for (int64_t i = first; i < last; ++i) {
      pull[i] = 0.0;
      Rest::each(shares, share[i], [&](double value, double weight) {
        pull[i] += value > median ? weight : value < median ? -weight : 0.0;
      });
      rest.take(shares, share[i], 1.0);
      out.alone[i] = rest.median();
      rest.take(shares, share[i], -1.0);
    }
    one_after_another(share, first, last, 1.0, out.higher);
    one_after_another(share, first, last, -1.0, out.lower);
  }

  // Take the shares away that pull to one side, the strongest first.
  void one_after_another(const int32_t* share, int64_t first, int64_t last, double side, double* written) {
    std::iota(order + first, order + last, first);
    std::sort(order + first, order + last, [&](int64_t a, int64_t b) {
      return pull[a] != pull[b] ? side * pull[a] > side * pull[b] : a < b;
    });
    int64_t taken = first;
    for (; taken < last && side * pull[order[taken]] > 0.0; ++taken) {
      rest.take(shares, share[order[taken]], 1.0);
      written[order[taken]] = rest.median();
    }
    for (int64_t i = first; i < taken; ++i) rest.take(shares, share[order[i]], -1.0);
    for (int64_t i = taken; i < last; ++i) written[order[i]] = std::numeric_limits<double>::quiet_NaN();
  }
};

// How many shares of a cell have a hash.
struct Holders {
  uint64_t hash;
  int32_t shares;  // 0 in an empty slot
  int32_t unused;
};

// Write what the distinct counts of cells are without their shares. A hash counts as a share's own if no other share has it;
// whether rows without an entity have it, too, is not known.
struct DistinctWithout {
  Samples cells;
  Samples shares;
  Holders* table;
  uint64_t mask;
  double* own;  // [n] scratch: hashes that only this share has
  int64_t* order;
  Without out;

  Holders& find(uint64_t hash) const {
    uint64_t at = mix(hash) & mask;
    while (table[at].shares != 0 && table[at].hash != hash) at = (at + 1) & mask;
    return table[at];
  }

  // All samples at the level of the cell's, which is the highest: a cell has every hash of its shares.
  template <class Do>
  void each(int32_t share, int32_t level, Do&& with) const {
    for (int32_t row = shares.samples[share].first; row != kNone; row = shares.entries[row].next)
      if (trailing_zeros(shares.entries[row].hash) >= level) with(shares.entries[row].hash);
  }

  void of_cell(int32_t cell, const int32_t* share, int64_t first, int64_t last) {
    const Sample& sample = cells.samples[cell];
    const auto value = [&](double gone) { return std::ldexp(sample.kept - gone, sample.level); };
    std::fill(table, table + mask + 1, Holders{});
    for (int64_t i = first; i < last; ++i)
      each(share[i], sample.level, [&](uint64_t hash) {
        Holders& holders = find(hash);
        holders.hash = hash;
        ++holders.shares;
      });
    for (int64_t i = first; i < last; ++i) {
      own[i] = 0.0;
      each(share[i], sample.level, [&](uint64_t hash) { own[i] += find(hash).shares == 1; });
      out.alone[i] = value(own[i]);
      out.lower[i] = std::numeric_limits<double>::quiet_NaN();
    }
    std::iota(order + first, order + last, first);
    std::sort(order + first, order + last, [&](int64_t a, int64_t b) {
      const int32_t kept_a = shares.samples[share[a]].kept, kept_b = shares.samples[share[b]].kept;
      return own[a] != own[b] ? own[a] > own[b] : kept_a != kept_b ? kept_a > kept_b : a < b;
    });
    double gone = 0.0;
    for (int64_t i = first; i < last; ++i) {
      // Of a hash whose last holder goes the slot must stay taken, so that probing runs past it: it counts down to -1, not 0.
      each(share[order[i]], sample.level, [&](uint64_t hash) {
        Holders& holders = find(hash);
        if (--holders.shares == 0) {
          holders.shares = -1;
          gone += 1.0;
        }
      });
      out.higher[order[i]] = value(gone);
    }
  }
};

}  // namespace fold
