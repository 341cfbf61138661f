// From the probability of one bucket to evidence: against the expectation, against the bucket before, several buckets together.
#pragma once

#include "series_season_search.hpp"
#include "series_incident.hpp"
#include "series_other_days.hpp"

namespace series {

constexpr double kImpact = 5.0 / 6.907755278982137;  // multi-bucket impact: 5 at a factor of 1,000 (the documented scale)
constexpr double kEarly = 30.0;          // values before which only the bucket itself is believed (chosen)
constexpr double kLeastMemory = 0.3;     // of the rest, from which the bucket before says more than the expectation (chosen)
constexpr double kMeanLength = 99.0;     // buckets whose means are as good as independent (computed: of a gain of 0.02)
// -ln of the share of false alarms that each view may have (chosen: most belongs to the bucket itself).
constexpr double kCost[kViews] = {0.2876820724517809, 2.995732273553991, 2.120263536200091, 2.995732273553991, 0.0};  // 0.75, 0.05, 0.12, 0.05 (chosen: shares of false alarms)

struct Evidence {
  double ln_evidence;          // the record's probability
  double ln_seen;              // without what the buckets before showed
  double surprise[kViews];     // nats, of each view by itself
  double run_apart;            // deviations by which the run that ends here is off; 0: none ends here
  double same;                 // buckets in a row with this very value, where that is the best view; else 0
  double sudden;               // nats against the bucket before, before what such have shown; NaN: there is none to compare with
};

// How much further the value is off than what is left of the one before leads to expect: never anything for coming nearer.
inline double sudden_surprise(const Series& s, const Predictive& p, double before, double z, double x) {
  const double led = memory_of_rest(s) * before;
  const double towards = z > 0.0 ? std::max(led, 0.0) : std::min(led, 0.0);
  Predictive now = p;
  now.centre = p.centre + towards * p.deviation;
  now.deviation = p.deviation * std::sqrt(s.rest.step_square);
  if (!(std::fabs(x - now.centre) > 3.0 * now.deviation) || (x - now.centre) * z < 0.0) return 0.0;
  return -judge(now, x).ln_p;
}

// By what sudden values of the series have shown so far, as if twenty had come as they should: some move in jerks.
inline double as_usually_sudden(const Series& s, double nats) {
  constexpr double kPrior = 20.0, kShare = 0.0027;  // two-sided, of three deviations (chosen)
  if (nats <= kSuddenStart) return nats;
  const double rate = (s.rest.sudden_hits + kPrior) / (kShare * s.rest.sudden_count + kPrior);
  const double mean = (s.rest.sudden_excess + kPrior) / (s.rest.sudden_uncensored + kPrior);
  return std::max(kSuddenStart - ln(std::max(rate, 1.0)) + (nats - kSuddenStart) / std::max(mean, 1.0), 0.0);
}

// The run that ends here as one value: their sum under the sum of what was expected of them.
inline double run_surprise(const Series& s, const Predictive& p, const RunTotal& run, double apart) {
  Predictive sum = p;
  sum.centre = run.centre;
  sum.deviation = run.deviation;
  sum.weight[kNormalFamily] += sum.weight[kT3Family];
  sum.weight[kT3Family] = 0.0;
  sum.ln_alternative = sum.ln_outlier = std::nan("");
  const double surprise = -judge(sum, run.value).ln_p;
  // Small counts are taken for Poisson ones, which a long run of one value would make ever more unlikely: not more than normal ones.
  return small_counts(s) ? std::min(surprise, -ln_normal_above(apart) - kLn2) : surprise;
}

// Of counts, that nothing has come for so long: as one count, whatever came before the silence.
inline double silence_surprise(const Series& s, const Predictive& p, const Expectation& e, int64_t bucket, double x) {
  if (x != 0.0 || s.run.silent < 1 || bucket != s.run.last + 1 || !whole_numbers(s) || was_negative(s) || p.side > 0) return 0.0;
  const double k = static_cast<double>(s.run.silent + 1);
  RunTotal run{0.0, s.run.silent_centre + e.centre, 0.0};
  run.deviation = std::sqrt(with_shared(s, s.run.silent_variance + e.variance, s.run.silent_doubt + shared_doubt(s, e), k));
  // A normal would have gone below zero: it has no say as far as the series is known to be one of counts.
  const double apart = run.centre / run.deviation, normal = p.weight[kNormalFamily] + p.weight[kT3Family];
  Predictive counts = p;
  counts.weight[kCountFamily] += normal;
  counts.weight[kNormalFamily] = counts.weight[kT3Family] = 0.0;
  const double share = p.weight[kCountFamily] / std::max(p.weight[kCountFamily] + normal, 1e-300);
  return share * run_surprise(s, counts, run, apart) + (1.0 - share) * run_surprise(s, p, run, apart);
}

inline double mean_surprise(const Series& s, double z) {
  const double mean = s.rest.mean + kMeanStep * (std::clamp(z, -4.0, 4.0) - s.rest.mean);
  const double phi = memory_of_rest(s);
  const double white = kMeanStep / (2.0 - kMeanStep);
  const double alike = (1.0 + phi) / (1.0 - phi);
  const double apart = mean / std::sqrt(std::max(s.rest.mean_square, white));
  if (apart * z <= 0.0 || std::fabs(apart) < 3.0) return 0.0;
  const double dof = std::max(s.spread.count / (kMeanLength + alike), 2.0);
  return -(dof > kNormalDof ? ln_normal_above(std::fabs(apart)) : ln_t_above(std::fabs(apart), dof)) - kLn2;
}

// Of a series that hardly ever has one value twice running: that this one is there again, after so many times. A repetition begins, and
// goes on, as often as it did so far, one occasion aside, which teaches nothing; before any, it goes on as likely as not. One that has
// gone on so long is under way in as many buckets as it begins in, times how long it then still lasts. Zero is no value like others.
inline double still_surprise(const Series& s, const Memory& m, int64_t bucket, double x) {
  constexpr double kSeldom = 0.05;  // share of values from which standing still is what a series does (chosen)
  if (x != s.previous || x == 0.0 || bucket != s.last + 1 || s.still.share > kSeldom || s.count < m.day) return 0.0;
  const bool known = s.still.begun > 1.5;
  const double begun = known ? s.still.begun : 0.0, went_on = known ? s.still.went_on : 0.0;
  const double begins = (begun + 1.0) / (std::min(s.count, m.slow) + 1.0), goes_on = (went_on + 1.0) / (begun + went_on + 2.0);
  return std::max(-ln(begins / (1.0 - goes_on)) - static_cast<double>(s.still.length) * ln(goes_on), 0.0);
}

// The best view of the first `views`, paid for by its share.
inline double together(const Evidence& v, int views) {
  double most = 0.0;
  for (int i = 0; i < views; ++i) most = std::max(most, v.surprise[i] - kCost[i]);
  return most;
}

constexpr double kLatelyGain = 0.2;       // about ten buckets (chosen)
constexpr double kLatelyMost = 12.0;      // nats of one bucket: it must not stand for ten (chosen)

// Nats by which the buckets before add to what this one shows, `nats`. Where nothing is wrong these are exponential, and a sum of
// such a one and of a decayed mean L of the others is beyond t with probability e^-t E[e^L]; ln E[e^L] is the mean of L and half its
// variance, as they were. At most as much again, so that what is usual by itself is not told but for what is less than any record, and
// not beyond kOdd, nor within an incident: what was told before is no reason to tell it again.
inline double added_lately(const Series& s, double nats, int64_t bucket) {
  constexpr double kHush = 4.0;  // (chosen)
  if (bucket != s.last + 1) return 0.0;
  const double more = s.lately.now - s.lately.mean - 0.5 * s.lately.variance;
  const double again = s.incident.since >= 0 ? 0.0 : std::min(nats, -kOdd - nats);
  return std::clamp(more, 0.0, std::max({again, kHush - nats, 0.0}));
}

// Means start as those of independent values.
inline void learn_lately(Series& s, const Memory& m, double nats, int64_t bucket) {
  constexpr double kPrior = 50.0;  // (chosen)
  if (s.incident.since < 0) {
    const double g = 1.0 / (kPrior + std::min(s.count, m.slow)), step = s.lately.now - s.lately.mean;
    s.lately.mean += g * step;
    s.lately.variance += g * (step * step - s.lately.variance);
  }
  if (bucket != s.last + 1) s.lately.now = s.lately.mean;
  s.lately.now += kLatelyGain * (std::min(nats, kLatelyMost) - s.lately.now);
}

inline Evidence evidence(const Series& s, const Memory& m, const Expectation& e, int side, const Clock& c, double x, double ln_p) {
  const int64_t bucket = c.bucket;
  const double z = (x - e.centre) / e.deviation;
  const Belief believed = belief(s, m, z);
  const double most = nats_of_another_kind(s, m, e, c, x);
  RunTotal run;
  const double apart = run_apart(s, e, bucket, x, run), own_nats = std::min(believed(-ln_p), most);
  Evidence v{-own_nats, -own_nats, {own_nats, 0.0, 0.0, 0.0, 0.0}, apart, 0.0, std::nan("")};
  if (s.count < kEarly || side * z < 0.0) return v;
  const double before = rest_before(s, bucket);
  const bool compared = memory_of_rest(s) >= kLeastMemory && before == before;
  const bool sudden = std::fabs(z) > 0.5 && compared;
  if (compared) v.sudden = 0.0;
  // Where a series keeps to no level, a run away from it is a trend; and what is usual by itself is told only as part of what is not.
  const bool lasting = wanders(s) < 0.5 && std::fabs(z) >= 1.0;
  // Runs of counts: silence adds up. Of anything else edges of the pattern and slow falls are runs, too.
  // What mostly repeats one value is judged by how often it leaves that, not by a sum.
  const double together_apart = apart > 0.0 ? std::fabs(run.value - run.centre) / run.deviation : 0.0;
  const bool runs = lasting && whole_numbers(s) && together_apart >= 3.0 && !repeats_itself(s);
  const bool silent = x == 0.0 && e.centre > 0.0 && wanders(s) < 0.5 && !repeats_itself(s);
  if (sudden || runs || silent) {
    const Predictive p = predictive(s, m, e, side, bucket);
    if (sudden) v.sudden = sudden_surprise(s, p, before, z, x), v.surprise[kSuddenView] = std::min(believed(as_usually_sudden(s, v.sudden)), most);
    if (runs) v.surprise[kRunView] = believed(run_surprise(s, p, run, together_apart));
    if (silent) v.surprise[kRunView] = std::max(v.surprise[kRunView], believed(silence_surprise(s, p, e, bucket, x)));
  }
  if (lasting) v.surprise[kMeanView] = believed(mean_surprise(s, z));
  const double still = side == 0 ? believed(still_surprise(s, m, bucket, x)) : 0.0;  // which is neither high nor low
  v.surprise[kMeanView] = std::max(v.surprise[kMeanView], still);
  v.ln_seen = -together(v, kViews - 1);
  const double own = v.surprise[kOwnView] - kCost[kOwnView];
  v.surprise[kLatelyView] = own + added_lately(s, own, bucket);
  v.ln_evidence = -together(v, kViews);
  if (still > kCost[kMeanView] && still - kCost[kMeanView] >= -v.ln_evidence) v.same = static_cast<double>(s.still.length + 2);
  return v;
}

// -5: this bucket alone; 5: only the last twelve together.
inline double impact_of(const Series& s, const Evidence& e, double ln_p) {
  if (s.count < kEarly) return -5.0;
  const double added = e.ln_evidence < e.ln_seen ? e.surprise[kLatelyView] : 0.0;
  const double ln_m = -std::max({e.surprise[kRunView], e.surprise[kMeanView], added});
  const double ratio = std::min(ln_p, ln_m) / std::min(std::max(ln_p, ln_m), -0.001);
  return std::clamp(kImpact * ratio * (ln_p - ln_m), -5.0, 5.0);
}

}  // namespace series
