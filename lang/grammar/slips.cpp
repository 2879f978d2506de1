#include "lang/grammar/slips.h"

namespace wakeful::grammar {

namespace {

bool is_text(const Builder& b, uint32_t index, std::string_view text) {
  return b.at(index).kind == Tok::Identifier && b.text(b.at(index)) == text;
}

/// A `//` before this token on its line: what follows it was meant as a comment.
void slash_comment_slip(Builder& b) {
  const uint32_t line =
      b.current().newline_before && b.position > 0 ? b.last().line : b.current().line;
  for (uint32_t i = b.position; i-- > 0 && b.at(i).line == line;) {
    if (b.at(i).kind != Tok::SlashSlash) continue;
    b.fail_at(i, "slip", "`//` is floor division; comments do not begin with it",
              "begin comments with `#`");
  }
  if (b.current().kind == Tok::SlashSlash) {
    b.fail_at(b.position, "slip", "comments do not begin with `//`", "begin them with `#`");
  }
}

void previous_word_slip(Builder& b) {
  if (b.position == 0 || b.last().kind != Tok::Identifier || b.current().newline_before) return;
  const std::string_view word = b.text(b.last());
  if (word == "await") {
    b.fail_at(
        b.position - 1, "slip", "there is no `await`: a call waits for its result by itself",
        "leave it out; for work that runs meanwhile write `let h = spawn f(…)`, then `gather h`");
  }
  if (word == "new")
    b.fail_at(b.position - 1, "slip", "there is no `new`",
              "leave it out; maps are written `{a: 1}`");
  if (word == "lambda")
    b.fail_at(b.position - 1, "slip", "there is no `lambda`",
              "write `x => x + 1` or `fn(x) { … }`");
  if (word == "async")
    b.fail_at(b.position - 1, "slip", "there is no `async`",
              "leave it out; `spawn` runs a call concurrently");
}

}  // namespace

void explain_slip(Builder& b) {
  const Token& token = b.current();
  if (token.kind == Tok::Int && token.begin == b.last().end && b.last().kind == Tok::Dot) {
    b.fail_at(b.position - 1, "syntax", "expected the name of a member behind `.`",
              "an element of a list is `xs[0]`");
  }
  const bool after_operand = b.position > 0 && ends_operand(b.last().kind) && b.visible(b.position);
  slash_comment_slip(b);
  if (token.kind == Tok::Question && after_operand) {
    b.fail_at(b.position, "slip", "there is no `c ? a : b`", "write `if c { a } else { b }`");
  }
  const bool after_block = b.position > 0 && b.last().kind == Tok::RightBrace;
  if (token.kind == Tok::If && after_operand && !after_block && !token.newline_before) {
    b.fail_at(b.position, "slip", "there is no `a if c else b`", "write `if c { a } else { b }`");
  }
  if (token.kind == Tok::Minus && b.position > 0 && b.last().kind == Tok::Minus &&
      b.last().end == token.begin) {
    b.fail_at(b.position, "slip", "`--` is not an operator", "write `x -= 1`");
  }
  if (b.position > 1 && b.last().kind == Tok::Minus && b.at(b.position - 2).kind == Tok::Minus &&
      b.at(b.position - 2).end == b.last().begin) {
    b.fail_at(b.position - 1, "slip", "`--` is not an operator", "write `x -= 1`");
  }
  previous_word_slip(b);
  if (token.kind == Tok::Dot && !after_operand && b.at(b.position + 1).kind == Tok::Int) {
    b.fail_at(b.position, "bad-number", "a float needs a digit on both sides of its `.`",
              "write `0." + std::string(b.text(b.at(b.position + 1))) + "`");
  }
  if (token.kind == Tok::Plus && !after_operand) {
    b.fail_at(b.position, "syntax", "there is no `+` before a value", "leave it out");
  }
  if (after_block && is_text(b, b.position, "except")) {
    b.fail_at(b.position, "slip", "there is no `except`", "write `catch e { … }`");
  }
  if (token.kind == Tok::ThinArrow && after_operand) {
    b.fail_at(b.position, "slip", "functions are not written with `->`", "write `x => x + 1`");
  }
  if (token.kind == Tok::Arrow) {
    b.fail_at(b.position, "syntax", "`=>` binds loosest and cannot stand behind an operator here",
              "put the function in parentheses: `(x => x + 1)`");
  }
  if (token.kind == Tok::Colon && after_operand && b.at(b.position + 1).newline_before) {
    b.fail_at(b.position, "slip", "blocks do not begin with `:`", "write `{ … }`");
  }
  if ((token.kind == Tok::As || token.kind == Tok::With) && b.visible(b.position) &&
      after_operand) {
    std::string word(b.text(token));
    b.fail_at(b.position, "syntax", "`" + word + "` follows a call only, first `as`, then `with`",
              "write `Child(args) as id with {…}`");
  }
  if (token.kind == Tok::Throw || token.kind == Tok::Return || token.kind == Tok::Let ||
      token.kind == Tok::Var || token.kind == Tok::For || token.kind == Tok::While) {
    bool in_map = !b.brackets().empty() && b.at(b.brackets().back().token).kind == Tok::LeftBrace &&
                  !b.in_block();
    if (in_map && b.brackets().back().token + 1 == b.position) {
      b.fail_at(b.position, "syntax", "`{` begins a map here, not a block; expected a key or `}`",
                "for several statements write `fn(x) { … }`");
    }
    if (b.position > 0 && b.last().kind == Tok::Arrow) {
      b.fail_at(b.position, "syntax", "the body of `=>` is one expression",
                "for statements write `fn(x) { … }`");
    }
  }
}

void not_closed(Builder& b, Bracket kind, Tok close) {
  const Builder::Open open = b.brackets().back();
  std::string opening(token_name(b.at(open.token).kind));
  if (kind == Bracket::Block &&
      (b.current().kind == Tok::End || b.begins_declaration(b.position))) {
    // Once for all blocks that are open here: the innermost is the one that was forgotten.
    if (b.unclosed_at != b.position)
      b.complain("syntax", b.span(b.at(open.token)), "this `{` is not closed",
                 "add the missing `}`");
    b.unclosed_at = b.position;
    return;
  }
  explain_slip(b);
  SyntaxError error;
  error.token = b.position;
  const Tok current = b.current().kind;
  const bool map = close == Tok::RightBrace && kind == Bracket::Other;
  std::string wanted = close == Tok::InterpolationEnd ? "`}`" : std::string(token_name(close));
  const bool list = !(open.token + 1 == b.position) && close != Tok::InterpolationEnd;
  error.message =
      "expected " + std::string(list ? "`,` or " : "") + wanted + ", found " + b.found_text();
  if (current == Tok::Assign && close == Tok::RightParen)
    error.help = "arguments are named with `:`, as `f(name: value)`";
  if (current == Tok::Comma && close == Tok::RightParen && !b.last().newline_before)
    error.help = "lists are written `[a, b]`";
  if (current == Tok::Ellipsis) error.help = "`...` spreads into lists and maps only";
  if (map && b.at(open.token + 2).kind != Tok::Colon && current != Tok::End) {
    error.help = "`{` begins a map here; a block follows only a header such as `if …` or `fn(…)`";
  }
  error.notes.push_back({b.span(b.at(open.token)), opening + " opened here"});
  throw error;
}

void no_statement_end(Builder& b, uint32_t first) {
  explain_slip(b);
  const Token& token = b.current();
  SyntaxError error;
  error.token = b.position;
  error.message = "expected a new line or `;`, found " + b.found_text();
  const bool call_like = b.position == first + 1 && b.at(first).kind == Tok::Identifier;
  if (token.kind == Tok::Assign) error.help = "use `==` to compare";
  if (call_like &&
      (token.kind == Tok::StringBegin || token.kind == Tok::Identifier || token.kind == Tok::Int)) {
    std::string callee(b.text(b.at(first)));
    error.help = "to call `" + callee + "` write `" + callee + "(…)`";
  }
  if (token.kind == Tok::RightParen || token.kind == Tok::RightBracket)
    error.message = "nothing is open that this could close";
  throw error;
}

// --- at the start of a statement ---

namespace {

struct StartSlip {
  std::string_view word;
  Tok read_as;  // End: the word is left out
  const char* help;
};
constexpr StartSlip kStartSlips[] = {
    {"def", Tok::Fn, "functions are declared with `fn name(…) { … }`"},
    {"function", Tok::Fn, "functions are declared with `fn name(…) { … }`"},
    {"func", Tok::Fn, "functions are declared with `fn name(…) { … }`"},
    {"const", Tok::Let, "write `let`"},
    {"async", Tok::End, "leave it out: a call waits by itself, `spawn` runs it concurrently"},
    {"await", Tok::End, "leave it out: a call waits for its result by itself"},
    {"export", Tok::End, "leave it out: an import brings in all declarations of a file"},
};

/// `async fn`, `const x`, `def f(`: a name directly before a word is never a statement.
bool patch_start(Builder& b) {
  if (b.current().kind != Tok::Identifier) return false;
  const Token& next = b.at(b.position + 1);
  const bool pattern = next.kind == Tok::LeftBrace && b.text(b.current()) == "const";
  const bool call = next.kind == Tok::LeftParen && b.text(b.current()) == "function";
  if (next.newline_before || !(is_word(next.kind) || pattern || call)) return false;
  if (next.kind == Tok::In || next.kind == Tok::And || next.kind == Tok::Or ||
      next.kind == Tok::As || next.kind == Tok::With)
    return false;
  for (const StartSlip& slip : kStartSlips) {
    if (b.text(b.current()) != slip.word) continue;
    b.complain("slip", b.span(b.current()), "there is no `" + std::string(slip.word) + "`",
               slip.help);
    if (slip.read_as == Tok::End) {
      ++b.position;
      b.fresh = b.position;
    } else {
      b.patch(slip.read_as);
    }
    return true;
  }
  return false;
}

void misplaced_start(Builder& b) {
  const bool top = b.brackets().empty();
  const Tok kind = b.current().kind;
  switch (kind) {
    case Tok::Workflow:
    case Tok::Activity:
    case Tok::Import:
    case Tok::Test:
      if (top) return;
      b.fail_at(b.position, "misplaced",
                std::string(token_name(kind)) + " stands at the top level of a file only",
                "move it out of this body");
    case Tok::Else:
    case Tok::Catch:
    case Tok::Finally:
      b.fail_at(
          b.position, "syntax",
          std::string(token_name(kind)) + " without its " + (kind == Tok::Else ? "`if`" : "`try`"),
          "it follows the `}` of its block directly");
    case Tok::RightBrace:
      b.fail_at(b.position, "syntax", "nothing is open that this `}` could close", "leave it out");
    default:
      break;
  }
  if (binary_level(kind) != 0 && kind != Tok::Minus) {
    explain_slip(b);
    b.fail_at(b.position, "syntax", "a line cannot begin with " + std::string(token_name(kind)),
              "end the line above with it, or put the whole in parentheses");
  }
  if (top && kind != Tok::Fn && kind != Tok::Let && kind != Tok::Var) {
    explain_slip(b);
    b.fail_at(
        b.position, "misplaced",
        "expected a declaration (`workflow`, `activity`, `fn`, `let`, `import`, `test`), found " +
            b.found_text(),
        "statements stand in a body: put it into `workflow main() { … }`");
  }
}

}  // namespace

void slips_at_start(Builder& b) {
  while (patch_start(b)) {
  }
  misplaced_start(b);
}

bool assignment_in_condition(Builder& b) {
  if (!b.sees(Tok::Assign)) return false;
  b.complain("syntax", b.span(b.current()), "a condition compares with `==`; `=` assigns",
             "write `==`");
  ++b.position;
  return true;
}

void for_in_parentheses(Builder& b) {
  if (!b.sees(Tok::LeftParen)) return;
  const uint32_t close = b.current().pair;
  if (close != 0 && b.at(close + 1).kind == Tok::In) {
    b.fail_at(b.position, "slip", "a pattern is not written in parentheses",
              "write `for [a, b] in pairs { … }` or `for key, value in m { … }`");
  }
  bool counts = close == 0;
  for (uint32_t i = b.position; i < close; ++i) counts |= b.at(i).kind == Tok::Semicolon;
  const char* message = "the header of `for` is not written in parentheses";
  if (counts) b.fail_at(b.position, "slip", message, "write `for i in 0..n { … }` to count");
  b.complain("slip", b.span(b.current()), message, "write `for x in xs { … }`");
}

void brace_on_next_line(Builder& b) {
  if (b.current().kind != Tok::LeftBrace || b.visible(b.position)) return;
  b.complain("syntax", b.span(b.current()), "the `{` of a block stands on the line of its header",
             "move it to the end of the line above");
  b.fresh = b.position;
}

void clause_behind_call(Builder& b) {
  const bool call = !b.exprs.empty() && b.exprs.back()->kind == ast::ExprKind::Call &&
                    !b.exprs.back()->parenthesised;
  if (call) return;
  const std::string word(b.text(b.last()));
  b.fail_at(b.position - 1, "syntax", "`" + word + "` follows a call only",
            "write `Child(args) as id with {…}`");
}

void headed_statement_goes_on(Builder& b) {
  switch (b.current().kind) {
    case Tok::Dot:
    case Tok::OptionalDot:
    case Tok::Coalesce:
    case Tok::As:
    case Tok::With:
    case Tok::And:
    case Tok::Or:
      break;
    case Tok::LeftParen:
    case Tok::LeftBracket:
    case Tok::Minus:
      if (b.current().newline_before) return;
      break;
    default:
      if (b.current().newline_before || binary_level(b.current().kind) == 0) return;
  }
  if (b.current().kind == Tok::SlashSlash) explain_slip(b);
  b.fail_at(b.position, "syntax",
            "a statement that begins with `" + std::string(b.text(b.at(b.frame().token))) +
                "` ends at its last `}`",
            "to go on, put it in parentheses or bind it with `let`");
}

void var_at_top(Builder& b) {
  if (b.current().kind != Tok::Var) return;
  b.complain("misplaced", b.span(b.current()), "`var` stands in bodies only: runs share nothing",
             "write `let NAME = constant`");
}

bool elif_slip(const Builder& b) {
  if (!is_text(b, b.position, "elif") && !is_text(b, b.position, "elsif") &&
      !is_text(b, b.position, "elseif"))
    return false;
  const Token& next = b.at(b.position + 1);
  if (next.newline_before || b.last().kind != Tok::RightBrace) return false;
  const bool operand = is_word(next.kind) || ends_operand(next.kind) ||
                       next.kind == Tok::LeftParen || next.kind == Tok::StringBegin;
  return operand && next.kind != Tok::RightParen && next.kind != Tok::RightBracket &&
         next.kind != Tok::RightBrace && next.kind != Tok::In && next.kind != Tok::And &&
         next.kind != Tok::Or && next.kind != Tok::As && next.kind != Tok::With;
}

bool catch_slip_ahead(const Builder& b) {
  if (!b.sees(Tok::LeftParen)) return false;
  const uint32_t close = b.current().pair;
  const bool named = b.at(b.position + 1).kind == Tok::Identifier && close == b.position + 2;
  return named || close == b.position + 1;
}

}  // namespace wakeful::grammar
