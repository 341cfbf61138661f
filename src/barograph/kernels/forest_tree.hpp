// One random cut tree: how it is walked, and how points come into it and leave it.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "forest_stored.hpp"

namespace forest {

constexpr int kTogether = 8;  // trees that are walked at once
constexpr int kAtOnce = 32;   // points that are added to a box at once

// What walks need for a moment: paths from roots, and a box. One is made for each call of a kernel.
struct Scratch {
  std::vector<uint16_t> path;
  std::vector<float> sides, made, x;
  std::vector<int32_t> holders;

  explicit Scratch(const Shape& shape)
      : path(static_cast<size_t>(kTogether * shape.samples)), sides(static_cast<size_t>(2 * shape.width)), made(sides.size()),
        x(static_cast<size_t>(shape.width)), holders(sides.size()) {}
  Box box(const Shape& shape) { return {sides.data(), sides.data() + shape.width}; }
  HeldBox held(const Shape& shape) { return {{made.data(), made.data() + shape.width}, holders.data(), holders.data() + shape.width}; }
  // A point with zeros behind its last coordinate.
  const float* padded(const float* point, int64_t dims) {
    std::copy(point, point + dims, x.begin());
    return x.data();
  }
};

// The nodes of a tree, as they are walked.
struct Branches {
  Node* nodes;
  uint8_t* high;

  Branches() = default;
  Branches(const Forest& f, int64_t number)
      : nodes(f.nodes + number * (f.shape.samples - 1)), high(f.high ? f.high + number * (f.shape.samples - 1) : nullptr) {}

  uint32_t dim(uint16_t id) const { return nodes[id].link >> 26 | (high ? uint32_t{high[id]} << 6 : 0); }
  void set_dim(uint16_t id, uint32_t dim) const {
    nodes[id].link = (nodes[id].link & 0x3ffffff) | dim << 26;
    if (high) high[id] = static_cast<uint8_t>(dim >> 6);
  }
  void copy(uint16_t to, uint16_t from) const {
    nodes[to] = nodes[from];
    if (high) high[to] = high[from];
  }
  // No branch: nobody can guess it.
  uint16_t below(uint16_t id, const float* x) const { return nodes[id].child(!(x[dim(id)] <= nodes[id].cut)); }
};

struct TreeOf : Branches {
  const Forest& of;
  Tree& tree;
  float* keys;
  Points points;
  uint16_t* masses;
  StoredBoxes boxes;
  Sides sides;

  TreeOf(const Forest& f, int64_t number)
      : Branches(f, number), of(f), tree(f.trees[number]), keys(f.keys + number * f.shape.samples),
        points(f.points.from(number * f.shape.samples)), masses(f.masses + number * f.shape.boxed),
        boxes(f, number), sides{f.shape.width, f.shape.dims} {}

  bool is_leaf(uint16_t id) const { return id >= of.shape.samples; }
  bool has_box(uint16_t id) const { return id < of.shape.boxed; }
  uint16_t slot(uint16_t leaf) const { return static_cast<uint16_t>(leaf - of.shape.samples); }
  uint16_t leaf(uint16_t slot) const { return static_cast<uint16_t>(slot + of.shape.samples); }
  const float* coordinates(uint16_t leaf) const { return of.coordinates(points[slot(leaf)]); }

  // How many samples are below, duplicates included.
  int64_t mass(uint16_t id) const {
    if (is_leaf(id)) return times(points[slot(id)]);
    return has_box(id) ? masses[id] : mass(nodes[id].child(0)) + mass(nodes[id].child(1));
  }

  // How many samples are this point.
  int64_t times(uint32_t point) const { return tree.repeated ? points.count(tree.filled, point) : 1; }

  // Down to the leaf where x would be; answers it and how many nodes are on the path.
  uint16_t walk(const float* x, uint16_t* path, int& depth) const {
    uint16_t id = tree.root;
    for (depth = 0; !is_leaf(id); ++depth) {
      path[depth] = id;
      id = below(id, x);
    }
    return id;
  }

  // Widen a box by that of a node or leaf.
  void add_to(Box sum, uint16_t id) const {
    uint16_t leaves[kAtOnce];
    add(sum, leaves, gather(sum, id, leaves, 0));
  }

  uint16_t sibling(uint16_t parent, uint16_t child) const {
    return nodes[parent].child(nodes[parent].child(0) == child);
  }

  void insert(uint16_t slot, uint32_t point, Scratch& scratch);
  void remove(uint16_t slot, Scratch& scratch);

 private:
  // Add what boxes below a node tell to one, and gather the leaves of which none does; answers how many of these wait to be added.
  template <class Sum> int gather(Sum sum, uint16_t id, uint16_t* leaves, int count) const {
    while (!is_leaf(id)) {
      if (has_box(id)) {
        boxes.add_to(sum, id);
        return count;
      }
      const Node node = nodes[id];
      count = gather(sum, node.child(0), leaves, count);
      id = node.child(1);
    }
    if (count == kAtOnce) {
      add(sum, leaves, count);
      count = 0;
    }
    leaves[count] = id;
    return count + 1;
  }
  void add(Box sum, const uint16_t* leaves, int count) const {
    const float* points[kAtOnce];
    for (int k = 0; k < count; ++k) points[k] = coordinates(leaves[k]);
    sides.add(sum, points, count);
  }
  void replace_child(const uint16_t* path, int level, uint16_t before, uint16_t now) {
    if (level < 0) {
      tree.root = now;
    } else {
      nodes[path[level]].set_child(nodes[path[level]].child(0) != before, now);
    }
  }
  uint16_t take(uint16_t& first) {
    const uint16_t id = first;
    first = nodes[id].child(0);
    return id;
  }
  void give_back(uint16_t id) {
    uint16_t& first = has_box(id) ? tree.free_boxed : tree.free_plain;
    nodes[id].set_child(0, first);
    first = id;
  }
  // With the samples at which the sides are.
  void add(HeldBox made, const uint16_t* leaves, int count) const {
    const float* points[kAtOnce];
    int32_t slots[kAtOnce];
    for (int k = 0; k < count; ++k) points[k] = coordinates(leaves[k]), slots[k] = slot(leaves[k]);
    sides.add(made, points, slots, count);
  }
  void make_box(uint16_t id, Scratch& scratch) const {
    const HeldBox made = scratch.held(of.shape);
    std::fill_n(made.box.low, of.shape.width, std::numeric_limits<float>::infinity());
    std::fill_n(made.box.high, of.shape.width, -std::numeric_limits<float>::infinity());
    uint16_t leaves[kAtOnce];
    int count = gather(made, nodes[id].child(0), leaves, 0);
    count = gather(made, nodes[id].child(1), leaves, count);
    add(made, leaves, count);
    boxes.write(id, made);
  }
  void move(uint16_t* path, int level, uint16_t& free, int64_t mass, Scratch& scratch) {
    const uint16_t before = path[level], now = take(free);
    copy(now, before);
    replace_child(path, level - 1, before, now);
    give_back(before);
    path[level] = now;
    if (!has_box(now)) return;
    make_box(now, scratch);
    masses[now] = static_cast<uint16_t>(mass);
  }
  // Large nodes get their boxes stored, small ones give them up, as far as there is room. From below, as boxes are made of boxes.
  void place(uint16_t* path, int depth, Scratch& scratch) {
    const int64_t most = of.shape.most;
    int64_t below = 0;
    for (int level = depth - 1; level >= 0; --level) {
      const uint16_t id = path[level];
      if (has_box(id)) below = masses[id];
      else if (level == depth - 1) below = mass(id);
      else below += mass(sibling(id, path[level + 1]));
      if (!has_box(id) && below > most && tree.free_boxed != kEnd) move(path, level, tree.free_boxed, below, scratch);
      if (has_box(id) && below <= most - most / 4 && tree.free_plain != kEnd) move(path, level, tree.free_plain, below, scratch);
    }
  }
  void count(const uint16_t* path, int depth, int more) const {
    for (int i = 0; i < depth; ++i)
      if (has_box(path[i])) masses[path[i]] = static_cast<uint16_t>(masses[path[i]] + more);
  }
};

// The box of a node on a path, made from below: those that are written out are not copied.
struct Climb {
  const TreeOf& tree;
  Box own, now;
  uint16_t below;

  Climb(const TreeOf& tree, Box scratch, uint16_t leaf) : tree(tree), own(scratch), now(scratch), below(leaf) {
    tree.sides.begin(own, tree.coordinates(leaf));
  }
  void to(uint16_t node) {
    if (!tree.has_box(node)) {
      if (now.low != own.low) tree.sides.copy(own, now);
      tree.add_to(own, tree.sibling(node, below));
      now = own;
    } else if (tree.boxes.open) {
      now = tree.boxes.open_box(node);
    } else {
      tree.boxes.read(node, own);
    }
    below = node;
  }
};

// Write out the boxes of a forest for a call of many points, with room for them in `boxes`.
inline void open_boxes(Forest& forest, int64_t points, std::vector<float>& boxes) {
  constexpr int64_t kMany = 16;  // points that cost as much as this does, about
  if (points < kMany) return;
  const Shape& shape = forest.shape;
  boxes.resize(static_cast<size_t>(shape.trees * shape.boxed * 2 * shape.width));
  forest.open = boxes.data();
  for (int64_t t = 0; t < shape.trees; ++t) {
    const StoredBoxes of_tree(forest, t);
    for (int64_t id = 0; id < shape.boxed; ++id) of_tree.read(static_cast<uint16_t>(id), of_tree.open_box(static_cast<uint16_t>(id)));
  }
}

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
  points.set(slot_now, point);
  uint16_t* path = scratch.path.data();
  if (tree.root == kNone) {
    tree.root = leaf(slot_now);
    return;
  }
  const float* x = scratch.padded(of.coordinates(point), of.shape.dims);
  int depth;
  const uint16_t found = walk(x, path, depth);
  if (sides.same(coordinates(found), x)) {
    points.set(slot_now, points[slot(found)]);
    ++tree.repeated;
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
    const uint16_t made = take(tree.free_plain != kEnd ? tree.free_plain : tree.free_boxed);
    nodes[made].set_child(!cut.x_is_left, leaf(slot_now));
    nodes[made].set_child(cut.x_is_left, beside);
    nodes[made].cut = cut.at;
    set_dim(made, cut.dim);
    replace_child(path, level - 1, beside, made);
    if (has_box(made)) {
      make_box(made, scratch);
      masses[made] = static_cast<uint16_t>(mass(beside));  // the new sample is another point, and is counted below
    }
    for (int i = level - 1; i >= 0; --i)
      if (has_box(path[i])) boxes.widen(path[i], slot_now, x);
    path[level] = made;
    depth = level + 1;
  }
  count(path, depth, 1);
  place(path, depth, scratch);
}

inline void TreeOf::remove(uint16_t slot_gone, Scratch& scratch) {
  const uint32_t point = points[slot_gone];
  uint16_t* path = scratch.path.data();
  const float* x = scratch.padded(of.coordinates(point), of.shape.dims);
  int depth;
  const uint16_t found = walk(x, path, depth);
  points.set(slot_gone, points.none());
  const int64_t other = tree.repeated ? points.find(tree.filled, point) : tree.filled;
  if (other != tree.filled) {  // a duplicate: another sample is the leaf now
    --tree.repeated;
    const auto same = static_cast<uint16_t>(other);
    if (found == leaf(slot_gone)) replace_child(path, depth - 1, found, leaf(same));
    for (int i = 0; i < depth; ++i)
      if (has_box(path[i])) boxes.replace(path[i], slot_gone, same);
  } else if (depth == 0) {
    tree.root = kNone;
    return;
  } else {
    const uint16_t parent = path[--depth];
    replace_child(path, depth - 1, parent, sibling(parent, found));
    give_back(parent);
    for (int i = depth - 1; i >= 0; --i)
      if (has_box(path[i]) && boxes.holds(path[i], slot_gone)) make_box(path[i], scratch);
  }
  count(path, depth, -1);
  place(path, depth, scratch);
}

}  // namespace forest
