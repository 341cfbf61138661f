// Which messages say the same. See `_categories.pyi` for the Python side.

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "binding.hpp"
#include "categories_lex.hpp"
#include "categories_match.hpp"
#include "fold_arrow.hpp"

namespace nb = nanobind;

namespace {

using namespace categories;

using binding::In;
using binding::Out;
using binding::Records;
using binding::records;
using binding::room;

struct Tokens {
  Token* all;
  uint8_t* arena;
  const uint64_t* stop;  // hashes of the texts that are left out, ascending
  std::size_t stops;
  Words words;
  bool lower;
  int64_t used = 0;
  int64_t bytes = 0;

  bool keep(const uint8_t* text, int64_t length) {
    uint8_t* at = arena + bytes;
    for (int64_t i = 0; i < length; ++i) at[i] = lower ? lowered(text[i]) : text[i];
    const uint64_t hash = fold::xxh64(at, static_cast<std::size_t>(length));
    if (std::binary_search(stop, stop + stops, hash)) return false;
    all[used++] = {hash, bytes, static_cast<int32_t>(length), words.makes(text, length) ? kWord : kName};
    bytes += length;
    return true;
  }
};

int64_t tokenize(nb::handle lines, int tokenizer, bool lower, In<uint64_t> stop, In<uint64_t> words, Records tokens,
                 Out<uint8_t> arena, Out<int64_t> end) {
  if (tokenizer < kMlStandard || tokenizer > kSeparated) binding::refuse("tokenizer", tokenizer, "0 to 4");
  Tokens found{records<Token>(tokens), arena.data(), stop.data(), stop.size(), {words.data(), words.size()}, lower};
  const auto room_of_tokens = room<Token>(tokens);
  const auto room_of_bytes = static_cast<int64_t>(arena.size()), rows = static_cast<int64_t>(end.size());
  int64_t* ends = end.data();
  bool fits = true;
  const int64_t done = fold::for_each_text(lines, 0, [&](int64_t row, fold::Chars chars) {
    fits = row < rows && found.bytes + chars.length <= room_of_bytes && found.used + chars.length / 2 + 1 <= room_of_tokens;
    if (!fits) return false;
    if (chars.data != nullptr)
      each_token(static_cast<Tokenizer>(tokenizer), chars.data, chars.length,
                 [&](int64_t from, int64_t to) { return found.keep(chars.data + from, to - from); });
    ends[row] = found.used;
    return true;
  });
  if (!fits) binding::refuse("row", done, "room for its tokens and bytes");
  return found.used;
}

struct Memory {
  Category* all;
  Kept* kept;
  uint8_t* arena;
  Form* forms;
  Owner* owners;
  fold::Index index;
  int64_t* used;  // categories, tokens, bytes of the arena, forms
  int64_t room_of_kept;
  int64_t room_of_arena;
  int64_t most_categories;
  int64_t most_forms;
  bool stops;
  bool overrun = false;
  std::unique_ptr<Costs> costs = std::make_unique<Costs>();

  int32_t alive(int32_t category) const {
    while (all[category].into != kNone) category = all[category].into;
    return category;
  }

  int32_t& slot_of(uint64_t form) const {
    return index.find(fold::mix(form), [&](int32_t row) { return forms[row].hash == form; });
  }

  // The category of a message of these tokens; kNone when there is no room for one.
  int32_t category_of(uint64_t form, const Message& message, int32_t owner, const uint8_t* bytes) {
    int32_t& slot = slot_of(form);
    if (slot != kNone) return alive(forms[slot].category);
    const int32_t found = match(message, owner, bytes);
    if (found != kNone && used[3] < most_forms) {
      slot = static_cast<int32_t>(used[3]);
      forms[used[3]++] = {form, found, 0};
    }
    return found;
  }

  int32_t match(const Message& message, int32_t owner, const uint8_t* bytes) {
    int32_t best = kNone, best_cost = 0, best_weight = 1;
    Siblings siblings;
    for (int32_t at = owners[owner].newest; at != kNone; at = all[at].previous) {
      const Category& category = all[at];
      if (category.into != kNone || std::max(category.weight, message.weight) == 0) continue;
      if (may_be_sibling(category, message)) siblings.add(kept + category.first, message, at);
      if (!may_be_near(category, message)) continue;
      const int32_t cost = costs->fill(kept + category.first, category.tokens, message);
      const int32_t weight = std::max(category.weight, message.weight);
      if (kShare * cost > weight) continue;
      if (best != kNone && int64_t{cost} * best_weight > int64_t{best_cost} * weight) continue;  // of equals, the oldest
      best = at, best_cost = cost, best_weight = weight;
    }
    if (best != kNone) {
      Category& category = all[best];
      costs->fill(kept + category.first, category.tokens, message);
      costs->mark(kept + category.first, category.tokens, message);
      return best;
    }
    const int32_t place = siblings.full(message.count);
    return place != kNone ? open(siblings.oldest[place], place, message, owner) : begin(message, owner, bytes);
  }

  // Let any word stand in a place; the category takes the place of all that differ from it there only.
  int32_t open(int32_t category, int32_t place, const Message& message, int32_t owner) {
    for (int32_t at = owners[owner].newest; at != category; at = all[at].previous) {
      if (all[at].into != kNone || !may_be_sibling(all[at], message)) continue;
      if (Siblings::place(kept + all[at].first, message) != place) continue;
      all[at].into = category;
      ++owners[owner].dead;
    }
    Kept* tokens = kept + all[category].first;
    tokens[place].kind = kOpen;
    tokens[place].common = 0;
    ++all[category].open;
    all[category].signature = 0;
    for (int32_t i = 0; i < all[category].tokens; ++i)
      if (tokens[i].kind == kWord) all[category].signature |= bit_of(tokens[i].hash);
    return category;
  }

  int32_t begin(const Message& message, int32_t owner, const uint8_t* bytes) {
    if (used[0] >= most_categories) return kNone;
    int64_t size = 0;
    for (int32_t i = 0; i < message.count; ++i) size += message.tokens[i].length;
    overrun |= used[1] + message.count > room_of_kept || used[2] + size > room_of_arena;
    if (overrun) return kNone;
    const auto category = static_cast<int32_t>(used[0]++);
    all[category] = {message.signature, 0, used[1], message.count, message.weight, owner, owners[owner].newest, kNone, 0, 0, 0};
    owners[owner].newest = category;
    ++owners[owner].categories;
    for (int32_t i = 0; i < message.count; ++i) {
      const Token& token = message.tokens[i];
      std::memcpy(arena + used[2], bytes + token.offset, static_cast<std::size_t>(token.length));
      kept[used[1]++] = {token.hash, used[2], token.length, token.kind, 1, 0};
      used[2] += token.length;
    }
    return category;
  }

  // Whether what was seen of an owner is no set of categories; `categorize/statistics.py` has the same rules in words.
  bool warns(const Owner& owner) const {
    if (owner.messages < 100) return false;
    int32_t rare = 0, frequent = 0, dead = owner.dead;
    for (int32_t at = owner.newest; at != kNone; at = all[at].previous) {
      rare += all[at].count == 1;
      frequent += all[at].count > 1 && 100 * all[at].count > owner.messages;
    }
    return owner.categories == 1 || 10 * rare > 9 * owner.categories || 2 * int64_t{owner.categories} > owner.messages ||
           frequent == 0 || 2 * dead > owner.categories;
  }

  int32_t take(uint64_t form, const Message& message, int32_t of, const uint8_t* bytes, int32_t length) {
    Owner& owner = owners[of];
    if (owner.stopped) return kNone;
    const int32_t category = category_of(form, message, of, bytes);
    ++owner.messages;
    if (category == kNone) {
      ++owner.failed;
    } else {
      ++all[category].count;
      all[category].max_length = std::max(all[category].max_length, length);
    }
    if (stops && owner.messages % 100 == 0 && warns(owner)) owner.stopped = 1;
    return category;
  }
};

uint64_t form_of(const Token* tokens, int64_t count) {
  uint64_t hash = static_cast<uint64_t>(count);
  for (int64_t i = 0; i < count; ++i) hash = fold::mix(hash * 0x9e3779b97f4a7c15ULL + tokens[i].hash);
  return hash;
}

void assign(In<int64_t> line, In<int32_t> owner, In<int32_t> length, Records tokens, In<int64_t> end, In<uint8_t> bytes,
            Records all, Records kept, Out<uint8_t> arena, Records forms, Out<int32_t> slots, Records owners, Out<int64_t> used,
            int64_t most_categories, int64_t most_forms, bool stops, Out<int32_t> category) {
  const auto lines = static_cast<int64_t>(end.size());
  binding::check_size("owner", owner.size(), line.size());
  binding::check_size("category", category.size(), line.size());
  binding::check_size("length", length.size(), end.size());
  binding::check_size("used", used.size(), 4);
  binding::check_rows("line", line, lines, kNone);
  binding::check_rows("owner", owner, room<Owner>(owners), kNone);
  binding::check_rows("end", end, room<Token>(tokens) + 1);
  int64_t* at = used.data();
  const auto pairs = static_cast<int64_t>(line.size());  // a row can begin a category only once for each owner
  if (room<Category>(all) < std::min(at[0] + pairs, most_categories)) binding::refuse("room for categories", room<Category>(all), "one for each row");
  if (room<Form>(forms) < std::min(at[3] + pairs, most_forms)) binding::refuse("room for forms", room<Form>(forms), "one for each row");
  const Token* all_tokens = records<Token>(tokens);
  const int64_t *ends = end.data(), *line_of = line.data();
  const int32_t *owner_of = owner.data(), *lengths = length.data();
  const uint8_t* text = bytes.data();
  int32_t* out = category.data();
  Memory memory{records<Category>(all), records<Kept>(kept), arena.data(), records<Form>(forms), records<Owner>(owners),
                {slots.data(), slots.size() - 1}, at, room<Kept>(kept), static_cast<int64_t>(arena.size()),
                most_categories, most_forms, stops};
  {
    nb::gil_scoped_release release;
    std::vector<uint64_t> form(static_cast<std::size_t>(lines));
    for (int64_t i = 0; i < lines; ++i) form[static_cast<std::size_t>(i)] = form_of(all_tokens + (i ? ends[i - 1] : 0), ends[i] - (i ? ends[i - 1] : 0));
    for (std::size_t row = 0; row < line.size(); ++row) {
      const int64_t i = line_of[row];
      out[row] = kNone;
      if (i == kNone || owner_of[row] == kNone) continue;
      const int64_t first = i ? ends[i - 1] : 0;
      const Message message(all_tokens + first, ends[i] - first);
      const uint64_t of_owner = fold::mix(form[static_cast<std::size_t>(i)] + static_cast<uint64_t>(owner_of[row]) * 0xbf58476d1ce4e5b9ULL);
      out[row] = memory.take(of_owner, message, owner_of[row], text, lengths[i]);
    }
  }
  if (memory.overrun) binding::refuse("room for kept tokens", room<Kept>(kept), "one for each token of each line");
}

void index_forms(Records forms, int64_t count, Out<int32_t> slots) {
  const fold::Index index{slots.data(), slots.size() - 1};
  const Form* all = records<Form>(forms);
  for (int64_t i = 0; i < count; ++i)
    index.find(fold::mix(all[i].hash), [](int32_t) { return false; }) = static_cast<int32_t>(i);
}

using Layout = std::tuple<std::string, std::size_t, std::vector<std::tuple<std::string, std::size_t>>>;

#define BAROGRAPH_FIELD(record, field) {#field, offsetof(record, field)}

std::vector<Layout> layout() {
  return {
      {"token", sizeof(Token), {BAROGRAPH_FIELD(Token, hash), BAROGRAPH_FIELD(Token, offset), BAROGRAPH_FIELD(Token, length), BAROGRAPH_FIELD(Token, kind)}},
      {"kept", sizeof(Kept), {BAROGRAPH_FIELD(Kept, hash), BAROGRAPH_FIELD(Kept, offset), BAROGRAPH_FIELD(Kept, length), BAROGRAPH_FIELD(Kept, kind), BAROGRAPH_FIELD(Kept, common), BAROGRAPH_FIELD(Kept, unused)}},
      {"category", sizeof(Category), {BAROGRAPH_FIELD(Category, signature), BAROGRAPH_FIELD(Category, count), BAROGRAPH_FIELD(Category, first), BAROGRAPH_FIELD(Category, tokens), BAROGRAPH_FIELD(Category, weight), BAROGRAPH_FIELD(Category, owner), BAROGRAPH_FIELD(Category, previous), BAROGRAPH_FIELD(Category, into), BAROGRAPH_FIELD(Category, max_length), BAROGRAPH_FIELD(Category, open), BAROGRAPH_FIELD(Category, unused)}},
      {"form", sizeof(Form), {BAROGRAPH_FIELD(Form, hash), BAROGRAPH_FIELD(Form, category), BAROGRAPH_FIELD(Form, unused)}},
      {"owner", sizeof(Owner), {BAROGRAPH_FIELD(Owner, messages), BAROGRAPH_FIELD(Owner, failed), BAROGRAPH_FIELD(Owner, newest), BAROGRAPH_FIELD(Owner, categories), BAROGRAPH_FIELD(Owner, dead), BAROGRAPH_FIELD(Owner, stopped)}},
  };
}

#undef BAROGRAPH_FIELD

}  // namespace

NB_MODULE(_categories, m) {
  m.attr("OPEN") = static_cast<int>(kOpen);
  m.attr("MOST_TOKENS") = kMostTokens;
  m.attr("SIBLINGS") = kSiblings;
  m.def("layout", &layout);
  m.def("index_forms", &index_forms, nb::arg("forms"), nb::arg("count"), nb::arg("slots"));
  m.def("tokenize", &tokenize, nb::arg("lines"), nb::arg("tokenizer"), nb::arg("lower"), nb::arg("stop"), nb::arg("words"),
        nb::arg("tokens"), nb::arg("arena"), nb::arg("end"));
  m.def("assign", &assign, nb::arg("line"), nb::arg("owner"), nb::arg("length"), nb::arg("tokens"), nb::arg("end"),
        nb::arg("bytes"), nb::arg("categories"), nb::arg("kept"), nb::arg("arena"), nb::arg("forms"), nb::arg("slots"),
        nb::arg("owners"), nb::arg("used"), nb::arg("most_categories"), nb::arg("most_forms"), nb::arg("stops"),
        nb::arg("category"));
}
