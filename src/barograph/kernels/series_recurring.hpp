// What is odd in the same phase on several visits running, to the same side, is no incident but part of the pattern: a job that
// runs each night, or no longer does. It is learnt in spite of being odd: half of it the second time, all of it the third.
#pragma once

#include "series_season.hpp"

namespace series {

constexpr int kMarksAFloat = 8;       // three bits each: as many as a float's whole numbers hold (format)
constexpr int kMostVisits = 3;        // running, that a mark counts (format)
constexpr int kBelow = 4;             // the bit of a mark that tells the side (format)

// The marks of a profile lie behind its knots: on how many visits running each was odd, and to which side.
inline int mark_of(const Series& s, const float* pool, int knot) {
  const int packed = static_cast<int>(pool[s.season.bins + s.season.knots + knot / kMarksAFloat]);
  return packed >> (3 * (knot % kMarksAFloat)) & 7;
}

inline void set_mark(const Series& s, float* pool, int knot, int mark) {
  float& packed = pool[s.season.bins + s.season.knots + knot / kMarksAFloat];
  const int place = 3 * (knot % kMarksAFloat);
  packed = static_cast<float>((static_cast<int>(packed) & ~(7 << place)) | mark << place);
}

inline int marks_floats(int knots) { return (knots + kMarksAFloat - 1) / kMarksAFloat; }

inline void clear_marks(const Series& s, float* pool) {
  std::fill_n(pool + s.season.bins + s.season.knots, marks_floats(s.season.knots), 0.0f);
}

// What turns out to last is an incident after all: its buckets so far have left no mark.
inline void forget_marks(const Series& s, float* pool, const Clock& c) {
  for (int64_t bucket = s.incident.since; bucket < c.bucket; ++bucket) {
    const Clock then{bucket, c.local_ms - (c.bucket - bucket) * c.span_ms, c.span_ms};
    set_mark(s, pool, position(s, then, 0).at, 0);
  }
}

// Working days and weekends are alike until weekends show that they are not: where both parts of a day say the same, they learn
// the same.
inline void learn_twin(Series& s, float* pool, const Position& place, double was, double by, const Expectation& e) {
  constexpr double kAlike = 2.0;  // deviations (chosen)
  if (s.season.kind != kDaily) return;
  const int half = knots_of_cycle(s), to = place.at < half ? half : -half;
  const Position twin{place.at + to, place.next + to, place.share};
  if (std::fabs(season_value(s, pool, twin) - was) < kAlike * e.deviation) move_profile(s, pool, twin, by);
}

// `odd`: this bucket is. Each knot is marked once a visit, by the first bucket behind its middle.
inline void learn_recurring(Series& s, float* pool, const Position& place, const Expectation& e, double x, bool odd, const Clock& c,
                            double cycle) {
  const bool tells = place.share * visits_of_knot(s, c.span_ms) < 1.0 - 1e-6;  // but for rounding
  const double lasted = odd ? static_cast<double>(c.bucket - s.incident.since) : 0.0;
  if (!odd) {
    if (tells && mark_of(s, pool, place.at)) set_mark(s, pool, place.at, 0);
    return;
  }
  if (lasted >= kPassing * cycle) {
    if (lasted < kPassing * cycle + 1.0) forget_marks(s, pool, c);
    return;
  }
  const int side = x < e.centre ? kBelow : 0;
  if (tells) {
    const int before = mark_of(s, pool, place.at);
    const bool again = before != 0 && (before & kBelow) == side;
    set_mark(s, pool, place.at, side + (again ? std::min((before & ~kBelow) + 1, kMostVisits) : 1));
  }
  const int mark = mark_of(s, pool, place.share < 0.5 ? place.at : place.next);
  const int visits = mark & ~kBelow;
  // What keeps to no level is odd day after day without a pattern.
  if (visits < 2 || (mark & kBelow) != side || wanders(s) > 0.5) return;
  const double by = (visits < kMostVisits ? 0.5 : 1.0) * (x - e.centre);
  const double was = e.season;
  move_profile(s, pool, place, by);
  learn_twin(s, pool, place, was, by, e);
}

}  // namespace series
