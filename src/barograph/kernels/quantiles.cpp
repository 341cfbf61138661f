// What a job's own past makes of the probabilities of its results. See `_quantiles.pyi` for the Python side.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "binding.hpp"
#include "quantiles_days.hpp"

namespace nb = nanobind;

namespace {

using namespace quantiles;

using binding::Records;
using binding::records;
using binding::room;
using In = binding::In<double>;
using Out = binding::Out<double>;
using Numbers = binding::In<int64_t>;

void raise_each(Records by, In ln_p, In own_day, Out out) {
  const size_t rows = static_cast<size_t>(room<Quantiles>(by));
  binding::check_size("own_day", own_day.size(), ln_p.size());
  binding::check_size("out", out.size(), rows * ln_p.size());
  double* next = out.data();
  Raiser raiser;
  for (size_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < ln_p.size(); ++i) raiser.add(records<Quantiles>(by)[row], ln_p.data()[i], own_day.data()[i], next++);
  }
}

std::pair<size_t, size_t> raise_and_learn(Records state, Records today, int64_t span_ms, int64_t first_bucket, In cells, Numbers bucket,
                                          Numbers entity, In ln_p, Out out, Records ended, Records next_today) {
  const int64_t buckets = static_cast<int64_t>(cells.size()), results = static_cast<int64_t>(ln_p.size());
  const int64_t days = most_days(buckets, span_ms), odd = room<Odd>(today) + results;
  binding::check_size("state", state.size(), sizeof(State));
  binding::check_size("bucket", bucket.size(), ln_p.size());
  binding::check_size_if_any("entity", entity.size(), ln_p.size());
  binding::check_size_if_any("out", out.size(), ln_p.size());
  binding::check_rows("bucket", bucket, first_bucket + buckets, first_bucket);
  if (room<DayEnd>(ended) < days) binding::refuse("room of ended", room<DayEnd>(ended), std::to_string(days));
  if (room<Odd>(next_today) < odd) binding::refuse("room of next_today", room<Odd>(next_today), std::to_string(odd));
  const int64_t* of = entity.size() == 0 ? nullptr : entity.data();
  double* to = out.size() == 0 ? nullptr : out.data();
  const Stretch stretch{first_bucket, buckets, span_ms, cells.data(), ln_p.size(), bucket.data(), of, ln_p.data()};
  nb::gil_scoped_release release;
  Today noted(records<Odd>(today), static_cast<size_t>(room<Odd>(today)));
  const size_t n_ended = learn_stretch(*records<State>(state), noted, stretch, to, records<DayEnd>(ended));
  const std::vector<Odd>& entities = noted.entities();
  std::copy(entities.begin(), entities.end(), records<Odd>(next_today));
  return {n_ended, entities.size()};
}

using Layout = std::tuple<std::string, std::size_t, std::vector<std::tuple<std::string, std::size_t>>>;

#define BAROGRAPH_FIELD(record, field) {#field, offsetof(record, field)}

std::vector<Layout> layout() {
  return {
      {"quantiles", sizeof(Quantiles), {BAROGRAPH_FIELD(Quantiles, days), BAROGRAPH_FIELD(Quantiles, entity_days), BAROGRAPH_FIELD(Quantiles, cells), BAROGRAPH_FIELD(Quantiles, counts)}},
      {"state", sizeof(State), {BAROGRAPH_FIELD(State, day), BAROGRAPH_FIELD(State, today_cells), BAROGRAPH_FIELD(State, today_entities), BAROGRAPH_FIELD(State, now), BAROGRAPH_FIELD(State, told)}},
      {"day_end", sizeof(DayEnd), {BAROGRAPH_FIELD(DayEnd, bucket), BAROGRAPH_FIELD(DayEnd, now)}},
      {"odd", sizeof(Odd), {BAROGRAPH_FIELD(Odd, entity), BAROGRAPH_FIELD(Odd, most)}},
  };
}

#undef BAROGRAPH_FIELD

}  // namespace

NB_MODULE(_quantiles, m) {
  m.attr("MEMORY_DAYS") = kMemoryDays;
  m.attr("PRIOR_DAYS") = kPriorDays;
  m.attr("FEW_DAYS") = kFewDays;
  m.attr("EDGES") = std::vector<double>(edges().begin(), edges().end());
  m.def("layout", &layout);
  m.def("raised", &raise_each);
  m.def("raise_and_learn", &raise_and_learn);
}
