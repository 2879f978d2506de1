// Random programs over the whole grammar, in random layouts with comments wherever a line may end.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace wakeful::testing {

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}
  std::string program();

 private:
  /// What a layout may do before a token.
  enum class Before : uint8_t { Anything, SameLine, Separator };
  struct Token {
    std::string text;
    Before before = Before::Anything;
    bool may_break = false;  // the rules of newlines allow one here
  };

  uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }
  bool chance(uint32_t percent) { return below(100) < percent; }
  template <class... T>
  std::string one_of(T... texts) {
    const std::vector<std::string> all{texts...};
    return all[below(static_cast<uint32_t>(all.size()))];
  }

  void put(const std::string& text, Before before = Before::Anything);
  void put_name(const std::string& text);  // behind `.`: awaits nothing, whatever word it is
  void open(const std::string& text, bool block);
  void close(const std::string& text);
  template <class Item>
  void list(const std::string& open_text, const std::string& close_text, uint32_t most, Item item);

  std::string name();
  void key();
  void string(bool simple);
  std::string text(bool interpolated);
  void type(int depth);
  void pattern(int depth);
  void params(bool plain);
  void expression(int depth);
  void operand(int depth);
  void spawned(int depth);
  void postfix(int depth);
  void call_clauses(int depth);
  void primary(int depth);
  void call_arguments(int depth);
  void term(int depth);
  void map(int depth);
  void condition_blocks(int depth);
  void statement(int depth);
  void block(int depth);
  void header_function(int depth);
  void declaration();
  std::string render();
  std::string gap(const Token& before, const Token& token);
  std::string comment();

  std::mt19937_64 random_;
  std::vector<Token> tokens_;
  std::vector<bool> blocks_;  // open brackets: a block's?
  bool awaits_ = true;        // the last token awaits more
  uint32_t comments_ = 0;
  uint32_t busy_ = 0;  // percent of gaps with more than one space
};

}  // namespace wakeful::testing
