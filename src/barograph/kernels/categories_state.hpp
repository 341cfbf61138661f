// What categorization remembers of messages. `categorize/layout.py` has the same records for NumPy, and checks them at import.

#pragma once

#include <cstdint>

namespace categories {

constexpr int32_t kNone = -1;

constexpr int32_t kMostTokens = 100;  // of a message that are looked at, as in Elastic's analyzer; the comparison costs their square
constexpr int32_t kSiblings = 8;      // different words in one place, all else the same, make the place open (chosen)

// What a difference costs, in tenths of a word. A known word that comes or goes says that something else happened. A name that
// differs (of a host, a package) says little. Chosen on four log sets; `docs/categories.md` has what each of them is worth.
constexpr int32_t kWordWeight = 10;
constexpr int32_t kNameWeight = 7;
constexpr int32_t kWordCost = 20;
constexpr int32_t kNameCost = 7;
constexpr int32_t kShare = 10;  // messages are alike when the cost is at most one part in so many of the longer one's weight

enum Kind : int32_t { kName = 0, kWord = 1, kOpen = 2 };

struct Token {  // of a message
  uint64_t hash;   // XXH64 of its bytes
  int64_t offset;  // where its bytes begin in the arena
  int32_t length;  // bytes
  int32_t kind;    // kName or kWord
};

struct Kept {  // a token of the message that began a category
  uint64_t hash;
  int64_t offset;
  int32_t length;
  int32_t kind;    // kOpen when any word may stand there
  int32_t common;  // 1 while all messages of the category have it
  int32_t unused;
};

struct Category {
  uint64_t signature;  // a bit for each word, by its hash: what lacks many of them need not be compared
  int64_t count;       // messages
  int64_t first;       // its first token
  int32_t tokens;
  int32_t weight;
  int32_t owner;
  int32_t previous;    // the next older category of the owner; kNone for the oldest
  int32_t into;        // the category that has taken its place; kNone for one that is alive
  int32_t max_length;  // of its messages, characters
  int32_t open;        // tokens that are open
  int32_t unused;
};

struct Form {  // the tokens of a message, by their hash together with the owner's
  uint64_t hash;
  int32_t category;
  int32_t unused;
};

struct Owner {  // whose messages are categorized together: a partition, or all
  int64_t messages;
  int64_t failed;    // messages without a category, as there was no room for one
  int32_t newest;    // its newest category; kNone without one
  int32_t categories;
  int32_t dead;      // of them, those that another has taken the place of
  int32_t stopped;   // 1 when nothing of it is categorized any more
};

}  // namespace categories
