// One random cut tree: how it is walked, and how points come into it and leave it.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "forest_box.hpp"

namespace forest {

constexpr int kTogether = 8;  // trees that are walked at once
constexpr int kAtOnce = 32;   // points that are added to a box at once

// What walks need for a moment: paths from roots, and a box. One is made for each call of a kernel.
struct Scratch {
  std::vector<uint16_t> path;
  std::vector<float> sides, x;

  explicit Scratch(const Shape& shape)
      : path(static_cast<size_t>(kTogether * shape.samples)), sides(static_cast<size_t>(2 * shape.width)), x(static_cast<size_t>(shape.width)) {}
  Box box(const Shape& shape) { return {sides.data(), sides.data() + shape.width}; }
  // A point with zeros behind its last coordinate.
  const float* padded(const float* point, int64_t dims) {
    std::copy(point, point + dims, x.begin());
    return x.data();
  }
};

struct TreeOf {
  const Forest& of;
  Tree& tree;
  Node* nodes;
  float* keys;
  uint32_t* points;
  float* boxes;
  Sides sides;

  TreeOf(const Forest& f, int64_t number)
      : of(f), tree(f.trees[number]), nodes(f.nodes + number * (f.shape.samples - 1)), keys(f.keys + number * f.shape.samples),
        points(f.points + number * f.shape.samples), boxes(f.boxes + number * f.shape.boxed * 2 * f.shape.width),
        sides{f.shape.width, f.shape.dims} {}

  bool is_leaf(uint16_t id) const { return id >= of.shape.samples; }
  bool has_box(uint16_t id) const { return id < of.shape.boxed; }
  uint16_t slot(uint16_t leaf) const { return static_cast<uint16_t>(leaf - of.shape.samples); }
  uint16_t leaf(uint16_t slot) const { return static_cast<uint16_t>(slot + of.shape.samples); }
  uint16_t mass(uint16_t id) const { return is_leaf(id) ? times(points[slot(id)]) : nodes[id].mass; }
  const float* coordinates(uint16_t leaf) const { return of.coordinates(points[slot(leaf)]); }
  Box box(uint16_t id) const { return {boxes + id * 2 * of.shape.width, boxes + (id * 2 + 1) * of.shape.width}; }

  // How many samples are this point.
  uint16_t times(uint32_t point) const {
    return static_cast<uint16_t>(std::count(points, points + tree.filled, point));
  }

  // Down to the leaf where x would be; answers it and how many nodes are on the path.
  uint16_t walk(const float* x, uint16_t* path, int& depth) const {
    uint16_t id = tree.root;
    for (depth = 0; !is_leaf(id); ++depth) {
      path[depth] = id;
      const Node& node = nodes[id];
      id = node.child[!(x[node.dim] <= node.cut)];  // no branch: nobody can guess it
    }
    return id;
  }

  // Widen a box by that of a node or leaf.
  void add_to(Box sum, uint16_t id) const {
    const float* points[kAtOnce];
    const int count = gather(sum, id, points, 0);
    sides.add(sum, points, count);
  }

  uint16_t sibling(uint16_t parent, uint16_t child) const {
    return nodes[parent].child[nodes[parent].child[0] == child];
  }

  void insert(uint16_t slot, uint32_t point, Scratch& scratch);
  void remove(uint16_t slot, Scratch& scratch);

 private:
  // The points below a node as far as no box tells of them; answers how many wait to be added.
  int gather(Box sum, uint16_t id, const float** points, int count) const {
    while (!is_leaf(id)) {
      if (has_box(id)) {
        sides.add(sum, box(id));
        return count;
      }
      count = gather(sum, nodes[id].child[0], points, count);
      id = nodes[id].child[1];
    }
    if (count == kAtOnce) {
      sides.add(sum, points, count);
      count = 0;
    }
    points[count] = coordinates(id);
    return count + 1;
  }
  void replace_child(const uint16_t* path, int level, uint16_t before, uint16_t now) {
    if (level < 0) {
      tree.root = now;
    } else {
      nodes[path[level]].child[nodes[path[level]].child[0] != before] = now;
    }
  }
  uint16_t take(uint16_t& first) {
    const uint16_t id = first;
    first = nodes[id].child[0];
    return id;
  }
  void give_back(uint16_t id) {
    uint16_t& first = has_box(id) ? tree.free_boxed : tree.free_plain;
    nodes[id].child[0] = first;
    first = id;
  }
  void make_box(uint16_t id) const {
    uint16_t first = nodes[id].child[0];
    while (!is_leaf(first) && !has_box(first)) first = nodes[first].child[0];
    is_leaf(first) ? sides.begin(box(id), coordinates(first)) : sides.copy(box(id), box(first));
    add_to(box(id), nodes[id].child[0]);
    add_to(box(id), nodes[id].child[1]);
  }
  void move(uint16_t* path, int level, uint16_t& free) {
    const uint16_t before = path[level], now = take(free);
    nodes[now] = nodes[before];
    replace_child(path, level - 1, before, now);
    give_back(before);
    path[level] = now;
    if (has_box(now)) make_box(now);
  }
  // Large nodes get their boxes stored, small ones give them up, as far as there is room. From below, as boxes are made of boxes.
  void place(uint16_t* path, int depth) {
    const int64_t most = of.shape.most;
    for (int level = depth - 1; level >= 0; --level) {
      const uint16_t id = path[level];
      if (!has_box(id) && nodes[id].mass > most && tree.free_boxed != kNone) move(path, level, tree.free_boxed);
      if (has_box(id) && nodes[id].mass <= most - most / 4 && tree.free_plain != kNone) move(path, level, tree.free_plain);
    }
  }
};

// The box of a node on a path, made from below: those that are stored are not copied.
struct Climb {
  const TreeOf& tree;
  Box own, now;
  uint16_t below;

  Climb(const TreeOf& tree, Box scratch, uint16_t leaf) : tree(tree), own(scratch), now(scratch), below(leaf) {
    tree.sides.begin(own, tree.coordinates(leaf));
  }
  void to(uint16_t node) {
    if (tree.has_box(node)) {
      now = tree.box(node);
    } else {
      if (now.low != own.low) tree.sides.copy(own, now);
      tree.add_to(own, tree.sibling(node, below));
      now = own;
    }
    below = node;
  }
};

// A cut through the box and x, uniformly over the sum of its sides, and whether it parts them.
struct Cut {
  uint16_t dim = 0;
  float at = 0.0f;
  bool parts = false, x_is_left = false;

  Cut(Box box, const float* x, int64_t dims, double u) {
    double sum = 0.0;
    for (int64_t i = 0; i < dims; ++i) sum += side(box, x, i);
    double left = u * sum;
    int64_t last = 0;
    for (int64_t i = 0; i < dims; ++i) {
      const double length = side(box, x, i);
      if (length <= 0.0) continue;
      last = i;
      if (left < length) break;
      left -= length;
    }
    const float low = lesser(box.low[last], x[last]), high = greater(box.high[last], x[last]);
    dim = static_cast<uint16_t>(last);
    at = static_cast<float>(static_cast<double>(low) + left);
    // Rounding may reach the upper end, where a cut would leave nothing on its right.
    if (!(at < high)) at = std::nextafter(high, low);
    x_is_left = x[last] <= at && at < box.low[last];
    parts = x_is_left || (box.high[last] <= at && at < x[last]);
  }

 private:
  static double side(Box box, const float* x, int64_t i) {
    return static_cast<double>(greater(box.high[i], x[i])) - static_cast<double>(lesser(box.low[i], x[i]));
  }
};

// By the law of the tree: of all cuts drawn for the boxes above the place of x, the highest that parts x from a box is made.
inline void TreeOf::insert(uint16_t slot_now, uint32_t point, Scratch& scratch) {
  points[slot_now] = point;
  uint16_t* path = scratch.path.data();
  if (tree.root == kNone) {
    tree.root = leaf(slot_now);
    return;
  }
  const float* x = scratch.padded(of.coordinates(point), of.shape.dims);
  int depth;
  const uint16_t found = walk(x, path, depth);
  if (sides.same(coordinates(found), x)) {
    points[slot_now] = points[slot(found)];
  } else {
    Climb climb(*this, scratch.box(of.shape), found);
    Cut cut(climb.now, x, of.shape.dims, draw_uniform(tree.random));
    int level = depth;  // of the new node
    uint16_t beside = found;
    for (int i = depth - 1; i >= 0; --i) {
      climb.to(path[i]);
      if (Reach(climb.now, x, of.shape.width).gap == 0.0) break;
      const Cut higher(climb.now, x, of.shape.dims, draw_uniform(tree.random));
      if (!higher.parts) continue;
      cut = higher;
      level = i;
      beside = path[i];
    }
    const uint16_t mass_beside = mass(beside);  // the new sample is not in the tree yet, and is another point
    const uint16_t made = take(tree.free_plain != kNone ? tree.free_plain : tree.free_boxed);
    nodes[made] = {{beside, beside}, cut.dim, mass_beside, cut.at};
    nodes[made].child[!cut.x_is_left] = leaf(slot_now);
    replace_child(path, level - 1, beside, made);
    if (has_box(made)) make_box(made);
    for (int i = level - 1; i >= 0; --i)
      if (has_box(path[i])) sides.add(box(path[i]), x);
    path[level] = made;
    depth = level + 1;
  }
  for (int i = 0; i < depth; ++i) ++nodes[path[i]].mass;
  place(path, depth);
}

inline void TreeOf::remove(uint16_t slot_gone, Scratch& scratch) {
  const uint32_t point = points[slot_gone];
  uint16_t* path = scratch.path.data();
  const float* x = scratch.padded(of.coordinates(point), of.shape.dims);
  int depth;
  const uint16_t found = walk(x, path, depth);
  points[slot_gone] = UINT32_MAX;
  const uint32_t* other = std::find(points, points + tree.filled, point);
  if (other != points + tree.filled) {  // a duplicate: another sample is the leaf now
    if (found == leaf(slot_gone)) replace_child(path, depth - 1, found, leaf(static_cast<uint16_t>(other - points)));
  } else if (depth == 0) {
    tree.root = kNone;
    return;
  } else {
    const uint16_t parent = path[--depth];
    replace_child(path, depth - 1, parent, sibling(parent, found));
    give_back(parent);
    for (int i = depth - 1; i >= 0; --i) {
      if (!has_box(path[i])) continue;
      const Box before = box(path[i]);
      bool inside = true;
      for (int64_t d = 0; d < of.shape.dims; ++d) inside &= before.low[d] < x[d] && x[d] < before.high[d];
      if (inside) break;  // and so it is in all boxes above
      make_box(path[i]);
    }
  }
  for (int i = 0; i < depth; ++i) --nodes[path[i]].mass;
  place(path, depth);
}

}  // namespace forest
