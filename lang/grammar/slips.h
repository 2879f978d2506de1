// The common slips: forms of other languages, answered with the right one (language.md, end of
// section 2). Those of single signs (`&&`, `/* */`, backticks) are the lexer's; names (`None`,
// `xs.length`) are check's.
#pragma once

#include "lang/grammar/builder.h"

namespace wakeful::grammar {

/// The parse cannot go on: throws where the tokens here look like a slip, else returns.
void explain_slip(Builder& b);
/// Throws: the bracket around the current token is not closed. A block left open at the end of the
/// file or before the next declaration is complained of once and taken as closed.
void not_closed(Builder& b, Bracket kind, Tok close);
/// Throws: a statement that began at `first` is complete, but something follows on its line.
[[noreturn]] void no_statement_end(Builder& b, uint32_t first);

/// At the start of a statement or declaration: `def`, `const`, `async` and the like are complained
/// of and read as what they stand for.
void slips_at_start(Builder& b);
/// `if x = 3 {`: complains, takes the `=` and is true.
bool assignment_in_condition(Builder& b);
/// `for (x in xs) {` is complained of and can be read on; `for (let i = 0; …) {` and `for (a, b)
/// in` throw.
void for_in_parentheses(Builder& b);
/// The `{` of a block on the line below its header: complains and takes it as if it stood there.
void brace_on_next_line(Builder& b);
/// `as`, `with` or `compensate` was matched: throws where what stands before it is no call.
void clause_behind_call(Builder& b);
/// A statement that begins with `if`, `try` or `batch` ended at its last `}`, but `.map(…)`
/// follows.
void headed_statement_goes_on(Builder& b);
void var_at_top(Builder& b);

/// `elif` behind the block of an `if`.
bool elif_slip(const Builder& b);
/// `catch (e)`.
bool catch_slip_ahead(const Builder& b);

}  // namespace wakeful::grammar
