// The records that the fold kernels read and write. Every array of them belongs to Python, whose dtypes
// (buckets/layout.py) are compared with `layout()` when that module is imported.

#pragma once

#include <cstddef>
#include <cstdint>

namespace fold {

constexpr int32_t kRefused = -2;           // in a column of ids: it would have been new, and there may be no more
constexpr int32_t kNone = -1;              // "no row" in every link, and "no key" in every column of ids
constexpr int64_t kNoBucket = INT64_MIN;   // head_bucket of a series without open cells

struct Text {  // one interned text; its bytes lie in an arena beside the table
  uint64_t hash;
  int64_t offset;
  int64_t length;
};

struct Pair {  // one interned pair of ids
  int32_t first;
  int32_t second;
};

struct Series {
  int64_t first_bucket;  // the earliest bucket with a row
  int64_t head_bucket;   // the bucket of `head`, kNoBucket without one
  int32_t head;          // the newest open cell
  int32_t key;
};

struct Cell {  // an open (series, bucket); the statistics of cell i are record i of a parallel array
  int64_t bucket;
  int32_t series;
  int32_t previous;  // the cell of the same series with the next older open bucket
};

struct Share {  // the rows of one influencer value within a cell
  int32_t cell;
  int32_t value;
};

struct Stats {
  double weight;        // rows, or summed summary counts
  int64_t rows;
  double sum;           // with `compensation` the sum of the values, each once
  double compensation;
  double origin;        // the first value; the moments below are taken relative to it
  double offset;        // weighted mean of value - origin
  double m2;            // weighted sum of squared deviations from the mean
  double min;
  double max;
};

struct Sample {  // an adaptive sample of the hashes of one owner (cell or share)
  int32_t level;
  int32_t kept;
  int32_t first;
};

struct Hash {  // one kept hash; `owner` is kNone once the level has risen past it
  uint64_t hash;
  int32_t owner;
  int32_t next;
};

struct Sketch {  // the values of one owner, in two chains: level 0, and the levels above
  int32_t first;
  int32_t count;
  int32_t upper;
  int32_t upper_count;
  uint32_t parity;  // bit l: which of two equally heavy neighbours the next compaction of level l keeps
};

struct Value {
  double value;
  double weight;
  int32_t next;
  int32_t level;
};

}  // namespace fold
