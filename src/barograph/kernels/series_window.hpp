// The summary window of the past that season tests read.
#pragma once

#include "series_season.hpp"

namespace series {

constexpr int64_t kLongestSlot = 10800000;  // ms: slots grow to 1.5 .. 3 hours, so that the window always holds two weeks (chosen)

inline void open_window(Series& s, int64_t bucket, double x) {
  s.window.first = bucket;
  s.window.tested = bucket;
  s.window.reference = x;
  s.window.sum = 0.0;
  s.window.count = 0;
  s.window.slots = 0;
  s.window.span = 1;
  s.window.searched = 0;
}

// The window of a series that has been zero since its `first` bucket.
inline void open_zero_window(Series& s, const Clock& c) {
  open_window(s, c.bucket, 0.0);
  const int64_t n = c.bucket - s.first;
  while (n / s.window.span >= kWindow && 2 * s.window.span * c.span_ms <= kLongestSlot) s.window.span *= 2;
  s.window.slots = static_cast<int32_t>(std::min<int64_t>(n / s.window.span, kWindow - 1));
  s.window.first = c.bucket - static_cast<int64_t>(s.window.slots) * s.window.span;
  std::fill(s.window.slot, s.window.slot + s.window.slots, 0.0f);
}

// Full: halve the resolution, or, where slots are long already, forget the older half.
inline void shorten_window(Series& s, int64_t span_ms) {
  constexpr int half = kWindow / 2;
  s.window.slots = half;
  s.window.searched = 0;
  if (2 * s.window.span * span_ms > kLongestSlot) {
    std::copy(s.window.slot + half, s.window.slot + kWindow, s.window.slot);
    s.window.first += static_cast<int64_t>(half) * s.window.span;
    return;
  }
  for (int i = 0; i < half; ++i) {
    const float a = s.window.slot[2 * i];
    const float b = s.window.slot[2 * i + 1];
    s.window.slot[i] = a != a ? b : b != b ? a : 0.5f * (a + b);
  }
  s.window.span *= 2;
}

inline int64_t open_slot_start(const Series& s) {
  return s.window.first + static_cast<int64_t>(s.window.slots) * s.window.span;
}

inline void close_slot(Series& s, int64_t span_ms) {
  if (s.window.slots == kWindow) shorten_window(s, span_ms);
  s.window.slot[s.window.slots++] =
      s.window.count > 0 ? static_cast<float>(s.window.sum / s.window.count) : std::nanf("");
  s.window.sum = 0.0;
  s.window.count = 0;
}

inline void fold_window(Series& s, const Clock& c, double x) {
  const bool stale = c.bucket - open_slot_start(s) > 2 * static_cast<int64_t>(kWindow) * s.window.span;
  if (s.count == 0.0 || stale) open_window(s, c.bucket, x);
  while (c.bucket >= open_slot_start(s) + s.window.span) close_slot(s, c.span_ms);
  s.window.sum += std::clamp(x - s.window.reference, -1e37, 1e37);
  s.window.count += 1;
}

// The season's mean in slot i, read at up to four of its buckets.
inline double slot_season(const Series& s, const float* pool, const Clock& c, int i) {
  const int points = std::min(s.window.span, 4);
  double sum = 0.0;
  for (int k = 0; k < points; ++k) {
    const int64_t bucket = s.window.first + static_cast<int64_t>(i) * s.window.span + (2 * k + 1) * s.window.span / (2 * points);
    sum += season_value(s, pool, position(s, {bucket, c.local_ms - (c.bucket - bucket) * c.span_ms, c.span_ms}, 0));
  }
  return sum / points;
}

}  // namespace series
