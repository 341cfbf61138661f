// How much information texts hold: the different runs of bytes in them.

#pragma once

#include "fold_distinct.hpp"
#include "fold_text.hpp"

namespace fold {

// A byte is new where it has not come after the four bytes before it. What a compressor saves is what it has seen before, so the
// number of new bytes grows as its output does: of host names, urls, hexadecimal and base-32 texts it is 0.6 to 1.7 times what zlib
// makes of them, with runs of four 0.5 to 1.7, of six 0.6 to 1.7 (measured). But it is a function of the set of runs alone, so
// neither order nor the version of a library matters, rows can be taken away again, and a sample of runs stands for all.
constexpr int kRun = 5;

// Enter the runs that end at each byte of a text into a sample; false when there is no room. To enter a run again changes
// nothing, so a caller may begin the text anew.
inline bool add_runs(const Samples& samples, int32_t owner, Chars text) {
  constexpr uint64_t mask = (uint64_t{1} << (8 * kRun)) - 1;
  uint64_t run = 0;
  for (int64_t i = 0; i < text.length; ++i) {
    run = (run << 8 | text.data[i]) & mask;
    const auto length = static_cast<uint64_t>(i + 1 < kRun ? i + 1 : kRun);  // near the beginning there are fewer bytes before
    if (!samples.add(owner, mix(length << (8 * kRun) | run))) return false;
  }
  return true;
}

}  // namespace fold
