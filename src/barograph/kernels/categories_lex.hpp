// Messages into tokens. What differs between messages that say the same is left out here: numbers, addresses, paths, values.

#pragma once

#include <cstring>
#include <string_view>

#include "categories_words.hpp"

namespace categories {

enum Tokenizer : int { kMlStandard = 0, kMlClassic = 1, kStandard = 2, kWhitespace = 3, kSeparated = 4 };

constexpr uint8_t kSeparator = 0x1f;  // between the tokens that something else has made

inline bool is_hex(uint8_t c) { return is_digit(c) || (lowered(c) >= 'a' && lowered(c) <= 'f'); }
inline bool is_space(uint8_t c) { return c == ' ' || (c >= 9 && c <= 13); }

inline bool is_one_of(std::string_view lower, const char* list) {  // a list of words with a space around each
  if (lower.empty()) return false;
  const std::string_view all(list);
  for (std::size_t at = all.find(lower); at != all.npos; at = all.find(lower, at + 1))
    if (all[at - 1] == ' ' && all[at + lower.size()] == ' ') return true;
  return false;
}

constexpr const char* kUnits =
    " b kb mb gb tb kib mib gib byte bytes k m g us ms s sec secs second seconds min mins minute minutes h hour hours day days ns "
    "nanoseconds milliseconds microseconds msec usec nsec hz khz mhz ghz bps kbps mbps gbps percent ";
constexpr const char* kNamers = " user username host hostname ";
constexpr const char* kNoNames =
    " is was has have had are were be been not does did do can cannot could may might must will would unknown and or but in on at "
    "by for from to of with as ";

struct Small {  // a short token in lower case
  char text[16];
  std::size_t size = 0;

  Small(const uint8_t* p, int64_t length) {
    if (length > static_cast<int64_t>(sizeof text)) return;
    for (int64_t i = 0; i < length; ++i) text[i] = static_cast<char>(lowered(p[i]));
    size = static_cast<std::size_t>(length);
  }
  std::string_view view() const { return {text, size}; }
  bool ends(std::string_view end) const { return size >= end.size() && view().substr(size - end.size()) == end; }
};

struct Lexer {
  const uint8_t* text;
  int64_t length;
  bool classic;

  bool slash(uint8_t c) const { return !classic && (c == '/' || c == '\\'); }
  bool begins(uint8_t c) const { return is_alnum(c) || slash(c); }
  bool ends(uint8_t c) const { return begins(c) || c == '_'; }
  bool inside(uint8_t c) const { return ends(c) || c == '.' || c == '-'; }

  // Where a row of at least four groups of hexadecimal digits ends that begins here: an address of hardware, or of IPv6.
  int64_t address_end(int64_t at) const {
    int64_t end = at, groups = 0;
    for (int64_t from = at;; ++groups) {
      int64_t to = from;
      while (to < length && is_hex(text[to])) ++to;
      if (to == from || to - from > 4 || (to < length && is_alnum(text[to]))) break;
      end = to;
      if (to >= length || text[to] != ':') return groups + 1 >= 4 ? end : at;
      from = to + 1;
      if (from < length && text[from] == ':') ++from;
    }
    return groups >= 4 ? end : at;
  }

  int64_t token_end(int64_t at) const {
    int64_t end = at;
    while (end < length && inside(text[end])) ++end;
    while (end > at + 1 && !ends(text[end - 1])) --end;
    return end;
  }

  bool is_number(int64_t from, int64_t to) const {
    if (is_digit(text[from])) return true;
    bool digit = false;
    for (int64_t i = from; i < to; ++i) {
      const uint8_t c = text[i];
      digit |= is_digit(c);
      if (!is_hex(c) && c != '.' && c != '_' && c != '-') return false;
    }
    return digit;
  }

  // A path, what has a digit, what has no letter, a name with two dots or with one and a port.
  bool is_value(int64_t from, int64_t to) const {
    int dots = 0;
    bool letter = false;
    for (int64_t i = from; i < to; ++i) {
      const uint8_t c = text[i];
      if (is_digit(c) || c == '/' || c == '\\') return true;
      dots += c == '.';
      letter |= is_letter(c);
    }
    const bool port = to + 1 < length && text[to] == ':' && is_digit(text[to + 1]);
    return !letter || dots >= 2 || (dots == 1 && port);
  }

  bool is_value_of_key(int64_t before, int64_t from) const {  // key=value
    return from - before >= 1 && from >= 2 && text[from - 1] == '=' && (is_alnum(text[from - 2]) || text[from - 2] == '_');
  }

  bool gap_has_only(int64_t from, int64_t to, const char* these) const {
    for (int64_t i = from; i < to; ++i)
      if (text[i] == 0 || std::strchr(these, text[i]) == nullptr) return false;
    return true;
  }

  bool gap_has_none(int64_t from, int64_t to, const char* these) const {
    for (int64_t i = from; i < to; ++i)
      if (text[i] != 0 && std::strchr(these, text[i]) != nullptr) return false;
    return true;
  }

  // Call `keep(from, to)` for each token that says what happened; it answers whether it was kept, and wants more by `true`.
  template <class Keep>
  void each(Keep keep) const {
    int64_t before = 0;  // where the last token ended
    bool after_number = false, after_namer = false, any = false;
    for (int64_t at = 0; at < length;) {
      if (!begins(text[at])) {
        ++at;
        continue;
      }
      const int64_t address = at == 0 || !is_alnum(text[at - 1]) ? address_end(at) : at;
      const int64_t end = address > at ? address : token_end(at);
      const bool unit_place = after_number && (at == before || (at == before + 1 && text[before] == ' '));
      const bool name_place = after_namer && gap_has_only(before, at, " :'\"");
      const bool number = address > at || is_number(at, end);
      const Small small(text + at, end - at);
      const bool sentence = gap_has_none(before, at, ";,.:");
      bool kept = false;
      if (!number && !(unit_place && is_one_of(small.view(), kUnits)) && !is_value_of_key(before, at) && !is_value(at, end) &&
          !(name_place && !is_one_of(small.view(), kNoNames) && !small.ends("ed") && !small.ends("ing")))
        kept = keep(at, end);
      after_number = number;
      after_namer = kept && any && sentence && is_one_of(small.view(), kNamers);
      any |= kept;
      before = at = end;
    }
  }
};

// Tokens that are what lies between separators.
template <class Inside, class Keep>
void each_between(const uint8_t* text, int64_t length, Inside inside, Keep keep) {
  for (int64_t at = 0; at < length;) {
    if (!inside(text, at, length)) {
      ++at;
      continue;
    }
    const int64_t from = at;
    while (at < length && inside(text, at, length)) ++at;
    keep(from, at);
  }
}

// Letters, digits and `_`, and a dot or an apostrophe between two of them.
inline bool in_standard(const uint8_t* text, int64_t at, int64_t length) {
  const auto plain = [](uint8_t c) { return is_alnum(c) || c == '_'; };
  if (plain(text[at])) return true;
  return (text[at] == '.' || text[at] == '\'') && at > 0 && at + 1 < length && plain(text[at - 1]) && plain(text[at + 1]);
}

template <class Keep>
void each_token(Tokenizer tokenizer, const uint8_t* text, int64_t length, Keep keep) {
  switch (tokenizer) {
    case kMlStandard:
    case kMlClassic:
      return Lexer{text, length, tokenizer == kMlClassic}.each(keep);
    case kStandard:
      return each_between(text, length, in_standard, keep);
    case kWhitespace:
      return each_between(text, length, [](const uint8_t* t, int64_t i, int64_t) { return !is_space(t[i]); }, keep);
    case kSeparated:
      return each_between(text, length, [](const uint8_t* t, int64_t i, int64_t) { return t[i] != kSeparator; }, keep);
  }
}

}  // namespace categories
