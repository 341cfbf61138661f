// Rows into open buckets: interning, finding cells, folding values. See `_fold.pyi` for the Python side.
//
// Every array belongs to Python. A kernel that meets a full one stops before the row that needs it and answers that row's
// number; the caller makes room and calls again from there, so that memory follows the data and not the worst case.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <cstdlib>
#include <string>
#include <tuple>
#include <vector>

#include "binding.hpp"
#include "fold_arrow.hpp"
#include "fold_cells.hpp"
#include "fold_distinct.hpp"
#include "fold_information.hpp"
#include "fold_median.hpp"
#include "fold_text.hpp"
#include "fold_without.hpp"

namespace nb = nanobind;

namespace {

using namespace fold;

using binding::In;
using binding::Out;
using binding::Records;
using binding::records;
using binding::room;

// The owner of each row is a record of its table, or none.
template <class T>
void check_owners(const char* name, const In<int32_t>& owners, const Records& table) {
  binding::check_rows(name, owners, room<T>(table), kNone);
}

Index index_of(const Out<int32_t>& slots) { return {slots.data(), slots.size() - 1}; }

template <class T>
void reindex(Records rows, int64_t count, Out<int32_t> slots) {
  const Index index = index_of(slots);
  const T* first = records<T>(rows);
  nb::gil_scoped_release release;
  index.fill(first, static_cast<std::size_t>(count));
}

int64_t intern(nb::object stream, int64_t start, Out<int32_t> ids, Records texts, Records arena,
               Out<int32_t> slots, Out<int64_t> used, int64_t most) {
  const Texts table{records<Text>(texts), room<Text>(texts), arena.data(), static_cast<int64_t>(arena.size()),
                    index_of(slots), used.data(), most};
  int32_t* out = ids.data();
  return for_each_text(stream, start, [&](int64_t i, Chars chars) { return table.intern(chars, out[i]); });
}

int64_t intern_pairs(In<int32_t> first, In<int32_t> second, int64_t start, Out<int32_t> ids, Records pairs,
                     Out<int32_t> slots, Out<int64_t> used, int64_t most) {
  binding::check_size("first", first.size(), ids.size());
  binding::check_size("second", second.size(), ids.size());
  binding::check_start(start, ids.size());
  const auto rows = static_cast<int64_t>(ids.size());
  const int32_t *firsts = first.data(), *seconds = second.data();
  int32_t* id_of_row = ids.data();
  Pair* table = records<Pair>(pairs);
  const int64_t pairs_room = room<Pair>(pairs);
  const Index index = index_of(slots);
  int64_t* count = used.data();
  nb::gil_scoped_release release;
  for (int64_t i = start; i < rows; ++i) {
    id_of_row[i] = kNone;
    if (firsts[i] == kNone || seconds[i] == kNone) continue;
    if (firsts[i] == kRefused || seconds[i] == kRefused) {
      id_of_row[i] = kRefused;
      continue;
    }
    const Pair wanted{firsts[i], seconds[i]};
    int32_t& slot = index.find(hash_of(wanted), [&](int32_t row) {
      return table[row].first == wanted.first && table[row].second == wanted.second;
    });
    if (slot == kNone && *count >= most) {
      id_of_row[i] = kRefused;
      continue;
    }
    if (slot == kNone) {
      if (*count == pairs_room) return i;
      slot = static_cast<int32_t>(*count);
      table[(*count)++] = wanted;
    }
    id_of_row[i] = slot;
  }
  return rows;
}

void hash_texts(nb::object stream, Out<uint64_t> hashes) {
  uint64_t* out = hashes.data();
  for_each_text(stream, 0, [&](int64_t i, Chars chars) {
    out[i] = chars.data == nullptr ? 0 : xxh64(chars.data, static_cast<std::size_t>(chars.length));
    return true;
  });
}

void copy_texts(In<int32_t> ids, Records texts, In<uint8_t> arena, Out<int64_t> offsets, Out<uint8_t> data) {
  binding::check_rows("ids", ids, room<Text>(texts));
  binding::check_size("offsets", offsets.size(), ids.size() + 1);
  binding::check_rows("offsets", offsets, static_cast<int64_t>(data.size()) + 1);
  const std::size_t n = ids.size();
  const int32_t* id_of = ids.data();
  const Text* known = records<Text>(texts);
  const uint8_t* bytes = arena.data();
  const int64_t* offset_of = offsets.data();
  uint8_t* out = data.data();
  nb::gil_scoped_release release;
  for (std::size_t i = 0; i < n; ++i) {
    const Text& text = known[id_of[i]];
    if (text.length > 0) std::memcpy(out + offset_of[i], bytes + text.offset, static_cast<std::size_t>(text.length));
  }
}

nb::tuple to_arrow(In<int64_t> offsets, In<uint8_t> data) {
  const auto count = static_cast<int64_t>(offsets.size()) - 1;
  return export_texts(nb::cast(offsets), nb::cast(data), count, offsets.data(), data.data());
}

// The newest time before each row, and which rows are too far from it to be believed.
//
// The first row is believed as little as any other: while it is alone, a row that is too far from it, before or after, is left out
// as a row far ahead is later on; and when the next one agrees with that one, the job begins anew with it.
//
//   time     [n]  epoch ms
//   horizon       a row more than this ahead of the newest is left out, unless the row before it was left out for the same
//                 reason and lies within the horizon of it: a clock that is wrong once must not end the job's past
//   clock    [3]  newest time so far and time of the row left out last, kNoBucket for none; 1 while no row but one is believed.
//                 Moved on in place
//   newest   [n]  out: the newest time before the row, the row's own for the job's first
//   ahead    [n]  out: 1 for a row that is left out
//
// Returns the row with which the job begins anew; -1 when it does not.
int64_t tell_time(In<int64_t> time, int64_t horizon, Out<int64_t> clock, Out<int64_t> newest, Out<uint8_t> ahead) {
  binding::check_size("clock", clock.size(), 3);
  binding::check_size("newest", newest.size(), time.size());
  binding::check_size("ahead", ahead.size(), time.size());
  const auto rows = static_cast<int64_t>(time.size());
  const int64_t* times = time.data();
  int64_t *newest_before = newest.data(), *last = clock.data();
  uint8_t* left_out = ahead.data();
  int64_t anew = -1;
  nb::gil_scoped_release release;
  for (int64_t i = 0; i < rows; ++i) {
    const bool first = last[0] == kNoBucket;
    if (first) last[0] = times[i];
    const bool alone = last[2] != 0;
    const bool far = times[i] - last[0] > horizon || (alone && last[0] - times[i] > horizon);
    const bool confirmed = last[1] != kNoBucket && std::llabs(times[i] - last[1]) <= horizon;
    if (far && confirmed && alone) {
      anew = i;
      last[0] = times[i];
    }
    newest_before[i] = last[0];
    left_out[i] = far && !confirmed;
    last[1] = left_out[i] ? times[i] : kNoBucket;
    if (left_out[i]) continue;
    last[0] = std::max(last[0], times[i]);
    if (!first) last[2] = 0;
  }
  return anew;
}

int64_t locate(In<int64_t> bucket, In<int32_t> key, int64_t start, Out<int32_t> cell, Out<int32_t> series_of,
               Records series, Records cells, Out<int64_t> used) {
  binding::check_size("bucket", bucket.size(), cell.size());
  binding::check_size("key", key.size(), cell.size());
  binding::check_start(start, cell.size());
  binding::check_rows("key", key, static_cast<int64_t>(series_of.size()), kNone);
  const Cells open_cells{records<Series>(series), room<Series>(series), records<Cell>(cells), room<Cell>(cells),
                   series_of.data(), used.data()};
  const auto rows = static_cast<int64_t>(cell.size());
  const int64_t* buckets = bucket.data();
  const int32_t* keys = key.data();
  int32_t* cell_of_row = cell.data();
  nb::gil_scoped_release release;
  for (int64_t i = start; i < rows; ++i) {
    cell_of_row[i] = kNone;
    if (keys[i] == kNone) continue;
    cell_of_row[i] = open_cells.find_or_add(keys[i], buckets[i]);
    if (cell_of_row[i] == kNone) return i;
  }
  return rows;
}

int64_t locate_shares(In<int32_t> cell, In<int32_t> value, int64_t start, Out<int32_t> share, Records shares,
                      Out<int32_t> slots, Out<int64_t> used) {
  binding::check_size("cell", cell.size(), share.size());
  binding::check_size("value", value.size(), share.size());
  binding::check_start(start, share.size());
  const Shares open_shares{records<Share>(shares), room<Share>(shares), index_of(slots), used.data()};
  const auto rows = static_cast<int64_t>(share.size());
  const int32_t *cells = cell.data(), *values = value.data();
  int32_t* share_of_row = share.data();
  nb::gil_scoped_release release;
  for (int64_t i = start; i < rows; ++i) {
    share_of_row[i] = kNone;
    if (cells[i] == kNone || values[i] == kNone) continue;
    share_of_row[i] = open_shares.find_or_add({cells[i], values[i]});
    if (share_of_row[i] == kNone) return i;
  }
  return rows;
}

void fold_rows(In<int32_t> owner, In<double> weight, Records stats) {
  check_owners<Stats>("owner", owner, stats);
  binding::check_size_if_any("weight", weight.size(), owner.size());
  const std::size_t rows = owner.size();
  const int32_t* owners = owner.data();
  const double* weights = weight.size() == 0 ? nullptr : weight.data();
  Stats* stats_of = records<Stats>(stats);
  nb::gil_scoped_release release;
  for (std::size_t i = 0; i < rows; ++i)
    if (owners[i] != kNone) add_row(stats_of[owners[i]], weights == nullptr ? 1.0 : weights[i]);
}

void fold_values(In<int32_t> owner, In<double> value, In<double> weight, Records stats) {
  check_owners<Stats>("owner", owner, stats);
  binding::check_size("value", value.size(), owner.size());
  binding::check_size_if_any("weight", weight.size(), owner.size());
  const std::size_t rows = owner.size();
  const int32_t* owners = owner.data();
  const double* values = value.data();
  const double* weights = weight.size() == 0 ? nullptr : weight.data();
  Stats* stats_of = records<Stats>(stats);
  nb::gil_scoped_release release;
  for (std::size_t i = 0; i < rows; ++i)
    if (owners[i] != kNone) add_value(stats_of[owners[i]], values[i], weights == nullptr ? 1.0 : weights[i]);
}

Samples samples_of(const Records& samples, const Records& entries, const Out<int32_t>& slots, const Out<int64_t>& used) {
  return {records<Sample>(samples), records<Hash>(entries), room<Hash>(entries), index_of(slots), used.data()};
}

int64_t fold_distinct(In<int32_t> owner, In<uint64_t> hash, int64_t start, Records samples, Records entries,
                      Out<int32_t> slots, Out<int64_t> used) {
  check_owners<Sample>("owner", owner, samples);
  binding::check_size("hash", hash.size(), owner.size());
  binding::check_start(start, owner.size());
  const Samples open_samples = samples_of(samples, entries, slots, used);
  const auto rows = static_cast<int64_t>(owner.size());
  const int32_t* owners = owner.data();
  const uint64_t* hashes = hash.data();
  nb::gil_scoped_release release;
  for (int64_t i = start; i < rows; ++i)
    if (owners[i] != kNone && !open_samples.add(owners[i], hashes[i])) return i;
  return rows;
}

int64_t fold_information(In<int32_t> owner, nb::object stream, int64_t start, Records samples, Records entries,
                         Out<int32_t> slots, Out<int64_t> used) {
  check_owners<Sample>("owner", owner, samples);
  binding::check_start(start, owner.size());
  const Samples open_samples = samples_of(samples, entries, slots, used);
  const auto rows = static_cast<int64_t>(owner.size());
  const int32_t* owners = owner.data();
  return for_each_text(stream, start, [&](int64_t i, Chars chars) {
    return i < rows && (owners[i] == kNone || chars.data == nullptr || add_runs(open_samples, owners[i], chars));
  });
}

Sketches sketches_of(const Records& sketches, const Records& values, const Out<int64_t>& used) {
  return {records<Sketch>(sketches), records<Value>(values), room<Value>(values), used.data()};
}

int64_t fold_median(In<int32_t> owner, In<double> value, In<double> weight, int64_t start, Records sketches,
                    Records values, Out<int64_t> used) {
  check_owners<Sketch>("owner", owner, sketches);
  binding::check_size("value", value.size(), owner.size());
  binding::check_size_if_any("weight", weight.size(), owner.size());
  binding::check_start(start, owner.size());
  const Sketches open_sketches = sketches_of(sketches, values, used);
  const auto rows = static_cast<int64_t>(owner.size());
  const int32_t* owners = owner.data();
  const double* numbers = value.data();
  const double* weights = weight.size() == 0 ? nullptr : weight.data();
  nb::gil_scoped_release release;
  for (int64_t i = start; i < rows; ++i)
    if (owners[i] != kNone && !open_sketches.add(owners[i], numbers[i], weights == nullptr ? 1.0 : weights[i])) return i;
  return rows;
}

void medians(In<int32_t> owners, Records sketches, Records values, Records scratch, Out<double> out) {
  binding::check_rows("owners", owners, room<Sketch>(sketches));
  binding::check_size("out", out.size(), owners.size());
  const Sketches open_sketches{records<Sketch>(sketches), records<Value>(values), 0, nullptr};
  const std::size_t n = owners.size();
  const int32_t* owner = owners.data();
  auto* values_of_owner = records<Weighted>(scratch);
  double* median = out.data();
  nb::gil_scoped_release release;
  for (std::size_t i = 0; i < n; ++i) median[i] = open_sketches.median(owner[i], values_of_owner);
}

// Every cell of a table with the shares of it, and where the statistics without these go.
struct Grouped {
  const int32_t* cell;
  const int64_t* end;
  const int32_t* share;
  std::size_t cells;

  Grouped(const In<int32_t>& cells_in, const In<int64_t>& ends, const In<int32_t>& shares, int64_t cell_room, int64_t share_room,
          const Out<double>& own, const Out<int64_t>& order, const std::vector<Out<double>>& outs)
      : cell(cells_in.data()), end(ends.data()), share(shares.data()), cells(cells_in.size()) {
    binding::check_rows("cells", cells_in, cell_room);
    binding::check_rows("shares", shares, share_room);
    binding::check_size("ends", ends.size(), cells_in.size());
    binding::check_rows("ends", ends, static_cast<int64_t>(shares.size()) + 1);
    binding::check_size("own", own.size(), shares.size());
    binding::check_size("order", order.size(), shares.size());
    for (const auto& out : outs) binding::check_size("out", out.size(), shares.size());
  }

  template <class Each>
  void run(Each& each) const {
    for (std::size_t i = 0; i < cells; ++i) each.of_cell(cell[i], share, i == 0 ? 0 : end[i - 1], end[i]);
  }
};

void medians_without(In<int32_t> cells, In<int64_t> ends, In<int32_t> shares, Records cell_sketches, Records cell_values,
                     Records share_sketches, Records share_values, Records scratch, Out<double> removed, Out<double> own,
                     Out<int64_t> order, Out<double> alone, Out<double> higher, Out<double> lower) {
  const Grouped grouped(cells, ends, shares, room<Sketch>(cell_sketches), room<Sketch>(share_sketches), own, order,
                        {alone, higher, lower});
  MediansWithout without{{records<Sketch>(cell_sketches), records<Value>(cell_values), 0, nullptr},
                         {records<Sketch>(share_sketches), records<Value>(share_values), 0, nullptr},
                         {records<Weighted>(scratch), removed.data()},
                         own.data(), order.data(), {alone.data(), higher.data(), lower.data()}};
  nb::gil_scoped_release release;
  grouped.run(without);
}

void distinct_without(In<int32_t> cells, In<int64_t> ends, In<int32_t> shares, Records cell_samples, Records cell_entries,
                      Records share_samples, Records share_entries, Records table, Out<double> own, Out<int64_t> order,
                      Out<double> alone, Out<double> higher, Out<double> lower) {
  const Grouped grouped(cells, ends, shares, room<Sample>(cell_samples), room<Sample>(share_samples), own, order,
                        {alone, higher, lower});
  DistinctWithout without{{records<Sample>(cell_samples), records<Hash>(cell_entries), 0, {}, nullptr},
                          {records<Sample>(share_samples), records<Hash>(share_entries), 0, {}, nullptr},
                          records<Holders>(table), static_cast<uint64_t>(room<Holders>(table)) - 1,
                          own.data(), order.data(), {alone.data(), higher.data(), lower.data()}};
  nb::gil_scoped_release release;
  grouped.run(without);
}

void pack_samples(In<int32_t> owners, Records samples, Records entries, Records new_samples, Records new_entries,
                  Out<int64_t> new_used) {
  binding::check_rows("owners", owners, room<Sample>(samples));
  binding::check_size("new_samples", static_cast<std::size_t>(room<Sample>(new_samples)), owners.size());
  const Samples old{records<Sample>(samples), records<Hash>(entries), 0, {}, nullptr};
  const Samples packed{records<Sample>(new_samples), records<Hash>(new_entries), 0, {}, new_used.data()};
  const std::size_t n = owners.size();
  const int32_t* owner = owners.data();
  nb::gil_scoped_release release;
  for (std::size_t i = 0; i < n; ++i) old.copy(owner[i], static_cast<int32_t>(i), packed);
}

void pack_sketches(In<int32_t> owners, Records sketches, Records values, Records new_sketches, Records new_values,
                   Out<int64_t> new_used) {
  binding::check_rows("owners", owners, room<Sketch>(sketches));
  binding::check_size("new_sketches", static_cast<std::size_t>(room<Sketch>(new_sketches)), owners.size());
  const Sketches old{records<Sketch>(sketches), records<Value>(values), 0, nullptr};
  const Sketches packed{records<Sketch>(new_sketches), records<Value>(new_values), 0, new_used.data()};
  const std::size_t n = owners.size();
  const int32_t* owner = owners.data();
  nb::gil_scoped_release release;
  for (std::size_t i = 0; i < n; ++i) old.copy(owner[i], static_cast<int32_t>(i), packed);
}

// Each record as (name, size, [(field, offset), ...]), for the check against the dtypes.
using Layout = std::tuple<std::string, std::size_t, std::vector<std::tuple<std::string, std::size_t>>>;

#define BAROGRAPH_FIELD(record, field) {#field, offsetof(record, field)}

std::vector<Layout> layout() {
  return {
      {"text", sizeof(Text), {BAROGRAPH_FIELD(Text, hash), BAROGRAPH_FIELD(Text, offset), BAROGRAPH_FIELD(Text, length)}},
      {"pair", sizeof(Pair), {BAROGRAPH_FIELD(Pair, first), BAROGRAPH_FIELD(Pair, second)}},
      {"series", sizeof(Series), {BAROGRAPH_FIELD(Series, first_bucket), BAROGRAPH_FIELD(Series, head_bucket), BAROGRAPH_FIELD(Series, head), BAROGRAPH_FIELD(Series, key)}},
      {"cell", sizeof(Cell), {BAROGRAPH_FIELD(Cell, bucket), BAROGRAPH_FIELD(Cell, series), BAROGRAPH_FIELD(Cell, previous)}},
      {"share", sizeof(Share), {BAROGRAPH_FIELD(Share, cell), BAROGRAPH_FIELD(Share, value)}},
      {"stats", sizeof(Stats), {BAROGRAPH_FIELD(Stats, weight), BAROGRAPH_FIELD(Stats, rows), BAROGRAPH_FIELD(Stats, sum), BAROGRAPH_FIELD(Stats, compensation), BAROGRAPH_FIELD(Stats, origin), BAROGRAPH_FIELD(Stats, offset), BAROGRAPH_FIELD(Stats, m2), BAROGRAPH_FIELD(Stats, min), BAROGRAPH_FIELD(Stats, max)}},
      {"sample", sizeof(Sample), {BAROGRAPH_FIELD(Sample, level), BAROGRAPH_FIELD(Sample, kept), BAROGRAPH_FIELD(Sample, first)}},
      {"hash", sizeof(Hash), {BAROGRAPH_FIELD(Hash, hash), BAROGRAPH_FIELD(Hash, owner), BAROGRAPH_FIELD(Hash, next)}},
      {"sketch", sizeof(Sketch), {BAROGRAPH_FIELD(Sketch, first), BAROGRAPH_FIELD(Sketch, count), BAROGRAPH_FIELD(Sketch, upper), BAROGRAPH_FIELD(Sketch, upper_count), BAROGRAPH_FIELD(Sketch, parity)}},
      {"value", sizeof(Value), {BAROGRAPH_FIELD(Value, value), BAROGRAPH_FIELD(Value, weight), BAROGRAPH_FIELD(Value, next), BAROGRAPH_FIELD(Value, level)}},
      {"holders", sizeof(Holders), {BAROGRAPH_FIELD(Holders, hash), BAROGRAPH_FIELD(Holders, shares), BAROGRAPH_FIELD(Holders, unused)}},
      {"weighted", sizeof(Weighted), {BAROGRAPH_FIELD(Weighted, value), BAROGRAPH_FIELD(Weighted, weight), BAROGRAPH_FIELD(Weighted, row)}},
  };
}

#undef BAROGRAPH_FIELD

}  // namespace

NB_MODULE(_fold, m) {
  m.attr("NO_BUCKET") = kNoBucket;
  m.attr("SAMPLE_SIZE") = kSampleSize;
  m.attr("LEVEL_SIZE") = kLevelSize;
  m.def("layout", &layout);
  m.def("index_texts", &reindex<Text>, nb::arg("texts"), nb::arg("count"), nb::arg("slots"));
  m.def("index_pairs", &reindex<Pair>, nb::arg("pairs"), nb::arg("count"), nb::arg("slots"));
  m.def("index_shares", &reindex<Share>, nb::arg("shares"), nb::arg("count"), nb::arg("slots"));
  m.def("index_hashes", &reindex<Hash>, nb::arg("entries"), nb::arg("count"), nb::arg("slots"));
  m.def("intern", &intern, nb::arg("stream"), nb::arg("start"), nb::arg("ids"), nb::arg("texts"),
        nb::arg("arena"), nb::arg("slots"), nb::arg("used"), nb::arg("most"));
  m.def("intern_pairs", &intern_pairs, nb::arg("first"), nb::arg("second"), nb::arg("start"), nb::arg("ids"),
        nb::arg("pairs"), nb::arg("slots"), nb::arg("used"), nb::arg("most"));
  m.def("hash_texts", &hash_texts, nb::arg("stream"), nb::arg("hashes"));
  m.def("copy_texts", &copy_texts, nb::arg("ids"), nb::arg("texts"), nb::arg("arena"), nb::arg("offsets"), nb::arg("data"));
  m.def("to_arrow", &to_arrow, nb::arg("offsets"), nb::arg("data"));
  m.def("tell_time", &tell_time, nb::arg("time"), nb::arg("horizon"), nb::arg("clock"), nb::arg("newest"), nb::arg("ahead"));
  m.def("locate", &locate, nb::arg("bucket"), nb::arg("key"), nb::arg("start"), nb::arg("cell"), nb::arg("series_of"),
        nb::arg("series"), nb::arg("cells"), nb::arg("used"));
  m.def("locate_shares", &locate_shares, nb::arg("cell"), nb::arg("value"), nb::arg("start"), nb::arg("share"),
        nb::arg("shares"), nb::arg("slots"), nb::arg("used"));
  m.def("fold_rows", &fold_rows, nb::arg("owner"), nb::arg("weight"), nb::arg("stats"));
  m.def("fold_values", &fold_values, nb::arg("owner"), nb::arg("value"), nb::arg("weight"), nb::arg("stats"));
  m.def("fold_distinct", &fold_distinct, nb::arg("owner"), nb::arg("hash"), nb::arg("start"), nb::arg("samples"),
        nb::arg("entries"), nb::arg("slots"), nb::arg("used"));
  m.def("fold_information", &fold_information, nb::arg("owner"), nb::arg("stream"), nb::arg("start"), nb::arg("samples"),
        nb::arg("entries"), nb::arg("slots"), nb::arg("used"));
  m.def("fold_median", &fold_median, nb::arg("owner"), nb::arg("value"), nb::arg("weight"), nb::arg("start"),
        nb::arg("sketches"), nb::arg("values"), nb::arg("used"));
  m.def("medians", &medians, nb::arg("owners"), nb::arg("sketches"), nb::arg("values"), nb::arg("scratch"), nb::arg("out"));
  m.def("medians_without", &medians_without, nb::arg("cells"), nb::arg("ends"), nb::arg("shares"), nb::arg("cell_sketches"),
        nb::arg("cell_values"), nb::arg("share_sketches"), nb::arg("share_values"), nb::arg("scratch"), nb::arg("removed"),
        nb::arg("own"), nb::arg("order"), nb::arg("alone"), nb::arg("higher"), nb::arg("lower"));
  m.def("distinct_without", &distinct_without, nb::arg("cells"), nb::arg("ends"), nb::arg("shares"), nb::arg("cell_samples"),
        nb::arg("cell_entries"), nb::arg("share_samples"), nb::arg("share_entries"), nb::arg("table"), nb::arg("own"),
        nb::arg("order"), nb::arg("alone"), nb::arg("higher"), nb::arg("lower"));
  m.def("pack_samples", &pack_samples, nb::arg("owners"), nb::arg("samples"), nb::arg("entries"), nb::arg("new_samples"),
        nb::arg("new_entries"), nb::arg("new_used"));
  m.def("pack_sketches", &pack_sketches, nb::arg("owners"), nb::arg("sketches"), nb::arg("values"),
        nb::arg("new_sketches"), nb::arg("new_values"), nb::arg("new_used"));
}
