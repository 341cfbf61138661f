// What entities usually add to the buckets of a series, told for odd buckets and learnt from all others. See `_usual.pyi`.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <tuple>
#include <vector>

#include "binding.hpp"
#include "usual_state.hpp"

namespace nb = nanobind;

namespace {

using namespace usual;

using binding::In;
using binding::Out;
using binding::Records;
using binding::records;
using binding::room;

constexpr double kMissed = 1e-3;    // an entity with less of a series' rows is not missed; chosen
constexpr double kForgotten = 1e-4; // ... and with less it is forgotten when there are many; chosen

enum Status { kDone = 0, kWantsEntities = 1, kWantsTold = 2, kWantsForgetting = 3 };

struct ToldRows {
  Told* rows;
  int64_t room;
  int64_t used;

  bool add(const Told& row) {
    if (used == room) return false;
    rows[used++] = row;
    return true;
  }
};

struct Memory {
  Series* series;
  Entity* entities;
  int64_t room;
  Index index;
  int64_t used;
  double decay;

  int32_t& slot_of(int32_t of_series, int32_t text) const {
    Entity wanted{};
    wanted.series = of_series;
    wanted.text = text;
    return index.find(hash_of(wanted),
                      [&](int32_t i) { return entities[i].series == of_series && entities[i].text == text; });
  }

  bool tell(const Entity& entity, int32_t cell, int64_t row, ToldRows& told) const {
    const Series& of = series[entity.series];
    const double kept = power(decay, of.learnt - entity.learnt);
    const double share = of.weight > 0.0 ? kept * entity.weight / of.weight : 0.0;
    return told.add({row, kept * entity.effect / of.cells, kept * entity.square / of.cells, share, cell, entity.text});
  }

  // All who are there, then all who are missed. Answers false when there was no room; then nothing of the cell was told.
  bool tell_cell(int32_t of_series, int64_t bucket, int32_t cell, int64_t first, int64_t last, const int32_t* text,
                 ToldRows& told) const {
    const int64_t before = told.used;
    bool fits = true;
    for (int64_t row = first; row < last && fits; ++row) {
      const int32_t known = slot_of(of_series, text[row]);
      if (known == kNone) {
        fits = told.add({row, 0.0, 0.0, 0.0, cell, text[row]});
      } else {
        entities[known].seen = bucket;
        fits = tell(entities[known], cell, row, told);
      }
    }
    const Series& of = series[of_series];
    for (int32_t i = of.newest; i != kNone && fits; i = entities[i].next) {
      const Entity& entity = entities[i];
      const bool missed = entity.seen != bucket && power(decay, of.learnt - entity.learnt) * entity.weight >= kMissed * of.weight;
      if (missed) fits = tell(entity, cell, kNone, told);
    }
    if (!fits) told.used = before;
    return fits;
  }

  // There must be room for as many entities as there are rows.
  void learn_cell(int32_t of_series, double actual, double cell_weight, int64_t first, int64_t last, const int32_t* text,
                  const double* weight, const double* effect) {
    Series& of = series[of_series];
    of.cells = of.cells * decay + 1.0;
    of.weight = of.weight * decay + cell_weight;
    of.actual = of.actual * decay + actual;
    ++of.learnt;
    for (int64_t row = first; row < last; ++row) {
      int32_t& slot = slot_of(of_series, text[row]);
      if (slot == kNone) {
        slot = static_cast<int32_t>(used);
        entities[used++] = {0.0, 0.0, 0.0, of.learnt, INT64_MIN, of_series, text[row], of.newest, 0};
        of.newest = slot;
      }
      Entity& entity = entities[slot];
      const double kept = power(decay, of.learnt - entity.learnt);
      entity.weight = kept * entity.weight + weight[row];
      entity.effect = kept * entity.effect + effect[row];
      entity.square = kept * entity.square + effect[row] * effect[row];
      entity.learnt = of.learnt;
    }
  }
};

int tell_and_learn(In<int64_t> cell_bucket, In<int32_t> cell_series, In<int64_t> cell_end, In<double> cell_actual,
                   In<double> cell_weight, In<int32_t> text, In<double> weight, In<double> effect, In<int64_t> odd_bucket,
                   In<int32_t> odd_series, double decay, int64_t limit, Records series, Records entities, Out<int32_t> slots,
                   Records told_rows, Out<double> usual_actual, Out<int64_t> done) {
  const auto cells = static_cast<int64_t>(cell_bucket.size());
  const auto odd = static_cast<int64_t>(odd_bucket.size());
  const auto rows = static_cast<int64_t>(text.size());
  binding::check_size("cell_series", cell_series.size(), cell_bucket.size());
  binding::check_size("cell_end", cell_end.size(), cell_bucket.size());
  binding::check_size("cell_actual", cell_actual.size(), cell_bucket.size());
  binding::check_size("cell_weight", cell_weight.size(), cell_bucket.size());
  binding::check_size("weight", weight.size(), text.size());
  binding::check_size("effect", effect.size(), text.size());
  binding::check_size("odd_series", odd_series.size(), odd_bucket.size());
  binding::check_size("usual_actual", usual_actual.size(), odd_bucket.size());
  binding::check_size("done", done.size(), 4);
  binding::check_rows("cell_series", cell_series, room<Series>(series));
  binding::check_rows("odd_series", odd_series, room<Series>(series));
  binding::check_rows("cell_end", cell_end, rows + 1);
  int64_t* at = done.data();  // entities, rows told, cells done, odd cells done
  Memory memory{records<Series>(series), records<Entity>(entities), room<Entity>(entities),
                {slots.data(), slots.size() - 1}, at[0], decay};
  ToldRows told{records<Told>(told_rows), room<Told>(told_rows), at[1]};
  const int64_t *bucket_of = cell_bucket.data(), *end_of = cell_end.data(), *odd_bucket_of = odd_bucket.data();
  const int32_t *series_of = cell_series.data(), *odd_series_of = odd_series.data(), *texts = text.data();
  const double *actual_of = cell_actual.data(), *weight_of = cell_weight.data(), *weights = weight.data(), *effects = effect.data();
  double* actual_out = usual_actual.data();
  int64_t cell = at[2], query = at[3];
  Status status = kDone;
  nb::gil_scoped_release release;
  while (cell < cells || query < odd) {
    const bool asked = query < odd && (cell == cells || odd_bucket_of[query] < bucket_of[cell] ||
                                       (odd_bucket_of[query] == bucket_of[cell] && odd_series_of[query] <= series_of[cell]));
    const bool there = cell < cells && (!asked || (odd_bucket_of[query] == bucket_of[cell] && odd_series_of[query] == series_of[cell]));
    const int64_t first = cell == 0 ? 0 : end_of[cell - 1], last = there ? end_of[cell] : first;
    if (asked) {
      const int32_t of = odd_series_of[query];
      actual_out[query] = memory.series[of].cells > 0.0 ? memory.series[of].actual / memory.series[of].cells : 0.0;
      if (!memory.tell_cell(of, odd_bucket_of[query], static_cast<int32_t>(query), first, last, texts, told)) {
        status = kWantsTold;
        break;
      }
      ++query;  // what is going wrong is not learnt
    } else {
      const bool new_bucket = cell == 0 || bucket_of[cell] != bucket_of[cell - 1];
      if (new_bucket && memory.used > limit) {
        status = kWantsForgetting;
        break;
      }
      if (memory.used + (last - first) > memory.room) {
        status = kWantsEntities;
        break;
      }
      memory.learn_cell(series_of[cell], actual_of[cell], weight_of[cell], first, last, texts, weights, effects);
    }
    if (there) ++cell;
  }
  at[0] = memory.used;
  at[1] = told.used;
  at[2] = cell;
  at[3] = query;
  return status;
}

int64_t forget_rare(double decay, Records series, int64_t series_count, Records entities, int64_t count) {
  Series* all_series = records<Series>(series);
  Entity* all = records<Entity>(entities);
  nb::gil_scoped_release release;
  for (int64_t s = 0; s < series_count; ++s) all_series[s].newest = kNone;
  int64_t kept = 0;
  for (int64_t i = 0; i < count; ++i) {
    Series& of = all_series[all[i].series];
    if (power(decay, of.learnt - all[i].learnt) * all[i].weight < kForgotten * of.weight) continue;
    all[kept] = all[i];
    all[kept].next = of.newest;
    of.newest = static_cast<int32_t>(kept++);
  }
  return kept;
}

void index_entities(Records entities, int64_t count, Out<int32_t> slots) {
  const Index index{slots.data(), slots.size() - 1};
  const Entity* all = records<Entity>(entities);
  for (int64_t i = 0; i < count; ++i)
    index.find(hash_of(all[i]), [](int32_t) { return false; }) = static_cast<int32_t>(i);
}

using Layout = std::tuple<std::string, std::size_t, std::vector<std::tuple<std::string, std::size_t>>>;

#define BAROGRAPH_FIELD(record, field) {#field, offsetof(record, field)}

std::vector<Layout> layout() {
  return {
      {"series", sizeof(Series), {BAROGRAPH_FIELD(Series, cells), BAROGRAPH_FIELD(Series, weight), BAROGRAPH_FIELD(Series, actual), BAROGRAPH_FIELD(Series, learnt), BAROGRAPH_FIELD(Series, newest), BAROGRAPH_FIELD(Series, unused)}},
      {"entity", sizeof(Entity), {BAROGRAPH_FIELD(Entity, weight), BAROGRAPH_FIELD(Entity, effect), BAROGRAPH_FIELD(Entity, square), BAROGRAPH_FIELD(Entity, learnt), BAROGRAPH_FIELD(Entity, seen), BAROGRAPH_FIELD(Entity, series), BAROGRAPH_FIELD(Entity, text), BAROGRAPH_FIELD(Entity, next), BAROGRAPH_FIELD(Entity, unused)}},
      {"told", sizeof(Told), {BAROGRAPH_FIELD(Told, row), BAROGRAPH_FIELD(Told, effect), BAROGRAPH_FIELD(Told, square), BAROGRAPH_FIELD(Told, share), BAROGRAPH_FIELD(Told, cell), BAROGRAPH_FIELD(Told, text)}},
  };
}

#undef BAROGRAPH_FIELD

}  // namespace

NB_MODULE(_usual, m) {
  m.attr("DONE") = static_cast<int>(kDone);
  m.attr("WANTS_ENTITIES") = static_cast<int>(kWantsEntities);
  m.attr("WANTS_TOLD") = static_cast<int>(kWantsTold);
  m.attr("WANTS_FORGETTING") = static_cast<int>(kWantsForgetting);
  m.attr("MISSED") = kMissed;
  m.attr("FORGOTTEN") = kForgotten;
  m.def("layout", &layout);
  m.def("index_entities", &index_entities, nb::arg("entities"), nb::arg("count"), nb::arg("slots"));
  m.def("forget_rare", &forget_rare, nb::arg("decay"), nb::arg("series"), nb::arg("series_count"), nb::arg("entities"), nb::arg("count"));
  m.def("tell_and_learn", &tell_and_learn, nb::arg("cell_bucket"), nb::arg("cell_series"), nb::arg("cell_end"),
        nb::arg("cell_actual"), nb::arg("cell_weight"), nb::arg("text"), nb::arg("weight"), nb::arg("effect"),
        nb::arg("odd_bucket"), nb::arg("odd_series"), nb::arg("decay"), nb::arg("limit"), nb::arg("series"),
        nb::arg("entities"), nb::arg("slots"), nb::arg("told"), nb::arg("usual_actual"), nb::arg("done"));
}
