// Members of populations, each judged against its peers in the same bucket and lately.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <tuple>
#include <utility>

#include "binding.hpp"
#include "population_member.hpp"
#include "skips.hpp"

namespace nb = nanobind;

namespace population {

// A value that is worth sending on, or that users do not want told.
struct Found {
  int64_t cell;
  double actual;
  double typical;
  double lower;
  double upper;
  double ln_p;
  double ln_evidence;
  double count;
  int64_t since;
  int64_t skipped_by;
  Payload payload;
};

// The values [c] of a call: those of one population and bucket lie together, populations and then buckets ascending.
struct Cells {
  const int64_t* t;
  const int32_t* row;
  const double* value;
  const double* rows;  // behind each; null: as many as ever
  int64_t count;
};

struct Out {
  double* ln_p;
  double* ln_evidence;
  double* typical;  // and bounds: null where nobody wants them
  double* lower;
  double* upper;
  Found* found;
  int64_t room;
  int64_t used = 0;
};

struct Work {
  Member* members;
  const Settings& k;
  const skips::Skips& unwanted;
  const Cells& cells;
  Out& out;
  Bucket bucket;
};

// All that was learnt of values of another kind says nothing now.
void forget(Population& p) {
  Population fresh{};
  fresh.last = p.last, fresh.era = p.era + 1, fresh.negative = 1, fresh.seen = p.seen, fresh.members = p.members;
  p = fresh;
}

double doubt_of(const Population& p, const Bucket& b) {
  return std::clamp((p.values + b.zeros + b.members - 1.0) / kEnough, 0.3, 1.0);
}

struct Judged {
  Payload payload;
  double centre;        // of its peers, on the scale
  Variances variances;  // of values of as many rows as ever,
  Variances of_rows;    // ... and of as many as this one has
  double habit;         // deviation from its habit of values of as many rows as ever
};

// What is the same for all members of a population in a bucket.
Payload shared(const Population& p, Scale scale, const Settings& k, const Bucket& b) {
  Payload all{};
  tails(p, all);
  all.doubt = doubt_of(p, b);
  all.scale = scale, all.side = k.side;
  return all;
}

Judged judged(const Population& p, const Member& m, Scale scale, const Payload& all, const Bucket& b, double centre, double squares, bool zero, double rows) {
  Judged j{all, 0.0, {}, {}, 0.0};
  const double peers = static_cast<double>(b.placed.size()) - (zero ? 0.0 : 1.0), members = zero ? 0.0 : 1.0;
  j.centre = centre;
  j.variances = variances(p, variance_without(p, scale, b, squares, members));
  j.of_rows = of_rows(j.variances, p.rows, rows);
  const double of_centre = (j.variances.all + b.noise_here) / peers;
  j.payload.peers = {scale == kCounts ? ln_level(centre) : centre, std::sqrt(j.of_rows.all + of_centre)};
  j.payload.own = own_account(scale, m, j.variances, j.payload.peers, of_centre);
  j.habit = j.payload.own.deviation;
  if (j.of_rows.within != j.variances.within) j.payload.own.deviation = std::sqrt(square(j.habit) + (j.of_rows.within - j.variances.within));
  j.payload.dof = std::max(p.squares + b.members - members, 1.0);
  j.payload.zero = scale == kLogarithmic ? share_of_zero(p, b, zero ? 1.0 : 0.0) : 0.0;
  j.payload.typical = j.payload.zero > 0.5 ? 0.0 : value_of(scale, centre);
  return j;
}

// Nobody to compare with who has more than nothing: neither in the bucket nor lately.
Judged alone(const Population& p, Scale scale, const Settings& k, const Bucket& b, bool zero) {
  Judged j{};
  j.centre = j.payload.typical = j.payload.peers.centre = j.payload.own.centre = std::nan("");
  if (scale == kLogarithmic && p.values + b.zeros > (zero ? 1.0 : 0.0)) {
    j.payload.zero = share_of_zero(p, b, zero ? 1.0 : 0.0);
    j.payload.typical = j.payload.zero > 0.5 ? 0.0 : std::nan("");
    j.payload.peers.centre = j.payload.own.centre = -kInfinity;
  }
  j.payload.doubt = doubt_of(p, b);
  j.payload.rate[0] = j.payload.rate[1] = j.payload.mean[0] = j.payload.mean[1] = 1.0;
  j.payload.scale = scale, j.payload.side = k.side;
  return j;
}

void tell(Work& w, int64_t cell, const Judged& j, const Verdict& v, double evidence, const Member& m, const skips::Skip& skip) {
  const bool leaf = evidence <= w.k.ln_threshold;
  w.out.ln_p[cell] = v.ln_p, w.out.ln_evidence[cell] = skip.result() ? 0.0 : evidence;
  if (w.out.typical) {
    const Bounds all = bounds(j.payload, w.k.nats);
    w.out.typical[cell] = j.payload.typical, w.out.lower[cell] = all.lower, w.out.upper[cell] = all.upper;
  }
  if (!leaf) return;
  constexpr double kOf95 = 3.6888794541139363;  // -ln 0.025
  const Bounds all = bounds(j.payload, kOf95);
  w.out.found[w.out.used++] = {cell, w.cells.value[cell], j.payload.typical, all.lower, all.upper, v.ln_p, evidence,
                               m.count, m.since, skip.by, j.payload};
}

// One value of a member: judged, told, learnt.
void meet(Work& w, Population& p, Scale scale, int64_t cell, const Judged& j, const Member& m, double y, bool zero, Learning& l) {
  const Settings& k = w.k;
  const int64_t t = w.cells.t[cell], bucket = k.first + t, row = w.cells.row[cell];
  const double x = read(w.cells.value[cell]);
  const Verdict v = judge(j.payload, x);
  const double evidence = j.payload.doubt * v.ln_p;
  Member now = m;
  const bool goes_on = still_odd(m, k, bucket);
  now.since = evidence <= kOdd ? (goes_on ? m.since : bucket) : -1;
  const double start_ms = static_cast<double>(bucket) * static_cast<double>(k.span_ms);
  const skips::Skip skip = skips::skip(w.unwanted, row, t, w.cells.value[cell], j.payload.typical, start_ms);
  Member told = now;
  if (told.since < 0) told.since = bucket;
  tell(w, cell, j, v, evidence, told, skip);
  if (!k.learn) return;
  Member& kept = w.members[row];
  if (skip.learning()) return;
  const double mean_seen = p.members > 0.0 ? p.seen / p.members : 1.0;
  const double weight = std::min((mean_seen + 1.0) / (now.seen + 1.0), 1.0);
  l.values += weight, l.zeros += zero ? weight : 0.0;
  l.members += m.count > 0.0 ? 0.0 : 1.0;
  l.seen += 1.0;
  if (!zero) {
    l.weight += weight;
    l.centre += weight * within(y, w.bucket.middle, w.bucket.reach);
  }
  if (j.payload.dof > 0.0) {
    learn_tails(p, l, now, v, weight);
    if (!zero) {
      l.squares += weight;
      l.square += weight * (std::min(square(y - j.centre), w.bucket.far) - w.bucket.noise_here);
      if (scale == kCounts) {
        learn_count(l, now, j.payload.own, e_to(j.payload.peers.centre), beyond_first(x), j.variances.within, k.share, weight);
      } else {
        // One row says no more of a habit than many do.
        const Account habit{j.payload.own.centre, std::min(j.payload.own.deviation, j.habit)};
        learn_distance(l, now, habit, j.centre, y, k.share, weight);
        const double rows = w.cells.rows ? w.cells.rows[cell] : 0.0;
        if (rows > 0.0) learn_rows(l.rows, rows, std::min(square(y - j.centre), square(kFar) * j.of_rows.all) / j.variances.all, weight);
      }
    }
  }
  now.seen += 1.0, now.count += 1.0, now.last = bucket;
  if (now.first < 0) now.first = bucket;
  kept = now;
}

// All members of a population in one bucket: cells [from, to).
void run_bucket(Work& w, Population& kept, int64_t from, int64_t to) {
  const Settings& k = w.k;
  Population p = kept;
  const int64_t bucket = k.first + w.cells.t[from];
  const double* values = w.cells.value + from;
  if (!k.counts && !p.negative && std::any_of(values, values + (to - from), [](double x) { return x < 0.0; })) forget(p);
  const Scale scale = scale_of(k, p);
  Bucket& b = w.bucket;
  place(p, scale, values, to - from, b);
  spread(p, scale, b);
  Learning l;
  Centres centres{b};
  const Payload all = shared(p, scale, k, b);
  const bool any = b.placed.size() > 1;
  b.y.resize(static_cast<size_t>(to - from));
  b.centre.resize(static_cast<size_t>(to - from));
  for (size_t rank = 0; rank < b.placed.size(); ++rank) {
    const Placed one = b.placed[rank];
    if (one.at < 0) continue;
    b.y[one.at] = one.y;
    b.centre[one.at] = any ? centres.without(rank) : std::nan("");
  }
  // By member, not by value: of many their records lie far apart.
  for (int64_t i = 0; i < to - from; ++i) {
    const bool zero = scale == kLogarithmic && values[i] == 0.0;
    const Member m = faded(w.members[w.cells.row[from + i]], p, k, bucket);
    const double y = zero ? 0.0 : b.y[i], own = zero || !any ? 0.0 : std::min(square(y - b.middle), b.far) - b.noise_here;
    const bool compared = zero ? !b.placed.empty() : any;
    const Judged j = compared ? judged(p, m, scale, all, b, zero ? b.middle : b.centre[i], own, zero, w.cells.rows ? w.cells.rows[from + i] : 0.0) : alone(p, scale, k, b, zero);
    meet(w, p, scale, from + i, j, m, y, zero, l);
  }
  if (k.learn && l.seen > 0.0) {
    learn(p, k, l, bucket);
    kept = p;
  }
}

using Bytes = binding::Records;
using Numbers = binding::Out<double>;

Settings settings_of(const std::vector<double>& given, int64_t first, int64_t span_ms, bool learn) {
  binding::check_size("settings", given.size(), 7);
  return {given[0] > 0.0, static_cast<int64_t>(given[1]), given[2], given[3], given[4], given[5], first, span_ms, given[6], learn};
}

// Judge values, and learn them. Returns at which value it stopped for want of room, and how many it found.
std::vector<int64_t> advance(Bytes members, Bytes populations, binding::In<int64_t> t, binding::In<int32_t> row, binding::In<double> value,
                             binding::In<double> rows, int64_t start, Numbers ln_p, Numbers ln_evidence, const std::vector<Numbers>& shown, Bytes found,
                             const std::vector<double>& given, int64_t first, int64_t span_ms, bool learn, binding::In<uint8_t> planned,
                             binding::In<uint8_t> rules, binding::In<uint8_t> conditions, binding::In<uint8_t> scope) {
  binding::check_size_if_any("rows", rows.size(), t.size());
  const Cells cells{t.data(), row.data(), value.data(), rows.size() ? rows.data() : nullptr, static_cast<int64_t>(t.size())};
  for (const auto& [name, size] : {std::pair{"row", row.size()}, {"value", value.size()}, {"ln_p", ln_p.size()}, {"ln_evidence", ln_evidence.size()}})
    binding::check_size(name, size, t.size());
  binding::check_start(start, t.size());
  const int64_t series = binding::room<Member>(members);
  binding::check_rows("row", row, series);
  binding::check_rows("t", t, static_cast<int64_t>(planned.size()));
  const int64_t rule_count = static_cast<int64_t>(rules.size() / sizeof(skips::Rule));
  binding::check_size("scope", scope.size(), static_cast<size_t>(rule_count * series));
  const bool plotted = !shown.empty();
  if (plotted) binding::check_size("shown", shown.size(), 3);
  for (const Numbers& one : shown) binding::check_size("a column of shown", one.size(), t.size());
  Member* all = binding::records<Member>(members);
  Population* groups = binding::records<Population>(populations);
  const int64_t group_count = binding::room<Population>(populations);
  for (int64_t i = 0; i < series; ++i)
    if (all[i].population < 0 || all[i].population >= group_count) binding::refuse("population", all[i].population, "one of those known");
  const Settings k = settings_of(given, first, span_ms, learn);
  const skips::Skips unwanted{planned.data(), reinterpret_cast<const skips::Rule*>(rules.data()), scope.data(),
                              reinterpret_cast<const skips::Condition*>(conditions.data()), rule_count, series};
  Out out{ln_p.data(), ln_evidence.data(), plotted ? shown[0].data() : nullptr, plotted ? shown[1].data() : nullptr,
          plotted ? shown[2].data() : nullptr, binding::records<Found>(found), binding::room<Found>(found)};
  nb::gil_scoped_release unlocked;
  Work w{all, k, unwanted, cells, out, {}};
  int64_t from = start;
  while (from < cells.count) {
    const int32_t group = all[cells.row[from]].population;
    int64_t to = from + 1;
    while (to < cells.count && cells.t[to] == cells.t[from] && all[cells.row[to]].population == group) ++to;
    if (out.used + (to - from) > out.room) break;
    run_bucket(w, groups[group], from, to);
    from = to;
  }
  return {from, out.used};
}

void probability(binding::In<uint8_t> payload, binding::In<double> value, Numbers ln_p) {
  binding::check_size("payload", payload.size(), value.size() * sizeof(Payload));
  binding::check_size("ln_p", ln_p.size(), value.size());
  const Payload* p = reinterpret_cast<const Payload*>(payload.data());
  for (size_t i = 0; i < value.size(); ++i) {
    const double x = value.data()[i];
    ln_p.data()[i] = x == x ? judge(p[i], read(x)).ln_p : x;
  }
}

// What members are expected to have now [s], by their habits and what is usual lately; NaN is no idea.
void expected(Bytes members, Bytes populations, bool counts, int64_t now, double decay, Numbers out) {
  const int64_t series = binding::room<Member>(members), group_count = binding::room<Population>(populations);
  binding::check_size("out", out.size(), static_cast<size_t>(series));
  const Member* all = binding::records<Member>(members);
  const Population* groups = binding::records<Population>(populations);
  Settings k{};
  k.counts = counts, k.decay = decay;
  for (int64_t i = 0; i < series; ++i) {
    if (all[i].population < 0 || all[i].population >= group_count) binding::refuse("population", all[i].population, "one of those known");
    const Population& p = groups[all[i].population];
    const Scale scale = scale_of(k, p);
    Bucket nobody;
    nobody.middle = p.centre;
    nobody.variance_prior = scale == kLinear ? square(p.centre) : 1.0;
    const Variances v = variances(p, variance_without(p, scale, nobody, 0.0, 0.0));
    const Account own = own_account(scale, faded(all[i], p, k, now), v, {scale == kCounts ? ln_level(p.centre) : p.centre, 1.0}, 0.0);
    out.data()[i] = !(p.known > 0.0) ? std::nan("") : scale == kCounts ? 1.0 + e_to(own.centre) : value_of(scale, own.centre);
  }
}

}  // namespace population

NB_MODULE(_population, m) {
  using namespace population;
  m.def("advance", &advance);
  m.def("probability", &probability);
  m.def("expected", &expected);
  m.attr("SIZES") = std::make_tuple(sizeof(Member), sizeof(Population), sizeof(Payload), sizeof(Found));
}
