// Straight lines through the slots of a window, and lines that bend or step once.
#pragma once

#include "series_state.hpp"

#include <algorithm>
#include <cmath>

namespace series {

// The least-squares line through the known of `slots` values: mean + slope (t - centre).
struct Line {
  double known;
  double centre;
  double spread;   // sum of (t - centre)^2
  double mean;
  double slope;
  double squares;  // left by it
};

// Where a line had best bend or step, and the squares that this takes away from those the line leaves. A bend adds
// max(t - at, 0), a step 1 from `at` on.
struct Turn {
  int at = -1;     // -1: nowhere
  double gain = 0.0;
};

struct Turns {
  Turn bend;
  Turn step;
};

inline Line fit_line(const double* value, int slots) {
  Line l{};
  double sum_t = 0.0, sum = 0.0;
  for (int i = 0; i < slots; ++i) {
    if (value[i] != value[i]) continue;
    l.known += 1.0;
    sum_t += i;
    sum += value[i];
  }
  if (l.known < 3.0) return l;
  l.centre = sum_t / l.known;
  l.mean = sum / l.known;
  double cross = 0.0;
  for (int i = 0; i < slots; ++i) {
    if (value[i] != value[i]) continue;
    const double t = i - l.centre;
    const double y = value[i] - l.mean;
    l.spread += t * t;
    cross += t * y;
    l.squares += y * y;
  }
  l.slope = cross / l.spread;
  l.squares -= l.slope * cross;
  return l;
}

// In one pass from the last slot back: the sums over the slots that a bend at `at` lifts are those of the place after it and
// one slot more. Bends lie at least `least` slots from both ends, steps two.
inline Turns best_turns(const double* value, int slots, const Line& l, int least) {
  Turns best;
  double n = 0.0, t1 = 0.0, t2 = 0.0, e0 = 0.0, e1 = 0.0;
  for (int at = slots - 1; at > 1; --at) {
    const double t = at - l.centre;
    if (at >= least && at <= slots - least) {
      // What is left of the bend once the line has had its share, and what of it the residuals hold.
      const double lift = t1 - t * n, lift_t = t2 - t * t1;
      const double own = lift_t - t * lift - lift * lift / l.known - lift_t * lift_t / l.spread;
      const double gain = (e1 - t * e0) * (e1 - t * e0) / own;
      if (own > 1e-9 * l.spread && gain > best.bend.gain) best.bend = {at, gain};
    }
    if (value[at] == value[at]) {
      const double left = value[at] - l.mean - l.slope * t;
      n += 1.0;
      t1 += t;
      t2 += t * t;
      e0 += left;
      e1 += t * left;
    }
    const double own = n - n * n / l.known - t1 * t1 / l.spread;
    const double gain = e0 * e0 / own;
    if (n > 1.0 && own > 1e-9 && gain > best.step.gain) best.step = {at, gain};
  }
  return best;
}

// Least squares with an AR(1) memory: columns 1, t and one of a bend or a step (`turn` < 0: neither).
struct Fit {
  double n = 0.0;
  double phi = 0.0;         // the memory
  double squares = 0.0;     // of the innovations
  double kurtosis = 3.0;    // of the innovations
  double weight[3] = {};    // of the columns
  double inverse[3] = {};   // of t, of t with the turn, of the turn: entries of the inverse of the normal matrix
};

enum Column { kNoTurn = 0, kBend = 1, kStep = 2 };

inline double turn_at(Column column, int at, int t) {
  return column == kBend ? std::max(t - at, 0) : column == kStep && t >= at ? 1.0 : 0.0;
}

// Lag-one correlation of what the fit leaves, with the bias that fitting takes from it given back.
inline double memory_of(const double* left, int slots, int columns) {
  double cross = 0.0, squares = 0.0, n = 0.0;
  for (int i = 1; i < slots; ++i) {
    const double product = left[i] * left[i - 1];
    if (product != product) continue;
    cross += product;
    squares += 0.5 * (left[i] * left[i] + left[i - 1] * left[i - 1]);
    n += 1.0;
  }
  if (!(squares > 0.0)) return 0.0;
  const double phi = cross / squares;
  return std::clamp(phi + columns * (1.0 + 2.0 * phi) / n, 0.0, 0.98);
}

// Normal equations of up to three columns, solved by elimination without pivots: the columns are far from parallel.
inline void solve(double (&m)[3][3], double (&r)[3], int columns, Fit& f) {
  double inverse[3][3] = {{1.0, 0.0, 0.0}, {0.0, 1.0, 0.0}, {0.0, 0.0, 1.0}};
  for (int k = 0; k < columns; ++k) {
    const double pivot = 1.0 / m[k][k];
    for (int j = 0; j < columns; ++j) m[k][j] *= pivot, inverse[k][j] *= pivot;
    r[k] *= pivot;
    for (int i = 0; i < columns; ++i) {
      const double by = m[i][k];
      if (i == k) continue;
      for (int j = 0; j < columns; ++j) m[i][j] -= by * m[k][j], inverse[i][j] -= by * inverse[k][j];
      r[i] -= by * r[k];
    }
  }
  for (int k = 0; k < columns; ++k) f.weight[k] = r[k];
  f.inverse[0] = inverse[1][1], f.inverse[1] = inverse[1][2], f.inverse[2] = inverse[2][2];
}

inline Fit fit_with_memory(const double* value, int slots, double phi, double centre, Column column, int at) {
  const int columns = column == kNoTurn ? 2 : 3;
  const auto row = [&](int i, double* x) {
    x[0] = 1.0 - phi;
    x[1] = i - centre - phi * (i - 1 - centre);
    x[2] = turn_at(column, at, i) - phi * turn_at(column, at, i - 1);
    return value[i] - phi * value[i - 1];
  };
  Fit f;
  f.phi = phi;
  double m[3][3] = {}, r[3] = {}, x[3];
  for (int i = 1; i < slots; ++i) {
    const double y = row(i, x);
    if (y != y) continue;
    f.n += 1.0;
    for (int a = 0; a < columns; ++a) {
      r[a] += x[a] * y;
      for (int b = 0; b < columns; ++b) m[a][b] += x[a] * x[b];
    }
  }
  solve(m, r, columns, f);
  double fourth = 0.0;
  for (int i = 1; i < slots; ++i) {
    const double y = row(i, x);
    if (y != y) continue;
    const double e = y - f.weight[0] * x[0] - f.weight[1] * x[1] - f.weight[2] * x[2];
    f.squares += e * e;
    fourth += e * e * e * e;
  }
  if (f.squares > 0.0) f.kurtosis = fourth * f.n / (f.squares * f.squares);
  return f;
}

// The best line with the turn: found by plain least squares, its residuals' memory measured, then fitted with it.
inline Fit fit_turn(const double* value, int slots, const Line& l, Column column, int at) {
  double left[kWindow];
  const Fit plain = fit_with_memory(value, slots, 0.0, l.centre, column, at);
  for (int i = 0; i < slots; ++i) {
    left[i] = value[i] - plain.weight[0] - plain.weight[1] * (i - l.centre) - plain.weight[2] * turn_at(column, at, i);
  }
  const double phi = memory_of(left, slots, column == kNoTurn ? 2 : 3);
  return fit_with_memory(value, slots, phi, l.centre, column, at);
}

}  // namespace series
