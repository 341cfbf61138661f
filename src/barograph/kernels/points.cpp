// Points: times of a day or a week, places on the earth. See `_points.pyi` for the Python side.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

#include "binding.hpp"
#include "points.hpp"
#include "skips.hpp"

namespace nb = nanobind;

namespace points {

using binding::In;
using binding::Out;
using binding::Records;
using binding::records;
using binding::room;

// A value, or none: whose it is, and where it is told.
struct Cell {
  int64_t row, t, at;
  int32_t member;  // among those that share usual places; of a series that is alone 0
  double value;
};

// What is learnt of a value; nothing is where there is none, or where users do not want it.
struct Lesson {
  bool learning;
  double ln_p, value;
};

struct Call {
  const Config& config;
  const skips::Skips& skip;
  const skips::Shifts& shifts;
  const int64_t* clock;  // [buckets] by how much the clock of all series has been changed, ms
  int64_t buckets, first_bucket, span_ms;
  bool learning;
  std::vector<double*> out;  // ln p, ln evidence, typical, lower, upper
  Leaf* leaves;
  int64_t leaf_room, leaf_count;

  void bounds(const Predictive& q, const Usual* place, int64_t at) {
    if (config.outside == 0.0) return;
    out[2][at] = place == nullptr ? kNaN : config.space.value(middle(*place));
    const bool line = place != nullptr && q.geometry == kCircle;  // on the earth there is no lower and upper
    out[3][at] = line ? std::max(place->x - half_width(*place, config.outside), 0.0) : kNaN;
    out[4][at] = line ? std::min(place->x + half_width(*place, config.outside), config.space.period) : kNaN;
  }

  template <typename One>
  void leaf(const One& one, const Predictive& q, const Usual* place, const Cell& cell, double ln_p, int64_t by) {
    Leaf& l = leaves[leaf_count++];
    const bool line = place != nullptr && q.geometry == kCircle;
    l = {cell.row, cell.t, cell.value, kNaN, kNaN, kNaN, ln_p, one.count, one.since < 0 ? first_bucket + cell.t : one.since, by, q};
    if (place != nullptr) l.typical = config.space.value(middle(*place));
    if (line) l.lower = std::max(place->x - half_width(*place, 0.05), 0.0);
    if (line) l.upper = std::min(place->x + half_width(*place, 0.05), config.space.period);
  }

  void nothing(const Series& s, const Predictive& q, const Cell& cell) {
    const int64_t main = heaviest(s);
    int64_t usual = 0;
    for (int64_t i = 0; i < main; ++i) usual += s.place[i].usual;
    out[0][cell.at] = out[1][cell.at] = kNaN;
    bounds(q, main < 0 ? nullptr : q.place + usual, cell.at);
  }

  // Judge a value by what is usual, and tell it of the series or member `one`; there is room for a leaf.
  template <typename One>
  Lesson judge(const Series& s, const One& one, const Cell& cell) {
    const int64_t number = first_bucket + cell.t;
    double shift = 0.0;
    if (config.space.geometry == kCircle) shift = static_cast<double>(clock[cell.t] + shifts.at(cell.row, number * span_ms)) / 1000.0;
    const Predictive q = predictive(config, s, cell.member, number, shift);
    if (std::isnan(cell.value)) {
      nothing(s, q, cell);
      return {false, 0.0, 0.0};
    }
    double z;
    const int64_t near = nearest(q, config.space.point(cell.value), z);
    const Usual* place = near < 0 ? nullptr : q.place + near;
    const double ln_p = ln_p_of(q, cell.value);
    // Rules see the difference the shorter way round: the typical time as it lies beside the actual one.
    double beside = place == nullptr ? kNaN : place->x;
    if (q.geometry == kCircle) beside = cell.value - config.space.way(beside, cell.value);
    const skips::Skip skipped = skips::skip(skip, cell.row, cell.t, cell.value, beside, static_cast<double>(number * span_ms));
    out[0][cell.at] = ln_p;
    out[1][cell.at] = skipped.result() ? 0.0 : ln_p;
    bounds(q, place, cell.at);
    if (ln_p <= config.ln_threshold) leaf(one, q, place, cell, ln_p, skipped.result() ? skipped.by : skips::kNothing);
    return {learning && !skipped.learning(), ln_p, shift == 0.0 ? cell.value : config.space.around(cell.value + shift)};
  }

  // One bucket of a series that is alone; false, having changed nothing, where there is no room for a leaf.
  bool bucket(Series& s, int64_t row, int64_t t, double value) {
    if (!std::isnan(value) && leaf_count == leaf_room) return false;
    const Lesson lesson = judge(s, s, {row, t, row * buckets + t, 0, value});
    if (!lesson.learning) return true;
    fade(s);
    s.members = 1;
    learn(config, s, {0, 1.0}, first_bucket + t, lesson.value, lesson.ln_p);
    return true;
  }

  // The members of a population in one bucket: all are judged by what was known before it, then learnt.
  void bucket(Series& s, Member* members, const Cell* cells, int64_t count, std::vector<Lesson>& lessons) {
    lessons.clear();
    for (int64_t i = 0; i < count; ++i) lessons.push_back(judge(s, members[cells[i].row], cells[i]));
    bool faded = false;
    for (int64_t i = 0; i < count; ++i) {
      if (!lessons[i].learning) continue;
      if (!faded) fade(s), faded = true;
      Member& m = members[cells[i].row];
      s.members += m.count == 0.0;
      // Whoever has more values than a member has on the mean does not count for more.
      const double share = std::min((s.count / static_cast<double>(s.members) + 1.0) / (m.count + 1.0), 1.0);
      const int64_t number = first_bucket + cells[i].t;
      learn(config, s, {cells[i].member, share}, number, lessons[i].value, lessons[i].ln_p);
      note(m, number, lessons[i].ln_p);
    }
  }
};

Config config_of(const std::vector<double>& settings, double ln_threshold, double outside) {
  binding::check_size("settings", settings.size(), 6);
  const Space space{static_cast<Geometry>(static_cast<int64_t>(settings[0])), settings[1]};
  return {space, settings[2], settings[3], static_cast<int64_t>(settings[4]), static_cast<int64_t>(settings[5]), ln_threshold, outside};
}

// What the calls of series and of members have in common, checked.
struct Given {
  Config config;
  skips::Shifts changes;
  skips::Skips skip;
  Call call;

  Given(size_t rows, size_t cells, int64_t buckets, Records leaves, const std::vector<Out<double>>& out, int64_t first_bucket,
        int64_t span_ms, bool learning, const std::vector<double>& settings, double ln_threshold, double outside, In<uint8_t> planned,
        Records rules, Records conditions, In<uint8_t> scope, In<int64_t> clock, Records shifts, In<uint8_t> shift_scope)
      : config(config_of(settings, ln_threshold, outside)),
        changes{records<skips::Shift>(shifts), shift_scope.data(), room<skips::Shift>(shifts), static_cast<int64_t>(rows)},
        skip{planned.data(), records<skips::Rule>(rules), scope.data(), records<skips::Condition>(conditions),
             room<skips::Rule>(rules), static_cast<int64_t>(rows)},
        call{config, skip, changes, clock.data(), buckets, first_bucket, span_ms, learning, {}, records<Leaf>(leaves), room<Leaf>(leaves), 0} {
    binding::check_size("out", out.size(), 5);
    binding::check_size("planned", planned.size(), static_cast<size_t>(buckets));
    binding::check_size("scope", scope.size(), static_cast<size_t>(room<skips::Rule>(rules)) * rows);
    binding::check_size("clock", clock.size(), static_cast<size_t>(buckets));
    binding::check_size("shift_scope", shift_scope.size(), static_cast<size_t>(room<skips::Shift>(shifts)) * rows);
    for (size_t i = 0; i < 5; ++i) {
      binding::check_size("out", out[i].size(), i < 2 || outside > 0.0 ? cells : 0);
      call.out.push_back(out[i].data());
    }
  }
  Given(const Given&) = delete;  // the call refers to what stands beside it
};

int64_t advance(Records state, In<int64_t> rows, In<double> values, int64_t buckets, Out<int64_t> progress, Records leaves,
                const std::vector<Out<double>>& out, int64_t first_bucket, int64_t span_ms, bool learning,
                const std::vector<double>& settings, double ln_threshold, double outside, In<uint8_t> planned, Records rules,
                Records conditions, In<uint8_t> scope, In<int64_t> clock, Records shifts, In<uint8_t> shift_scope) {
  const auto n = static_cast<int64_t>(rows.size());
  binding::check_rows("rows", rows, room<Series>(state));
  binding::check_size("values", values.size(), rows.size() * static_cast<size_t>(buckets));
  binding::check_size("progress", progress.size(), rows.size());
  Given given(rows.size(), values.size(), buckets, leaves, out, first_bucket, span_ms, learning, settings, ln_threshold, outside, planned,
              rules, conditions, scope, clock, shifts, shift_scope);
  Series* all = records<Series>(state);
  const int64_t* row_of = rows.data();
  const double* value_of = values.data();
  int64_t* done = progress.data();
  nb::gil_scoped_release unlocked;
  for (int64_t i = 0; i < n; ++i)
    for (; done[i] < buckets; ++done[i])
      if (!given.call.bucket(all[row_of[i]], i, done[i], value_of[i * buckets + done[i]])) return given.call.leaf_count;
  return given.call.leaf_count;
}

std::vector<int64_t> advance_members(Records members, Records populations, In<int64_t> t, In<int32_t> row, In<double> values, int64_t start,
                                     int64_t buckets, Records leaves, const std::vector<Out<double>>& out, int64_t first_bucket,
                                     int64_t span_ms, bool learning, const std::vector<double>& settings, double ln_threshold,
                                     double outside, In<uint8_t> planned, Records rules, Records conditions, In<uint8_t> scope,
                                     In<int64_t> clock, Records shifts, In<uint8_t> shift_scope) {
  const auto n = static_cast<int64_t>(t.size());
  binding::check_size("row", row.size(), t.size());
  binding::check_size("values", values.size(), t.size());
  binding::check_start(start, t.size());
  binding::check_rows("t", t, buckets);
  binding::check_rows("row", row, room<Member>(members));
  Given given(static_cast<size_t>(room<Member>(members)), t.size(), buckets, leaves, out, first_bucket, span_ms, learning, settings,
              ln_threshold, outside, planned, rules, conditions, scope, clock, shifts, shift_scope);
  Member* all = records<Member>(members);
  Series* groups = records<Series>(populations);
  for (int64_t i = 0; i < room<Member>(members); ++i)
    if (all[i].population < 0 || all[i].population >= room<Series>(populations)) binding::refuse("population", all[i].population, "one of those known");
  const auto *bucket = t.data();
  const auto *who = row.data();
  const auto *value = values.data();
  nb::gil_scoped_release unlocked;
  std::vector<Cell> cells;
  std::vector<Lesson> lessons;
  int64_t from = start;
  while (from < n) {
    const int32_t group = all[who[from]].population;
    cells.clear();
    for (int64_t i = from; i < n && bucket[i] == bucket[from] && all[who[i]].population == group; ++i)
      cells.push_back({who[i], bucket[i], i, all[who[i]].number, value[i]});
    const auto count = static_cast<int64_t>(cells.size());
    if (given.call.leaf_count + count > given.call.leaf_room) break;
    given.call.bucket(groups[group], all, cells.data(), count, lessons);
    from += count;
  }
  return {from, given.call.leaf_count};
}

void probability(Records predictives, In<double> values, Out<double> ln_p) {
  binding::check_size("values", values.size(), static_cast<size_t>(room<Predictive>(predictives)));
  binding::check_size("ln_p", ln_p.size(), values.size());
  const Predictive* all = records<Predictive>(predictives);
  for (size_t i = 0; i < values.size(); ++i) ln_p.data()[i] = ln_p_of(all[i], values.data()[i]);
}

void codes(In<double> latitude, In<double> longitude, Out<double> code) {
  binding::check_size("longitude", longitude.size(), latitude.size());
  binding::check_size("code", code.size(), latitude.size());
  for (size_t i = 0; i < code.size(); ++i) {
    const bool there = std::fabs(latitude.data()[i]) <= 90.0 && std::fabs(longitude.data()[i]) <= 180.0;
    code.data()[i] = there ? code_of(latitude.data()[i], longitude.data()[i]) : kNaN;
  }
}

void degrees(In<double> code, Out<double> latitude, Out<double> longitude) {
  binding::check_size("latitude", latitude.size(), code.size());
  binding::check_size("longitude", longitude.size(), code.size());
  for (size_t i = 0; i < code.size(); ++i) degrees_of(code.data()[i], latitude.data()[i], longitude.data()[i]);
}

// Sums of unit vectors, of which the mean place is made.
struct Sum {
  double x, y, z, weight;
  double first;  // the first place: where the mean is when places cancel out
};

void fold(In<int32_t> owner, In<double> code, In<double> weight, Records sums) {
  binding::check_rows("owner", owner, room<Sum>(sums), -1);
  binding::check_size("code", code.size(), owner.size());
  binding::check_size_if_any("weight", weight.size(), owner.size());
  Sum* all = records<Sum>(sums);
  const Space space{kEarth, 0.0};
  nb::gil_scoped_release unlocked;
  for (size_t i = 0; i < owner.size(); ++i) {
    if (owner.data()[i] < 0) continue;
    Sum& sum = all[owner.data()[i]];
    const double w = weight.size() == 0 ? 1.0 : weight.data()[i];
    const Point p = space.point(code.data()[i]);
    if (sum.weight == 0.0) sum.first = code.data()[i];
    sum.x += w * p.x, sum.y += w * p.y, sum.z += w * p.z, sum.weight += w;
  }
}

void means(Records sums, Out<double> code) {
  binding::check_size("code", code.size(), static_cast<size_t>(room<Sum>(sums)));
  const Sum* all = records<Sum>(sums);
  constexpr double kNoDirection = 1e-9;  // of the weight: what is left is rounding
  for (size_t i = 0; i < code.size(); ++i) {
    const Sum& s = all[i];
    const double length = std::sqrt(s.x * s.x + s.y * s.y + s.z * s.z);
    code.data()[i] = s.weight == 0.0 ? kNaN : length <= kNoDirection * s.weight ? s.first : code_of(Point{s.x, s.y, s.z});
  }
}

using Layout = std::vector<std::tuple<std::string, std::string, int64_t, int64_t>>;

#define FIELD(type, name, format) std::make_tuple(std::string(#name), std::string(format), int64_t{1}, static_cast<int64_t>(offsetof(type, name)))

Layout fields(const std::string& record) {
  if (record == "place")
    return {FIELD(Place, weight, "<f8"), FIELD(Place, x, "<f8"), FIELD(Place, y, "<f8"), FIELD(Place, z, "<f8"), FIELD(Place, square, "<f8"),
            FIELD(Place, last, "<i8"), FIELD(Place, occasions, "<i4"), FIELD(Place, usual, "<i4"),
            FIELD(Place, who, "(2,)<i4")};
  if (record == "series")
    return {FIELD(Series, first, "<i8"), FIELD(Series, last, "<i8"), FIELD(Series, count, "<f8"), FIELD(Series, weight, "<f8"),
            FIELD(Series, away, "<f8"), FIELD(Series, further, "<f8"), FIELD(Series, newest, "<f8"), FIELD(Series, surprise, "<f8"),
            FIELD(Series, since, "<i8"), FIELD(Series, members, "<i8"), FIELD(Series, places, "<i8"), FIELD(Series, place, "place")};
  if (record == "member")
    return {FIELD(Member, population, "<i4"), FIELD(Member, number, "<i4"), FIELD(Member, first, "<i8"), FIELD(Member, last, "<i8"), FIELD(Member, count, "<f8"),
            FIELD(Member, surprise, "<f8"), FIELD(Member, since, "<i8")};
  if (record == "usual")
    return {FIELD(Usual, x, "<f8"), FIELD(Usual, y, "<f8"), FIELD(Usual, z, "<f8"), FIELD(Usual, spread, "<f8"), FIELD(Usual, dof, "<f8")};
  if (record == "predictive")
    return {FIELD(Predictive, chance, "<f8"), FIELD(Predictive, fall, "<f8"), FIELD(Predictive, geometry, "<i8"), FIELD(Predictive, period, "<f8"),
            FIELD(Predictive, places, "<i8"), FIELD(Predictive, place, "usual")};
  if (record == "leaf")
    return {FIELD(Leaf, row, "<i8"), FIELD(Leaf, t, "<i8"), FIELD(Leaf, actual, "<f8"), FIELD(Leaf, typical, "<f8"), FIELD(Leaf, lower, "<f8"),
            FIELD(Leaf, upper, "<f8"), FIELD(Leaf, ln_p, "<f8"), FIELD(Leaf, count, "<f8"), FIELD(Leaf, since, "<i8"),
            FIELD(Leaf, skipped_by, "<i8"), FIELD(Leaf, predictive, "predictive")};
  return {FIELD(Sum, x, "<f8"), FIELD(Sum, y, "<f8"), FIELD(Sum, z, "<f8"), FIELD(Sum, weight, "<f8"), FIELD(Sum, first, "<f8")};
}

#undef FIELD

int64_t size(const std::string& record) {
  return record == "place" ? sizeof(Place) : record == "series" ? sizeof(Series) : record == "member" ? sizeof(Member) : record == "usual" ? sizeof(Usual)
       : record == "predictive" ? sizeof(Predictive) : record == "leaf" ? sizeof(Leaf) : sizeof(Sum);
}

}  // namespace points

NB_MODULE(_points, m) {
  using namespace points;
  m.attr("PLACES") = kPlaces;
  m.attr("CIRCLE") = static_cast<int>(kCircle);
  m.attr("EARTH") = static_cast<int>(kEarth);
  m.attr("LEAST") = kLeast;
  m.def("fields", &fields);
  m.def("size", &size);
  m.attr("MANY") = kMany;
  m.def("advance", &advance);
  m.def("advance_members", &advance_members);
  m.def("probability", &probability);
  m.def("codes", &codes);
  m.def("degrees", &degrees);
  m.def("fold", &fold);
  m.def("means", &means);
}
