// The lexical grammar (language.md, section 2), in PEGTL over the bytes of the file.
#include <tao/pegtl.hpp>

#include "lang/grammar/lexer.h"
#include "lang/grammar/literals.h"

namespace wakeful::grammar {
namespace {

namespace p = tao::pegtl;

// --- rules ---

/// Matches nothing, where the lexer says so.
template <bool (Lexer::*Is)() const>
struct when {
  using rule_t = when;
  using subs_t = p::empty_list;
  template <p::apply_mode, p::rewind_mode, template <class...> class, template <class...> class,
            class In>
  static bool match(In&, Lexer& lexer) {
    return (lexer.*Is)();
  }
};

struct word_char : p::identifier_other {};
struct rest_of_line : p::star<p::not_one<'\n'>> {};
struct line_end : p::one<'\n'> {};
struct blanks : p::plus<p::one<' ', '\t', '\r'>> {};
struct comment : p::seq<p::one<'#'>, p::star<p::not_one<'\n', '\r'>>> {};
struct block_comment
    : p::seq<p::string<'/', '*'>, p::sor<p::until<p::string<'*', '/'>>, rest_of_line>> {};
struct slash_comment : p::seq<when<&Lexer::is_slash_comment>, p::string<'/', '/'>, rest_of_line> {};
struct backticks : p::seq<p::one<'`'>, p::sor<p::until<p::one<'`'>>, rest_of_line>> {};

// number := hex | bin | duration | float | int, each not followed by a letter, a digit or a second
// fraction
struct digits : p::seq<p::digit, p::star<p::sor<p::digit, p::seq<p::one<'_'>, p::at<p::digit>>>>> {
};
template <class Digit>
struct based_digits : p::seq<Digit, p::star<p::sor<Digit, p::seq<p::one<'_'>, p::at<Digit>>>>> {};
template <class... R>
struct whole : p::seq<R..., p::not_at<p::sor<word_char, p::seq<p::one<'.'>, p::digit>>>> {};
struct hex_int : whole<p::one<'0'>, p::one<'x', 'X'>, based_digits<p::xdigit>> {};
struct bin_int : whole<p::one<'0'>, p::one<'b', 'B'>, based_digits<p::one<'0', '1'>>> {};
struct fraction : p::seq<p::one<'.'>, digits> {};
struct exponent : p::seq<p::one<'e', 'E'>, p::opt<p::one<'+', '-'>>, digits> {};
struct unit : p::sor<p::string<'m', 's'>, p::one<'d', 'h', 'm', 's'>> {};
struct duration : whole<p::plus<digits, p::opt<fraction>, unit>> {};
struct float_number : whole<digits, p::sor<p::seq<fraction, p::opt<exponent>>, exponent>> {};
struct dec_int : whole<digits> {};
struct bad_number
    : p::seq<p::digit, p::star<p::sor<word_char, p::seq<p::one<'.'>, p::at<p::digit>>>>> {};
struct number : p::seq<p::at<p::digit>,
                       p::sor<hex_int, bin_int, duration, float_number, dec_int, bad_number>> {};

struct word : p::identifier {};

// raw := ' … ' on one line
struct raw_char : p::sor<p::seq<p::one<'\\'>, p::one<'\\', '\''>>, p::not_one<'\'', '\n'>> {};
struct raw_closed : p::seq<p::one<'\''>, p::star<raw_char>, p::one<'\''>> {};
struct raw_open : p::seq<p::one<'\''>, p::star<raw_char>> {};

struct string_open : p::sor<p::string<'"', '"', '"'>, p::one<'"'>> {};

#define WF_SLIP(text, token, help) \
  struct slip_##token : TAO_PEGTL_STRING(text) {};
#define WF_OPERATOR(name, text, class, doc) \
  struct op_##name : TAO_PEGTL_STRING(text) {};
#include "lang/grammar/tokens.def"

struct sign : p::sor<
#define WF_SLIP(text, token, help) slip_##token,
#include "lang/grammar/tokens.def"
#define WF_OPERATOR(name, text, class, doc) op_##name,
#include "lang/grammar/tokens.def"
                  p::failure> {
};
struct bang : p::one<'!'> {};
struct other_character : p::sor<p::utf8::any, p::any> {};

struct token : p::sor<line_end, blanks, comment, number, word, string_open, raw_closed, raw_open,
                      block_comment, slash_comment, backticks, sign, bang, other_character> {};

// text := what stands between quotes; the lexer knows between which
struct escape : p::seq<p::one<'\\'>, p::not_one<'\n'>> {};
struct interpolation_open : p::string<'$', '{'> {};
struct close_triple : p::seq<when<&Lexer::in_triple_text>, p::string<'"', '"', '"'>> {};
struct quote_in_triple : p::seq<when<&Lexer::in_triple_text>, p::one<'"'>> {};
struct close_single : p::one<'"'> {};
struct text_newline : p::one<'\n'> {};
struct text_chars : p::sor<p::plus<p::not_one<'\\', '"', '$', '\n'>>, p::any> {};
struct text : p::sor<escape, interpolation_open, close_triple, quote_in_triple, close_single,
                     text_newline, text_chars> {};

struct source : p::star<p::sor<p::seq<when<&Lexer::in_text>, text>, token>> {};

// --- actions: each tells the lexer what stands where ---

template <class In>
uint32_t begin_of(const In& in) {
  return static_cast<uint32_t>(in.begin() - in.input().begin());
}
template <class In>
uint32_t end_of(const In& in) {
  return static_cast<uint32_t>(in.end() - in.input().begin());
}

template <class Rule>
struct action {};

#define WF_ON(rule, call)                              \
  template <>                                          \
  struct action<rule> {                                \
    template <class In>                                \
    static void apply(const In& in, Lexer& lexer) {    \
      const uint32_t b = begin_of(in), e = end_of(in); \
      (void)b, (void)e;                                \
      lexer.call;                                      \
    }                                                  \
  };
WF_ON(line_end, newline(b))
WF_ON(blanks, space())
WF_ON(comment, comment(b, e))
WF_ON(block_comment, block_comment(b, e))
WF_ON(slash_comment, slash_comment(b, e))
WF_ON(backticks, backticks(b, e))
WF_ON(hex_int, integer(b, e, 16))
WF_ON(bin_int, integer(b, e, 2))
WF_ON(dec_int, integer(b, e, 10))
WF_ON(float_number, real(b, e))
WF_ON(duration, duration(b, e))
WF_ON(bad_number, bad_number(b, e))
WF_ON(word, word(b, e))
WF_ON(raw_closed, raw_string(b, e, true))
WF_ON(raw_open, raw_string(b, e, false))
WF_ON(string_open, open_string(b, e))
WF_ON(bang, bang(b))
WF_ON(other_character, bad_character(b, e))
WF_ON(interpolation_open, open_interpolation(b, e))
WF_ON(close_triple, close_string(b, e))
WF_ON(close_single, close_string(b, e))
WF_ON(text_newline, text_newline(b))
#define WF_SLIP(text, token, help) WF_ON(slip_##token, slip(Tok::token, b, e, help))
#define WF_OPERATOR(name, text, class, doc) WF_ON(op_##name, sign(Tok::name, b, e))
#include "lang/grammar/tokens.def"
#undef WF_ON

}  // namespace

Tokens lex(uint32_t file_index, std::string_view source_text, Diagnostics& diagnostics) {
  Lexer lexer(file_index, source_text, diagnostics);
  p::memory_input<p::tracking_mode::lazy> in(source_text.data(), source_text.size(), "");
  if (source_text.substr(0, 3) == "\xEF\xBB\xBF") in.bump_in_this_line(3);
  p::parse<source, action>(in, lexer);
  return lexer.finish();
}

}  // namespace wakeful::grammar
