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
//   below `boxed`. The box of a small node is made of its leaves when it is asked for, and is the same to the last bit.
#pragma once

#include <cstddef>
#include <cstdint>

namespace forest {

constexpr uint16_t kNone = 0xffff;
constexpr int kLargestSample = 4'096;  // numbers of nodes and of leaves share 16 bits
constexpr int kLeast = 32;             // points that a forest must have before it scores; chosen: what OpenSearch waits for

struct Head {
  int32_t trees, samples, features, shingle;
  double decay;     // by how much the weight of a sample shrinks a point, as an exponent
  int64_t learnt;   // blocks that have come
  int64_t points;   // points that were given to the trees
  int64_t end;      // blocks in the store
  int64_t since;    // the point at which the keys of samples were last made anew
};

struct Tree {
  uint64_t random;  // state of its generator
  int64_t due;      // the next point that it takes
  uint16_t root, filled, worst;          // a node or leaf; samples that it has; the sample with the largest key
  uint16_t free_boxed, free_plain;       // first free node of either kind; the others follow by child[0]
  uint16_t unused[3];
};

struct Node {
  uint16_t child[2];     // left and right: nodes, or samples + the number of a sample
  uint16_t dim, mass;    // x[dim] <= cut is left; samples below, duplicates included
  float cut;
};

// Sizes that follow from what is asked for.
struct Shape {
  int64_t trees, samples, features, shingle;
  int64_t dims, width;    // of a point; rounded up to whole registers
  int64_t most, boxed;    // leaves that a node may have before its box is stored; nodes that have one
  int64_t trees_at, nodes_at, keys_at, points_at, boxes_at, bytes;

  Shape(int64_t trees, int64_t samples, int64_t features, int64_t shingle)
      : trees(trees), samples(samples), features(features), shingle(shingle), dims(features * shingle) {
    width = (dims + 3) / 4 * 4;
    // Boxes of 24 leaves and more are a twelfth of all. Where boxes are small more of them are affordable. Chosen.
    most = dims >= 8 ? 24 : 3 * dims;
    boxed = 2 * samples / most + 2 < samples - 1 ? 2 * samples / most + 2 : samples - 1;
    trees_at = sizeof(Head);
    nodes_at = trees_at + trees * static_cast<int64_t>(sizeof(Tree));
    keys_at = nodes_at + trees * (samples - 1) * static_cast<int64_t>(sizeof(Node));
    points_at = keys_at + trees * samples * 4;
    boxes_at = points_at + trees * samples * 4;
    bytes = boxes_at + trees * boxed * 2 * width * 4;
  }
  explicit Shape(const Head& head) : Shape(head.trees, head.samples, head.features, head.shingle) {}
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
  uint32_t* points;
  float* boxes;
  float* store;
  int64_t room;  // blocks that fit into the store; three floats more are there, so that points are read in whole registers

  Forest(uint8_t* record, float* store, int64_t floats)
      : head(*reinterpret_cast<Head*>(record)), shape(head), trees(reinterpret_cast<Tree*>(record + shape.trees_at)),
        nodes(reinterpret_cast<Node*>(record + shape.nodes_at)), keys(reinterpret_cast<float*>(record + shape.keys_at)),
        points(reinterpret_cast<uint32_t*>(record + shape.points_at)), boxes(reinterpret_cast<float*>(record + shape.boxes_at)),
        store(store), room((floats - 3) / shape.features) {}

  const float* coordinates(uint32_t point) const { return store + static_cast<int64_t>(point) * shape.features; }
  bool ready() const { return head.points >= (shape.samples < kLeast ? shape.samples : kLeast); }
};

}  // namespace forest
