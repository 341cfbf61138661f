// Days of a kind that was never seen. While no two weeks are known, what begins at midnight and keeps to its level may be a day of another
// kind: a weekend, wherever the week ends, or a holiday. What it may show then has a limit.
#pragma once

#include "series_predictive.hpp"
#include "series_season.hpp"

namespace series {

constexpr double kKinds = 0.6931471805599453;  // deviation of ln of what days of other kinds are times the usual (chosen: twice, a half)
constexpr double kWithinADay = 0.25;           // of that ln of a day, by which its hours scatter around it (chosen)
constexpr double kLeastADay = 8.0;             // buckets of a day from which its first one is not what may happen at any time (chosen)
constexpr double kWeeksOfKinds = 2.0;          // that are known when each kind was seen twice (chosen)

// Does the day begin here, or did what is going on begin with it? The next bucket may be the first to show it, if it is not long. The hours
// of local time are counted back: on a day on which clocks are changed, the answer is no from then on.
inline bool began_with_the_day(const Series& s, const Memory& m, const Clock& c) {
  const int64_t midnight = c.bucket - modulo(c.local_ms, kDay) / c.span_ms, since = odd_now(s) ? s.incident.since : c.bucket;
  return since >= midnight && since - midnight <= (c.span_ms <= kHour / 2 ? 1 : 0);
}

// Nats that a value may show at most: how unlikely so high or so low a day is of its kind, or this value on it. No limit for nothing at all.
inline double nats_of_another_kind(const Series& s, const Memory& m, const Expectation& e, const Clock& c, double x) {
  if (!(s.count < kWeeksOfKinds * m.week) || m.day < kLeastADay || was_negative(s) || repeats_itself(s)) return kInfinity;
  if (!(x > 0.0) || !(e.centre > 0.0) || !began_with_the_day(s, m, c)) return kInfinity;
  const bool begun = odd_now(s) && s.incident.count > 0.0;
  const double day = begun ? became(s, e.centre, e.season).value : e.centre;
  if (!(day > 0.0)) return kInfinity;
  const double ln_day = ln(day / e.centre), scatter = begun ? kWithinADay * ln_day : kKinds;
  const double off = std::fabs(ln(x / day)) / std::sqrt(square(scatter) + e.variance / square(day));
  return -kLn2 - ln_normal_above(std::max(off, std::fabs(ln_day) / kKinds));
}

}  // namespace series
