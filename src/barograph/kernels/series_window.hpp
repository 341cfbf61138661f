// The summary window of the past that season tests read.
#pragma once

#include "series_season.hpp"

namespace series {

constexpr int64_t kLongestSlot = 10800000;  // ms: slots grow to 1.5 .. 3 hours, so that the window always holds two weeks

inline void open_window(Series& s, int64_t bucket, double x) {
  s.window_first = bucket;
  s.window_tested = bucket;
  s.window_reference = x;
  s.window_sum = 0.0;
  s.window_count = 0;
  s.window_slots = 0;
  s.window_span = 1;
  s.window_searched = 0;
}

// The window of a series that has been zero since its `first` bucket.
inline void open_zero_window(Series& s, const Clock& c) {
  open_window(s, c.bucket, 0.0);
  const int64_t n = c.bucket - s.first;
  while (n / s.window_span >= kWindow && 2 * s.window_span * c.span_ms <= kLongestSlot) s.window_span *= 2;
  s.window_slots = static_cast<int32_t>(std::min<int64_t>(n / s.window_span, kWindow - 1));
  s.window_first = c.bucket - static_cast<int64_t>(s.window_slots) * s.window_span;
  std::fill(s.window, s.window + s.window_slots, 0.0f);
}

// Full: halve the resolution, or, where slots are long already, forget the older half.
inline void shorten_window(Series& s, int64_t span_ms) {
  constexpr int half = kWindow / 2;
  s.window_slots = half;
  s.window_searched = 0;
  if (2 * s.window_span * span_ms > kLongestSlot) {
    std::copy(s.window + half, s.window + kWindow, s.window);
    s.window_first += static_cast<int64_t>(half) * s.window_span;
    return;
  }
  for (int i = 0; i < half; ++i) {
    const float a = s.window[2 * i];
    const float b = s.window[2 * i + 1];
    s.window[i] = a != a ? b : b != b ? a : 0.5f * (a + b);
  }
  s.window_span *= 2;
}

inline int64_t open_slot_start(const Series& s) {
  return s.window_first + static_cast<int64_t>(s.window_slots) * s.window_span;
}

inline void close_slot(Series& s, int64_t span_ms) {
  if (s.window_slots == kWindow) shorten_window(s, span_ms);
  s.window[s.window_slots++] =
      s.window_count > 0 ? static_cast<float>(s.window_sum / s.window_count) : std::nanf("");
  s.window_sum = 0.0;
  s.window_count = 0;
}

inline void fold_window(Series& s, const Clock& c, double x) {
  const bool stale = c.bucket - open_slot_start(s) > 2 * static_cast<int64_t>(kWindow) * s.window_span;
  if (s.count == 0.0 || stale) open_window(s, c.bucket, x);
  while (c.bucket >= open_slot_start(s) + s.window_span) close_slot(s, c.span_ms);
  s.window_sum += std::clamp(x - s.window_reference, -1e37, 1e37);
  s.window_count += 1;
}

// The season's mean in slot i, read at up to four of its buckets.
inline double slot_season(const Series& s, const float* pool, const Clock& c, int i) {
  const int points = std::min(s.window_span, 4);
  double sum = 0.0;
  for (int k = 0; k < points; ++k) {
    const int64_t bucket = s.window_first + static_cast<int64_t>(i) * s.window_span + (2 * k + 1) * s.window_span / (2 * points);
    sum += season_value(s, pool, position(s, {bucket, c.local_ms - (c.bucket - bucket) * c.span_ms, c.span_ms}, 0));
  }
  return sum / points;
}

}  // namespace series
