// Bounding boxes of points, four sides at once. Behind the last dimension boxes are zero, so that nothing there counts.
#pragma once

#include "forest_state.hpp"
#include "series_lanes.hpp"

namespace forest {

using series::Four;
using series::FourWhether;
using series::greater;
using series::lesser;
using series::load;
using series::store;

struct Box {
  float *low, *high;  // [width]
};

// A box, and the samples at which its sides are.
struct HeldBox {
  Box box;
  int32_t *at_low, *at_high;  // [width]
};

struct Sides {
  int64_t width, dims;

  // Four coordinates of a stored point from `i` on: what lies behind its last one is another point's.
  Four of_point(const float* x, int64_t i) const {
    const Four lanes = load<Four>(x + i);
    const int64_t left = dims - i;
    if (left >= 4) return lanes;
    return Four{lanes[0], left > 1 ? lanes[1] : 0.0f, left > 2 ? lanes[2] : 0.0f, 0.0f};
  }

  void copy(Box box, Box from) const {
    std::memcpy(box.low, from.low, static_cast<size_t>(width) * 4);
    std::memcpy(box.high, from.high, static_cast<size_t>(width) * 4);
  }

  void begin(Box box, const float* x) const {
    for (int64_t i = 0; i < width; i += 4) {
      const Four lanes = of_point(x, i);
      store(box.low + i, lanes);
      store(box.high + i, lanes);
    }
  }

  // Several stored points at once: four sides stay in registers while the points go by.
  void add(Box box, const float* const* points, int count) const {
    const int64_t whole = dims / 4 * 4;
    for (int64_t i = 0; i < whole; i += 4) {
      Four low = load<Four>(box.low + i), high = load<Four>(box.high + i);
      for (int k = 0; k < count; ++k) {
        const Four x = load<Four>(points[k] + i);
        low = low < x ? low : x;
        high = high > x ? high : x;
      }
      store(box.low + i, low);
      store(box.high + i, high);
    }
    if (whole == width) return;
    for (int k = 0; k < count; ++k) widen(box, whole, of_point(points[k], whole), of_point(points[k], whole));
  }

  void add(Box box, Box other) const {
    for (int64_t i = 0; i < width; i += 4) widen(box, i, load<Four>(other.low + i), load<Four>(other.high + i));
  }

  // Whether a point, with zeros behind its last coordinate, is in a box.
  bool inside(Box box, const float* x) const {
    FourWhether out{};
    for (int64_t i = 0; i < width; i += 4) {
      const Four at = load<Four>(x + i);
      out |= (at < load<Four>(box.low + i)) | (at > load<Four>(box.high + i));
    }
    return !series::any(out);
  }

  void add(HeldBox made, const float* const* points, const int32_t* slots, int count) const {
    for (int64_t i = 0; i < width; i += 4) {
      Four low = load<Four>(made.box.low + i), high = load<Four>(made.box.high + i);
      FourWhether at_low = load<FourWhether>(made.at_low + i), at_high = load<FourWhether>(made.at_high + i);
      for (int k = 0; k < count; ++k) {
        const Four x = of_point(points[k], i);
        const FourWhether under = x < low, over = x > high, slot = FourWhether{} + slots[k];
        low = under ? x : low;
        high = over ? x : high;
        at_low = under ? slot : at_low;
        at_high = over ? slot : at_high;
      }
      store(made.box.low + i, low);
      store(made.box.high + i, high);
      store(made.at_low + i, at_low);
      store(made.at_high + i, at_high);
    }
  }

  bool same(const float* x, const float* y) const { return std::equal(x, x + dims, y); }

 private:
  static void widen(Box box, int64_t i, Four low, Four high) {
    const Four l = load<Four>(box.low + i), h = load<Four>(box.high + i);
    store(box.low + i, l < low ? l : low);
    store(box.high + i, h > high ? h : high);
  }
};

// How far a point is outside of a box, and how long the box's sides are, each summed up over all dimensions.
struct Reach {
  double gap, range;

  Reach(Box box, const float* x, int64_t width) {
    Four gaps{}, ranges{};
    for (int64_t i = 0; i < width; i += 4) {
      const Four low = load<Four>(box.low + i), high = load<Four>(box.high + i), at = load<Four>(x + i);
      const Four under = low - at, over = at - high;
      const Four outside = under > over ? under : over;
      gaps += outside > 0.0f ? outside : Four{};
      ranges += high - low;
    }
    gap = static_cast<double>(gaps[0] + gaps[1]) + static_cast<double>(gaps[2] + gaps[3]);
    range = static_cast<double>(ranges[0] + ranges[1]) + static_cast<double>(ranges[2] + ranges[3]);
  }
};

}  // namespace forest
