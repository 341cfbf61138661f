// The store of points: blocks come at its end, and what no tree refers to is swept away when it is full.
#pragma once

#include "forest_tree.hpp"

namespace forest {

// Keep the blocks of points that trees have, and of the shingle that is being made. Keys of samples are made anew, too: they
// fall without end, and a float has few digits.
inline void sweep(Forest& forest) {
  Head& head = forest.head;
  const Shape& shape = forest.shape;
  const auto end = static_cast<size_t>(head.end);
  std::vector<uint8_t> kept(end, 0);
  const auto keep = [&](int64_t first, int64_t blocks) { std::fill_n(kept.begin() + first, blocks, uint8_t{1}); };
  const auto each_sample = [&](auto&& look) {
    for (int64_t t = 0; t < shape.trees; ++t)
      for (int64_t s = 0; s < forest.trees[t].filled; ++s) look(t * shape.samples + s);
  };
  const int64_t open = lesser(head.end, shape.shingle - 1);
  keep(head.end - open, open);
  each_sample([&](int64_t i) { keep(forest.points[i], shape.shingle); });
  std::vector<uint32_t> now(end);
  int64_t to = 0;
  for (int64_t block = 0; block < head.end; ++block) {
    now[static_cast<size_t>(block)] = static_cast<uint32_t>(to);
    if (!kept[static_cast<size_t>(block)]) continue;
    std::copy_n(forest.store + block * shape.features, shape.features, forest.store + to * shape.features);
    ++to;
  }
  const double aged = head.decay * static_cast<double>(head.learnt - head.since);
  each_sample([&](int64_t i) {
    forest.points.set(i, now[forest.points[i]]);
    forest.keys[i] = static_cast<float>(static_cast<double>(forest.keys[i]) + aged);
  });
  head.end = to;
  head.since = head.learnt;
}

// Whether another block fits, if need be after sweeping. A store that is still nearly full wants to be a larger one: to be swept
// for every few points would be slow, and for hundreds takes less than a hundredth of their time.
inline bool has_room(Forest& forest) {
  if (forest.head.end < forest.room) return true;
  sweep(forest);
  return forest.head.end < forest.room - forest.room / 16;
}

// Answers the first block of the point that the block completes, or -1 while there are too few of them.
inline int64_t append(Forest& forest, const double* block) {
  Head& head = forest.head;
  float* to = forest.store + head.end * forest.shape.features;
  for (int64_t i = 0; i < forest.shape.features; ++i) to[i] = static_cast<float>(block[i]);
  ++head.end;
  ++head.learnt;
  return head.learnt >= forest.shape.shingle ? head.end - forest.shape.shingle : -1;
}

}  // namespace forest
