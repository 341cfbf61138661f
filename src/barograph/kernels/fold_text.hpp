// Texts: hashing, and dense ids in order of first appearance.

#pragma once

#include <cstring>

#include "fold_index.hpp"

namespace fold {

struct Chars {
  const uint8_t* data;  // null for a missing text
  int64_t length;
};

inline uint64_t load64(const uint8_t* p) {
  uint64_t x;
  std::memcpy(&x, p, 8);
  return x;
}

inline uint32_t load32(const uint8_t* p) {
  uint32_t x;
  std::memcpy(&x, p, 4);
  return x;
}

inline uint64_t rotated(uint64_t x, int by) { return x << by | x >> (64 - by); }

// XXH64 of the bytes with seed 0, on a little-endian machine: written from the published "xxHash fast digest algorithm"
// specification, section "XXH64 algorithm description". Chosen because its values are fixed by that document, so the
// samples of a snapshot stay valid for ever; the tests compare it with the specification in plain Python.
inline uint64_t xxh64(const uint8_t* p, std::size_t length) {
  constexpr uint64_t p1 = 0x9e3779b185ebca87ULL, p2 = 0xc2b2ae3d27d4eb4fULL, p3 = 0x165667b19e3779f9ULL,
                     p4 = 0x85ebca77c2b2ae63ULL, p5 = 0x27d4eb2f165667c5ULL;
  const auto round = [](uint64_t lane, uint64_t input) { return rotated(lane + input * p2, 31) * p1; };
  const uint8_t* const end = p + length;
  uint64_t h = p5;
  if (length >= 32) {
    uint64_t lane[4] = {p1 + p2, p2, 0, 0 - p1};
    for (; end - p >= 32; p += 32)
      for (int i = 0; i < 4; ++i) lane[i] = round(lane[i], load64(p + 8 * i));
    h = rotated(lane[0], 1) + rotated(lane[1], 7) + rotated(lane[2], 12) + rotated(lane[3], 18);
    for (const uint64_t each : lane) h = (h ^ round(0, each)) * p1 + p4;
  }
  h += length;
  for (; end - p >= 8; p += 8) h = rotated(h ^ round(0, load64(p)), 27) * p1 + p4;
  if (end - p >= 4) {
    h = rotated(h ^ (load32(p) * p1), 23) * p2 + p3;
    p += 4;
  }
  for (; p != end; ++p) h = rotated(h ^ (*p * p5), 11) * p1;
  h = (h ^ (h >> 33)) * p2;
  h = (h ^ (h >> 29)) * p3;
  return h ^ (h >> 32);
}

struct Texts {
  Text* texts;
  int64_t texts_room;
  uint8_t* arena;
  int64_t arena_room;
  Index index;
  int64_t* used;  // [2]: texts, bytes of the arena
  int64_t most;   // texts there may be

  // Write the id of `chars` and answer true, or answer false, having changed nothing, when there is no room for a new one.
  bool intern(Chars chars, int32_t& id) const {
    if (chars.data == nullptr) {
      id = kNone;
      return true;
    }
    const Text wanted{xxh64(chars.data, static_cast<std::size_t>(chars.length)), used[1], chars.length};
    int32_t& slot = index.find(hash_of(wanted), [&](int32_t row) { return same(texts[row], wanted, chars.data); });
    if (slot == kNone && used[0] >= most) {
      id = kRefused;
      return true;
    }
    if (slot == kNone) {
      if (used[0] == texts_room || used[1] + chars.length > arena_room) return false;
      std::memcpy(arena + used[1], chars.data, static_cast<std::size_t>(chars.length));
      slot = static_cast<int32_t>(used[0]);
      texts[used[0]++] = wanted;
      used[1] += chars.length;
    }
    id = slot;
    return true;
  }

  bool same(const Text& text, const Text& wanted, const uint8_t* data) const {
    return text.hash == wanted.hash && text.length == wanted.length &&
           std::memcmp(arena + text.offset, data, static_cast<std::size_t>(text.length)) == 0;
  }
};

}  // namespace fold
