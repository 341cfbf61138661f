// Points on a circle (times of a day or a week) or on the earth: distances, usual places, and how odd a value is.
//
// A value is compared with the nearest usual place, in its spreads: z. It is odd by
//
//   p = (1 + z^2 / dof)^(-dof / 2) + chance * min(1, kReach / z)^fall,
//
// the chance of a value so far from a place where values lie as a bivariate Student-t (on a circle that is a little too wide,
// which is the safe side), and that of one that is at no usual place at all: (away + 1/2) / (values + 1), the rule of
// succession with Jeffreys' prior. The further away, the less likely: by the third power of the distance, or by a lower one where the
// series has gone further when it was away (Hill's estimator, as if kOccasions had been as the third power says; the newest one teaches
// nothing). At a usual place the first term is about 1, however seldom the series is there.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "math/elementary.hpp"
#include "points_state.hpp"

namespace points {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kReach = 3.0;         // spreads up to which a value belongs to a place
constexpr double kPrior = 4.0;         // values that the first idea of a spread counts for (chosen)
constexpr double kMostDof = 30.0;      // from there on tails are those of a normal distribution but for gross errors
constexpr double kKept = 1.0 - 1.0 / 2000.0;  // of the weight of older values with each new one (chosen)
constexpr double kForgotten = 0.05;    // a place with less weight is forgotten
constexpr int64_t kMostUsual = kPlaces - 4;  // the others are for what may become usual: its own occasions are apart (chosen)
constexpr int64_t kOccasions = 3;      // after which a place is usual: one occasion teaches nothing, nor does a long one
constexpr double kMostFall = 3.0;      // (chosen)
constexpr double kLeast = 8.0;         // values before which nothing is odd, as for other series
constexpr double kLatelyKept = 0.9;
constexpr double kLnOdd = -4.605170185988091;  // 0.01: a run of odd values goes on as long as none is likelier

enum Geometry : int64_t { kCircle, kEarth };

constexpr double kEarthRadius = 6371.0088;  // km, the mean one (IUGG)
constexpr double kCells = 67108864.0;       // 2^26 steps of latitude and of longitude: 0.3 and 0.6 m

struct Point {
  double x, y, z;
};

inline Point vector_of(double latitude, double longitude) {
  const math::Circle up = math::on_circle(latitude / 360.0), around = math::on_circle(longitude / 360.0);
  return {up.cosine * around.cosine, up.cosine * around.sine, up.sine};
}

// A place on the earth as one number: the step of its latitude, and below it that of its longitude.
inline double code_of(double latitude, double longitude) {
  const double up = std::floor((latitude + 90.0) / 180.0 * (kCells - 1.0) + 0.5);
  double around = std::floor((longitude + 180.0) / 360.0 * kCells + 0.5);
  if (around >= kCells) around -= kCells;  // 180 degrees east are 180 degrees west
  return up * kCells + around;
}

inline void degrees_of(double code, double& latitude, double& longitude) {
  const double up = std::floor(code / kCells);
  latitude = up / (kCells - 1.0) * 180.0 - 90.0;
  longitude = (code - up * kCells) / kCells * 360.0 - 180.0;
}

inline double code_of(const Point& p) {
  // The library's arc tangents differ by a last bit from machine to machine, which is far below a step.
  constexpr double kDegrees = 57.29577951308232;
  return code_of(std::atan2(p.z, std::sqrt(p.x * p.x + p.y * p.y)) * kDegrees, std::atan2(p.y, p.x) * kDegrees);
}

struct Space {
  Geometry geometry;
  double period;  // s, of a circle

  Point point(double value) const {
    if (geometry == kCircle) return {value, 0.0, 0.0};
    double latitude, longitude;
    degrees_of(value, latitude, longitude);
    return vector_of(latitude, longitude);
  }

  double value(const Point& p) const { return geometry == kCircle ? p.x : code_of(p); }

  double around(double x) const { return x - period * std::floor(x / period); }

  // From a to b the shorter way round, in [-period / 2, period / 2).
  double way(double a, double b) const { return around(b - a + 0.5 * period) - 0.5 * period; }

  // Seconds, or km straight through the earth: that needs no arc, and what is nearer is nearer on the ground as well.
  double distance(const Point& a, const Point& b) const {
    if (geometry == kCircle) return std::fabs(way(a.x, b.x));
    const double x = a.x - b.x, y = a.y - b.y, z = a.z - b.z;
    return kEarthRadius * std::sqrt(x * x + y * y + z * z);
  }

  // The point that lies a share of the way from a to b.
  Point between(const Point& a, const Point& b, double share) const {
    if (geometry == kCircle) return {around(a.x + share * way(a.x, b.x)), 0.0, 0.0};
    const Point p{a.x + share * (b.x - a.x), a.y + share * (b.y - a.y), a.z + share * (b.z - a.z)};
    const double length = std::sqrt(p.x * p.x + p.y * p.y + p.z * p.z);
    if (!(length > 0.0)) return a;  // half way to the other side of the earth there is no direction
    return {p.x / length, p.y / length, p.z / length};
  }
};

struct Config {
  Space space;
  double scale;          // the first idea of a spread
  double widest;         // places are not made one if theirs would be larger, nor have values twice as far away
  int64_t teaching;      // buckets from the first value on in which nothing is odd
  int64_t apart;         // buckets between two occasions at least
  double ln_threshold;
  double outside;        // share of values outside of bounds; 0: no bounds
};

inline double spread_of(const Config& c, double weight, double square) {
  const double dimensions = c.space.geometry == kCircle ? 1.0 : 2.0;
  return std::sqrt((kPrior * c.scale * c.scale + square / dimensions) / (kPrior + weight));
}

inline double spread_of(const Config& c, const Place& p) { return spread_of(c, p.weight, p.square); }
inline Point middle(const Place& p) { return {p.x, p.y, p.z}; }
inline Point middle(const Usual& p) { return {p.x, p.y, p.z}; }

inline bool taught(const Config& c, const Series& s, int64_t bucket) { return s.count >= kLeast && bucket - s.first >= c.teaching; }

inline bool has(const Place& p, int32_t member) { return p.who[0] == member || p.who[1] == member || p.who[0] == kMany; }

// Whether a member is expected there: where it has been itself, or more than two have.
inline bool usual_to(const Place& p, int32_t member) { return p.usual && has(p, member); }

inline void come(Place& p, int32_t member) {
  if (has(p, member)) return;
  if (p.who[1] == kNobody) p.who[1] = member;
  else p.who[0] = p.who[1] = kMany;
}

// `shift` is by how much, in seconds, the clock of a circle has been changed: it shows so much more than values are told by.
inline Predictive predictive(const Config& c, const Series& s, int32_t member, int64_t bucket, double shift) {
  Predictive out{};
  out.geometry = c.space.geometry;
  out.period = c.space.period;
  for (int64_t i = 0; i < s.places; ++i) {
    const Place& p = s.place[i];
    const double x = shift == 0.0 ? p.x : c.space.around(p.x - shift);
    if (usual_to(p, member)) out.place[out.places++] = {x, p.y, p.z, spread_of(c, p), std::min(p.weight + 2.0, kMostDof)};
  }
  out.chance = taught(c, s, bucket) && out.places > 0 ? (s.away + 0.5) / (s.weight + 1.0) : 1.0;
  out.fall = std::min(kMostFall, (std::max(s.away - 1.0, 0.0) + kOccasions) / (s.further + kOccasions / kMostFall));
  return out;
}

// The usual place that a value is compared with: the one from which it is the fewest spreads away. -1: there is none.
inline int64_t nearest(const Predictive& q, const Point& x, double& z) {
  const Space space{static_cast<Geometry>(q.geometry), q.period};
  int64_t best = -1;
  z = math::kInfinity;
  for (int64_t i = 0; i < q.places; ++i) {
    const double apart = space.distance(middle(q.place[i]), x) / q.place[i].spread;
    if (apart < z) z = apart, best = i;
  }
  return best;
}

inline double ln_p_of(const Predictive& q, double value) {
  if (std::isnan(value)) return kNaN;
  if (q.chance >= 1.0) return 0.0;
  const Space space{static_cast<Geometry>(q.geometry), q.period};
  double z;
  const Usual& place = q.place[nearest(q, space.point(value), z)];
  const double tail = math::e_to(-0.5 * place.dof * math::ln_1p(z * z / place.dof));
  const double reach = math::e_to(-q.fall * math::ln(std::max(z, kReach) / kReach));
  return math::ln(std::min(1.0, tail + q.chance * reach));
}

// How far bounds lie from the middle of a place.
inline double half_width(const Usual& place, double outside) {
  const double power = math::e_to(-2.0 / place.dof * math::ln(outside));
  return place.spread * std::sqrt(place.dof * (power - 1.0));
}

inline int64_t heaviest(const Series& s) {
  int64_t best = -1;
  for (int64_t i = 0; i < s.places; ++i)
    if (s.place[i].usual && (best < 0 || s.place[i].weight > s.place[best].weight)) best = i;
  return best;
}

inline void remove(Series& s, int64_t at) {
  std::copy(s.place + at + 1, s.place + s.places, s.place + at);
  s.place[--s.places] = Place{};
}

// What two places are as one; `square` grows by what their middles lie apart.
inline Place together(const Space& space, const Place& a, const Place& b) {
  const double weight = a.weight + b.weight, apart = space.distance(middle(a), middle(b));
  const Point p = space.between(middle(a), middle(b), b.weight / weight);
  const double square = a.square + b.square + a.weight * b.weight / weight * apart * apart;
  Place both{weight, p.x, p.y, p.z, square, std::max(a.last, b.last), std::max(a.occasions, b.occasions), a.usual | b.usual, {a.who[0], a.who[1]}};
  for (const int32_t member : b.who)
    if (member == kMany) both.who[0] = both.who[1] = kMany;
    else if (member != kNobody) come(both, member);
  return both;
}

inline void merge(const Space& space, Series& s, int64_t a, int64_t b) {
  s.place[std::min(a, b)] = together(space, s.place[a], s.place[b]);
  remove(s, std::max(a, b));
}

// Of usual places the two become one that lose least.
inline void merge_nearest(const Space& space, Series& s) {
  int64_t a = -1, b = -1;
  double least = math::kInfinity;
  for (int64_t i = 0; i < s.places; ++i)
    for (int64_t j = i + 1; j < s.places; ++j) {
      if (!s.place[i].usual || !s.place[j].usual) continue;
      const double weight = s.place[i].weight + s.place[j].weight, apart = space.distance(middle(s.place[i]), middle(s.place[j]));
      const double loss = s.place[i].weight * s.place[j].weight / weight * apart * apart;
      if (loss < least) least = loss, a = i, b = j;
    }
  merge(space, s, a, b);
}

// Room for one more. Of places that are no usual ones that is given up which was not seen for longest, for each time that it was
// seen: what comes again outlives what came once, though not for ever, or places seen twice would in time leave no room for a new habit.
inline void make_room(const Space& space, Series& s, int64_t bucket) {
  int64_t usual = 0, at = -1;
  double longest = -math::kInfinity;
  for (int64_t i = 0; i < s.places; ++i) {
    const Place& p = s.place[i];
    const double unseen = static_cast<double>(bucket - p.last) / p.occasions;
    if (p.usual) ++usual;
    else if (unseen > longest) longest = unseen, at = i;
  }
  if (usual > kMostUsual) merge_nearest(space, s);
  else remove(s, at);
}

// Two places of one kind that overlap are one, if that is not too wide.
inline void merge_overlapping(const Config& c, Series& s, int64_t at) {
  for (int64_t i = 0; i < s.places; ++i) {
    const Place &a = s.place[at], &b = s.place[i];
    if (i == at || a.usual != b.usual || (a.who[0] == kMany) != (b.who[0] == kMany)) continue;
    const double apart = c.space.distance(middle(a), middle(b));
    if (2.0 * apart > kReach * (spread_of(c, a) + spread_of(c, b))) continue;
    const Place both = together(c.space, a, b);
    if (spread_of(c, both) <= c.widest) return merge(c.space, s, at, i);
  }
}

inline void fade(Series& s) {
  s.weight *= kKept;
  s.away *= kKept;
  s.further *= kKept;
  for (int64_t i = s.places - 1; i >= 0; --i) {
    s.place[i].weight *= kKept;
    s.place[i].square *= kKept;
    if (s.place[i].weight < kForgotten) remove(s, i);
  }
}

// The place that a value belongs to, -1 for a new one. Without an end to how far it may be, places would grow over all that lies
// between them: of what is spread evenly every value is within reach of the whole. A place that had to become wider, as there are too
// many, has what it was made of: twice its spread is as far as a disc goes that is evenly filled, so it does not grow any more.
inline int64_t place_of(const Config& c, const Series& s, const Point& x) {
  int64_t best = -1;
  double z = kReach;
  for (int64_t i = 0; i < s.places; ++i) {
    const double spread = spread_of(c, s.place[i]), distance = c.space.distance(middle(s.place[i]), x), apart = distance / spread;
    if (apart <= z && distance <= 2.0 * std::max(c.widest, spread)) z = apart, best = i;
  }
  return best;
}

inline void visit(const Config& c, Place& p, const Point& x) {
  const double before = c.space.distance(middle(p), x);
  p.weight += 1.0;
  const Point moved = c.space.between(middle(p), x, 1.0 / p.weight);
  p.x = moved.x, p.y = moved.y, p.z = moved.z;
  p.square += before * c.space.distance(moved, x);
}

// Whose value it is, and how much of one it counts among those of others.
struct Whose {
  int32_t member;
  double share;
};

// It was at no usual place, and so far from the nearest.
inline void learn_away(const Config& c, Series& s, const Whose& whose, const Point& x) {
  double z = math::kInfinity;
  for (int64_t i = 0; i < s.places; ++i)
    if (usual_to(s.place[i], whose.member)) z = std::min(z, c.space.distance(middle(s.place[i]), x) / spread_of(c, s.place[i]));
  s.away += whose.share;
  s.further += s.newest;
  s.newest = z > kReach && z < math::kInfinity ? whose.share * math::ln(z / kReach) : 0.0;
}

// What is told of a series or a member by itself.
template <typename One>
inline void note(One& one, int64_t bucket, double ln_p) {
  if (one.count == 0.0) one.first = bucket;
  one.last = bucket;
  one.count += 1.0;
  one.surprise = kLatelyKept * one.surprise - (1.0 - kLatelyKept) * ln_p / 2.302585092994046;
  one.since = ln_p > kLnOdd ? -1 : one.since < 0 ? bucket : one.since;
}

// Learn one value; what was known before has faded.
inline void learn(const Config& c, Series& s, const Whose& whose, int64_t bucket, double value, double ln_p) {
  const Point x = c.space.point(value);
  const bool teaching = s.count == 0.0 || !taught(c, s, bucket);
  note(s, bucket, ln_p);
  s.weight += whose.share;
  int64_t at = place_of(c, s, x);
  if (at < 0) {
    if (!teaching) learn_away(c, s, whose, x);
    if (s.places == kPlaces) make_room(c.space, s, bucket);
    at = s.places++;
    s.place[at] = {1.0, x.x, x.y, x.z, 0.0, bucket, 1, teaching, {whose.member, kNobody}};
    return;
  }
  Place& p = s.place[at];
  const bool expected = usual_to(p, whose.member), occasion = bucket - p.last >= c.apart;
  visit(c, p, x);
  if (!teaching && !expected && (occasion || p.usual)) learn_away(c, s, whose, x);
  come(p, whose.member);
  if (occasion) {
    p.last = bucket;
    p.occasions += 1;
    if (p.occasions >= kOccasions) p.usual = 1;
  }
  merge_overlapping(c, s, at);
}

}  // namespace points
