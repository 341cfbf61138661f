// Values judged by how rarely buckets have them. See `_rare.pyi` for the Python side.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "binding.hpp"
#include "rare_cells.hpp"
#include "rare_members.hpp"
#include "rare_state.hpp"

namespace nb = nanobind;

namespace {

using namespace rare;

using binding::In;
using binding::Out;
using binding::Records;
using binding::records;
using binding::room;
using Scope = nb::ndarray<const uint8_t, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

void judge(const Value& v, const Part& p, const Cells& k, int64_t i, skips::Skip& skip, Output& out) {
  const bool is_new = v.buckets == 0;
  const int64_t bucket = k.first + k.t[i];
  const double own = is_new ? 0.0 : now(v, p), count = is_new ? 0.0 : count_of_late(v, p);
  const double expected = as_rare(count, own, p);
  const double share = p.buckets > 0.0 ? count / p.buckets : 0.0;
  skip = rare::skip(k, i, share);
  out.ln_p[i] = ln_any(expected);
  const double in_a_bucket = p.buckets > 0.0 ? std::max(p.shown / p.buckets, 1.0) : 1.0;
  out.ln_evidence[i] = skip.result() ? 0.0 : ln_any(expected / in_a_bucket);
  if (!(out.ln_p[i] <= k.ln_threshold)) return;
  const int64_t since = !is_new && v.seen == p.filled ? v.since : bucket;
  const int64_t by = skip.result() ? skip.by : skips::kNothing;
  out.found[out.used++] = {i, by, since, v.buckets, p.filled, share, median_count(p) / (count + 1.0), expected, 0.0, 1.0, 1.0, out.ln_p[i], is_new};
}

// The values of a bucket are judged by what was known before it, then learnt.
void run(const Cells& k, Value* values, Part* parts, uint8_t* learnt, Output& out) {
  for (int64_t i = 0; i < k.count;) {
    int64_t end = i;
    for (; end < k.count && k.t[end] == k.t[i]; ++end) {
      const Value& v = values[k.row[end]];
      skips::Skip skip;
      judge(v, parts[v.part], k, end, skip, out);
      learnt[end] = k.learns && !skip.learning();
    }
    for (; i < end; ++i)
      if (learnt[i]) learn(values[k.row[i]], parts[values[k.row[i]].part], k.first + k.t[i], k.memory);
  }
}

struct Pairs {
  Pair* pairs;
  Category* categories;
  Population* populations;
  const double* rows;        // [k] rows behind each cell
  const double* rest;        // [k] rows of the other values of its member in the bucket
  const double* of_member;   // [k] values of its member in it
  int32_t* here;             // for each category, the new pairs of a bucket that are known of before they are judged
};

void judge(const Pairs& m, const Cells& k, int64_t i, skips::Skip& skip, Output& out) {
  const Pair& pair = m.pairs[k.row[i]];
  const Category& c = m.categories[pair.category];
  const Population& p = m.populations[c.part];
  const int64_t bucket = k.first + k.t[i], known = pair.buckets > 0;
  const double others = static_cast<double>(c.members - known + m.here[pair.category] - !known);
  const double expected = as_rare(others, p), uncommon = alone(others, p);
  const double weight = uncommon * how_often(m.rows[i], m.rest[i], m.of_member[i]);
  const double share = p.filled > 0 ? static_cast<double>(pair.buckets) / static_cast<double>(p.filled) : 0.0;
  skip = rare::skip(k, i, share);
  out.ln_p[i] = weight * ln_any(expected);
  const double in_a_bucket = p.buckets > 0.0 ? std::max(p.shown / p.buckets, 1.0) : 1.0;
  out.ln_evidence[i] = skip.result() ? 0.0 : weight * ln_any(expected / in_a_bucket);
  if (!(out.ln_p[i] <= k.ln_threshold)) return;
  const int64_t since = known && pair.seen == p.filled ? pair.since : bucket;
  const int64_t by = skip.result() ? skip.by : skips::kNothing;
  out.found[out.used++] = {i, by, since, pair.buckets, p.filled, share, median_members(p) / (others + 1.0), expected, m.rest[i],
                           m.of_member[i], uncommon, out.ln_p[i], c.members == 0};
}

// Who else has a value is told by all buckets before and by this one: what all members begin at once is new, but not rare.
void run(const Cells& k, const Pairs& m, uint8_t* learnt, Output& out) {
  for (int64_t i = 0; i < k.count;) {
    int64_t end = i;
    for (; end < k.count && k.t[end] == k.t[i]; ++end)
      if (m.pairs[k.row[end]].buckets == 0) ++m.here[m.pairs[k.row[end]].category];
    for (int64_t j = i; j < end; ++j) {
      skips::Skip skip;
      judge(m, k, j, skip, out);
      learnt[j] = k.learns && !skip.learning();
    }
    for (int64_t j = i; j < end; ++j)
      if (m.pairs[k.row[j]].buckets == 0) --m.here[m.pairs[k.row[j]].category];
    for (; i < end; ++i) {
      Pair& pair = m.pairs[k.row[i]];
      Category& c = m.categories[pair.category];
      if (learnt[i]) learn(pair, c, m.populations[c.part], k.first + k.t[i], k.memory);
    }
  }
}

skips::Skips skips_of(const In<uint8_t>& planned, const Records& rules, const Records& conditions, const Scope& scope, int64_t series) {
  const int64_t rule_count = room<skips::Rule>(rules), condition_count = room<skips::Condition>(conditions);
  binding::check_size("scope", scope.shape(0), static_cast<size_t>(rule_count));
  binding::check_size("a row of scope", scope.shape(1), static_cast<size_t>(series));
  const auto* rule = records<skips::Rule>(rules);
  for (int64_t r = 0; r < rule_count; ++r)
    if (rule[r].first < 0 || rule[r].first > rule[r].end || rule[r].end > condition_count)
      binding::refuse("rules[" + std::to_string(r) + "]", rule[r].end, "conditions up to " + std::to_string(condition_count));
  return {planned.data(), rule, scope.data(), records<skips::Condition>(conditions), rule_count, series};
}

void check_part(const Value& v, const Records& parts) {
  if (v.part < 0 || v.part >= room<Part>(parts)) binding::refuse("part of a value", v.part, "the number of a partition that there is");
}

int64_t advance(Records values, Records parts, In<int64_t> t, In<int32_t> row, int64_t first, int64_t span_ms, double memory,
                bool learns, double ln_threshold, In<uint8_t> planned, Records rules, Records conditions, Scope scope,
                Out<uint8_t> learnt, Out<double> ln_p, Out<double> ln_evidence, Records found) {
  const int64_t value_count = room<Value>(values);
  binding::check_size("row", row.size(), t.size());
  binding::check_size("learnt", learnt.size(), t.size());
  binding::check_size("ln_p", ln_p.size(), t.size());
  binding::check_size("ln_evidence", ln_evidence.size(), t.size());
  if (room<Found>(found) < static_cast<int64_t>(t.size())) binding::refuse("records of found", room<Found>(found), "one a cell");
  binding::check_rows("row", row, value_count);
  binding::check_rows("t", t, static_cast<int64_t>(planned.size()));
  auto* all = records<Value>(values);
  for (size_t i = 0; i < row.size(); ++i) check_part(all[row.data()[i]], parts);
  const Cells cells{t.data(), row.data(), static_cast<int64_t>(t.size()), first, memory, learns, ln_threshold, span_ms,
                    skips_of(planned, rules, conditions, scope, value_count)};
  Output out{ln_p.data(), ln_evidence.data(), records<Found>(found), 0};
  nb::gil_scoped_release release;
  run(cells, all, records<Part>(parts), learnt.data(), out);
  return out.used;
}

int64_t advance_pairs(Records pairs, Records categories, Records populations, In<int64_t> t, In<int32_t> row, In<double> rows,
                      In<double> rest, In<double> of_member, int64_t first, int64_t span_ms, double memory, bool learns, double ln_threshold, In<uint8_t> planned,
                      Records rules, Records conditions, Scope scope, Out<int32_t> here, Out<uint8_t> learnt, Out<double> ln_p,
                      Out<double> ln_evidence, Records found) {
  const int64_t pair_count = room<Pair>(pairs);
  binding::check_size("row", row.size(), t.size());
  binding::check_size("rows", rows.size(), t.size());
  binding::check_size("rest", rest.size(), t.size());
  binding::check_size("of_member", of_member.size(), t.size());
  binding::check_size("here", here.size(), static_cast<size_t>(room<Category>(categories)));
  binding::check_size("learnt", learnt.size(), t.size());
  binding::check_size("ln_p", ln_p.size(), t.size());
  binding::check_size("ln_evidence", ln_evidence.size(), t.size());
  if (room<Found>(found) < static_cast<int64_t>(t.size())) binding::refuse("records of found", room<Found>(found), "one a cell");
  binding::check_rows("row", row, pair_count);
  binding::check_rows("t", t, static_cast<int64_t>(planned.size()));
  const Pairs all{records<Pair>(pairs), records<Category>(categories), records<Population>(populations),
                  rows.data(), rest.data(), of_member.data(), here.data()};
  for (size_t i = 0; i < row.size(); ++i) {
    const int32_t category = all.pairs[row.data()[i]].category;
    if (category < 0 || category >= room<Category>(categories)) binding::refuse("category of a pair", category, "the number of one that there is");
    const int32_t part = all.categories[category].part;
    if (part < 0 || part >= room<Population>(populations)) binding::refuse("part of a category", part, "the number of a partition that there is");
  }
  const Cells cells{t.data(), row.data(), static_cast<int64_t>(t.size()), first, memory, learns, ln_threshold, span_ms,
                    skips_of(planned, rules, conditions, scope, pair_count)};
  Output out{ln_p.data(), ln_evidence.data(), records<Found>(found), 0};
  nb::gil_scoped_release release;
  run(cells, all, learnt.data(), out);
  return out.used;
}

// ln p of what was found, with other numbers of rows.
void probability(In<double> expected, In<double> rest, In<double> of_member, In<double> alone, In<double> rows, Out<double> ln_p) {
  binding::check_size("rest", rest.size(), expected.size());
  binding::check_size("of_member", of_member.size(), expected.size());
  binding::check_size("alone", alone.size(), expected.size());
  binding::check_size("rows", rows.size(), expected.size());
  binding::check_size("ln_p", ln_p.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    const double weight = alone.data()[i] * how_often(rows.data()[i], rest.data()[i], of_member.data()[i]);
    ln_p.data()[i] = weight * ln_any(expected.data()[i]);
  }
}

// The share of buckets that have each value now.
void shares(Records values, Records parts, Out<double> out) {
  const Value* all = records<Value>(values);
  const Part* of = records<Part>(parts);
  binding::check_size("out", out.size(), static_cast<size_t>(room<Value>(values)));
  for (size_t i = 0; i < out.size(); ++i) check_part(all[i], parts);
  for (size_t i = 0; i < out.size(); ++i)
    out.data()[i] = all[i].buckets > 0 ? count_of_late(all[i], of[all[i].part]) / of[all[i].part].buckets : nan("");
}

using Layout = std::tuple<std::string, std::size_t, std::vector<std::tuple<std::string, std::size_t>>>;

#define BAROGRAPH_FIELD(record, field) {#field, offsetof(record, field)}

std::vector<Layout> layout() {
  return {
      {"value", sizeof(Value), {BAROGRAPH_FIELD(Value, count), BAROGRAPH_FIELD(Value, buckets), BAROGRAPH_FIELD(Value, seen), BAROGRAPH_FIELD(Value, longest), BAROGRAPH_FIELD(Value, first), BAROGRAPH_FIELD(Value, last), BAROGRAPH_FIELD(Value, since), BAROGRAPH_FIELD(Value, part), BAROGRAPH_FIELD(Value, halvings)}},
      {"part", sizeof(Part), {BAROGRAPH_FIELD(Part, buckets), BAROGRAPH_FIELD(Part, shown), BAROGRAPH_FIELD(Part, filled), BAROGRAPH_FIELD(Part, newest), BAROGRAPH_FIELD(Part, halvings), BAROGRAPH_FIELD(Part, unused), BAROGRAPH_FIELD(Part, mass), BAROGRAPH_FIELD(Part, values)}},
      {"pair", sizeof(Pair), {BAROGRAPH_FIELD(Pair, buckets), BAROGRAPH_FIELD(Pair, seen), BAROGRAPH_FIELD(Pair, first), BAROGRAPH_FIELD(Pair, last), BAROGRAPH_FIELD(Pair, since), BAROGRAPH_FIELD(Pair, member), BAROGRAPH_FIELD(Pair, category), BAROGRAPH_FIELD(Pair, unused)}},
      {"category", sizeof(Category), {BAROGRAPH_FIELD(Category, shown), BAROGRAPH_FIELD(Category, members), BAROGRAPH_FIELD(Category, part), BAROGRAPH_FIELD(Category, halvings)}},
      {"population", sizeof(Population), {BAROGRAPH_FIELD(Population, buckets), BAROGRAPH_FIELD(Population, shown), BAROGRAPH_FIELD(Population, most), BAROGRAPH_FIELD(Population, filled), BAROGRAPH_FIELD(Population, newest), BAROGRAPH_FIELD(Population, halvings), BAROGRAPH_FIELD(Population, unused), BAROGRAPH_FIELD(Population, mass), BAROGRAPH_FIELD(Population, values)}},
      {"found", sizeof(Found), {BAROGRAPH_FIELD(Found, cell), BAROGRAPH_FIELD(Found, skipped_by), BAROGRAPH_FIELD(Found, since), BAROGRAPH_FIELD(Found, before), BAROGRAPH_FIELD(Found, of), BAROGRAPH_FIELD(Found, share), BAROGRAPH_FIELD(Found, rarity), BAROGRAPH_FIELD(Found, expected), BAROGRAPH_FIELD(Found, rest), BAROGRAPH_FIELD(Found, of_member), BAROGRAPH_FIELD(Found, alone), BAROGRAPH_FIELD(Found, ln_p), BAROGRAPH_FIELD(Found, is_first)}},
  };
}

#undef BAROGRAPH_FIELD

}  // namespace

NB_MODULE(_rare, m) {
  m.attr("CLASSES") = kClasses;
  m.def("layout", &layout);
  m.def("shares", &shares, nb::arg("values"), nb::arg("parts"), nb::arg("out"));
  m.def("probability", &probability, nb::arg("expected"), nb::arg("rest"), nb::arg("of_member"), nb::arg("alone"), nb::arg("rows"), nb::arg("ln_p"));
  m.def("advance_pairs", &advance_pairs, nb::arg("pairs"), nb::arg("categories"), nb::arg("populations"), nb::arg("t"),
        nb::arg("row"), nb::arg("rows"), nb::arg("rest"), nb::arg("of_member"), nb::arg("first"), nb::arg("span_ms"), nb::arg("memory"), nb::arg("learns"),
        nb::arg("ln_threshold"), nb::arg("planned"), nb::arg("rules"), nb::arg("conditions"), nb::arg("scope"), nb::arg("here"),
        nb::arg("learnt"), nb::arg("ln_p"), nb::arg("ln_evidence"), nb::arg("found"));
  m.def("advance", &advance, nb::arg("values"), nb::arg("parts"), nb::arg("t"), nb::arg("row"), nb::arg("first"),
        nb::arg("span_ms"), nb::arg("memory"), nb::arg("learns"), nb::arg("ln_threshold"), nb::arg("planned"), nb::arg("rules"),
        nb::arg("conditions"), nb::arg("scope"), nb::arg("learnt"), nb::arg("ln_p"), nb::arg("ln_evidence"), nb::arg("found"));
}
