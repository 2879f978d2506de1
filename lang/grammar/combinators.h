// PEGTL over tokens: the input, and the building blocks of grammar.h that know about layout,
// nesting and recovery. Included by parse.cpp only.
#pragma once

#include <algorithm>
#include <tao/pegtl.hpp>
#include <utility>

#include "lang/grammar/builder.h"
#include "lang/grammar/slips.h"

namespace wakeful::grammar {

namespace p = tao::pegtl;

/// What PEGTL needs of an input. The position is the builder's, since layout depends on both.
struct TokenInput {
  using iterator_t = uint32_t;
  struct action_t {
    action_t(uint32_t, const TokenInput&) {}
  };
  Builder& builder;
  template <p::rewind_mode M>
  p::internal::marker<uint32_t, M> mark() {
    return p::internal::marker<uint32_t, M>(builder.position);
  }
};

#define WF_RULE_MATCH                                                            \
  template <p::apply_mode A, p::rewind_mode M, template <class...> class Action, \
            template <class...> class Control, class In>                         \
  static bool match([[maybe_unused]] In& in, Builder& b)

struct custom {
  using rule_t = custom;
  using subs_t = p::empty_list;
};

/// A token of that kind, on this line or where newlines do not matter.
template <Tok K>
struct tok : custom {
  WF_RULE_MATCH {
    if (!b.sees(K)) return false;
    ++b.position;
    return true;
  }
};

/// The same, whatever newlines stand before it.
template <Tok K>
struct tok_anywhere : custom {
  WF_RULE_MATCH {
    if (b.current().kind != K) return false;
    ++b.position;
    return true;
  }
};

/// Matches nothing, where the function says so.
template <bool (*Is)(const Builder&)>
struct when : custom {
  WF_RULE_MATCH { return Is(b); }
};

template <size_t N>
struct Text {
  char chars[N];
  constexpr Text(const char (&text)[N]) { std::copy_n(text, N, chars); }
  constexpr std::string_view view() const { return {chars, N - 1}; }
};

/// An identifier of that text. With AnyLine, also on a line of its own (words of a `batch` header).
template <Text T, bool AnyLine = false>
struct word : custom {
  WF_RULE_MATCH {
    bool seen = AnyLine ? b.current().kind == Tok::Identifier : b.sees(Tok::Identifier);
    if (!seen || b.text(b.current()) != T.view()) return false;
    ++b.position;
    return true;
  }
};

/// Makes one node; its action finds the pieces on the builder's stacks. See Builder, (1).
template <class... R>
struct node : p::seq<R...> {
  using is_node = void;
};

/// Rules that recurse without a bracket of their own.
template <class R>
struct nested : custom {
  WF_RULE_MATCH {
    b.nest();
    bool matched = Control<R>::template match<A, M, Action, Control>(in, b);
    b.unnest();
    return matched;
  }
};

/// Open, inside, close. `Inside` must match, if only nothing.
template <Tok OpenTok, Bracket Kind, class Inside, Tok CloseTok>
struct enclosed : custom {
  WF_RULE_MATCH {
    if (!b.sees(OpenTok)) return false;
    b.open_bracket(Kind, b.position);
    ++b.position;
    const bool percent_ends = std::exchange(b.percent_ends, false);
    if (!Control<Inside>::template match<A, p::rewind_mode::dontcare, Action, Control>(in, b))
      return false;
    if (b.current().kind == CloseTok) {
      ++b.position;
    } else {
      not_closed(b, Kind, CloseTok);
    }
    b.close_bracket();
    b.percent_ends = percent_ends;
    return true;
  }
};

/// The operand of `tolerate`: a `%` behind it ends it.
template <class R>
struct before_percent : custom {
  WF_RULE_MATCH {
    const bool before = std::exchange(b.percent_ends, true);
    bool matched = Control<R>::template match<A, M, Action, Control>(in, b);
    b.percent_ends = before;
    return matched;
  }
};

/// A test's body: `expect` is a word there.
template <class R>
struct within_test : custom {
  WF_RULE_MATCH {
    const bool before = std::exchange(b.in_test, true);
    bool matched = Control<R>::template match<A, M, Action, Control>(in, b);
    b.in_test = before;
    return matched;
  }
};

struct block;
template <class R>
struct action;
template <class R>
struct control;

/// One statement or declaration. A fault in it is reported, and the parse goes on behind it.
template <class R>
struct recovering : custom {
  WF_RULE_MATCH {
    const uint32_t first = b.position;
    const Builder::State state = b.save();
    b.fresh = first;
    try {
      if (!Control<R>::template match<A, p::rewind_mode::required, Action, Control>(in, b)) {
        Control<R>::raise(in, b);
      }
      if (!b.ends_statement()) no_statement_end(b, first);
    } catch (const SyntaxError& error) {
      b.report(error);
      b.restore(state);
      if (b.seek_body(first)) read_lost_body<Control<block>>(in, b, state);
      b.resync(first);
    }
    return true;
  }

  /// The block behind a broken header: only for the faults in it.
  template <class BlockControl, class In>
  static void read_lost_body(In& in, Builder& b, const Builder::State& state) {
    try {
      b.open();
      (void)BlockControl::template match<p::apply_mode::action, p::rewind_mode::required, action,
                                         control>(in, b);
    } catch (const SyntaxError& error) {
      b.report(error);
    }
    b.restore(state);
  }
};

/// What stood where a rule was required; a rule without one cannot be required.
template <class R>
inline constexpr const char* expected = nullptr;

/// The shape of a node's rule; syntax_shapes.h has the rows.
template <class R>
inline constexpr Shape shape_of = Shape::None;

template <class R>
struct plain_control : p::normal<R> {
  template <class In>
  [[noreturn]] static void raise(const In&, Builder& b) {
    static_assert(expected<R> != nullptr, "messages.h has no words for this rule");
    explain_slip(b);
    b.fail(expected<R>);
  }
};

template <class R>
struct node_control : plain_control<R> {
  template <class In>
  static void start(const In&, Builder& b) {
    b.open();
  }
  template <class In>
  static void success(const In&, Builder& b) {
    if constexpr (shape_of<R> != Shape::None) b.record(shape_of<R>);
    b.close();
  }
  template <class In>
  static void failure(const In&, Builder& b) {
    b.discard();
  }
  template <class In>
  static void unwind(const In&, Builder& b) {
    b.discard();
  }
};

template <class R>
concept IsNode = requires {
  typename R::is_node;
};

template <class R>
struct control : std::conditional_t<IsNode<R>, node_control<R>, plain_control<R>> {};

}  // namespace wakeful::grammar
