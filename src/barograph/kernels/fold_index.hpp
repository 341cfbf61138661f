// A hash index over records held elsewhere: the slots hold record numbers, the records hold the keys.

#pragma once

#include <cstddef>
#include <cstdint>

#include "fold_layout.hpp"

namespace fold {

// The finaliser of SplitMix64 (Steele, Lea & Flood 2014, OOPSLA, figure 16): a bijection that spreads every bit.
inline uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

inline uint64_t hash_of(const Text& text) { return mix(text.hash); }
inline uint64_t hash_of(const Pair& pair) {
  return mix(static_cast<uint64_t>(static_cast<uint32_t>(pair.first)) << 32 | static_cast<uint32_t>(pair.second));
}
inline uint64_t hash_of(const Share& share) { return hash_of(Pair{share.cell, share.value}); }
// The sample keeps hashes by their trailing zeros, so their low bits do not spread: mix them again.
inline uint64_t hash_of(const Hash& entry) {
  return mix(entry.hash ^ (static_cast<uint64_t>(static_cast<uint32_t>(entry.owner)) * 0x9e3779b97f4a7c15ULL));
}

struct Index {
  int32_t* slots;  // kNone where empty
  uint64_t mask;   // number of slots - 1; the number is a power of two, at least twice that of the records

  // The slot of the record for which `same` holds, or the empty slot where it belongs. Linear probing.
  template <class Same>
  int32_t& find(uint64_t hash, Same same) const {
    uint64_t at = hash & mask;
    while (slots[at] != kNone && !same(slots[at])) at = (at + 1) & mask;
    return slots[at];
  }

  // Enter `count` records, all different, into empty slots.
  template <class Record>
  void fill(const Record* records, std::size_t count) const {
    for (std::size_t i = 0; i < count; ++i)
      find(hash_of(records[i]), [](int32_t) { return false; }) = static_cast<int32_t>(i);
  }
};

}  // namespace fold
