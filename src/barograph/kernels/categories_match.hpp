// How far apart two messages are, and which category is the nearest.

#pragma once

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "categories_state.hpp"

namespace categories {

inline int32_t weight_of(int32_t kind) { return kind == kName ? kNameWeight : kWordWeight; }
inline int32_t cost_of(int32_t kind) { return kind == kOpen ? 0 : kind == kWord ? kWordCost : kNameCost; }
inline uint64_t bit_of(const uint64_t hash) { return uint64_t{1} << (hash >> 58); }

struct Message {
  const Token* tokens;
  int32_t count;
  int32_t weight;
  uint64_t signature;

  Message(const Token* first, int64_t all) : tokens(first), count(static_cast<int32_t>(std::min<int64_t>(all, kMostTokens))) {
    weight = 0;
    signature = 0;
    for (int32_t i = 0; i < count; ++i) {
      weight += weight_of(tokens[i].kind);
      if (tokens[i].kind == kWord) signature |= bit_of(tokens[i].hash);
    }
  }
};

inline int32_t replacing(const Kept& was, const Token& is) {
  if (was.hash == is.hash || was.kind == kOpen) return 0;
  return was.kind == kWord && is.kind == kWord ? kWordCost : kNameCost;
}

// The least cost of making one message of the other: the weighted edit distance (Wagner & Fischer 1974, JACM 21(1)). Row i,
// column j is the cost for the first i tokens kept and the first j of the message.
struct Costs {
  int32_t cost[kMostTokens + 1][kMostTokens + 1];

  int32_t fill(const Kept* kept, int32_t n, const Message& message) {
    cost[0][0] = 0;
    for (int32_t j = 0; j < message.count; ++j) cost[0][j + 1] = cost[0][j] + cost_of(message.tokens[j].kind);
    for (int32_t i = 0; i < n; ++i) {
      const int32_t gone = cost_of(kept[i].kind);
      cost[i + 1][0] = cost[i][0] + gone;
      for (int32_t j = 0; j < message.count; ++j)
        cost[i + 1][j + 1] = std::min({cost[i][j] + replacing(kept[i], message.tokens[j]), cost[i][j + 1] + gone,
                                       cost[i + 1][j] + cost_of(message.tokens[j].kind)});
    }
    return cost[n][message.count];
  }

  // Mark as no longer common the tokens that the message lacks, along one cheapest way: backwards, equal tokens first.
  void mark(Kept* kept, int32_t n, const Message& message) const {
    int32_t i = n, j = message.count;
    while (i > 0) {
      const Kept& was = kept[i - 1];
      if (j > 0 && cost[i][j] == cost[i - 1][j - 1] + replacing(was, message.tokens[j - 1])) {
        if (was.hash != message.tokens[j - 1].hash) kept[i - 1].common = 0;
        --i, --j;
      } else if (cost[i][j] == cost[i - 1][j] + cost_of(was.kind)) {
        kept[--i].common = 0;
      } else {
        --j;
      }
    }
  }
};

// How many categories differ from a message in one place only, and the oldest of them, by place.
struct Siblings {
  int32_t count[kMostTokens] = {};
  int32_t oldest[kMostTokens] = {};

  // The place where a message differs from a category of the same length; kNone when it is none, or more than one.
  static int32_t place(const Kept* kept, const Message& message) {
    int32_t found = kNone;
    for (int32_t i = 0; i < message.count; ++i) {
      if (kept[i].hash == message.tokens[i].hash || kept[i].kind == kOpen) continue;
      if (found != kNone) return kNone;
      found = i;
    }
    return found;
  }

  void add(const Kept* kept, const Message& message, int32_t category) {
    const int32_t at = place(kept, message);
    if (at == kNone) return;
    ++count[at];
    oldest[at] = category;  // they come newest first
  }

  // The first place with enough of them, this message being one more.
  int32_t full(int32_t tokens) const {
    for (int32_t at = 0; at < tokens; ++at)
      if (count[at] + 1 >= kSiblings) return at;
    return kNone;
  }
};

// Whether a category can be near at all, by what need not be aligned. A bit of the signature that only one of the two has is a
// word that comes, goes, or is replaced, which costs a name's cost at least; an open place hides one.
inline bool may_be_near(const Category& category, const Message& message) {
  const int32_t most = std::max(category.weight, message.weight);
  const int32_t hidden = category.open * kWordWeight;
  const int32_t bits = __builtin_popcountll(category.signature ^ message.signature) - 2 * category.open;
  return kShare * (std::abs(category.weight - message.weight) - hidden) <= most && kShare * kNameCost * bits <= most;
}

inline bool may_be_sibling(const Category& category, const Message& message) {
  return category.tokens == message.count && message.count >= 3 &&
         __builtin_popcountll(category.signature ^ message.signature) <= 2 + 2 * category.open;
}

}  // namespace categories
