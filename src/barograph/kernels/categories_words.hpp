// Which tokens are words, and which are names: of hosts, users, packages.

#pragma once

#include <algorithm>
#include <cstdint>

#include "fold_text.hpp"

namespace categories {

inline bool is_upper(uint8_t c) { return c >= 'A' && c <= 'Z'; }
inline bool is_lower(uint8_t c) { return c >= 'a' && c <= 'z'; }
inline bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
inline bool is_letter(uint8_t c) { return is_upper(c) || is_lower(c) || c >= 0x80; }  // any byte of a letter outside ASCII
inline bool is_alnum(uint8_t c) { return is_letter(c) || is_digit(c); }
inline uint8_t lowered(uint8_t c) { return is_upper(c) ? static_cast<uint8_t>(c + 32) : c; }

constexpr int64_t kLongestPart = 64;  // of a token that is looked up; no word is longer

struct Words {
  const uint64_t* hashes;  // of the known words, ascending
  std::size_t count;

  bool has(const uint8_t* text, int64_t length) const {
    return std::binary_search(hashes, hashes + count, fold::xxh64(text, static_cast<std::size_t>(length)));
  }

  // A word, or one with an ending of English; at least three letters stay.
  bool knows(const uint8_t* text, int64_t length) const {
    static constexpr const char* kEndings[] = {"s", "ed", "ing", "er", "ly", "d", "es"};
    if (has(text, length)) return true;
    for (const char* ending : kEndings) {
      const auto size = static_cast<int64_t>(std::strlen(ending));
      if (length - size >= 3 && std::memcmp(text + length - size, ending, static_cast<std::size_t>(size)) == 0 &&
          has(text, length - size))
        return true;
    }
    return false;
  }

  // Whether a token is made of known words, also `likeThis`, `like_this`, or `like.this`. Other scripts have words only: no list
  // would hold them. A digit makes a name.
  bool makes(const uint8_t* text, int64_t length) const {
    uint8_t part[kLongestPart];
    bool any = false;
    for (int64_t at = 0; at < length;) {
      const uint8_t c = text[at];
      if (c >= 0x80) return true;
      if (is_digit(c)) return false;
      if (!is_letter(c)) {
        ++at;
        continue;
      }
      const int64_t end = part_end(text, at, length);
      if (end - at > kLongestPart) return false;
      for (int64_t i = at; i < end; ++i) part[i - at] = lowered(text[i]);
      if (!knows(part, end - at)) return false;
      any = true;
      at = end;
    }
    return any;
  }

  // `HTTPServer` is `HTTP` and `Server`: of several capitals in a row, one before a small letter begins the next part.
  static int64_t part_end(const uint8_t* text, int64_t at, int64_t length) {
    int64_t end = at;
    while (end < length && is_upper(text[end])) ++end;
    const int64_t capitals = end - at;
    if (capitals > 1) return end < length && is_lower(text[end]) ? end - 1 : end;
    while (end < length && is_lower(text[end])) ++end;
    return end;
  }
};

}  // namespace categories
