// secret("NAME"): a variable of the environment that only effects get to see. What a script holds,
// and what is journaled, is a placeholder; the value takes its place in the arguments of an effect,
// at the last moment, and is taken out of what comes back.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace wakeful {

/// One store's secrets, as long as an engine works. Thread-safe.
class Secrets {
 public:
  using Environment = std::function<std::optional<std::string>(const std::string& name)>;
  explicit Secrets(Environment environment) : environment_(std::move(environment)) {}

  /// Makes placeholders of this store different from those of others, so that text from outside
  /// cannot pass for one. Once, before anything else.
  void set_salt(uint64_t salt) { salt_ = salt; }
  bool has_salt() const { return salt_.has_value(); }

  /// The placeholder, or nothing where the variable is not set.
  std::optional<std::string> read(const std::string& name);
  /// Its value is to be taken out of results: a session before this one has read it.
  void know(const std::string& name);

  /// `cbor`: arguments, in which each placeholder becomes its value. Gives the name of a variable
  /// that is not set, or
  /// "".
  std::string reveal(std::string& cbor);
  /// `cbor`: a result or an error, in which values become what is shown of them.
  void conceal(std::string& cbor);

 private:
  std::string placeholder(const std::string& name) const;
  std::string revealed(std::string_view text, std::string& missing);

  std::mutex mutex_;
  Environment environment_;
  std::optional<uint64_t> salt_;
  std::map<std::string, std::string> known_;  // by name
};

/// Text for the outside: each placeholder as `«secret NAME»`.
std::string show_secrets(std::string_view text);

}  // namespace wakeful
