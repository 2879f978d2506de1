// What was expected where a required rule did not match, in the reader's words. A rule under
// `p::must` in grammar.h without a row here does not compile.
#pragma once

#include "lang/grammar/grammar.h"

namespace wakeful::grammar {

#define WF_EXPECTED(rule, words) \
  template <>                    \
  inline constexpr const char* expected<rule> = words;

WF_EXPECTED(expression, "an expression")
WF_EXPECTED(operand, "an expression")
WF_EXPECTED(prefix_operand, "an expression")
WF_EXPECTED(condition, "a condition")
WF_EXPECTED(nested<expression>, "the expression behind `=>`")
WF_EXPECTED(arrow_body, "the expression behind `=>`")
WF_EXPECTED(before_percent<expression>, "a number behind `tolerate`")
WF_EXPECTED(term, "a literal, a name, a call or parentheses")
WF_EXPECTED(map_literal, "options in `{…}`")
WF_EXPECTED(type, "a type")
WF_EXPECTED(nested<type>, "a type")
WF_EXPECTED(greater, "`>`")
WF_EXPECTED(pattern, "a name, `{…}` or `[…]`")
WF_EXPECTED(identifier, "a name")
WF_EXPECTED(any_word, "a name")
WF_EXPECTED(name, "a name")
WF_EXPECTED(mock_target, "the name of a workflow, an activity or a library function")
WF_EXPECTED(on_what, "`signal`, `query` or `update`")
WF_EXPECTED(required_params, "`(` and the parameters")
WF_EXPECTED(block, "`{` and a block")
WF_EXPECTED(within_test<p::must<block>>, "`{` and a block")
WF_EXPECTED(colon, "`:` and a value")
WF_EXPECTED(assign, "`=` and a value")
WF_EXPECTED(required_in, "`in`")
WF_EXPECTED(for_slip_in, "`in`")
WF_EXPECTED(right_paren, "`)`")
WF_EXPECTED(batch_in, "`in`")
WF_EXPECTED(import_path, "the path of a file in quotes")
WF_EXPECTED(test_title, "the test's name in quotes")
WF_EXPECTED(statement, "a statement")
WF_EXPECTED(declaration, "a declaration")

#undef WF_EXPECTED

}  // namespace wakeful::grammar
