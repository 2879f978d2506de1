// Which rules of grammar.h are recorded in a Syntax, and as what. A rule without a row leaves no trace.
#pragma once

#include "lang/grammar/grammar.h"

namespace wakeful::grammar {

#define WF_SHAPE(rule, shape) \
  template <>                 \
  inline constexpr Shape shape_of<rule> = Shape::shape;

WF_SHAPE(workflow, Declaration)
WF_SHAPE(activity, Declaration)
WF_SHAPE(fn_declaration, Declaration)
WF_SHAPE(let_declaration, Declaration)
WF_SHAPE(import_declaration, Declaration)
WF_SHAPE(test_declaration, Declaration)
WF_SHAPE(let_statement, Statement)
WF_SHAPE(for_statement, Statement)
WF_SHAPE(while_statement, Statement)
WF_SHAPE(break_statement, Statement)
WF_SHAPE(continue_statement, Statement)
WF_SHAPE(return_statement, Statement)
WF_SHAPE(throw_statement, Statement)
WF_SHAPE(fn_statement, Statement)
WF_SHAPE(compensate_statement, Statement)
WF_SHAPE(on_statement, Statement)
WF_SHAPE(mock_statement, Statement)
WF_SHAPE(expect_throws, Statement)
WF_SHAPE(expect_statement, Statement)
WF_SHAPE(headed_expression, Statement)
WF_SHAPE(expression_statement, Statement)
WF_SHAPE(block, Block)
WF_SHAPE(call_suffix, Call)
WF_SHAPE(index_suffix, Index)
WF_SHAPE(member_suffix, Member)
WF_SHAPE(list_literal, List)
WF_SHAPE(map_literal, Map)
WF_SHAPE(type, Type)
WF_SHAPE(pattern, Pattern)
WF_SHAPE(params, Params)
WF_SHAPE(required_params, Params)
WF_SHAPE(parentheses, Parentheses)
WF_SHAPE(arrow_function, Arrow)
WF_SHAPE(operand, Operand)
WF_SHAPE(chain, Chain)
WF_SHAPE(postfix, Postfix)
WF_SHAPE(as_clause, As)
WF_SHAPE(with_clause, With)
WF_SHAPE(bound_compensate, Compensate)
WF_SHAPE(if_expression, Branches)
WF_SHAPE(try_expression, Branches)
WF_SHAPE(batch_expression, Batch)
WF_SHAPE(bound_size, Bound)
WF_SHAPE(bound_limit, Bound)
WF_SHAPE(bound_pause, Bound)
WF_SHAPE(bound_tolerate, Bound)

#undef WF_SHAPE

}  // namespace wakeful::grammar
