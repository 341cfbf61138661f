// A member against its peers: its habit, what is judged of it, and what is learnt.
#pragma once

#include "population_peers.hpp"

namespace population {

constexpr double kHabits = 20.0;     // members that the spread within habits starts from, half of that between them (chosen)
constexpr double kApart = 0.25;      // of the variance: members differ by that much at least, so that habits are learnt (chosen)
constexpr double kAHabit = 5.0;      // hours from which a member has a habit that tells of others' (chosen)
constexpr double kStep = 1.25;       // deviations by which one bucket moves a habit at most (chosen) ...
constexpr double kAccepted = 20.0;   // ... until values were beyond it for so many hours: what lasts a day is the habit (chosen)
constexpr double kRelieved = 0.75;   // what a value within leaves of that (chosen)
constexpr double kReplaced = 0.5;    // what an hour leaves of a habit that is replaced (chosen)
constexpr double kFurther = 4.0;     // deviations up to which counts widen the spread within habits: they are skewed (chosen)
constexpr double kCensored = 6.0;    // deviations (chosen)
constexpr double kNotHeavy = 4.0;    // ln of the odds against a heavy tail before any value (chosen)
constexpr double kMostTold = 2.0;    // ... by which one value moves them at most (chosen)
constexpr double kMostHeavy = 20.0;  // ... beyond which they do not go (chosen)
constexpr double kOdd = -6.907755278982137;  // ln 0.001: an anomaly has begun (chosen)
constexpr double kEnough = 20.0;     // values before which only what is far off is told (chosen)
constexpr double kMostSquares = 200.0;   // members that the spread lately rests on: fewer than a crowded bucket has (chosen)
constexpr double kMostKnown = 20.0;      // ... and the centre lately (chosen)
constexpr double kMostHabits = 2000.0;   // (chosen)
constexpr double kRowsKnown = 50.0;      // values from which half of what few rows do is believed (chosen)
constexpr double kAlike = 1e-6;          // relative variance of one over the rows below which all have as many
constexpr double kTailValues = 1000.0;   // values that tails start from, all as they should be (chosen)
constexpr double kTailStartShare = 0.05;

// The spread of members around their own habits, and how far these are apart.
struct Variances {
  double all;
  double within;
  double between;
};

inline Variances variances(const Population& p, double all) {
  const double w = std::min((p.within + kHabits * 0.25 * all) / (p.withins + kHabits), all);
  const double within = std::max(w, 1e-4 * all);
  return {all, within, std::max(all - within, kApart * all)};
}

// The share of the variance between values that is of the rows they are means of: by how much further off those of few are,
// by a regression. Values of as many rows each tell nothing of that, and need not.
inline double share_of_rows(const Rows& r) {
  if (!(r.values > 0.0)) return 0.0;
  const double mean = r.few / r.values, spread = r.fews / r.values - square(mean);
  if (!(spread > kAlike * square(mean))) return 0.0;
  const double slope = (r.off_few - mean * r.off) / r.values / spread;
  return std::clamp(mean * slope * r.values / (r.values + kRowsKnown), 0.0, 1.0);
}

// The spread around peers and around a habit of a value that is the mean of so many rows. 0: as many as ever.
inline Variances of_rows(const Variances& v, const Rows& r, double rows) {
  const double share = rows > 0.0 ? share_of_rows(r) : 0.0;
  if (share == 0.0) return v;
  const double times = r.values / (r.few * std::max(rows, 1.0)), more = share * v.all * (times - 1.0);
  return {v.all + more, std::max(v.within + more, v.within * std::min(times, 1.0)), v.between};
}

inline double ratio_of_habit(const Member& m, const Variances& v) { return (1.0 / v.between + m.own) / (1.0 / v.between + m.due); }

// As the member has been against its peers: the more it is known, the less like any of them.
inline Account own_account(Scale scale, const Member& m, const Variances& v, const Account& peers, double of_centre) {
  if (scale == kCounts) {
    const double known = 1.0 / v.between + m.own;
    return {peers.centre + ln(ratio_of_habit(m, v)), std::sqrt(v.within + 1.0 / known + of_centre)};
  }
  const double off = m.own / (m.due + v.within / v.between);
  return {peers.centre + off, std::sqrt(v.within + 1.0 / (1.0 / v.between + m.due / v.within) + of_centre)};
}

constexpr double kTailMean = 0.4182;  // deviations of a normal beyond the tail's start, on the mean (computed)

inline double tail_mean(const Side& s) {
  const double prior = kTailStartShare * kTailValues;
  return std::max((s.excess + kTailMean * prior) / (s.uncensored + prior), kTailMean);
}

inline void tails(const Population& p, Payload& q) {
  for (int above = 0; above < 2; ++above) {
    const Side& s = p.side[above];
    const double prior = kTailStartShare * kTailValues;
    q.rate[above] = std::max((s.hits + prior) / (kTailStartShare * p.count + prior), 1.0);
    q.mean[above] = tail_mean(s);
    q.heavy[above] = 1.0 / (1.0 + e_to(kNotHeavy - s.heavy));
  }
}

// What time has left of a habit; of one under another scale nothing.
inline Member faded(const Member& m, const Population& p, const Settings& k, int64_t bucket) {
  Member now = m;
  if (m.last >= 0) {
    const double left = e_to(k.decay * static_cast<double>(bucket - m.last));
    now.seen *= left, now.own *= left, now.due *= left;
  }
  if (m.era != p.era) now.own = now.due = now.pushed = 0.0;
  now.era = p.era;
  return now;
}

inline bool still_odd(const Member& m, const Settings& k, int64_t bucket) {
  return m.since >= 0 && static_cast<double>(bucket - m.last) <= std::max(k.hour, 1.0);
}

// Each value that was learnt moves the population by `weight`: members count alike, however often they come.
struct Learning {
  double weight = 0.0;
  double centre = 0.0;
  double square = 0.0;
  double squares = 0.0;  // of so many: who was alone was at no distance from anyone
  double zeros = 0.0;
  double values = 0.0;
  double within = 0.0;
  double withins = 0.0;
  double seen = 0.0;
  double members = 0.0;
  Side side[2] = {};
  Rows rows = {};
};

// A value of so many rows, so far off in variances of a value of as many as ever.
inline void learn_rows(Rows& l, double rows, double off, double weight) {
  const double few = 1.0 / std::max(rows, 1.0);
  l.values += weight, l.few += weight * few, l.fews += weight * few * few;
  l.off += weight * off, l.off_few += weight * off * few;
}

// Of a member that is far out the first value tells how often there are such, not those that follow it.
inline void learn_tails(const Population& p, Learning& l, Member& m, const Verdict& v, double weight) {
  const double before = m.beyond;
  const double side = v.above < 0 || !(-v.raw > kTailStart) ? 0.0 : v.above == 1 ? 1.0 : -1.0;
  m.beyond = v.raw <= kOdd ? side : 0.0;
  if (side == 0.0 || side == before) return;
  Side& s = l.side[v.above];
  const double z = deviations_of(std::min(-v.raw, 1e300)), excess = z - kTailDeviations;
  s.hits += weight;
  s.excess += weight * std::min(excess, kCensored);
  if (excess < kCensored) s.uncensored += weight;
  const double mean = tail_mean(p.side[v.above]);
  const double exponential = -ln(mean) - excess / mean, normal = -0.5 * z * z - kHalfLn2Pi + kTailStart;
  s.heavy += weight * std::clamp(exponential - normal, -kMostTold, kMostTold);
}

// A value as the habit takes it: not beyond `low` and `high`, until that has lasted.
inline double taken(Member& m, double value, double low, double high, double share) {
  const double side = value > high ? 1.0 : value < low ? -1.0 : 0.0;
  m.pushed = side == 0.0 ? kRelieved * m.pushed : (side * m.pushed > 0.0 ? m.pushed : 0.0) + side * share;
  if (side == 0.0 || std::fabs(m.pushed) < kAccepted) return std::clamp(value, low, high);
  const double left = 1.0 - (1.0 - kReplaced) * share;
  m.own *= left, m.due *= left;
  return value;
}

// A count moves its member's habit by what it says of the level: the less, the more counts vary around that.
inline void learn_count(Learning& l, Member& m, const Account& own, double due, double k, double within, double share, double weight) {
  const double mean = e_to(own.centre), deviation = std::sqrt(mean + square(own.deviation * mean));
  if (m.due > kAHabit * due) {
    const double tells = weight / (1.0 + square(mean));  // as of one value at most
    l.within += tells * (std::min(square(k - mean), square(kFurther * deviation)) - mean);
    l.withins += tells * square(mean);
  }
  const double told = share / (1.0 + within * mean);
  const double learnt = taken(m, k, mean - kStep * deviation, mean + std::max(1.0, kStep * deviation), share);
  m.own += told * learnt;
  m.due += told * due;
}

inline void learn_distance(Learning& l, Member& m, const Account& own, double centre, double y, double share, double weight) {
  if (m.due > kAHabit) {
    l.within += weight * std::min(square(y - own.centre), square(kFar * own.deviation));
    l.withins += weight;
  }
  const double learnt = taken(m, y, own.centre - kStep * own.deviation, own.centre + kStep * own.deviation, share);
  m.own += share * (learnt - centre);
  m.due += share;
}

inline void at_most(double most, double& sum, double& of) {
  if (of <= most) return;
  sum *= most / of;
  of = most;
}

inline void learn(Population& p, const Settings& k, const Learning& l, int64_t bucket) {
  if (p.last >= 0) {
    const double left = e_to(k.decay * static_cast<double>(bucket - p.last));
    p.seen *= left, p.count *= left;
    for (Side& s : p.side) s.hits *= left, s.excess *= left, s.uncensored *= left, s.heavy *= left;
  }
  p.last = bucket;
  p.seen += l.seen, p.members += l.members;
  if (l.weight > 0.0) {
    p.centre += (l.centre / l.weight - p.centre) * l.weight / (l.weight + p.known);
    p.known = std::min(p.known + l.weight, kMostKnown);
    p.square += l.square, p.squares += l.squares;
    at_most(kMostSquares, p.square, p.squares);
  }
  p.zeros += l.zeros, p.values += l.values;
  at_most(kMostHabits, p.zeros, p.values);
  p.within += l.within, p.withins += l.withins;
  at_most(kMostHabits, p.within, p.withins);
  p.count += l.values;
  Rows& r = p.rows;
  r.values += l.rows.values, r.few += l.rows.few, r.fews += l.rows.fews, r.off += l.rows.off, r.off_few += l.rows.off_few;
  if (r.values > kMostHabits) {
    const double left = kMostHabits / r.values;
    r.values *= left, r.few *= left, r.fews *= left, r.off *= left, r.off_few *= left;
  }
  for (int above = 0; above < 2; ++above) {
    p.side[above].hits += l.side[above].hits;
    p.side[above].excess += l.side[above].excess;
    p.side[above].uncensored += l.side[above].uncensored;
    p.side[above].heavy = std::clamp(p.side[above].heavy + l.side[above].heavy, -kMostHeavy, kMostHeavy);
  }
}

}  // namespace population
