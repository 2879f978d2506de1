// The grammar of the language (language.md), in PEGTL over tokens. Read from the bottom up: a file
// is declarations, those hold blocks, those statements, those expressions.
//
// Every choice is made by looking at the next tokens, so nothing is matched twice: the rules that
// begin with `when<…>` say what they look for in lookahead.h. Where a rule is required (`p::must`),
// messages.h has the words for its absence. Newlines: see `Builder::visible`.
#pragma once

#include "lang/grammar/combinators.h"
#include "lang/grammar/lookahead.h"

namespace wakeful::grammar {

struct expression;
struct type;
struct pattern;
struct block;

struct comma : tok<Tok::Comma> {};
struct colon : tok<Tok::Colon> {};
struct assign : tok<Tok::Assign> {};
struct right_paren : tok<Tok::RightParen> {};
struct required_in : tok<Tok::In> {};
struct identifier : tok<Tok::Identifier> {};
/// After `.` and before `:` any word is a name.
struct any_word : p::seq<when<sees_word>, any_token> {};
struct key_word : p::seq<when<sees_key>, any_token> {};
struct mark : p::success {};  // remembers the token just matched

template <class R>
struct separated : p::opt<p::list_tail<R, comma>> {};

// --- types: int, list<T>, {id: string}, T? ---

struct type_field : node<key_word, p::must<colon>, p::must<type>> {};
struct record_type
    : enclosed<Tok::LeftBrace, Bracket::Other, separated<type_field>, Tok::RightBrace> {};
struct greater : tok<Tok::Greater> {};
struct type_argument : p::if_must<tok<Tok::Less>, nested<type>, greater> {};
struct type_name : p::sor<tok<Tok::Null>, tok<Tok::Fn>, tok<Tok::Identifier>> {};
struct type_optional : p::seq<tok<Tok::Question>, mark> {};
struct type
    : node<p::sor<record_type, p::seq<type_name, p::opt<type_argument>>>, p::opt<type_optional>> {};
struct annotation : p::if_must<colon, type> {};
struct result_type : p::if_must<tok<Tok::ThinArrow>, type> {};

// --- patterns: name, {a, b: c, d = 1, ...rest}, [a, b, ...rest] ---

struct rest_name : p::seq<tok<Tok::Ellipsis>, mark, p::must<identifier>> {};
struct field_default : p::if_must<assign, expression> {};
struct simple_string
    : p::sor<tok<Tok::RawString>,
             p::seq<tok<Tok::StringBegin>, p::opt<tok<Tok::StringText>>, tok<Tok::StringEnd>>> {};
struct string_key : node<when<sees_string_key>, simple_string> {};
struct keyed_field : p::seq<p::sor<key_word, string_key>, colon, mark, p::must<pattern>> {};
struct pattern_field : node<p::sor<keyed_field, identifier>, p::opt<field_default>> {};
struct map_pattern : enclosed<Tok::LeftBrace, Bracket::Other,
                              separated<p::sor<rest_name, pattern_field>>, Tok::RightBrace> {};
struct list_pattern : enclosed<Tok::LeftBracket, Bracket::Other,
                               separated<p::sor<rest_name, pattern>>, Tok::RightBracket> {};
struct pattern : node<p::sor<identifier, map_pattern, list_pattern>> {};

// --- functions ---

struct param : node<identifier, p::opt<annotation>, p::opt<field_default>> {};
struct params : node<enclosed<Tok::LeftParen, Bracket::Other, separated<param>, Tok::RightParen>> {
};
struct arrow_param : node<identifier> {};
struct arrow_body : nested<expression> {};
struct arrow_function : node<when<sees_arrow_function>, p::sor<arrow_param, params>,
                             tok<Tok::Arrow>, p::must<arrow_body>> {};
struct fn_expression
    : node<when<sees_fn_expression>, tok<Tok::Fn>, params, p::opt<result_type>, p::must<block>> {};

// --- literals ---

struct plain_literal
    : p::sor<tok<Tok::Int>, tok<Tok::Float>, tok<Tok::Duration>, tok<Tok::RawString>,
             tok<Tok::True>, tok<Tok::False>, tok<Tok::Null>> {};
struct string_text : tok<Tok::StringText> {};
struct interpolation : node<enclosed<Tok::InterpolationBegin, Bracket::Other, p::must<expression>,
                                     Tok::InterpolationEnd>> {};
struct string_literal : node<tok<Tok::StringBegin>, p::star<p::sor<string_text, interpolation>>,
                             tok<Tok::StringEnd>> {};

struct spread : p::seq<tok<Tok::Ellipsis>, mark, p::must<expression>> {};
struct list_item : node<p::sor<spread, expression>> {};
struct list_literal
    : node<enclosed<Tok::LeftBracket, Bracket::Other, separated<list_item>, Tok::RightBracket>> {};

struct spread_entry : node<spread> {};
struct computed_key
    : enclosed<Tok::LeftBracket, Bracket::Other, p::must<expression>, Tok::RightBracket> {};
struct computed_entry : node<computed_key, p::must<colon>, p::must<expression>> {};
struct keyed_entry : node<p::sor<key_word, string_key>, p::must<colon>, p::must<expression>> {};
struct bare_entry : node<identifier> {};
struct entry : p::sor<spread_entry, computed_entry, keyed_entry, bare_entry> {};
struct map_literal
    : node<enclosed<Tok::LeftBrace, Bracket::Other, separated<entry>, Tok::RightBrace>> {};

// --- if, try, batch: expressions with blocks ---

struct condition : node<expression, p::opt<assign_in_condition, p::must<expression>>> {};
struct else_if
    : p::seq<when<sees_else_if>, any_token, any_token, p::must<condition>, p::must<block>> {};
struct elif : p::seq<when<sees_elif>, elif_word, p::must<condition>, p::must<block>> {};
struct else_block : p::if_must<tok<Tok::Else>, block> {};
struct if_expression : node<tok<Tok::If>, p::must<condition>, p::must<block>,
                            p::star<p::sor<else_if, elif>>, p::opt<else_block>> {};

struct catch_if : p::if_must<tok<Tok::If>, condition> {};
struct catch_slip : p::seq<when<sees_catch_slip>, catch_paren, p::opt<identifier>, any_token> {};
struct catch_clause : node<tok<Tok::Catch>, p::sor<catch_slip, p::opt<identifier>>,
                           p::opt<catch_if>, p::must<block>> {};
struct finally_block : p::if_must<tok<Tok::Finally>, block> {};
struct try_expression
    : node<tok<Tok::Try>, p::must<block>, p::star<catch_clause>, p::opt<finally_block>> {};

struct settled_batch : p::seq<when<sees_settled_batch>, any_token, mark> {};
struct batch_index : p::if_must<comma, identifier> {};
struct batch_in : tok_anywhere<Tok::In> {};
struct percent : p::seq<tok<Tok::Percent>, mark> {};
struct bound_size : node<word<"size", true>, mark, p::must<expression>> {};
struct bound_limit : node<word<"limit", true>, mark, p::must<expression>> {};
struct bound_pause : node<word<"pause", true>, mark, p::must<expression>> {};
struct bound_tolerate
    : node<word<"tolerate", true>, mark, p::must<before_percent<expression>>, p::opt<percent>> {};
struct batch_bounds : p::star<p::sor<bound_size, bound_limit, bound_pause, bound_tolerate>> {};
struct batch_expression
    : node<tok<Tok::Batch>, p::opt<settled_batch>, p::must<pattern>, p::opt<batch_index>,
           p::must<batch_in>, p::must<expression>, batch_bounds, p::must<block>> {};

// --- terms: what binds tightest ---

struct name : tok<Tok::Identifier> {};
struct parenthesised
    : enclosed<Tok::LeftParen, Bracket::Other, p::must<expression>, Tok::RightParen> {};
struct parentheses : node<parenthesised> {};
struct simple_primary
    : p::sor<name, plain_literal, string_literal, parentheses, list_literal, map_literal> {};
struct primary
    : p::sor<simple_primary, if_expression, try_expression, batch_expression, fn_expression> {};

struct named_argument : p::seq<key_word, p::must<colon>, p::must<expression>> {};
struct argument : node<p::sor<named_argument, expression>> {};
struct call_suffix
    : node<enclosed<Tok::LeftParen, Bracket::Other, separated<argument>, Tok::RightParen>> {};
struct slice_colon : p::seq<colon, mark> {};
struct index_inside : p::sor<p::seq<slice_colon, p::opt<expression>>,
                             p::seq<p::must<expression>, p::opt<slice_colon, p::opt<expression>>>> {
};
struct index_suffix
    : node<enclosed<Tok::LeftBracket, Bracket::Other, index_inside, Tok::RightBracket>> {};
struct member_dot : p::sor<tok<Tok::Dot>, p::seq<tok<Tok::OptionalDot>, mark>> {};
struct member_suffix : node<member_dot, p::must<any_word>> {};
struct suffixes : p::star<p::sor<call_suffix, index_suffix, member_suffix>> {};

// `as`, `with` and `compensate` follow a call, in this order. Their operands are single terms.
struct term : node<simple_primary, suffixes> {};
struct as_clause : node<tok<Tok::As>, check_after_call, p::must<term>> {};
struct with_clause : node<tok<Tok::With>, check_after_call, p::must<term>> {};
struct bound_compensate
    : node<tok<Tok::Compensate>, check_after_call, p::opt<identifier>, p::must<block>> {};
struct call_clauses : p::seq<p::opt<as_clause>, p::opt<with_clause>, p::opt<bound_compensate>> {};
struct postfix : node<primary, suffixes, call_clauses> {};

struct settled_gather : p::seq<when<sees_settled_gather>, any_token, mark> {};
struct success_race : p::seq<when<sees_success_race>, any_token, mark> {};
struct prefix_operator : p::sor<tok<Tok::Minus>, tok<Tok::Spawn>, tok<Tok::Gather>,
                                tok<Tok::WaitAny>, tok<Tok::Race>> {};
struct prefix : p::seq<prefix_operator, push_prefix, p::opt<p::sor<settled_gather, success_race>>> {
};
struct spawn_block : p::seq<when<sees_spawn_block>, block> {};
struct prefix_operand : p::sor<spawn_block, postfix> {};
struct timeout_clause : p::if_must<word<"timeout">, term> {};
struct operand
    : node<p::sor<p::seq<p::plus<prefix>, p::must<prefix_operand>, p::star<timeout_clause>>,
                  postfix>> {};

// A chain is flat: operands and operators in a row. Builder::chain gives them their precedence.
struct logical_not : p::seq<tok<Tok::Not>, push_not> {};
struct not_operand : p::seq<p::star<logical_not>, operand> {};
struct right_operand : p::seq<p::star<logical_not>, p::must<operand>> {};
struct chain : node<p::sor<p::seq<p::plus<logical_not>, p::must<operand>>, operand>,
                    p::star<binary_operator, right_operand>> {};
struct expression : p::sor<arrow_function, chain> {};

// --- statements ---

struct let_keyword : p::sor<tok<Tok::Let>, p::seq<tok<Tok::Var>, mark>> {};
struct let_statement : node<let_keyword, p::must<pattern>, p::opt<annotation>, p::must<assign>,
                            p::must<expression>> {};
struct second_pattern : p::if_must<comma, pattern> {};
struct for_head
    : p::seq<p::must<pattern>, p::opt<second_pattern>, p::must<required_in>, p::must<expression>> {
};
struct for_slip_in : p::sor<tok<Tok::In>, word<"of">> {};
struct for_slip_head : p::seq<p::opt<for_slip_let>, p::must<pattern>, p::opt<second_pattern>,
                              p::must<for_slip_in>, p::must<expression>> {};
struct for_slip
    : p::seq<when<sees_for_slip>, for_paren, nested<for_slip_head>, p::must<right_paren>> {};
struct for_statement : node<tok<Tok::For>, check_for, p::sor<for_slip, for_head>, p::must<block>> {
};
struct while_statement : node<tok<Tok::While>, p::must<condition>, p::must<block>> {};
struct break_statement : node<tok<Tok::Break>> {};
struct continue_statement : node<tok<Tok::Continue>> {};
struct return_statement : node<tok<Tok::Return>, p::opt<expression>> {};
struct throw_statement : node<tok<Tok::Throw>, p::must<expression>> {};
struct required_params : params {};
struct function : p::seq<p::must<required_params>, p::opt<result_type>, p::must<block>> {};
struct fn_statement : node<when<sees_fn_statement>, tok<Tok::Fn>, identifier, function> {};
struct compensate_statement : node<tok<Tok::Compensate>, p::must<block>> {};
struct on_what : p::seq<p::sor<word<"signal">, word<"query">, word<"update">>, mark> {};
struct on_statement : node<tok<Tok::On>, p::must<on_what>, p::must<identifier>,
                           p::must<required_params>, p::must<block>> {};
struct mock_target : p::seq<name, p::star<member_suffix>> {};
struct mock_statement : node<when<sees_mock>, any_token, p::must<mock_target>,
                             p::must<required_params>, p::must<block>> {};
struct expect_throws
    : node<when<sees_expect_throws>, any_token, any_token, parenthesised, p::must<block>> {};
struct expect_statement : node<when<sees_expect>, any_token, p::must<expression>> {};
struct headed_expression
    : node<p::sor<if_expression, try_expression, batch_expression>, check_headed_end> {};
struct assign_operator : p::sor<tok<Tok::Assign>, tok<Tok::PlusAssign>, tok<Tok::MinusAssign>,
                                tok<Tok::StarAssign>, tok<Tok::SlashAssign>> {};
struct assignment : p::seq<assign_operator, push_assign, p::must<expression>> {};
struct expression_statement : node<expression, p::opt<assignment>> {};

struct statement
    : p::seq<statement_slips,
             p::sor<let_statement, for_statement, while_statement, break_statement,
                    continue_statement, return_statement, throw_statement, fn_statement,
                    compensate_statement, on_statement, mock_statement, expect_throws,
                    expect_statement, headed_expression, expression_statement>> {};
struct statements : p::star<p::sor<tok_anywhere<Tok::Semicolon>,
                                   p::seq<p::not_at<when<ends_block>>, recovering<statement>>>> {};
struct block : node<check_block_brace,
                    enclosed<Tok::LeftBrace, Bracket::Block, statements, Tok::RightBrace>> {};

// --- declarations ---

struct options : p::if_must<tok<Tok::With>, map_literal> {};
struct workflow : node<tok<Tok::Workflow>, p::must<identifier>, p::must<required_params>,
                       p::opt<result_type>, p::opt<options>, p::must<block>> {};
struct activity : node<tok<Tok::Activity>, p::must<identifier>, p::must<required_params>,
                       p::opt<result_type>, p::opt<options>, p::opt<block>> {};
struct fn_declaration : node<tok<Tok::Fn>, p::must<identifier>, function> {};
struct let_declaration : node<check_top_let, let_keyword, p::must<pattern>, p::opt<annotation>,
                              p::must<assign>, p::must<expression>> {};
struct import_path : simple_string {};
struct import_alias : p::if_must<tok<Tok::As>, identifier> {};
struct import_declaration
    : node<tok<Tok::Import>, p::must<import_path>, mark, p::opt<import_alias>> {};
struct test_title : simple_string {};
struct test_declaration
    : node<tok<Tok::Test>, p::must<test_title>, mark, within_test<p::must<block>>> {};
struct declaration
    : p::seq<statement_slips, p::sor<workflow, activity, fn_declaration, let_declaration,
                                     import_declaration, test_declaration>> {};
struct file : p::star<p::sor<tok_anywhere<Tok::Semicolon>,
                             p::seq<p::not_at<tok_anywhere<Tok::End>>, recovering<declaration>>>> {
};

}  // namespace wakeful::grammar
