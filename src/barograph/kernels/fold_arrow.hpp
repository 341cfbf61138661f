// Reading texts from, and handing texts to, anything that speaks Arrow: the C data interface and its PyCapsule protocol.
// The structs below are the interface's published declarations; they are its whole ABI.

#pragma once

#include <nanobind/nanobind.h>

#include <cstring>
#include <stdexcept>
#include <string>

#include "fold_text.hpp"

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  ArrowSchema** children;
  ArrowSchema* dictionary;
  void (*release)(ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  ArrowArray** children;
  ArrowArray* dictionary;
  void (*release)(ArrowArray*);
  void* private_data;
};

struct ArrowArrayStream {
  int (*get_schema)(ArrowArrayStream*, ArrowSchema*);
  int (*get_next)(ArrowArrayStream*, ArrowArray*);
  const char* (*get_last_error)(ArrowArrayStream*);
  void (*release)(ArrowArrayStream*);
  void* private_data;
};

namespace fold {

namespace nb = nanobind;

template <class Arrow>
struct Owned : Arrow {  // releases what it received, also when an error leaves the scope
  Owned() : Arrow{} {}
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (this->release != nullptr) this->release(this);
  }
};

// One array of the string-view layout.
class TextArray {
 public:
  explicit TextArray(const ArrowArray& array)
      : valid_(static_cast<const uint8_t*>(array.buffers[0])),
        views_(static_cast<const uint8_t*>(array.buffers[1])),
        data_(reinterpret_cast<const uint8_t* const*>(array.buffers + 2)),
        offset_(array.offset) {}

  Chars operator[](int64_t i) const {
    const int64_t at = offset_ + i;
    if (valid_ != nullptr && ((valid_[at / 8] >> (at % 8)) & 1) == 0) return {nullptr, 0};
    const uint8_t* view = views_ + 16 * at;
    const auto length = static_cast<int64_t>(load32(view));
    if (length <= 12) return {view + 4, length};  // short texts lie in the view itself
    return {data_[load32(view + 8)] + load32(view + 12), length};
  }

 private:
  const uint8_t* valid_;  // null when nothing is missing
  const uint8_t* views_;
  const uint8_t* const* data_;
  int64_t offset_;
};

// Call `each(row, chars)` for the rows of the stream until it answers false; answer the row that it stopped at.
//
// Raises TypeError when the stream is not one of string views, RuntimeError when its producer fails.
template <class Each>
int64_t for_each_text(nb::handle capsule, int64_t start, Each each) {
  auto* stream = static_cast<ArrowArrayStream*>(PyCapsule_GetPointer(capsule.ptr(), "arrow_array_stream"));
  if (stream == nullptr) throw nb::python_error();
  Owned<ArrowSchema> schema;
  if (stream->get_schema(stream, &schema) != 0) throw std::runtime_error("Arrow stream: its schema cannot be read");
  if (std::strcmp(schema.format, "vu") != 0)
    throw nb::type_error((std::string("Arrow format='") + schema.format + "': wanted 'vu' (string views)").c_str());
  for (int64_t begin = 0;;) {
    Owned<ArrowArray> array;
    if (stream->get_next(stream, &array) != 0) throw std::runtime_error("Arrow stream: its next array cannot be read");
    if (array.release == nullptr) return begin;
    const TextArray texts(array);
    nb::gil_scoped_release release;
    for (int64_t i = start > begin ? start - begin : 0; i < array.length; ++i)
      if (!each(begin + i, texts[i])) return begin + i;
    begin += array.length;
  }
}

// What keeps the exported arrays alive: the NumPy arrays behind them.
struct Export {
  nb::object offsets;
  nb::object data;
  const void* buffers[3];
};

inline void release_export(ArrowArray* array) {
  nb::gil_scoped_acquire acquire;
  delete static_cast<Export*>(array->private_data);
  array->release = nullptr;
}

template <class Arrow>
nb::object capsule(Arrow* arrow, const char* name) {
  return nb::steal(PyCapsule_New(arrow, name, [](PyObject* self) {
    auto* held = static_cast<Arrow*>(PyCapsule_GetPointer(self, PyCapsule_GetName(self)));
    if (held->release != nullptr) held->release(held);
    delete held;
  }));
}

// `count` texts of the large-string layout, without copying: text i is data[offsets[i]:offsets[i + 1]].
inline nb::tuple export_texts(nb::object offsets, nb::object data, int64_t count, const void* at, const void* bytes) {
  auto* schema = new ArrowSchema{"U", "", nullptr, 0, 0, nullptr, nullptr, [](ArrowSchema* s) { s->release = nullptr; }, nullptr};
  auto* owner = new Export{std::move(offsets), std::move(data), {nullptr, at, bytes}};
  auto* array = new ArrowArray{count, 0, 0, 3, 0, owner->buffers, nullptr, nullptr, release_export, owner};
  return nb::make_tuple(capsule(schema, "arrow_schema"), capsule(array, "arrow_array"));
}

}  // namespace fold
