// How odd a point is: the expected inverse depth at which a tree that had learnt it would part it from all others.
//
// Over the cuts of the tree, which are known, and the cut that x would cause in each box above it, which happens with the
// chance gap / (range + gap). Times log2(mass + 1), so that trees of any size are on one scale: 0 to 8 for 256 samples.
#pragma once

#include "forest_tree.hpp"
#include "math/elementary.hpp"

namespace forest {

inline double log2_of(double x) { return math::ln(x) * 1.4426950408889634; }

// What x has in common with duplicates of itself: they are no less odd for being two, but are for being many.
inline double score_of_known(double times, double mass, int depth) {
  return (1.0 - 0.5 * times / mass) / (depth + log2_of(1.0 + times));
}

// Where x ends up in a tree.
struct Place {
  const uint16_t* path;
  int depth;
  uint16_t leaf;
};

// x [width], zeros behind its last coordinate.
inline double score_at(const TreeOf& tree, const Place& place, const float* x, Scratch& scratch) {
  const double mass = tree.tree.filled;
  double score;
  if (tree.sides.same(tree.coordinates(place.leaf), x)) {
    score = score_of_known(static_cast<double>(tree.times(tree.points[tree.slot(place.leaf)])), mass, place.depth);
  } else {
    score = 1.0 / (place.depth + 1);
    Climb climb(tree, scratch.box(tree.of.shape), place.leaf);
    for (int d = place.depth - 1; d >= 0; --d) {
      climb.to(place.path[d]);
      const Reach reach(climb.now, x, tree.of.shape.width);
      if (reach.gap == 0.0) break;  // x is in all boxes above, too
      const double chance = reach.gap / (reach.range + reach.gap);
      score += chance * (1.0 / (d + 1) - score);
    }
  }
  return score * log2_of(mass + 1.0);
}

// Down several trees at once: one step waits for the one before, in a tree, but those of other trees need not wait for it.
inline void walk_together(const Forest& forest, int64_t first, int count, const float* x, uint16_t* paths, Place* places) {
  const int64_t samples = forest.shape.samples;
  Branches branches[kTogether];
  for (int j = 0; j < count; ++j) {
    branches[j] = Branches(forest, first + j);
    places[j] = {paths + j * samples, 0, forest.trees[first + j].root};
  }
  for (bool any = true; any;) {
    any = false;
    for (int j = 0; j < count; ++j) {
      Place& place = places[j];
      if (place.leaf >= samples) continue;
      paths[j * samples + place.depth++] = place.leaf;
      place.leaf = branches[j].below(place.leaf, x);
      any = true;
    }
  }
}

inline double score_of(const Forest& forest, const float* x, Scratch& scratch) {
  double sum = 0.0;
  Place places[kTogether];
  for (int64_t first = 0; first < forest.shape.trees; first += kTogether) {
    const int count = static_cast<int>(lesser<int64_t>(kTogether, forest.shape.trees - first));
    walk_together(forest, first, count, x, scratch.path.data(), places);
    for (int j = 0; j < count; ++j) sum += score_at(TreeOf(forest, first + j), places[j], x, scratch);
  }
  return sum / static_cast<double>(forest.shape.trees);
}

// The score by coordinate: what is due to x being above, and below. share [2, dims], above first; they sum up to the score.
class Attribution {
 public:
  Attribution(const Forest& forest, double* share) : forest_(forest), share_(share), one_(static_cast<size_t>(2 * forest.shape.dims)) {
    std::fill_n(share_, one_.size(), 0.0);
  }

  void of(const float* x, Scratch& scratch) {
    for (int64_t i = 0; i < forest_.shape.trees; ++i) {
      const TreeOf tree(forest_, i);
      in(tree, x, scratch);
      const double scale = log2_of(tree.tree.filled + 1.0) / static_cast<double>(forest_.shape.trees);
      for (size_t k = 0; k < one_.size(); ++k) share_[k] += scale * one_[k];
    }
  }

 private:
  void in(const TreeOf& tree, const float* x, Scratch& scratch) {
    int depth;
    const uint16_t leaf = tree.walk(x, scratch.path.data(), depth);
    if (tree.sides.same(tree.coordinates(leaf), x)) {  // no coordinate is to blame more than another
      const double score = score_of_known(static_cast<double>(tree.times(tree.points[tree.slot(leaf)])), tree.tree.filled, depth);
      std::fill(one_.begin(), one_.end(), score / static_cast<double>(one_.size()));
      return;
    }
    std::fill(one_.begin(), one_.end(), 0.0);
    Climb climb(tree, scratch.box(forest_.shape), leaf);
    add(climb.now, x, 1.0 / (depth + 1));
    for (int d = depth - 1; d >= 0; --d) {
      climb.to(scratch.path[static_cast<size_t>(d)]);
      if (Reach(climb.now, x, forest_.shape.width).gap == 0.0) break;
      add(climb.now, x, 1.0 / (d + 1));
    }
  }

  void add(Box box, const float* x, double score) {
    const Reach reach(box, x, forest_.shape.width);
    const double length = reach.range + reach.gap, stays = reach.range / length;
    const int64_t dims = forest_.shape.dims;
    for (int64_t i = 0; i < dims; ++i) {
      double& above = one_[static_cast<size_t>(i)];
      double& under = one_[static_cast<size_t>(dims + i)];
      above = stays * above + score * greater(static_cast<double>(x[i] - box.high[i]), 0.0) / length;
      under = stays * under + score * greater(static_cast<double>(box.low[i] - x[i]), 0.0) / length;
    }
  }

  const Forest& forest_;
  double* share_;
  std::vector<double> one_;
};

}  // namespace forest
