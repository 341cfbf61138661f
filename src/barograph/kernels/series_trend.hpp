// Has the trend changed? One line through the window with an AR(1) memory against a line that bends once.
#pragma once

#include "series_season_search.hpp"
#include "series_line.hpp"

namespace series {

constexpr double kTrendEvidence = 9.0;   // nats by which a bend must beat the straight line in white noise, (chosen)
constexpr double kTrendMemory = 9.0;     // and as many more in a random walk: it bends by itself (chosen)
constexpr double kTrendMargin = 5.0;     // nats by which it must beat a step (chosen)
constexpr double kTrendSure = 3.0;       // standard errors from which a slope is told from none (chosen)
constexpr double kWalk = 0.9;            // memory of a slot from which on it is taken for a walk, which has no line (chosen)
constexpr double kUnitRoot = 21.0;       // one walk in twenty seems to have a memory of less than 1 - this / slots about a line (Dickey and Fuller)
constexpr int kNearest = 4;              // slots between a bend and the ends of the window (chosen)

inline int slots_of(const Series& s, const Clock& c, int64_t ms) {
  return static_cast<int>(std::clamp<int64_t>(ms / (s.window.span * c.span_ms), 1, kWindow));
}

// Once a day or a 28th of the window, and only where the level of late has left the slow one: the rest cannot have bent.
inline bool trend_is_due(const Series& s, const Clock& c) {
  if (s.window.count != 1 || (c.bucket - s.first) * c.span_ms < kTwoWeeks) return false;
  if (4.0 * square(s.levels.value[kMiddleLevel] - s.levels.value[kSlowLevel]) <= s.spread.variance) return false;
  return s.window.slots % std::max(slots_of(s, c, kDay), s.window.slots / 28) == 0;
}

// The window from where the present line began, without its season.
inline int trend_values(const Series& s, const float* pool, const Clock& c, double* value) {
  const int64_t begun = (s.line.first - s.window.first + s.window.span - 1) / s.window.span;
  const int from = static_cast<int>(std::clamp<int64_t>(begun, 0, s.window.slots));
  for (int i = from; i < s.window.slots; ++i) value[i - from] = s.window.slot[i] - (s.season.kind ? slot_season(s, pool, c, i) : 0.0);
  return s.window.slots - from;
}

// A quick look: do the means of whole days lie much closer to a line that bends than to a straight one?
inline bool may_bend(const Series& s, const Clock& c) {
  if (s.season.kind > kDaily) return true;  // days differ
  const int length = std::max(slots_of(s, c, kDay), (s.window.slots + 31) / 32);
  const int blocks = s.window.slots / length;
  double mean[32];
  for (int b = 0; b < blocks; ++b) {
    double sum = 0.0, n = 0.0;
    for (int i = s.window.slots - (b + 1) * length; i < s.window.slots - b * length; ++i) {
      if (s.window.slot[i] != s.window.slot[i]) continue;
      sum += s.window.slot[i];
      n += 1.0;
    }
    mean[b] = n > 0.0 ? sum / n : std::nan("");
  }
  const Line line = fit_line(mean, blocks);
  return line.known >= 6.0 && best_turns(mean, blocks, line, 1).bend.gain > 0.5 * line.squares;
}

inline double nats_over(const Fit& base, const Fit& other) {
  return 0.5 * base.n * ln(std::max(base.squares, 1e-300) / std::max(other.squares, 1e-6 * base.squares + 1e-300));
}

inline double slope_if_sure(double slope, double inverse, const Fit& f) {
  const double error = std::sqrt(std::max(inverse, 0.0) * f.squares / std::max(f.n - 3.0, 1.0));
  return std::fabs(slope) > kTrendSure * error ? slope : 0.0;
}

// Levels start from the new line, and the expert with a trend is believed at once; where the line is flat, so are the levels.
inline void follow_line(Series& s, double now, int64_t bucket) {
  for (double& level : s.levels.value) level = now;
  for (double& ahead : s.levels.ahead) ahead = s.spread.variance;
  s.levels.ahead_all = s.spread.variance;
  for (int i = 0; i < kLevels; ++i) s.levels.share[i] = i == 0 ? 1.0 : 0.0;
  s.levels.slope = 0.0;
  s.levels.count = std::min(s.levels.count, 64.0);
  begin_block(s, bucket);
}

// One line through all that is known, of another slope than is followed, that neither a bend nor a step describes better. It is
// followed from now on, but it is no change.
inline void follow_straight(Series& s, const double* value, int slots, const Line& line, const Turns& turns, int64_t bucket) {
  const Fit straight = fit_turn(value, slots, line, kNoTurn, 0);
  if (straight.phi >= std::min(kWalk, 1.0 - kUnitRoot / straight.n)) return;
  const double error = std::max(straight.inverse[0], 0.0) * straight.squares / std::max(straight.n - 2.0, 1.0);
  const double trust = std::min(1.0, kHeaviest / straight.kurtosis);
  if (!(trust * square(straight.weight[1] - s.line.slope * s.window.span) > 2.0 * (kTrendEvidence + kTrendMemory * straight.phi) * error)) return;
  for (const Column column : {kBend, kStep}) {
    const int at = column == kBend ? turns.bend.at : turns.step.at;
    if (at >= 0 && trust * nats_over(straight, fit_turn(value, slots, line, column, at)) > kTrendMargin) return;
  }
  s.line.slope = slope_if_sure(straight.weight[1], straight.inverse[0], straight) / s.window.span;
  const double end = slots - 0.5 + 0.5 / s.window.span;
  follow_line(s, s.window.reference + straight.weight[0] + straight.weight[1] * (end - line.centre), bucket);
}

inline Accepted test_trend(Series& s, const float* pool, const Clock& c) {
  const int least = std::max(slots_of(s, c, 2 * kDay), 12);
  double value[kWindow];
  const int slots = trend_values(s, pool, c, value);
  const Line line = fit_line(value, slots);
  if (line.known < 4.0 * least) return {};
  const Turns turns = best_turns(value, slots, line, kNearest);
  follow_straight(s, value, slots, line, turns, c.bucket);
  if (!may_bend(s, c)) return {};
  // A bend too near to the end must wait: it may yet be a step, and its slope is hardly known.
  if (turns.bend.at < least || turns.bend.at > slots - least) return {};
  const Fit straight = fit_turn(value, slots, line, kNoTurn, 0);
  const Fit bent = fit_turn(value, slots, line, kBend, turns.bend.at);
  const double trust = std::min(1.0, kHeaviest / bent.kurtosis);
  const double nats = trust * nats_over(straight, bent);
  if (!(nats > kTrendEvidence + kTrendMemory * bent.phi)) return {};
  const Fit stepped = fit_turn(value, slots, line, kStep, turns.step.at);
  if (nats < trust * nats_over(straight, stepped) + kTrendMargin) return {};
  const double before = slope_if_sure(bent.weight[1], bent.inverse[0], bent);
  const double after = slope_if_sure(bent.weight[1] + bent.weight[2], bent.inverse[0] + 2.0 * bent.inverse[1] + bent.inverse[2], bent);
  if (before == after) return {};
  // The newest bucket lies half a slot and half a bucket beyond the middle of the last closed slot.
  const double end = slots - 0.5 + 0.5 / s.window.span;
  s.line.first = s.window.first + static_cast<int64_t>(s.window.slots - slots + turns.bend.at) * s.window.span + s.window.span / 2;
  s.line.slope = after / s.window.span;
  follow_line(s, s.window.reference + bent.weight[0] + bent.weight[1] * (end - line.centre) + bent.weight[2] * (end - turns.bend.at), c.bucket);
  const double a_day = static_cast<double>(kDay) / static_cast<double>(c.span_ms * s.window.span);
  return {kTrendChange, before * a_day, after * a_day, s.line.first};
}

}  // namespace series
