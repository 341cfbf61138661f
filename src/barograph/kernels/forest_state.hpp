// Random cut trees over one store of points: where everything lies. Guha et al. 2016, "Robust random cut forest based anomaly
// detection on streams".
//
// DESCRIPTION
// A forest is one record of bytes of a fixed size, and a store of floats that grows. A point is a shingle: `shingle`
// consecutive blocks of `features` floats, oldest first. Shingles overlap, so a point is no copy but the number of its first
// block. What no tree refers to any more is swept away when the store is full (forest_points.hpp).
//
// IMPLEMENTATION DECISIONS
// - No count of references: the samples of the trees say what is alive, and are looked through once in thousands of points.
// - A leaf is the number of a sample. Its point, and how often the tree has that point, are read from the samples.
// - Boxes take most of the memory there could be, so only nodes with many leaves have theirs stored: those with the numbers
//   below `boxed`. The box of a small node is made of its leaves when it is asked for, and is the same to the last bit. A
//   stored box has no coordinates either, but the samples at which its sides are: a byte each where there are 256 at most.
// - Numbers take the bits that they need. A node is 8 bytes; what of a dimension does not fit is in an array of its own, as is how
//   many samples are below a node with a box: below others they are counted. Points have 16 bits until a store is longer.
// - To look coordinates up takes a fifth longer, so a call for many points writes all boxes out first, and follows their changes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace forest {

constexpr uint16_t kNone = 0xffff;
constexpr int kLargestSample = 4'096;  // numbers of nodes and of leaves share 13 bits
constexpr uint16_t kEnd = 0x1fff;      // of a list of free nodes
constexpr int64_t kNarrow = 0xffff;    // blocks of a store whose numbers have 16 bits
constexpr int kLeast = 32;             // points that a forest must have before it scores; chosen: what OpenSearch waits for

struct Head {
  int32_t trees, samples, features, shingle;
  double decay;     // by how much the weight of a sample shrinks a point, as an exponent
  int64_t learnt;   // blocks that have come
  int64_t points;   // points that were given to the trees
  int64_t end;      // blocks in the store
  int64_t since;    // the point at which the keys of samples were last made anew
  int64_t wide;     // 1: numbers of points have 32 bits, 0: 16
};

struct Tree {
  uint64_t random;  // state of its generator
  int64_t due;      // the next point that it takes
  uint16_t root, filled, worst;          // a node or leaf; samples that it has; the sample with the largest key
  uint16_t free_boxed, free_plain;       // first free node of either kind; the others follow by child(0)
  uint16_t repeated;                     // samples that are the same point as another
  uint16_t unused[2];
};

// x[dim] <= cut is left. The link has the left and the right child, each a node or samples + the number of a sample, of 13 bits, and
// the lowest 6 bits of dim.
struct Node {
  uint32_t link;
  float cut;

  uint16_t child(int side) const { return (link >> (13 * side)) & kEnd; }
  void set_child(int side, uint16_t id) { link = (link & ~(uint32_t{kEnd} << (13 * side))) | uint32_t{id} << (13 * side); }
};
constexpr int kLinkDims = 64;

// Sizes that follow from what is asked for.
struct Shape {
  int64_t trees, samples, features, shingle;
  int64_t dims, width;    // of a point; rounded up to whole registers
  int64_t most, boxed;    // leaves that a node may have before its box is stored; nodes that have one
  bool wide, large;       // 32 bits for a point; two bytes for the number of a sample
  int64_t trees_at, nodes_at, keys_at, points_at, masses_at, boxes_at, high_at, bytes;

  Shape(int64_t trees, int64_t samples, int64_t features, int64_t shingle, bool wide)
      : trees(trees), samples(samples), features(features), shingle(shingle), dims(features * shingle), wide(wide), large(samples > 256) {
    width = (dims + 3) / 4 * 4;
    // Boxes of 14 leaves and more are a seventh of all. Where boxes are small more of them are affordable. Chosen: with fewer, what is
    // made of leaves takes longer.
    most = dims >= 8 ? 14 : 3 * dims;
    boxed = 2 * samples / most + 2 < samples - 1 ? 2 * samples / most + 2 : samples - 1;
    trees_at = sizeof(Head);
    nodes_at = trees_at + trees * static_cast<int64_t>(sizeof(Tree));
    keys_at = nodes_at + trees * (samples - 1) * static_cast<int64_t>(sizeof(Node));
    points_at = keys_at + trees * samples * 4;
    masses_at = points_at + trees * samples * (wide ? 4 : 2);
    boxes_at = masses_at + trees * boxed * 2;
    high_at = boxes_at + trees * boxed * 2 * dims * (large ? 2 : 1);
    bytes = high_at + (dims > kLinkDims ? trees * (samples - 1) : 0);
  }
  explicit Shape(const Head& head) : Shape(head.trees, head.samples, head.features, head.shingle, head.wide != 0) {}
};

// The numbers of points that samples are of, in 16 or 32 bits.
struct Points {
  void* first;
  bool wide;

  uint16_t* narrow() const { return static_cast<uint16_t*>(first); }
  uint32_t* broad() const { return static_cast<uint32_t*>(first); }
  uint32_t operator[](int64_t i) const { return wide ? broad()[i] : narrow()[i]; }
  void set(int64_t i, uint32_t point) const {
    if (wide) broad()[i] = point;
    else narrow()[i] = static_cast<uint16_t>(point);
  }
  Points from(int64_t i) const { return {static_cast<uint8_t*>(first) + i * (wide ? 4 : 2), wide}; }
  uint32_t none() const { return wide ? 0xffffffff : 0xffff; }
  // How often a point is among the first n, and where first; n for nowhere.
  int64_t count(int64_t n, uint32_t point) const {
    return wide ? std::count(broad(), broad() + n, point) : std::count(narrow(), narrow() + n, static_cast<uint16_t>(point));
  }
  int64_t find(int64_t n, uint32_t point) const {
    return wide ? std::find(broad(), broad() + n, point) - broad() : std::find(narrow(), narrow() + n, static_cast<uint16_t>(point)) - narrow();
  }
};

// A generator for each tree: splitmix64 (Steele et al. 2014), whose whole state is one number.
inline uint64_t draw(uint64_t& state) {
  uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// In [0, 1).
inline double draw_uniform(uint64_t& state) { return static_cast<double>(draw(state) >> 11) * 0x1p-53; }

// The record and the store of one forest.
struct Forest {
  Head& head;
  const Shape shape;
  Tree* trees;
  Node* nodes;
  float* keys;
  Points points;
  uint16_t* masses;
  uint8_t* boxes;
  uint8_t* high;  // what is left of the dimensions of nodes; null where links have all of it
  float* store;
  float* open = nullptr;  // stored boxes with their coordinates [trees, boxed, 2, width], for a call; null: there are none
  int64_t room;  // blocks that fit into the store; three floats more are there, so that points are read in whole registers

  Forest(uint8_t* record, float* store, int64_t floats)
      : head(*reinterpret_cast<Head*>(record)), shape(head), trees(reinterpret_cast<Tree*>(record + shape.trees_at)),
        nodes(reinterpret_cast<Node*>(record + shape.nodes_at)), keys(reinterpret_cast<float*>(record + shape.keys_at)),
        points{record + shape.points_at, shape.wide}, masses(reinterpret_cast<uint16_t*>(record + shape.masses_at)),
        boxes(record + shape.boxes_at), high(shape.dims > kLinkDims ? record + shape.high_at : nullptr), store(store),
        room((floats - 3) / shape.features) {
    if (!shape.wide && room > kNarrow) room = kNarrow;
  }

  const float* coordinates(uint32_t point) const { return store + static_cast<int64_t>(point) * shape.features; }
  bool ready() const { return head.points >= (shape.samples < kLeast ? shape.samples : kLeast); }
};

}  // namespace forest
