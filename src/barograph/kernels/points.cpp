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

  void leaf(const Series& s, const Predictive& q, const Usual* place, int64_t row, int64_t t, double value, double ln_p, int64_t by) {
    Leaf& l = leaves[leaf_count++];
    const bool line = place != nullptr && q.geometry == kCircle;
    l = {row, t, value, kNaN, kNaN, kNaN, ln_p, s.count, s.since < 0 ? first_bucket + t : s.since, by, q};
    if (place != nullptr) l.typical = config.space.value(middle(*place));
    if (line) l.lower = std::max(place->x - half_width(*place, 0.05), 0.0);
    if (line) l.upper = std::min(place->x + half_width(*place, 0.05), config.space.period);
  }

  // Judge one value, and learn it; false, having changed nothing, where there is no room for a leaf.
  bool bucket(Series& s, int64_t row, int64_t t, double value) {
    const int64_t at = row * buckets + t, number = first_bucket + t;
    double shift = 0.0;
    if (config.space.geometry == kCircle) shift = static_cast<double>(clock[t] + shifts.at(row, number * span_ms)) / 1000.0;
    const Predictive q = predictive(config, s, number, shift);
    if (std::isnan(value)) {
      const int64_t main = heaviest(s);
      int64_t usual = 0;
      for (int64_t i = 0; i < main; ++i) usual += s.place[i].usual;
      out[0][at] = out[1][at] = kNaN;
      bounds(q, main < 0 ? nullptr : q.place + usual, at);
      return true;
    }
    if (leaf_count == leaf_room) return false;
    double z;
    const int64_t near = nearest(q, config.space.point(value), z);
    const Usual* place = near < 0 ? nullptr : q.place + near;
    const double ln_p = ln_p_of(q, value);
    // Rules see the difference the shorter way round: the typical time as it lies beside the actual one.
    double beside = place == nullptr ? kNaN : place->x;
    if (q.geometry == kCircle) beside = value - config.space.way(beside, value);
    const skips::Skip skipped = skips::skip(skip, row, t, value, beside, static_cast<double>(number * span_ms));
    out[0][at] = ln_p;
    out[1][at] = skipped.result() ? 0.0 : ln_p;
    bounds(q, place, at);
    if (ln_p <= config.ln_threshold) leaf(s, q, place, row, t, value, ln_p, skipped.result() ? skipped.by : skips::kNothing);
    if (learning && !skipped.learning()) learn(config, s, number, shift == 0.0 ? value : config.space.around(value + shift), ln_p);
    return true;
  }
};

int64_t advance(Records state, In<int64_t> rows, In<double> values, int64_t buckets, Out<int64_t> progress, Records leaves,
                const std::vector<Out<double>>& out, int64_t first_bucket, int64_t span_ms, bool learning,
                const std::vector<double>& settings, double ln_threshold, double outside, In<uint8_t> planned, Records rules,
                Records conditions, In<uint8_t> scope, In<int64_t> clock, Records shifts, In<uint8_t> shift_scope) {
  const auto n = static_cast<int64_t>(rows.size());
  binding::check_rows("rows", rows, room<Series>(state));
  binding::check_size("values", values.size(), rows.size() * static_cast<size_t>(buckets));
  binding::check_size("progress", progress.size(), rows.size());
  binding::check_size("settings", settings.size(), 6);
  binding::check_size("out", out.size(), 5);
  binding::check_size("planned", planned.size(), static_cast<size_t>(buckets));
  binding::check_size("scope", scope.size(), static_cast<size_t>(room<skips::Rule>(rules)) * rows.size());
  binding::check_size("clock", clock.size(), static_cast<size_t>(buckets));
  binding::check_size("shift_scope", shift_scope.size(), static_cast<size_t>(room<skips::Shift>(shifts)) * rows.size());
  const skips::Shifts changes{records<skips::Shift>(shifts), shift_scope.data(), room<skips::Shift>(shifts), n};
  std::vector<double*> outs;
  for (size_t i = 0; i < 5; ++i) {
    binding::check_size("out", out[i].size(), i < 2 || outside > 0.0 ? values.size() : 0);
    outs.push_back(out[i].data());
  }
  const Config config{{static_cast<Geometry>(static_cast<int64_t>(settings[0])), settings[1]},
                      settings[2], settings[3], static_cast<int64_t>(settings[4]), static_cast<int64_t>(settings[5]),
                      ln_threshold, outside};
  const skips::Skips skip{planned.data(), records<skips::Rule>(rules), scope.data(), records<skips::Condition>(conditions),
                          room<skips::Rule>(rules), n};
  Call call{config, skip, changes, clock.data(), buckets, first_bucket, span_ms, learning, outs, records<Leaf>(leaves), room<Leaf>(leaves), 0};
  Series* all = records<Series>(state);
  const int64_t* row_of = rows.data();
  const double* value_of = values.data();
  int64_t* done = progress.data();
  nb::gil_scoped_release unlocked;
  for (int64_t i = 0; i < n; ++i)
    for (; done[i] < buckets; ++done[i])
      if (!call.bucket(all[row_of[i]], i, done[i], value_of[i * buckets + done[i]])) return call.leaf_count;
  return call.leaf_count;
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
            FIELD(Place, last, "<i8"), FIELD(Place, occasions, "<i8"), FIELD(Place, usual, "<i8")};
  if (record == "series")
    return {FIELD(Series, first, "<i8"), FIELD(Series, last, "<i8"), FIELD(Series, count, "<f8"), FIELD(Series, weight, "<f8"),
            FIELD(Series, away, "<f8"), FIELD(Series, further, "<f8"), FIELD(Series, newest, "<f8"), FIELD(Series, surprise, "<f8"), FIELD(Series, since, "<i8"), FIELD(Series, places, "<i8"),
            FIELD(Series, place, "place")};
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
  return record == "place" ? sizeof(Place) : record == "series" ? sizeof(Series) : record == "usual" ? sizeof(Usual)
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
  m.def("advance", &advance);
  m.def("probability", &probability);
  m.def("codes", &codes);
  m.def("degrees", &degrees);
  m.def("fold", &fold);
  m.def("means", &means);
}
