// A random cut forest on a stream of points: scores, what they are due to, points alike, and what comes next. See `_forest.pyi`.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "binding.hpp"
#include "forest_judge.hpp"

namespace nb = nanobind;

namespace {

using namespace forest;

using binding::In;
using binding::Out;
using binding::Records;

void check(const char* name, int64_t is, int64_t least, int64_t most) {
  if (is < least || is > most) binding::refuse(name, is, std::to_string(least) + " to " + std::to_string(most));
}

Shape checked_shape(int64_t trees, int64_t samples, int64_t features, int64_t shingle, bool wide) {
  check("trees", trees, 1, 1'000);
  check("samples", samples, 4, kLargestSample);
  check("features", features, 1, 1'000);
  check("shingle", shingle, 1, 1'000);
  check("features * shingle", features * shingle, 1, 10'000);
  return Shape(trees, samples, features, shingle, wide);
}

Forest opened(Records record, float* store, int64_t floats) {
  if (record.size() < sizeof(Head)) binding::refuse("size of record", static_cast<int64_t>(record.size()), "what record_bytes says");
  const Head& head = *reinterpret_cast<const Head*>(record.data());
  binding::check_size("record", record.size(), static_cast<size_t>(checked_shape(head.trees, head.samples, head.features, head.shingle, head.wide != 0).bytes));
  return Forest(record.data(), store, floats);
}

Forest opened_alone(Records record) { return opened(record, nullptr, 3); }

Forest opened(Records record, Out<float> store) {
  const Forest forest = opened(record, store.data(), static_cast<int64_t>(store.size()));
  if (forest.room < forest.head.end) binding::refuse("size of store", static_cast<int64_t>(store.size()), "room for all its blocks");
  return forest;
}

// How many points or blocks an array has.
int64_t rows_of(const char* name, size_t size, int64_t width) {
  if (size % static_cast<size_t>(width)) binding::refuse(std::string("size of ") + name, static_cast<int64_t>(size), "a multiple of " + std::to_string(width));
  return static_cast<int64_t>(size) / width;
}

void check_ready(const Forest& forest) {
  if (!forest.ready()) binding::refuse("points learnt", forest.head.points, std::to_string(kLeast) + " or a full sample");
}

int64_t record_bytes(int64_t trees, int64_t samples, int64_t features, int64_t shingle, bool wide) {
  return checked_shape(trees, samples, features, shingle, wide).bytes;
}

// All but the numbers of points is copied as it is: only what comes before and behind them moves.
void widen(Records record, Records wide) {
  const Forest from = opened_alone(record);
  if (from.shape.wide) binding::refuse("wide", 1, "a record whose points have 16 bits");
  const Shape to(from.shape.trees, from.shape.samples, from.shape.features, from.shape.shingle, true);
  binding::check_size("wide", wide.size(), static_cast<size_t>(to.bytes));
  std::copy_n(record.data(), from.shape.points_at, wide.data());
  reinterpret_cast<Head*>(wide.data())->wide = 1;
  std::copy(record.data() + from.shape.masses_at, record.data() + from.shape.bytes, wide.data() + to.masses_at);
  const Points points{wide.data() + to.points_at, true};
  for (int64_t i = 0; i < to.trees * to.samples; ++i) points.set(i, from.points[i]);
}

void begin(Records record, int64_t trees, int64_t samples, int64_t features, int64_t shingle, double decay, uint64_t seed) {
  const Shape shape = checked_shape(trees, samples, features, shingle, false);
  binding::check_size("record", record.size(), static_cast<size_t>(shape.bytes));
  std::fill_n(record.data(), record.size(), uint8_t{0});
  *reinterpret_cast<Head*>(record.data()) = {static_cast<int32_t>(trees), static_cast<int32_t>(samples), static_cast<int32_t>(features),
                                             static_cast<int32_t>(shingle), decay, 0, 0, 0, 0, 0};
  float none[3] = {};
  const Forest forest(record.data(), none, 3);
  for (int64_t t = 0; t < trees; ++t) {
    Tree& tree = forest.trees[t];
    tree.random = draw(seed);
    tree.root = kNone;
    tree.free_boxed = 0;
    tree.free_plain = shape.boxed < samples - 1 ? static_cast<uint16_t>(shape.boxed) : kEnd;
    Node* nodes = forest.nodes + t * (samples - 1);
    for (int64_t i = 0; i < samples - 1; ++i)
      nodes[i].set_child(0, i == shape.boxed - 1 || i == samples - 2 ? kEnd : static_cast<uint16_t>(i + 1));
  }
}

int64_t advance(Records record, Out<float> store, In<double> blocks, Out<double> scores) {
  Forest forest = opened(record, store);
  const int64_t features = forest.shape.features, count = rows_of("blocks", blocks.size(), features);
  binding::check_size("scores", scores.size(), static_cast<size_t>(count));
  const double* block = blocks.data();
  double* out = scores.data();
  std::vector<float> boxes;
  nb::gil_scoped_release release;
  Scratch scratch(forest.shape);
  open_boxes(forest, count, boxes);
  for (int64_t i = 0; i < count; ++i) {
    if (!has_room(forest)) return i;
    const bool ready = forest.ready();
    const int64_t point = append(forest, block + i * features);
    out[i] = std::numeric_limits<double>::quiet_NaN();
    if (point < 0) continue;
    if (ready) out[i] = score_of(forest, scratch.padded(forest.coordinates(static_cast<uint32_t>(point)), forest.shape.dims), scratch);
    learn(forest, static_cast<uint32_t>(point), scratch);
  }
  return count;
}

Judging opened_judging(const Forest& forest, Records judge, Out<float> shown, Out<double> known) {
  binding::check_size("judge", judge.size(), sizeof(Judge));
  binding::check_size("shown", shown.size(), static_cast<size_t>(forest.shape.dims));
  binding::check_size("known_lately", known.size(), static_cast<size_t>(forest.shape.shingle));
  return {*reinterpret_cast<Judge*>(judge.data()), shown.data(), known.data()};
}

void begin_judging(Records judge) {
  binding::check_size("judge", judge.size(), sizeof(Judge));
  *reinterpret_cast<Judge*>(judge.data()) = {kFirstLevel, kFirstExcess, 0.0, 0.0, 1.0, 0.0, 0};
}

int64_t judge_and_learn(Records record, Out<float> store, Records judge, Out<float> shown, Out<double> known_lately, In<double> blocks,
                        In<double> known, Out<double> told, Out<int64_t> late, Out<double> share, Out<double> expected,
                        Out<float> alike, Out<int64_t> alike_of) {
  Forest forest = opened(record, store);
  const int64_t features = forest.shape.features, count = rows_of("blocks", blocks.size(), features);
  const auto n = static_cast<size_t>(count);
  binding::check_size("known", known.size(), n);
  binding::check_size("told", told.size(), 4 * n);
  binding::check_size("late", late.size(), n);
  binding::check_size("share", share.size(), blocks.size());
  binding::check_size("expected", expected.size(), blocks.size());
  const int64_t trees = forest.shape.trees, most = static_cast<int64_t>(alike_of.size());
  check("alike_of", most, 1, 1'000'000);
  binding::check_size("alike", alike.size(), static_cast<size_t>(most * trees * features));
  int64_t told_of = 0;
  std::vector<float> boxes;
  Judgement judgement(forest, opened_judging(forest, judge, shown, known_lately));
  nb::gil_scoped_release release;
  open_boxes(forest, count, boxes);
  for (int64_t i = 0; i < count; ++i) {
    if (!has_room(forest) || told_of == most) return i;
    const Told one = judgement.judge_and_learn(blocks.data() + i * features, known.data()[i], share.data() + i * features,
                                               expected.data() + i * features, alike.data() + told_of * trees * features);
    std::memcpy(told.data() + 4 * i, &one, 4 * sizeof(double));
    late.data()[i] = one.late;
    if (one.grade > 0.0) alike_of.data()[told_of++] = i;
  }
  return count;
}

void score(Records record, Out<float> store, In<float> points, Out<double> scores) {
  const Forest forest = opened(record, store);
  const int64_t dims = forest.shape.dims, count = rows_of("points", points.size(), dims);
  binding::check_size("scores", scores.size(), static_cast<size_t>(count));
  check_ready(forest);
  nb::gil_scoped_release release;
  Scratch scratch(forest.shape);
  for (int64_t i = 0; i < count; ++i) scores.data()[i] = score_of(forest, scratch.padded(points.data() + i * dims, dims), scratch);
}

void attribute(Records record, Out<float> store, In<float> points, Out<double> shares) {
  const Forest forest = opened(record, store);
  const int64_t dims = forest.shape.dims, count = rows_of("points", points.size(), dims);
  binding::check_size("shares", shares.size(), static_cast<size_t>(count * 2 * dims));
  check_ready(forest);
  nb::gil_scoped_release release;
  Scratch scratch(forest.shape);
  for (int64_t i = 0; i < count; ++i)
    Attribution(forest, shares.data() + i * 2 * dims).of(scratch.padded(points.data() + i * dims, dims), scratch);
}

void nearest(Records record, Out<float> store, In<float> points, In<uint8_t> missing, Out<uint32_t> found, Out<double> distance) {
  const Forest forest = opened(record, store);
  const int64_t dims = forest.shape.dims, count = rows_of("points", points.size(), dims), trees = forest.shape.trees;
  binding::check_size("missing", missing.size(), points.size());
  binding::check_size("found", found.size(), static_cast<size_t>(count * trees));
  binding::check_size("distance", distance.size(), found.size());
  check_ready(forest);
  nb::gil_scoped_release release;
  for (int64_t i = 0; i < count; ++i)
    for (int64_t t = 0; t < trees; ++t) {
      const TreeOf tree(forest, t);
      const double share = (static_cast<double>(t) + 0.5) / static_cast<double>(trees);
      const Nearest one(tree, points.data() + i * dims, missing.data() + i * dims, share);
      found.data()[i * trees + t] = one.point;
      distance.data()[i * trees + t] = one.distance;
    }
}

void forecast_paths(Records record, Out<float> store, int64_t horizon, Out<float> paths) {
  const Forest forest = opened(record, store);
  check("horizon", horizon, 1, 100'000);
  binding::check_size("paths", paths.size(), static_cast<size_t>(forest.shape.trees * horizon * forest.shape.features));
  check_ready(forest);
  nb::gil_scoped_release release;
  forecast(forest, horizon, paths.data());
}

using Field = std::tuple<std::string, std::string, size_t>;

#define BAROGRAPH_FIELD(record, field, kind) {#field, kind, offsetof(record, field)}

std::vector<std::tuple<std::string, size_t, std::vector<Field>>> layout() {
  return {
      {"head", sizeof(Head), {BAROGRAPH_FIELD(Head, trees, "i4"), BAROGRAPH_FIELD(Head, samples, "i4"), BAROGRAPH_FIELD(Head, features, "i4"), BAROGRAPH_FIELD(Head, shingle, "i4"), BAROGRAPH_FIELD(Head, decay, "f8"), BAROGRAPH_FIELD(Head, learnt, "i8"), BAROGRAPH_FIELD(Head, points, "i8"), BAROGRAPH_FIELD(Head, end, "i8"), BAROGRAPH_FIELD(Head, since, "i8"), BAROGRAPH_FIELD(Head, wide, "i8")}},
      {"tree", sizeof(Tree), {BAROGRAPH_FIELD(Tree, random, "u8"), BAROGRAPH_FIELD(Tree, due, "i8"), BAROGRAPH_FIELD(Tree, root, "u2"), BAROGRAPH_FIELD(Tree, filled, "u2"), BAROGRAPH_FIELD(Tree, worst, "u2"), BAROGRAPH_FIELD(Tree, free_boxed, "u2"), BAROGRAPH_FIELD(Tree, free_plain, "u2"), BAROGRAPH_FIELD(Tree, repeated, "u2")}},
      {"node", sizeof(Node), {BAROGRAPH_FIELD(Node, link, "u4"), BAROGRAPH_FIELD(Node, cut, "f4")}},
  };
}

#undef BAROGRAPH_FIELD

std::vector<int64_t> offsets(int64_t trees, int64_t samples, int64_t features, int64_t shingle, bool wide) {
  const Shape shape = checked_shape(trees, samples, features, shingle, wide);
  return {shape.trees_at, shape.nodes_at, shape.keys_at, shape.points_at, shape.masses_at, shape.boxes_at, shape.high_at, shape.boxed};
}

}  // namespace

NB_MODULE(_forest, m) {
  m.attr("LEAST") = kLeast;
  m.attr("NARROW") = kNarrow;
  m.attr("JUDGE_BYTES") = sizeof(Judge);
  m.def("record_bytes", &record_bytes, nb::arg("trees"), nb::arg("samples"), nb::arg("features"), nb::arg("shingle"), nb::arg("wide") = false);
  m.def("widen", &widen, nb::arg("record"), nb::arg("wide"));
  m.def("begin", &begin, nb::arg("record"), nb::arg("trees"), nb::arg("samples"), nb::arg("features"), nb::arg("shingle"), nb::arg("decay"), nb::arg("seed"));
  m.def("advance", &advance, nb::arg("record"), nb::arg("store"), nb::arg("blocks"), nb::arg("scores"));
  m.def("begin_judging", &begin_judging, nb::arg("judge"));
  m.def("judge_and_learn", &judge_and_learn, nb::arg("record"), nb::arg("store"), nb::arg("judge"), nb::arg("shown"), nb::arg("known_lately"),
        nb::arg("blocks"), nb::arg("known"), nb::arg("told"), nb::arg("late"), nb::arg("share"), nb::arg("expected"),
        nb::arg("alike"), nb::arg("alike_of"));
  m.def("score", &score, nb::arg("record"), nb::arg("store"), nb::arg("points"), nb::arg("scores"));
  m.def("attribute", &attribute, nb::arg("record"), nb::arg("store"), nb::arg("points"), nb::arg("shares"));
  m.def("nearest", &nearest, nb::arg("record"), nb::arg("store"), nb::arg("points"), nb::arg("missing"), nb::arg("found"), nb::arg("distance"));
  m.def("forecast", &forecast_paths, nb::arg("record"), nb::arg("store"), nb::arg("horizon"), nb::arg("paths"));
  m.def("layout", &layout);
  m.def("offsets", &offsets, nb::arg("trees"), nb::arg("samples"), nb::arg("features"), nb::arg("shingle"), nb::arg("wide"));
}
