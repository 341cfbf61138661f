// From tests to a season that is wanted: when to test, and which period wins.
#pragma once

#include "series_recurring.hpp"
#include "series_season_amplitude.hpp"
#include "series_season_tests.hpp"

namespace series {

constexpr double kLonger = 0.2;   // nats a slot, half the logarithm of 1.5 (computed)

// Tests on ever older windows, each a third older than the one before: their number grows with the logarithm of age.
// Besides, when the window holds nearly two, three and four days, and nearly two weeks.
inline bool test_is_due(const Series& s, const Clock& c) {
  if (s.window.count != 1 || s.window.slots < 48) return false;
  const int64_t age = c.bucket - s.window.first;
  const int64_t tested = s.window.tested - s.window.first;
  if (3 * (age - tested) >= age) return true;
  const auto days = [&c](int64_t buckets) { return static_cast<double>(buckets * c.span_ms) / static_cast<double>(kDay); };
  const double now = days(age), then = days(tested);
  for (const double length : {1.9, 2.9, 3.9, 13.5}) {
    if (now >= length && then < length) return true;
  }
  return false;
}

inline void want_season(Series& s, const Clock& c, Candidate candidate) {
  s.season.want_kind = candidate.kind;
  s.season.want_period_ms = candidate.period_ms;
  s.season.want = knots_for(candidate.kind, candidate.period_ms, c.span_ms);
}

// Does `found` describe the window better than `other`, by `nats`?
inline bool beats(const Finding& found, const Finding& other, double nats) {
  return (found.evidence - other.evidence) * found.trust >= nats;
}

struct Choice {
  Candidate candidate{kNoSeason, 0};
  Finding found;
};

// The period with its evidence at its highest, in ever smaller steps from a twentieth of a cycle over the window.
inline Choice sharpened(const Series& s, const Clock& c, const Whitened& w, Choice best) {
  const double window = static_cast<double>(s.window.slots * s.window.span * c.span_ms);
  const double period = static_cast<double>(best.candidate.period_ms);
  double step = 0.1 * period * period / window;
  for (int round = 0; round < 4; ++round, step *= 0.5) {
    const int64_t middle = best.candidate.period_ms;
    for (const double sign : {-1.0, 1.0}) {
      const Candidate candidate{kFree, middle + static_cast<int64_t>(sign * step)};
      const Finding found = examine(s, c, w, candidate, kFewestCycles);
      if (found.evidence > best.found.evidence) best = {candidate, found};
    }
  }
  return best;
}

// The best of the period in the data, its parts and its double: a peak may belong to several cycles, and spikes half a
// cycle apart look like half the period. The double must take a third of the variance that the peak leaves: two cycles
// always fit a little better than one, since the slots' edges fall differently in each.
inline Choice free_choice(const Series& s, const Clock& c, const Whitened& w) {
  const double period = free_lag(w) * static_cast<double>(s.window.span * c.span_ms);
  const auto tried = [&](double times) {
    const Candidate candidate{kFree, static_cast<int64_t>(times * period + 0.5)};
    return Choice{candidate, examine(s, c, w, candidate, kFewestCycles)};
  };
  if (!(period > 0.0)) return {};
  const Choice whole = tried(1.0);
  if (!(whole.found.evidence > 0.0)) return {};
  Choice best;
  for (const double times : {0.2, 0.25, 1.0 / 3.0, 0.5, 1.0, 2.0}) {
    const Choice choice = times == 1.0 ? whole : tried(times);
    const double nats = times > 1.0 ? kAccept + kLonger * w.slots : kAccept;
    if (beats(choice.found, best.found, nats)) best = choice;
  }
  return best.candidate.kind ? sharpened(s, c, w, best) : best;
}

// A period that a short window can hardly tell from a day.
inline Choice near_a_day(const Series& s, const Clock& c, const Whitened& w) {
  Choice best;
  for (const int step : {-3, -2, -1, 1, 2, 3, 5, 7, 10}) {
    const Candidate candidate{kFree, kDay + step * (kDay / 10)};
    const Finding found = examine(s, c, w, candidate, 1.0);
    if (found.evidence > best.found.evidence) best = {candidate, found};
  }
  return best;
}

// Is the long period a whole number of short ones, but for an eighth of a short one over the window?
inline bool whole_times(const Series& s, const Clock& c, int64_t short_ms, int64_t long_ms) {
  const double times = static_cast<double>(long_ms) / static_cast<double>(short_ms);
  const double window = static_cast<double>(s.window.slots * s.window.span * c.span_ms);
  return std::fabs(times - std::floor(times + 0.5)) * window < 0.125 * static_cast<double>(long_ms);
}

// Is the period a week, or a whole part of a day? Then the calendar knows it.
inline bool of_the_calendar(const Series& s, const Clock& c, int64_t period_ms) {
  return whole_times(s, c, period_ms, period_ms > 2 * kDay ? kWeek : kDay) && (period_ms < 2 * kDay || 2 * period_ms > kWeek);
}

// What was given up before needs twice the evidence each time, and so do the rare events of a series that is one value else: a few
// of them share an hour by chance.
inline double doubted(const Series& s) {
  constexpr double kRare = 4.0;  // (chosen)
  const double times = static_cast<double>(int64_t{1} << std::min<int64_t>(s.season.given_up, 6));
  return s.repeats.ties > 2.0 * s.repeats.changes ? kRare * times : times;
}

// In the order of size: a larger kind must beat the smaller ones by as much again.
inline Choice calendar_choice(const Series& s, const Clock& c, const Whitened& w) {
  const Candidate kinds[3] = {{kDaily, kDay}, {kWorkdays, kDay}, {kWeekly, kWeek}};
  Choice best;
  for (const Candidate& candidate : kinds) {
    const Finding found = examine(s, c, w, candidate, kFewestCycles);
    if (beats(found, best.found, (candidate.kind == kDaily ? kAcceptDay : kAccept) * doubted(s))) best = {candidate, found};
  }
  return best;
}

// The calendar's best, unless a period in the data is better by what choosing it among as many lags as there are slots
// costs. What the window has not seen often enough must wait, and so must a day that explains it less well.
inline Candidate chosen(Series& s, const Clock& c, const Whitened& w, const Choice& calendar,
                        bool calendar_known) {
  const double choice = kAccept * doubted(s) + ln(static_cast<double>(w.slots));
  const Choice free = free_choice(s, c, w);
  if (free.candidate.kind && !(calendar_known && of_the_calendar(s, c, free.candidate.period_ms)) && beats(free.found, calendar.found, choice)) {
    if (examine(s, c, w, free.candidate, kMeasuredCycles).evidence > 0.0) return free.candidate;
    s.window.searched = 0;
    return {kNoSeason, 0};
  }
  if (calendar.candidate.kind == kDaily && beats(near_a_day(s, c, w).found, calendar.found, choice)) return {kNoSeason, 0};
  return calendar.candidate;
}

// A period from the data is measured again as the window grows; it may turn out to be the calendar's, unless the
// calendar's is but several of it.
inline void test_free(Series& s, const Clock& c, const Whitened& w, const Choice& calendar) {
  const Candidate used{kFree, s.season.period_ms};
  const Choice now{used, examine(s, c, w, used, kFewestCycles)};
  if (!(now.found.evidence > 0.0)) return;  // slots too long for it
  const Choice better = sharpened(s, c, w, now);
  const int64_t repeats = calendar.candidate.kind == kDaily ? kDay : kWeek;
  const bool several = whole_times(s, c, better.candidate.period_ms, repeats);
  if (!several && beats(calendar.found, better.found, kAccept)) {
    want_season(s, c, calendar.candidate);
  } else if (beats(better.found, now.found, kAccept)) {
    want_season(s, c, better.candidate);
  }
}

// A day that hardly pays may be another period that two or three days could not tell from it.
inline bool doubtful_day(const Series& s) { return s.season.kind == kDaily && s.season.with > 0.5 * s.season.without; }

// Whitening leaves the slope of a line, and a day of stairs goes without most of that: a season must show without the line too.
inline bool holds_without_line(const Series& s, const Clock& c, Candidate candidate) {
  Whitened w;
  load_window(s, w);
  if (!straighten(w)) return true;
  whiten(w);
  return beats(examine(s, c, w, candidate, 1.0), {}, candidate.kind == kDaily ? kAcceptDay : kAccept);
}

inline void test_seasons(Series& s, const Clock& c, bool calendar_known) {
  s.window.tested = c.bucket;
  // Once a day is known, only weeks are left to find.
  const bool weeks = static_cast<double>(s.window.slots * s.window.span * c.span_ms) >= kFewestCycles * static_cast<double>(kWeek);
  if (s.season.kind == kWeekly || (!weeks && (s.season.kind == kWorkdays || (s.season.kind == kDaily && !doubtful_day(s))))) return;
  const bool days = static_cast<double>(s.window.slots * s.window.span * c.span_ms) >= kFewestCycles * static_cast<double>(kDay);
  const bool open = s.season.kind == kNoSeason || doubtful_day(s);
  const bool fresh = s.window.searched == 0 && 3 * s.window.slots >= 2 * kWindow;
  if (!days && !fresh && s.season.kind != kFree) return;  // too short for anything
  Whitened w;
  load_window(s, w);
  whiten(w);
  // The window is clipped at 1e37: what is as large as that has lost its shape.
  if (w.known < 40.0 || !(w.variance > 0.0 && w.variance < 1e70)) return;
  const Choice calendar = calendar_known ? calendar_choice(s, c, w) : Choice{};
  if (s.season.kind == kFree) {
    test_free(s, c, w, calendar);
    return;
  }
  Candidate best = calendar.candidate;
  if (open && fresh) s.window.searched = s.window.slots;
  if (open && (fresh || best.kind > s.season.kind)) best = chosen(s, c, w, calendar, calendar_known);
  // A day may become a week; back it goes only by being dropped.
  if (best.kind == kNoSeason || best.kind == s.season.kind) return;
  if (best.kind < s.season.kind || !holds_without_line(s, c, best)) return;
  want_season(s, c, best);
}

}  // namespace series
