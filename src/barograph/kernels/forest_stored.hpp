// The boxes of a tree's large nodes, as they are stored: the samples at which their sides are. See forest_state.hpp.
#pragma once

#include <limits>
#include <type_traits>

#include "forest_box.hpp"

namespace forest {

struct StoredBoxes {
  const Forest& of;
  const Points points;  // of the tree
  uint8_t* const first;
  float* const open;    // the same with their coordinates, or null
  const Sides sides;

  StoredBoxes(const Forest& f, int64_t tree)
      : of(f), points(f.points.from(tree * f.shape.samples)), first(f.boxes + tree * f.shape.boxed * bytes()),
        open(f.open ? f.open + tree * f.shape.boxed * 2 * f.shape.width : nullptr), sides{f.shape.width, f.shape.dims} {}

 private:
  int64_t bytes() const { return 2 * of.shape.dims * (of.shape.large ? 2 : 1); }
  template <class Do> auto each_number(uint16_t id, Do&& act) const {
    uint8_t* own = first + id * bytes();
    return of.shape.large ? act(reinterpret_cast<uint16_t*>(own)) : act(own);
  }
  template <class Do> void each_side(uint16_t id, Do&& act) const {
    each_number(id, [&](auto* low) {
      if (points.wide) each_side_of(low, points.broad(), act);
      else each_side_of(low, points.narrow(), act);
    });
  }
  template <class Number, class Point, class Do> void each_side_of(Number* low, const Point* point, Do&& act) const {
    const int64_t dims = of.shape.dims, features = of.shape.features;
    const float* blocks = of.store;
    Number* high = low + dims;
    for (int64_t i = 0; i < dims; ++i)
      act(i, blocks[point[low[i]] * features + i], blocks[point[high[i]] * features + i], low[i], high[i]);
  }

 public:
  Box open_box(uint16_t id) const { return {open + id * 2 * of.shape.width, open + (id * 2 + 1) * of.shape.width}; }

  void read(uint16_t id, Box box) const {
    std::fill(box.low + of.shape.dims, box.low + of.shape.width, 0.0f);
    std::fill(box.high + of.shape.dims, box.high + of.shape.width, 0.0f);
    each_side(id, [&](int64_t i, float low, float high, auto&, auto&) { box.low[i] = low, box.high[i] = high; });
  }

  // Widen a box by a stored one.
  void add_to(Box sum, uint16_t id) const {
    if (open) return sides.add(sum, open_box(id));
    each_side(id, [&](int64_t i, float low, float high, auto&, auto&) {
      sum.low[i] = lesser(sum.low[i], low), sum.high[i] = greater(sum.high[i], high);
    });
  }
  void add_to(HeldBox sum, uint16_t id) const {
    each_side(id, [&](int64_t i, float low, float high, auto at_low, auto at_high) {
      if (low < sum.box.low[i]) sum.box.low[i] = low, sum.at_low[i] = at_low;
      if (high > sum.box.high[i]) sum.box.high[i] = high, sum.at_high[i] = at_high;
    });
  }

  // Store a box.
  void write(uint16_t id, HeldBox made) const {
    const int64_t dims = of.shape.dims;
    each_number(id, [&](auto* own) {
      std::copy_n(made.at_low, dims, own);
      std::copy_n(made.at_high, dims, own + dims);
    });
    if (!open) return;
    sides.copy(open_box(id), made.box);
    std::fill_n(open_box(id).low + dims, of.shape.width - dims, 0.0f);
    std::fill_n(open_box(id).high + dims, of.shape.width - dims, 0.0f);
  }

  // Widen a stored box by the point x of a sample, with zeros behind its last coordinate.
  void widen(uint16_t id, uint16_t slot, const float* x) const {
    if (open) {
      if (sides.inside(open_box(id), x)) return;
      sides.add(open_box(id), &x, 1);
    }
    each_side(id, [&](int64_t i, float low, float high, auto& at_low, auto& at_high) {
      using Number = std::remove_reference_t<decltype(at_low)>;
      if (x[i] < low) at_low = static_cast<Number>(slot);
      if (x[i] > high) at_high = static_cast<Number>(slot);
    });
  }

  // Whether a side of a stored box is at a sample.
  bool holds(uint16_t id, uint16_t slot) const {
    return each_number(id, [&](auto* own) {
      const auto end = own + 2 * of.shape.dims;
      return std::find(own, end, static_cast<std::remove_reference_t<decltype(*own)>>(slot)) != end;
    });
  }

  // Have the sides at a sample at another one, which is the same point.
  void replace(uint16_t id, uint16_t before, uint16_t now) const {
    each_number(id, [&](auto* own) {
      using Number = std::remove_reference_t<decltype(*own)>;
      std::replace(own, own + 2 * of.shape.dims, static_cast<Number>(before), static_cast<Number>(now));
    });
  }
};

}  // namespace forest
