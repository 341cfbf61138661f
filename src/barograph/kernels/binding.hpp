// Checks of what Python hands to a kernel, before its loop trusts it. Each throws ValueError that names the argument.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <cstdint>
#include <string>

namespace binding {

namespace nb = nanobind;

template <class T>
using In = nb::ndarray<const T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
template <class T>
using Out = nb::ndarray<T, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using Records = Out<uint8_t>;  // a structured array as bytes

template <class T>
T* records(const Records& array) {
  return reinterpret_cast<T*>(array.data());
}

template <class T>
int64_t room(const Records& array) {
  return static_cast<int64_t>(array.size() / sizeof(T));
}

[[noreturn, gnu::noinline, gnu::cold]] inline void refuse(const std::string& what, int64_t is, const std::string& wanted) {
  throw nb::value_error((what + "=" + std::to_string(is) + ": wanted " + wanted).c_str());
}

// An array has as many items, or along an axis as many rows, as it must have.
inline void check_size(const char* name, size_t size, size_t wanted) {
  if (size != wanted) refuse(std::string("size of ") + name, static_cast<int64_t>(size), std::to_string(wanted));
}

// ... or is left out, and then has none.
inline void check_size_if_any(const char* name, size_t size, size_t wanted) {
  if (size != 0) check_size(name, size, wanted);
}

inline void check_start(int64_t start, size_t rows) {
  if (start < 0 || start > static_cast<int64_t>(rows)) refuse("start", start, "0 to " + std::to_string(rows));
}

// Every number is one of a table with `room` rows, or `least` at least: -1 where "none" is a number too.
template <class T>
void check_rows(const char* name, const T* numbers, size_t count, int64_t room, int64_t least = 0) {
  bool inside = true;  // no exit from the loop, so that the compiler compares many at once
  for (size_t i = 0; i < count; ++i) inside &= numbers[i] >= least && numbers[i] < room;
  if (inside) return;
  size_t i = 0;
  while (numbers[i] >= least && numbers[i] < room) ++i;
  refuse(std::string(name) + "[" + std::to_string(i) + "]", numbers[i],
         "a number from " + std::to_string(least) + " to " + std::to_string(room - 1));
}

template <class Array>
void check_rows(const char* name, const Array& numbers, int64_t room, int64_t least = 0) {
  check_rows(name, numbers.data(), numbers.size(), room, least);
}

}  // namespace binding
