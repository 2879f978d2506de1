#include "runtime/effects/secrets.h"

#include <fmt/format.h>

#include <vector>

#include "runtime/values/codec.h"

namespace wakeful {

namespace {

// A placeholder is kBegin NAME kMiddle TAG kEnd; the three are private-use characters, U+E0F0 …
// U+E0F2.
constexpr std::string_view kBegin = "\xEE\x83\xB0";
constexpr std::string_view kMiddle = "\xEE\x83\xB1";
constexpr std::string_view kEnd = "\xEE\x83\xB2";
constexpr size_t kTagBytes = 16;
constexpr size_t kSearchedMin = 4;  // a shorter value would be found everywhere

uint64_t mixed(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  return x ^ (x >> 31);
}

std::string shown_name(std::string_view name) { return fmt::format("«secret {}»", name); }

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (size_t at = text.find(what); at != text.npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

std::string in_json(const std::string& text) {
  Heap heap;
  std::string json;
  to_json(string_value(heap, text), json);
  return json.size() < 2 ? json : json.substr(1, json.size() - 2);
}

std::string in_url(const std::string& text, const char* escape) {
  std::string url;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    url += plain ? std::string(1, c)
                 : fmt::format(fmt::runtime(escape), static_cast<unsigned char>(c));
  }
  return url;
}

/// How the outside may write a value back: as it is, in a string of JSON, in JSON that is a string
/// of JSON, in a URL.
std::vector<std::string> spellings(const std::string& value) {
  return {value, in_json(value), in_json(in_json(value)), in_url(value, "%{:02X}"),
          in_url(value, "%{:02x}")};
}

using Change = std::function<std::string(std::string_view)>;

/// The value with all of its strings changed. Recursive: what a codec has read nests at most 1,000
/// levels.
Value changed(Heap& heap, Value v, const Change& change) {
  switch (v.tag) {
    case Tag::String:
      return string_value(heap, change(v.string()->view()));
    case Tag::List: {
      List* list = make_list(heap, v.list()->count);
      for (uint32_t i = 0; i < v.list()->count; ++i)
        list_push(heap, list, changed(heap, v.list()->begin()[i], change));
      return Value::of(list);
    }
    case Tag::Map: {
      Map* map = make_map(heap, v.map()->count);
      for (uint32_t i = 0; i < v.map()->used; ++i) {
        const Entry& entry = map_entries(v.map())[i];
        if (entry.key == nullptr) continue;
        const Value key = string_value(heap, change(entry.key->view()));
        map_set(heap, map, key.string(), changed(heap, entry.value, change));
      }
      return Value::of(map);
    }
    case Tag::Error: {
      auto* error = v.as<ErrorObject>();
      for (Value* field : {&error->kind, &error->message, &error->data, &error->cause,
                           &error->workflow_id, &error->stack})
        *field = changed(heap, *field, change);
      return v;
    }
    default:
      return v;
  }
}

void change_strings(std::string& cbor, const Change& change) {
  Heap heap;
  Value value;
  std::string error, out;
  if (!from_cbor(heap, cbor, value, error)) return;
  if (!to_cbor(changed(heap, value, change), out)) cbor = std::move(out);
}

}  // namespace

std::string Secrets::placeholder(const std::string& name) const {
  uint64_t tag = mixed(salt_.value_or(0) + 0x9E3779B97F4A7C15u);
  for (const char c : name) tag = mixed(tag ^ static_cast<unsigned char>(c));
  return fmt::format("{}{}{}{:016x}{}", kBegin, name, kMiddle, tag, kEnd);
}

std::optional<std::string> Secrets::read(const std::string& name) {
  auto value = environment_(name);
  if (!value) return std::nullopt;
  std::lock_guard lock(mutex_);
  known_[name] = std::move(*value);
  return placeholder(name);
}

void Secrets::know(const std::string& name) { read(name); }

std::string Secrets::revealed(std::string_view text, std::string& missing) {
  std::string out;
  for (;;) {
    const size_t begin = text.find(kBegin);
    const size_t middle = begin == text.npos ? begin : text.find(kMiddle, begin);
    if (middle == text.npos) return out.append(text);
    const std::string name(text.substr(begin + kBegin.size(), middle - begin - kBegin.size()));
    const std::string known = placeholder(name);
    const bool ours = text.substr(begin, known.size()) == known;
    out.append(text.substr(0, begin));
    if (ours && !read(name)) missing = name;
    if (ours) {
      std::lock_guard lock(mutex_);
      out += known_[name];
    } else {
      out += kBegin;
    }
    text.remove_prefix(begin + (ours ? known.size() : kBegin.size()));
  }
}

std::string Secrets::reveal(std::string& cbor) {
  std::string missing;
  if (cbor.find(kBegin) == cbor.npos) return missing;
  change_strings(cbor, [&](std::string_view text) { return revealed(text, missing); });
  return missing;
}

void Secrets::conceal(std::string& cbor) {
  std::vector<std::pair<std::string, std::string>> found;  // what is written, and what is shown
  {
    std::lock_guard lock(mutex_);
    for (const auto& [name, value] : known_) {
      if (value.size() < kSearchedMin) continue;
      for (std::string& spelling : spellings(value)) {
        if (cbor.find(spelling) != cbor.npos)
          found.emplace_back(std::move(spelling), shown_name(name));
      }
    }
  }
  if (found.empty()) return;
  change_strings(cbor, [&](std::string_view text) {
    std::string out(text);
    for (const auto& [written, shown] : found) replace_all(out, written, shown);
    return out;
  });
}

std::string show_secrets(std::string_view text) {
  std::string out;
  for (;;) {
    const size_t begin = text.find(kBegin);
    const size_t middle = begin == text.npos ? begin : text.find(kMiddle, begin);
    if (middle == text.npos) return out.append(text);
    out.append(text.substr(0, begin));
    out += shown_name(text.substr(begin + kBegin.size(), middle - begin - kBegin.size()));
    text.remove_prefix(middle + kMiddle.size());
    const size_t digits = std::min(text.find_first_not_of("0123456789abcdef"), text.size());
    text.remove_prefix(std::min(digits, kTagBytes));
    if (text.starts_with(kEnd)) text.remove_prefix(kEnd.size());
  }
}

}  // namespace wakeful
