// Points that are like another: its neighbours, what its missing coordinates may be, and what may come next.
#pragma once

#include <limits>

#include "forest_tree.hpp"

namespace forest {

// The nearest point of one tree among the leaves that x may be in, where some of its coordinates are missing: every branch is
// taken that a cut of a missing coordinate parts. Distances are sums of differences over what is known.
class Nearest {
 public:
  Nearest(const TreeOf& tree, const float* x, const uint8_t* missing) : tree_(tree), x_(x), missing_(missing) { visit(tree.tree.root); }

  uint32_t point = 0;
  double distance = std::numeric_limits<double>::infinity();

 private:
  void visit(uint16_t id) {
    while (!tree_.is_leaf(id)) {
      const Node& node = tree_.nodes[id];
      if (missing_[node.dim]) {
        visit(node.child[0]);
        id = node.child[1];
      } else {
        id = node.child[!(x_[node.dim] <= node.cut)];
      }
    }
    const float* y = tree_.coordinates(id);
    double sum = 0.0;
    for (int64_t i = 0; i < tree_.of.shape.dims; ++i)
      if (!missing_[i]) sum += std::fabs(static_cast<double>(x_[i]) - static_cast<double>(y[i]));
    if (sum >= distance) return;
    distance = sum;
    point = tree_.points[tree_.slot(id)];
  }

  const TreeOf& tree_;
  const float* x_;
  const uint8_t* missing_;
};

// Paths into the future, one a tree: each goes on, block after block, with what followed on the nearest point of the next tree. So what
// is uncertain of one block is so of all that come after it. paths [trees, horizon, features].
inline void forecast(const Forest& forest, int64_t horizon, float* paths) {
  const Shape& shape = forest.shape;
  std::vector<uint8_t> missing(static_cast<size_t>(shape.dims), 0);
  std::fill(missing.end() - shape.features, missing.end(), uint8_t{1});
  const float* newest = forest.store + (forest.head.end - shape.shingle + 1) * shape.features;
  std::vector<float> x(static_cast<size_t>(shape.dims));
  for (int64_t path = 0; path < shape.trees; ++path) {
    std::copy_n(newest, shape.dims - shape.features, x.begin());
    for (int64_t step = 0; step < horizon; ++step) {
      const TreeOf tree(forest, (path + step) % shape.trees);
      const Nearest nearest(tree, x.data(), missing.data());
      const float* block = forest.coordinates(nearest.point) + shape.dims - shape.features;
      std::copy_n(block, shape.features, paths + (path * horizon + step) * shape.features);
      std::copy_n(block, shape.features, x.end() - shape.features);
      std::copy(x.begin() + shape.features, x.end(), x.begin());
    }
  }
}

}  // namespace forest
