// What is judged, and what comes out, for values among buckets as for pairs among members.
#pragma once

#include <cstdint>

#include "skips.hpp"

namespace rare {

// A value worth sending on.
struct Found {
  int64_t cell;       // its position among the cells
  int64_t skipped_by; // what does not want it told; skips::kNothing
  int64_t since;      // bucket from which on each filled one had it
  int64_t before;     // buckets that had it before
  int64_t of;         // of so many
  double share;       // of buckets that have it, now
  double rarity;      // the count of the value in the middle, in counts of this one
  double expected;    // of as rare ones in a bucket
  double rest;        // rows of the other values of its member in the bucket
  double of_member;   // values of its member in it
  double alone;       // 1 where no other member has it, 0 where all have
  double ln_p;
  int64_t is_first;   // whether no bucket had it
};

struct Cells {
  const int64_t* t;    // [k] bucket in the chunk, ascending
  const int32_t* row;  // [k] series, ascending within a bucket
  int64_t count;
  int64_t first;       // number of bucket 0
  double memory;
  bool learns;
  double ln_threshold;
  int64_t span_ms;
  skips::Skips skips;
};

struct Output {
  double* ln_p;
  double* ln_evidence;
  Found* found;
  int64_t used;
};

inline skips::Skip skip(const Cells& k, int64_t i, double share) {
  return skips::skip(k.skips, k.row[i], k.t[i], 1.0, share, static_cast<double>((k.first + k.t[i]) * k.span_ms));
}

}  // namespace rare
