// What the grammar asks about the tokens ahead, and the small rules that take or check a token.
#pragma once

#include "lang/grammar/combinators.h"

namespace wakeful::grammar {

inline bool starts_operand(Tok kind) {
  switch (kind) {
    case Tok::Identifier:
    case Tok::Int:
    case Tok::Float:
    case Tok::Duration:
    case Tok::RawString:
    case Tok::StringBegin:
    case Tok::LeftParen:
    case Tok::LeftBracket:
    case Tok::LeftBrace:
    case Tok::True:
    case Tok::False:
    case Tok::Null:
    case Tok::Spawn:
    case Tok::Gather:
    case Tok::WaitAny:
    case Tok::Race:
    case Tok::Batch:
    case Tok::If:
    case Tok::Try:
    case Tok::Fn:
      return true;
    default:
      return false;
  }
}

inline bool next_is(const Builder& b, uint32_t ahead, Tok kind) {
  return b.at(b.position + ahead).kind == kind && b.visible(b.position + ahead);
}

inline bool sees_text(const Builder& b, uint32_t ahead, std::string_view text) {
  return next_is(b, ahead, Tok::Identifier) && b.text(b.at(b.position + ahead)) == text;
}

inline bool sees_word(const Builder& b) {
  return is_word(b.current().kind) && b.visible(b.position);
}
inline bool sees_key(const Builder& b) {
  return sees_word(b) && b.at(b.position + 1).kind == Tok::Colon;
}

inline bool sees_string_key(const Builder& b) {
  uint32_t behind = b.position + 1;
  if (b.sees(Tok::StringBegin)) {
    if (b.at(behind).kind == Tok::StringText) ++behind;
    if (b.at(behind++).kind != Tok::StringEnd) return false;
  } else if (!b.sees(Tok::RawString)) {
    return false;
  }
  return b.at(behind).kind == Tok::Colon;
}

/// `x =>` or `(…) =>`.
inline bool sees_arrow_function(const Builder& b) {
  if (b.sees(Tok::Identifier)) return next_is(b, 1, Tok::Arrow);
  if (!b.sees(Tok::LeftParen) || b.current().pair == 0) return false;
  const uint32_t behind = b.current().pair + 1;
  return b.at(behind).kind == Tok::Arrow && b.visible(behind);
}

inline bool sees_fn_expression(const Builder& b) {
  return b.sees(Tok::Fn) && next_is(b, 1, Tok::LeftParen);
}
inline bool sees_fn_statement(const Builder& b) {
  return b.sees(Tok::Fn) && next_is(b, 1, Tok::Identifier);
}
inline bool sees_else_if(const Builder& b) { return b.sees(Tok::Else) && next_is(b, 1, Tok::If); }
inline bool sees_elif(const Builder& b) { return elif_slip(b); }
inline bool sees_catch_slip(const Builder& b) { return catch_slip_ahead(b); }

/// A word behind `gather` or `race` is a modifier where an operand follows it on its line; a
/// `timeout` clause is none.
inline bool modifies(const Builder& b, std::string_view word) {
  if (!sees_text(b, 0, word) || !b.visible(b.position + 1)) return false;
  if (sees_text(b, 1, "timeout") && starts_operand(b.at(b.position + 2).kind)) return false;
  return starts_operand(b.at(b.position + 1).kind);
}
inline bool sees_settled_gather(const Builder& b) {
  return b.last().kind == Tok::Gather && modifies(b, "settled");
}
inline bool sees_success_race(const Builder& b) {
  return b.last().kind == Tok::Race && modifies(b, "success");
}
inline bool sees_settled_batch(const Builder& b) {
  if (!sees_text(b, 0, "settled")) return false;
  Tok next = b.at(b.position + 1).kind;
  return next == Tok::Identifier || next == Tok::LeftBrace || next == Tok::LeftBracket;
}
inline bool sees_spawn_block(const Builder& b) {
  return b.last().kind == Tok::Spawn && b.sees(Tok::LeftBrace);
}

inline bool sees_for_slip(const Builder& b) { return b.sees(Tok::LeftParen); }
inline bool sees_mock(const Builder& b) {
  return sees_text(b, 0, "mock") && next_is(b, 1, Tok::Identifier);
}
inline bool sees_expect_throws(const Builder& b) {
  if (!sees_text(b, 0, "expect") || !sees_text(b, 1, "throws") || !next_is(b, 2, Tok::LeftParen))
    return false;
  const Token& paren = b.at(b.position + 2);
  return paren.pair != 0 && b.at(paren.pair + 1).kind == Tok::LeftBrace;
}
inline bool sees_expect(const Builder& b) {
  if (!sees_text(b, 0, "expect") || !b.visible(b.position + 1)) return false;
  Tok next = b.at(b.position + 1).kind;
  // Without a test around it `expect(x)` and `expect[0]` are an ordinary name's.
  if (next == Tok::LeftParen || next == Tok::LeftBracket) return b.in_test;
  return starts_operand(next) || next == Tok::Not || (next == Tok::Minus && b.in_test);
}

inline bool ends_block(const Builder& b) {
  Tok kind = b.current().kind;
  return kind == Tok::RightBrace || kind == Tok::End || b.begins_declaration(b.position);
}

struct any_token : custom {
  WF_RULE_MATCH {
    ++b.position;
    return true;
  }
};

/// `as`, `with` or `compensate` was just matched: throws where no call stands before it.
struct check_after_call : custom {
  WF_RULE_MATCH { return clause_behind_call(b), true; }
};

struct push_prefix : custom {
  WF_RULE_MATCH {
    b.ops.push_back({b.last().kind, b.position - 1});
    return true;
  }
};
struct push_assign : push_prefix {};
struct push_not : custom {
  WF_RULE_MATCH {
    b.ops.push_back({Tok::Not, b.position - 1, false, true});
    return true;
  }
};

/// A binary operator, `not in` among them.
struct binary_operator : custom {
  WF_RULE_MATCH {
    const uint32_t at = b.position;
    if (!b.visible(at)) return false;
    Tok kind = b.current().kind;
    if (kind == Tok::Not && next_is(b, 1, Tok::In)) {
      b.position += 2;
      b.ops.push_back({Tok::In, at, true});
      return true;
    }
    if (binary_level(kind) == 0 || (kind == Tok::Percent && b.percent_ends)) return false;
    ++b.position;
    b.ops.push_back({kind, at});
    return true;
  }
};

// Rules of slips.h: always match; they complain, and throw or patch.
struct elif_word : custom {
  WF_RULE_MATCH {
    b.complain("slip", b.span(b.current()), "there is no `elif`", "write `else if`");
    return ++b.position, true;
  }
};
struct catch_paren : custom {
  WF_RULE_MATCH {
    b.complain("slip", b.span(b.current()), "`catch` takes no parentheses",
               "write `catch e { … }`");
    return ++b.position, true;
  }
};
struct assign_in_condition : custom {
  WF_RULE_MATCH { return assignment_in_condition(b); }
};
struct check_for : custom {
  WF_RULE_MATCH { return for_in_parentheses(b), true; }
};
struct for_slip_let : custom {
  WF_RULE_MATCH {
    if (!b.sees(Tok::Let) && !b.sees(Tok::Var) && !sees_text(b, 0, "const")) return false;
    return ++b.position, true;
  }
};
struct for_paren : custom {
  WF_RULE_MATCH { return ++b.position, true; }
};
struct check_block_brace : custom {
  WF_RULE_MATCH { return brace_on_next_line(b), true; }
};
struct check_headed_end : custom {
  WF_RULE_MATCH { return headed_statement_goes_on(b), true; }
};
struct statement_slips : custom {
  WF_RULE_MATCH { return slips_at_start(b), true; }
};
struct check_top_let : custom {
  WF_RULE_MATCH { return var_at_top(b), true; }
};

}  // namespace wakeful::grammar
