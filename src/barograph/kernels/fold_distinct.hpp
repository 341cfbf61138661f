// Counting distinct hashes: an adaptive sample for every owner (a cell or a share).

#pragma once

#include "fold_index.hpp"

namespace fold {

// Hashes kept a sample. Up to here the count is exact; beyond it the standard error is 1.20 / sqrt(4096) = 1.9 %
// (Flajolet 1990, Computing 43:391, theorem 2). Chosen, not tuned: exact counts of a bucket's users are common below it.
constexpr int32_t kSampleSize = 4096;

inline int32_t trailing_zeros(uint64_t x) { return x == 0 ? 64 : __builtin_ctzll(x); }

// Wegman's adaptive sampling: at level l exactly the hashes with at least l trailing zeros are kept, and l is the lowest level
// at which no more than kSampleSize are. So the sample is a function of the set of hashes alone: order and repeats cannot matter.
struct Samples {
  Sample* samples;
  Hash* entries;
  int64_t room;
  Index index;
  int64_t* used;

  // Answers false, having changed nothing, when there is no room for a new hash.
  bool add(int32_t owner, uint64_t hash) const {
    Sample& sample = samples[owner];
    if (trailing_zeros(hash) < sample.level) return true;
    const Hash wanted{hash, owner, sample.first};
    int32_t& slot = index.find(hash_of(wanted), [&](int32_t row) {
      return entries[row].hash == hash && entries[row].owner == owner;
    });
    if (slot != kNone) return true;
    if (*used == room) return false;
    slot = static_cast<int32_t>(*used);
    sample.first = slot;
    entries[(*used)++] = wanted;
    ++sample.kept;
    while (sample.kept > kSampleSize) raise_level(sample);
    return true;
  }

  // Dropped entries stay in the index as owned by none, so that probing runs past them; they go when the entries are packed.
  void raise_level(Sample& sample) const {
    ++sample.level;
    int32_t* link = &sample.first;
    while (*link != kNone) {
      Hash& entry = entries[*link];
      if (trailing_zeros(entry.hash) >= sample.level) {
        link = &entry.next;
        continue;
      }
      *link = entry.next;
      entry.owner = kNone;
      --sample.kept;
    }
  }

  // Copy the sample `owner` and its entries, in the order of their chain, to be the sample `new_owner` of `target`.
  void copy(int32_t owner, int32_t new_owner, const Samples& target) const {
    target.samples[new_owner] = {samples[owner].level, samples[owner].kept, kNone};
    int32_t* link = &target.samples[new_owner].first;
    for (int32_t row = samples[owner].first; row != kNone; row = entries[row].next) {
      *link = static_cast<int32_t>(*target.used);
      Hash& copied = target.entries[(*target.used)++];
      copied = {entries[row].hash, new_owner, kNone};
      link = &copied.next;
    }
  }
};

}  // namespace fold
