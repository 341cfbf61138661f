// Which points a tree has: a sample in which a point's chance shrinks with its age.
//
// DESCRIPTION
// Each point has the key ln E - decay * age, E exponential, and a tree keeps those with the smallest ones (Efraimidis and
// Spirakis 2006, weights e^(decay * time)). A point comes in if its key is below the largest.
//
// IMPLEMENTATION DECISIONS
// Nine of ten points do not come in, so no key is drawn for those. The number of points until the next that does has a law of its own,
// as the chance of each to come in is known beforehand, and is drawn instead (their section 4, "exponential jumps").
// Then the key is drawn given that it is below the largest.
#pragma once

#include "forest_points.hpp"
#include "math/elementary.hpp"

namespace forest {

// -ln U for U in (0, 1].
inline double draw_exponential(uint64_t& random) { return -math::ln(1.0 - draw_uniform(random)); }

struct Sample {
  const Forest& forest;
  TreeOf tree;

  Sample(const Forest& f, int64_t number) : forest(f), tree(f, number) {}

  // The chance of point t to come in is 1 - e^-rate.
  double rate(int64_t t) const {
    const double largest = static_cast<double>(tree.keys[tree.tree.worst]);
    return math::e_to(largest + forest.head.decay * static_cast<double>(t - forest.head.since));
  }

  void take(uint32_t point, int64_t t, Scratch& scratch) {
    Tree& own = tree.tree;
    double strength;
    uint16_t slot = own.filled;
    if (own.filled < forest.shape.samples) {
      strength = draw_exponential(own.random);
      ++own.filled;
    } else {
      slot = own.worst;
      strength = -math::ln_1p(draw_uniform(own.random) * math::e_to_less_1(-rate(t)));
      tree.remove(slot, scratch);
    }
    tree.keys[slot] = static_cast<float>(math::ln(strength) - forest.head.decay * static_cast<double>(t - forest.head.since));
    tree.insert(slot, point, scratch);
    own.due = t + 1;
    if (own.filled < forest.shape.samples) return;
    own.worst = static_cast<uint16_t>(std::max_element(tree.keys, tree.keys + own.filled) - tree.keys);
    own.due = t + jump(t);
  }

 private:
  // The rates of the points to come are a geometric series; the next point comes in where their sum passes an exponential number.
  int64_t jump(int64_t t) const {
    const double wanted = draw_exponential(tree.tree.random) / rate(t + 1), decay = forest.head.decay;
    const double points = decay > 0.0 ? math::ln_1p(wanted * math::e_to_less_1(decay)) / decay : wanted;
    return points < 1.0 ? 1 : points > 1e15 ? static_cast<int64_t>(1e15) : static_cast<int64_t>(std::ceil(points));
  }
};

// All trees whose turn it is take a point.
inline void learn(Forest& forest, uint32_t point, Scratch& scratch) {
  const int64_t t = forest.head.learnt - 1;
  ++forest.head.points;
  for (int64_t i = 0; i < forest.shape.trees; ++i)
    if (forest.trees[i].due <= t) Sample(forest, i).take(point, t, scratch);
}

}  // namespace forest
