// Builds the tree while the grammar matches. Knows no PEGTL: the rules' actions call it.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "lang/ast/ast.h"
#include "lang/grammar/syntax.h"

namespace wakeful::grammar {

/// What innermost open bracket decides whether newlines matter: in a block they do.
enum class Bracket : uint8_t { Block, Other };

/// A fault that the statement cannot go on from. Caught where the next statement begins.
struct SyntaxError {
  uint32_t token = 0;  // what was found
  const char* code = "syntax";
  std::string message;
  std::string help;
  std::vector<Diagnostic::Note> notes;
};

constexpr uint32_t kNestingMax = 200;  // brackets, blocks, `=>` bodies (parse.h)
constexpr uint32_t kHeightMax =
    1'000;  // nodes from an expression's root to its deepest leaf (parse.h)

int binary_level(Tok kind);  // 0 where it is no binary operator; higher binds tighter

/// The state of the parse.
///
/// Always true:
///  1. Each rule that makes a node (`node<…>` in grammar.h) has a frame: the sizes that the stacks
///  had
///     when it began. Its action takes what came since and pushes what it made of it.
///  2. A rule that fails leaves the stacks as it found them, so the grammar may look ahead freely.
///  3. `frame().height` is at least the height of every tree made since the frame began.
class Builder {
 public:
  Builder(uint32_t file, std::string_view source, Tokens tokens, Diagnostics& diagnostics)
      : file_(file), source_(source), tokens_(std::move(tokens)), diagnostics_(diagnostics) {}

  // --- stacks, one for each kind of piece ---
  struct Operator {
    Tok token;
    uint32_t index;        // of its token
    bool negated = false;  // `not in`
    bool prefix = false;   // `not` before an operand
  };
  std::vector<ast::ExprPtr> exprs;
  std::vector<ast::StmtPtr> stmts;
  std::vector<ast::Block> blocks;
  std::vector<ast::Ident> names;
  std::vector<ast::Type> types;
  std::vector<ast::Type::Field> type_fields;
  std::vector<ast::Pattern> patterns;
  std::vector<ast::Pattern::Field> pattern_fields;
  std::vector<ast::Param> params;
  std::vector<ast::Argument> args;
  std::vector<ast::MapExpr::Entry> entries;
  std::vector<ast::ListExpr::Item> items;
  std::vector<ast::InterpolationExpr::Part> parts;
  std::vector<ast::TryExpr::Catch> catches;
  std::vector<Operator> ops;
  std::vector<uint32_t> marks;  // tokens worth remembering: modifiers, `:` of slices, `...rest`
  std::vector<ast::Declaration> declarations;

  struct Frame {
    uint32_t token = 0;  // the first
    uint32_t height = 0;
    std::array<uint32_t, 17> sizes{};
  };
  void open();
  void close();    // after success
  void discard();  // after failure
  Frame& frame() { return frames_.back(); }
  /// Notes what the rule of the innermost frame took, where somebody wants to know.
  std::vector<Taken>* taken = nullptr;
  void record(Shape shape) {
    if (taken) taken->push_back({shape, frames_.back().token, position - 1});
  }

  /// What came onto a stack since the frame began.
  template <class T>
  size_t count(const std::vector<T>& stack) const {
    return stack.size() - begin_of(stack);
  }
  template <class T>
  std::vector<T> take(std::vector<T>& stack) {
    auto first = stack.begin() + begin_of(stack);
    std::vector<T> taken(std::make_move_iterator(first), std::make_move_iterator(stack.end()));
    stack.erase(first, stack.end());
    return taken;
  }
  template <class T>
  T pop(std::vector<T>& stack) {
    T value = std::move(stack.back());
    stack.pop_back();
    return value;
  }
  template <class T>
  std::optional<T> pop_if_any(std::vector<T>& stack) {
    if (count(stack) == 0) return std::nullopt;
    return pop(stack);
  }

  // --- tokens ---
  uint32_t position = 0;  // of the next token
  uint32_t fresh = 0;     // a token that begins a statement: the newline before it is behind us
  uint32_t unclosed_at = UINT32_MAX;  // where blocks left open were last complained of
  bool in_test = false;
  bool percent_ends = false;  // within the operand of `tolerate`

  const Token& at(uint32_t index) const {
    return tokens_.list[std::min<size_t>(index, tokens_.list.size() - 1)];
  }
  const Token& current() const { return at(position); }
  const Token& last() const { return at(position - 1); }
  /// The next token ends no statement: no newline stands between, or none that matters here.
  bool visible(uint32_t index) const {
    return !at(index).line_break || !in_block() || index == fresh;
  }
  bool sees(Tok kind) const { return current().kind == kind && visible(position); }
  bool in_block() const { return brackets_.empty() || brackets_.back().kind == Bracket::Block; }
  /// Reads the next token as another: `def` as `fn`, after a complaint.
  void patch(Tok kind) { tokens_.list[position].kind = kind; }
  std::string_view text(const Token& token) const {
    return source_.substr(token.begin, token.end - token.begin);
  }
  const std::string& string_value(const Token& token) const { return tokens_.texts[token.text]; }
  Span span(const Token& token) const { return {file_, token.begin, token.end}; }
  Span span_since(uint32_t first) const { return {file_, at(first).begin, last().end}; }
  Span node_span() const { return span_since(frames_.back().token); }

  struct Open {
    Bracket kind;
    uint32_t token;
  };
  void open_bracket(Bracket kind, uint32_t token);
  void close_bracket();
  const std::vector<Open>& brackets() const { return brackets_; }
  void nest();  // throws beyond kNestingMax
  void unnest() { --nesting_; }
  void grow(uint32_t levels);  // throws beyond kHeightMax

  // --- faults ---
  /// Throws "expected …, found …" for the current token.
  [[noreturn]] void fail(std::string_view expected);
  std::string found_text() const;
  [[noreturn]] void fail_at(uint32_t token, const char* code, std::string message,
                            std::string help = "");
  /// Complains and goes on.
  Diagnostic& complain(const char* code, Span span, std::string message, std::string help = "");
  void report(const SyntaxError& error);
  struct State {
    size_t frames, brackets;
    uint32_t nesting;
    bool percent_ends, in_test;
  };
  State save() const { return {frames_.size(), brackets_.size(), nesting_, percent_ends, in_test}; }
  void restore(const State& state);
  /// After a fault in the header that began at `first`: goes to the `{` at the end of its line, so
  /// that the body's own faults are found. False where there is none.
  bool seek_body(uint32_t first);
  /// Skips to where a statement that began at `first` plausibly ends.
  void resync(uint32_t first);
  bool ends_statement() const;
  /// A token that only begins declarations, at the start of a line: a block left open above it.
  bool begins_declaration(uint32_t index) const;

  // --- nodes ---
  void push(ast::ExprPtr expr);
  void push_suffix(ast::ExprPtr expr);  // what was made of the expression before this frame
  template <class T, class... A>
  std::unique_ptr<T> make(A&&... args) {
    auto node = std::make_unique<T>(std::forward<A>(args)...);
    node->span = node_span();
    return node;
  }
  void push_stmt(ast::StmtPtr stmt);
  ast::Ident ident(const Token& token) const { return {std::string(text(token)), span(token)}; }

  void literal();
  void string();
  void chain();
  void operand();
  void call();
  void index();
  void member();
  void if_expr();
  void batch();
  void assignment();
  void declaration_docs(ast::Declaration& declaration) const;
  ast::Callable callable(bool has_body);

  ast::File finish();
  Tokens take_tokens() { return std::move(tokens_); }
  std::vector<std::string> lost_names;

 private:
  template <class T>
  uint32_t begin_of(const std::vector<T>& stack) const;
  auto stacks() {
    return std::tie(exprs, stmts, blocks, names, types, type_fields, patterns, pattern_fields,
                    params, args, entries, items, parts, catches, ops, marks, declarations);
  }
  auto stacks() const {
    return std::tie(exprs, stmts, blocks, names, types, type_fields, patterns, pattern_fields,
                    params, args, entries, items, parts, catches, ops, marks, declarations);
  }
  void lose(uint32_t index);
  ast::ExprPtr climb(std::vector<ast::ExprPtr>& operands, size_t& operand, size_t& op, int least);

  uint32_t file_;
  std::string_view source_;
  Tokens tokens_;
  Diagnostics& diagnostics_;
  std::vector<Frame> frames_;
  std::vector<Open> brackets_;
  uint32_t nesting_ = 0;
};

template <class T>
uint32_t Builder::begin_of(const std::vector<T>& stack) const {
  uint32_t found = 0;
  size_t i = 0;
  std::apply(
      [&](const auto&... each) {
        ((static_cast<const void*>(&each) == static_cast<const void*>(&stack)
              ? found = frames_.back().sizes[i++]
              : ++i),
         ...);
      },
      stacks());
  return found;
}

}  // namespace wakeful::grammar
