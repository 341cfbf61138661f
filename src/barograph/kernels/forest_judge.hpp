// Which scores are anomalies: a threshold that follows the tail of the scores, and a memory of what was already told.
//
// DESCRIPTION
// Scores have an exponential tail: above the level that a tenth of them exceed they are on average `excess` higher. So the
// score that one usual point in `1 / kFalse` exceeds is known without having waited for it. An anomaly is told when it comes; the next
// points are scored as if what was expected had come in its place. So it does not make them odd, and another one among them
// is as odd as the first.
//
// IMPLEMENTATION DECISIONS
// - What is odd without being an anomaly is not held against the next points either: else one miss makes the tail of the scores fat, and
//   the next ones are missed for that.
// - Grades are of the shingle without what was told, but the score that is told is of the shingle as it came, where that is higher: so the
//   times of a long incident rank above quiet ones. On made incidents VUS-PR is 0.55 instead of 0.52 (docs/lab.md).
// - Nothing compares with anomalies of before: what comes again at odd times is odd each time.
// - A score teaches no more than three excesses, which is taken into account: a tenth of the tail may be anomalies, and the threshold
//   is a third too high. Without that it would go away from them for good.
// - When all points have been odd for `kPatience` shingles, they are how things are now, and are told no more.
#pragma once

#include "forest_like.hpp"
#include "forest_sample.hpp"
#include "forest_score.hpp"

namespace forest {

constexpr double kTail = 0.1;       // share of the scores that are the tail; chosen, not tuned
constexpr double kFalse = 1e-4;     // share of usual points that are told; chosen: one a week of minutes
constexpr double kFirstLevel = 1.0; // of the tail before any score: scores of usual points are 0.5 to 0.8 whatever the data; chosen
constexpr double kFirstExcess = 0.1;// and so far their tail reaches above it; chosen
constexpr double kLeastScore = 1.0; // what is parted from the others at depth one in 256 half as soon as usual is no anomaly; chosen
constexpr double kFarthest = 3.0;   // excesses that one score may teach, ...
constexpr double kAtFarthest = 0.950212931632136;  // ... of which so many are the mean: 1 - e^-3
constexpr double kMemory = 0.01;    // weight of the newest excess; of the first hundred all are alike; chosen
constexpr int64_t kPatience = 2;    // shingles; chosen
constexpr int64_t kLeastRun = 8;    // points of a run before it is how things are; chosen
constexpr double kKnown = 0.5;      // of the values of a shingle must be known; chosen: what OpenSearch asks for

struct Judge {
  double level, excess;  // of the tail
  double scores, excesses;  // how many were learnt
  double quality;        // share of the values that are known, lately
  double plateau;        // mean score of the run
  int64_t run;           // points since the last that was not odd
};

// What is remembered beside the trees: the shingle as it is scored, and how much of each of its blocks is known.
struct Judging {
  Judge& judge;
  float* shown;   // [dims]
  double* known;  // [shingle]
};

// What is told of a point. `share` and `expected` are those of the block that is to blame, `late` blocks before the newest.
struct Told {
  double score, threshold, grade, confidence;
  int64_t late;
};

class Judgement {
 public:
  Judgement(Forest& forest, Judging state)
      : forest_(forest), state_(state), judge_(state.judge), scratch_(forest.shape), x_(static_cast<size_t>(forest.shape.width)),
        shares_(static_cast<size_t>(2 * forest.shape.dims)), missing_(static_cast<size_t>(forest.shape.dims)),
        values_(static_cast<size_t>(forest.shape.trees)), block_(static_cast<size_t>(forest.shape.features)) {}

  // given [features], NaN for what the trees are to fill in; share, expected [features] out, NaN where nothing is told; alike
  // [trees, features] out, what each tree would have expected there, written where something may be told.
  Told judge_and_learn(const double* given, double known, double* share, double* expected, float* alike) {
    const Shape& shape = forest_.shape;
    alike_ = alike;
    const double none = std::numeric_limits<double>::quiet_NaN();
    Told told{none, threshold(), 0.0, 0.0, 0};
    std::fill_n(share, shape.features, none);
    std::fill_n(expected, shape.features, none);
    const bool ready = forest_.ready();
    shift(given, known);
    const double* block = filled(given, ready);
    const int64_t point = append(forest_, block);
    if (point < 0 || mean_known() < kKnown) return told;
    if (ready) {
      std::copy_n(state_.shown, shape.dims, x_.begin());
      told.score = score_of(forest_, x_.data(), scratch_);
      told.confidence = confidence();
      if (told.score >= lesser(told.threshold, judge_.level + kFarthest * judge_.excess)) look_closer(told, share, expected);
      else judge_.run = 0;
      learn_score(told.score);
      told.score = greater(told.score, score_as_it_came(static_cast<uint32_t>(point), told.score));
    }
    learn(forest_, static_cast<uint32_t>(point), scratch_);
    return told;
  }

  double threshold() const {
    return greater(judge_.level + judge_.excess * math::ln(kTail / kFalse), kLeastScore);
  }

 private:
  // Of the shingle with all that was told in it. x_ is the one that was judged.
  double score_as_it_came(uint32_t point, double judged) {
    const float* came = forest_.coordinates(point);
    if (std::equal(came, came + forest_.shape.dims, x_.begin())) return judged;
    return score_of(forest_, scratch_.padded(came, forest_.shape.dims), scratch_);
  }

  void shift(const double* block, double known) {
    const Shape& shape = forest_.shape;
    std::copy(state_.shown + shape.features, state_.shown + shape.dims, state_.shown);
    std::copy(block, block + shape.features, state_.shown + shape.dims - shape.features);
    std::copy(state_.known + 1, state_.known + shape.shingle, state_.known);
    state_.known[shape.shingle - 1] = known;
    judge_.quality += (known - judge_.quality) * lesser(1.0, 2.0 / static_cast<double>(shape.samples));
  }

  // What is NaN is likely what the median of the trees has there, by all that is known; before they know anything it is 0.
  const double* filled(const double* given, bool ready) {
    const Shape& shape = forest_.shape;
    if (std::none_of(given, given + shape.features, [](double x) { return std::isnan(x); })) return given;
    float* newest = state_.shown + shape.dims - shape.features;
    const int64_t before = shape.dims - shape.features;
    std::fill(missing_.begin(), missing_.end(), uint8_t{0});
    for (int64_t i = 0; i < shape.features; ++i) missing_[static_cast<size_t>(before + i)] = std::isnan(given[i]);
    std::copy_n(state_.shown, shape.dims, x_.begin());
    std::vector<double> likely(block_.size(), 0.0);
    if (ready) median_at(shape.shingle - 1, likely.data());
    for (int64_t i = 0; i < shape.features; ++i) {
      block_[static_cast<size_t>(i)] = std::isnan(given[i]) ? likely[static_cast<size_t>(i)] : given[i];
      newest[i] = static_cast<float>(block_[static_cast<size_t>(i)]);
    }
    return block_.data();
  }

  double mean_known() const {
    double sum = 0.0;
    for (int64_t i = 0; i < forest_.shape.shingle; ++i) sum += state_.known[i];
    return sum / static_cast<double>(forest_.shape.shingle);
  }

  // How much of what can be remembered was learnt since scores began, by the samples' own memory.
  double confidence() const {
    const auto n = static_cast<double>(forest_.head.points);
    const double decay = greater(forest_.head.decay, 1e-9);
    if (decay * n >= 20.0) return judge_.quality;
    const double all = math::e_to(decay * n);
    return judge_.quality * (all - math::e_to(decay * lesser(n, static_cast<double>(kLeast)))) / (all - 1.0);
  }

  void look_closer(Told& told, double* share, double* expected) {
    const Shape& shape = forest_.shape;
    const int64_t patience = greater(kLeastRun, kPatience * shape.shingle);
    const double reach = told.threshold - judge_.level;
    ++judge_.run;
    double over = told.score - told.threshold;
    if (judge_.run > patience) {
      over = told.score - judge_.plateau - reach;
      if (judge_.run == patience + 1)  // from now on the points of the run are what the next are compared with
        std::copy_n(forest_.store + (forest_.head.end - shape.shingle) * shape.features, shape.dims, state_.shown);
    }
    judge_.plateau += (told.score - judge_.plateau) / static_cast<double>(lesser(judge_.run, patience));
    if (over >= 0.0) told.grade = 1.0 - math::e_to(-over / reach);
    if (over < 0.0 && judge_.run > patience) return;
    blame(told, share);
    expect(shape.shingle - 1 - told.late, expected);
    if (judge_.run <= patience && shape.shingle > 1) correct(told, expected);
    if (over >= 0.0) return;
    std::fill_n(share, shape.features, std::numeric_limits<double>::quiet_NaN());  // odd, but nothing to be told
    std::fill_n(expected, shape.features, std::numeric_limits<double>::quiet_NaN());
    told.late = 0;
  }

  void blame(Told& told, double* share) {
    const Shape& shape = forest_.shape;
    Attribution(forest_, shares_.data()).of(x_.data(), scratch_);
    double most = -1.0;
    int64_t at = 0;
    for (int64_t b = shape.shingle - 1; b >= 0; --b) {  // of equals the newest
      double sum = 0.0;
      for (int64_t i = b * shape.features; i < (b + 1) * shape.features; ++i) sum += both(i);
      if (sum > most) most = sum, at = b;
    }
    told.late = shape.shingle - 1 - at;
    for (int64_t i = 0; i < shape.features; ++i)
      share[i] = most > 0.0 ? both(at * shape.features + i) / most : 1.0 / static_cast<double>(shape.features);
  }

  double both(int64_t i) const { return shares_[static_cast<size_t>(i)] + shares_[static_cast<size_t>(forest_.shape.dims + i)]; }

  // The median over the trees of what a block of x may be, by all other blocks.
  void expect(int64_t block, double* expected) {
    const Shape& shape = forest_.shape;
    std::fill(missing_.begin(), missing_.end(), uint8_t{0});
    std::fill_n(missing_.begin() + block * shape.features, shape.features, uint8_t{1});
    median_at(block, expected, alike_);
  }

  // The median over the trees of a block of the nearest points to x, by what is not missing; and all of them [trees, features].
  void median_at(int64_t block, double* median, float* each = nullptr) {
    const Shape& shape = forest_.shape;
    std::vector<uint32_t> found(static_cast<size_t>(shape.trees));
    for (int64_t t = 0; t < shape.trees; ++t) {
      const double share = (static_cast<double>(t) + 0.5) / static_cast<double>(shape.trees);
      found[static_cast<size_t>(t)] = Nearest(TreeOf(forest_, t), x_.data(), missing_.data(), share).point;
    }
    for (int64_t i = 0; i < shape.features; ++i) {
      for (size_t t = 0; t < found.size(); ++t) {
        values_[t] = forest_.coordinates(found[t])[block * shape.features + i];
        if (each) each[static_cast<int64_t>(t) * shape.features + i] = values_[t];
      }
      const auto middle = values_.begin() + static_cast<int64_t>(values_.size() / 2);
      std::nth_element(values_.begin(), middle, values_.end());
      median[i] = static_cast<double>(*middle);
    }
  }

  void correct(const Told& told, const double* expected) {
    const Shape& shape = forest_.shape;
    std::copy_n(expected, shape.features, state_.shown + (shape.shingle - 1 - told.late) * shape.features);
  }

  void learn_score(double score) {
    const double step = 0.1 + 20.0 / (10.0 + judge_.scores);  // the first scores find the level, later ones follow it
    ++judge_.scores;
    if (score > judge_.level) {
      ++judge_.excesses;
      const double weight = greater(kMemory, 1.0 / (judge_.excesses + 10.0));  // what was assumed counts as ten of them
      const double taught = lesser(score - judge_.level, kFarthest * judge_.excess) / kAtFarthest;
      judge_.excess += weight * (taught - judge_.excess);
    }
    judge_.level += step * judge_.excess * ((score > judge_.level ? 1.0 : 0.0) - kTail);
  }

  Forest& forest_;
  Judging state_;
  Judge& judge_;
  Scratch scratch_;
  std::vector<float> x_;
  std::vector<double> shares_;
  std::vector<uint8_t> missing_;
  std::vector<float> values_;
  std::vector<double> block_;
  float* alike_ = nullptr;
};

}  // namespace forest
