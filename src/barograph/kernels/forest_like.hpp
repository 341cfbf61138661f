// Points that are like another: its neighbours, what its missing coordinates may be, and what may come next.
#pragma once

#include <limits>

#include "forest_tree.hpp"

namespace forest {

constexpr double kGolden = 0.6180339887498949;  // its multiples, without what is whole, are spread evenly

// The nearest point of one tree among the leaves that x may be in, where some of its coordinates are missing: every branch is
// taken that a cut of a missing coordinate parts. Distances are sums of differences over what is known.
//
// Where nothing is known all points are as near. Then it is the one that has the `share`, 0 to 1, of all others on its left: with
// shares spread evenly over the trees, the points are spread as those of the trees are, and their median is the median of these.
class Nearest {
 public:
  Nearest(const TreeOf& tree, const float* x, const uint8_t* missing, double share) : tree_(tree), x_(x), missing_(missing) {
    const int64_t dims = tree.of.shape.dims;
    if (std::find(missing, missing + dims, uint8_t{0}) == missing + dims) walk_by(share);
    else visit(tree.tree.root);
  }

  uint32_t point = 0;
  double distance = std::numeric_limits<double>::infinity();

 private:
  void walk_by(double share) {
    uint16_t id = tree_.tree.root;
    int64_t mass = tree_.tree.filled;
    while (!tree_.is_leaf(id)) {
      const Node node = tree_.nodes[id];
      const int64_t mass_left = tree_.mass(node.child(0));
      const double left = static_cast<double>(mass_left) / static_cast<double>(mass);
      const bool goes_left = share < left;
      share = goes_left ? share / left : (share - left) / (1.0 - left);
      mass = goes_left ? mass_left : mass - mass_left;
      id = node.child(!goes_left);
    }
    distance = 0.0;
    point = tree_.points[tree_.slot(id)];
  }

  void visit(uint16_t id) {
    while (!tree_.is_leaf(id)) {
      if (missing_[tree_.dim(id)]) {
        visit(tree_.nodes[id].child(0));
        id = tree_.nodes[id].child(1);
      } else {
        id = tree_.below(id, x_);
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
      const double share = (static_cast<double>(path) + 0.5) / static_cast<double>(shape.trees) + kGolden * static_cast<double>(step);
      const Nearest nearest(tree, x.data(), missing.data(), share - std::floor(share));
      const float* block = forest.coordinates(nearest.point) + shape.dims - shape.features;
      std::copy_n(block, shape.features, paths + (path * horizon + step) * shape.features);
      std::copy_n(block, shape.features, x.end() - shape.features);
      std::copy(x.begin() + shape.features, x.end(), x.begin());
    }
  }
}

}  // namespace forest
