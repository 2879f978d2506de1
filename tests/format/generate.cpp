#include "tests/format/generate.h"

#include <algorithm>
#include <set>

namespace wakeful::testing {

namespace {

/// Behind these a statement goes on.
bool awaits_more(const std::string& text) {
  static const std::set<std::string> kAll = {
      "or", "and", "==", "!=", "<",  "<=",    ">",      ">=",       "in",  "??", "..",
      "+",  "-",   "*",  "/",  "//", "%",     "not",    ",",        "=",   "+=", "-=",
      "*=", "/=",  "=>", ".",  "?.", "spawn", "gather", "wait_any", "race"};
  return kAll.contains(text);
}
/// A line that begins with these goes on with the one above.
bool goes_on(const std::string& text) {
  static const std::set<std::string> kAll = {".",   "?.", "??",   "as",    "with",
                                             "and", "or", "else", "catch", "finally"};
  return kAll.contains(text);
}

}  // namespace

void Generator::put(const std::string& text, Before before) {
  Token token;
  token.text = text;
  token.before = before;
  const bool in_brackets = !blocks_.empty() && !blocks_.back();
  token.may_break = before == Before::Anything && (in_brackets || awaits_ || goes_on(text));
  tokens_.push_back(token);
  awaits_ = awaits_more(text);
}

void Generator::put_name(const std::string& text) {
  put(text);
  awaits_ = false;
}

void Generator::open(const std::string& text, bool block) {
  put(text, Before::SameLine);
  blocks_.push_back(block);
  awaits_ = false;
}

void Generator::close(const std::string& text) {
  put(text);
  if (blocks_.back()) tokens_.back().may_break = true;
  blocks_.pop_back();
  awaits_ = false;
}

template <class Item>
void Generator::list(const std::string& open_text, const std::string& close_text, uint32_t most,
                     Item item) {
  open(open_text, false);
  const uint32_t count = below(most + 1);
  for (uint32_t i = 0; i < count; ++i) {
    item(i);
    if (i + 1 < count || chance(20)) put(",");
  }
  close(close_text);
}

// --- names, literals ---

std::string Generator::name() {
  return one_of("a", "b", "f", "x", "order", "items", "settled", "size", "success", "limit",
                "timeout", "handles", "a_rather_long_name", "total_amount", "response", "Child",
                "ProcessOrder", "expect", "signal");
}

void Generator::key() {
  put(chance(15) ? one_of("on", "in", "test", "with", "or", "not", "if") : name());
}

std::string Generator::text(bool interpolated) {
  std::string out;
  for (uint32_t i = below(4); i > 0; --i) {
    out += one_of("word ", "# no comment", "{", "}", " ; ", ", ", "$ ", "\\n", "\\\"", "ü€ ",
                  "a longer stretch of text ");
    if (interpolated && chance(25))
      out += one_of("${x}", "${f(a, b)}", "${a + \"${b}\"}", "${ {a: 1}.a }", "${x . y}");
  }
  return out;
}

void Generator::string(bool simple) {
  if (chance(20)) return put(one_of("'raw'", "''", "'a # b'", "'it\\'s'", "'^[a-z]+$'"));
  if (simple || chance(85)) return put("\"" + text(!simple) + "\"");
  if (chance(20)) return put("\"\"\"" + text(true) + "\"\"\"");
  const std::string indentation(below(7), chance(80) ? ' ' : '\t');
  std::string out = "\"\"\"\n";
  for (uint32_t i = below(4); i > 0; --i) {
    const bool blank = chance(15);
    out += blank ? std::string(below(9), ' ')
                 : indentation + std::string(below(3), ' ') + "line " + text(true);
    // Also code over several lines within a line of text.
    if (!blank && chance(10))
      out += "${f(\n" + indentation + one_of("x", "x  # c") + "\n" + indentation + ")}";
    out += chance(5) ? "\r\n" : "\n";
  }
  put(out + indentation + "\"\"\"");
}

// --- types, patterns, parameters ---

void Generator::type(int depth) {
  const uint32_t which = below(depth > 0 ? 8 : 4);
  if (which < 4) {
    put(one_of("int", "string", "null", "fn", "duration", "list", "map"));
  } else if (which < 6) {
    put(one_of("list", "map"));
    put("<", Before::SameLine);
    tokens_.back().may_break = false;
    awaits_ = false;
    type(depth - 1);
    put(">", Before::SameLine);
    awaits_ = false;
  } else {
    list("{", "}", 3, [&](uint32_t) {
      key();
      put(":", Before::SameLine);
      type(depth - 1);
    });
  }
  if (chance(20)) put("?", Before::SameLine);
  awaits_ = false;
}

void Generator::pattern(int depth) {
  if (depth <= 0 || chance(60)) return put(name());
  const bool map = chance(50);
  const uint32_t rest = chance(25) ? below(3) : 99;
  if (map) {
    open("{", false);
  } else {
    open("[", false);
  }
  const uint32_t count = below(4);
  for (uint32_t i = 0; i < count; ++i) {
    if (map) {
      const uint32_t which = below(3);
      if (which == 0) {
        put(name());
      } else {
        which == 1 ? key() : put("\"two words\"");
        put(":", Before::SameLine);
        pattern(depth - 1);
      }
      if (chance(20)) put("="), expression(0);
    } else {
      pattern(depth - 1);
    }
    if (i + 1 < count || rest < 99 || chance(20)) put(",");
  }
  if (rest < 99) {
    put("...");
    put(name());
    if (chance(20)) put(",");
  }
  close(map ? "}" : "]");
}

void Generator::params(bool plain) {
  list("(", ")", 3, [&](uint32_t) {
    put(name());
    if (!plain && chance(40)) put(":", Before::SameLine), type(2);
    if (!plain && chance(25)) put("="), expression(1);
  });
}

// --- expressions ---

void Generator::expression(int depth) {
  if (depth > 0 && chance(8)) {
    if (chance(50)) {
      put(name());
    } else {
      params(true);
    }
    put("=>", Before::SameLine);
    return expression(depth - 1);
  }
  const bool negated = chance(8);
  if (negated) put("not");
  operand(depth);
  const uint32_t most = depth > 0 && chance(30) ? below(4) : 0;
  bool compared = negated, ranged = false;
  for (uint32_t i = 0; i < most; ++i) {
    std::string op =
        one_of("or", "and", "??", "..", "+", "-", "*", "/", "//", "%", "==", "<", "in", "not in");
    const bool compares = op == "==" || op == "<" || op == "in" || op == "not in";
    if (compares && compared) op = "and";
    compared = compares || (compared && op != "and" && op != "or");
    if (op == "..") op = ranged ? "+" : "..", ranged = true;
    if (op == "not in") {
      put("not", Before::SameLine);
      put("in", Before::SameLine);
    } else {
      put(op, goes_on(op) ? Before::Anything : Before::SameLine);
      const bool in_brackets = !blocks_.empty() && !blocks_.back();
      if (in_brackets)
        tokens_.back().before = Before::Anything, tokens_.back().may_break = op != "//";
    }
    operand(depth - 1);
  }
}

void Generator::operand(int depth) {
  if (depth <= 0 || chance(80)) return postfix(depth);
  for (uint32_t i = 1 + below(2); i > 0; --i) {
    const std::string op = i > 1 ? one_of("-", "gather", "gather", "wait_any")
                                 : one_of("-", "spawn", "spawn", "gather", "wait_any", "race");
    put(op);
    if (op == "spawn") return spawned(depth - 1);
    const bool modified = chance(25) && (op == "gather" || op == "race");
    if (modified) put(op == "gather" ? "settled" : "success", Before::SameLine);
    const bool timeout = chance(15) && op != "-";
    if (!modified && !timeout) continue;
    put("handles", Before::SameLine);
    if (timeout) put("timeout", Before::SameLine), put("5s", Before::SameLine);
    return;
  }
  postfix(depth - 1);
}

void Generator::spawned(int depth) {
  if (chance(50)) return block(depth);
  put("Child", Before::SameLine);
  call_arguments(depth);
  call_clauses(depth);
}

void Generator::call_arguments(int depth) {
  bool named = false;
  list("(", ")", 3, [&](uint32_t) {
    named |= chance(25);
    if (named) key(), put(":", Before::SameLine);
    expression(depth - 1);
  });
}

void Generator::term(int depth) {
  const uint32_t which = below(depth > 0 ? 5 : 2);
  if (which == 0) return put(name(), Before::SameLine);
  if (which == 1) return put("\"child-${x}\"", Before::SameLine);
  if (which == 2) {
    put("options", Before::SameLine);
    put(".", Before::SameLine);
    return put_name("in");
  }
  map(depth - 1);
}

void Generator::postfix(int depth) {
  primary(depth);
  bool call = false;
  for (uint32_t i = depth > 0 ? below(5) : chance(20); i > 0; --i) {
    const uint32_t which = below(10);
    call = which < 5;
    if (which < 5) {
      if (chance(70)) {
        put(chance(15) ? "?." : ".");
        put_name(chance(10) ? one_of("in", "not", "with", "or") : name());
      }
      call_arguments(depth);
    } else if (which < 8) {
      put(chance(15) ? "?." : ".");
      put_name(chance(10) ? one_of("in", "not", "with", "or") : name());
    } else {
      open("[", false);
      const uint32_t form = below(4);
      if (form == 1) put(":");
      awaits_ = false;
      if (form != 1 || chance(50)) expression(depth - 1);
      if (form > 1) {
        put(":");
        if (chance(50)) expression(depth - 1);
      }
      close("]");
    }
  }
  if (call) call_clauses(depth);
}

void Generator::call_clauses(int depth) {
  if (chance(12)) put("as"), awaits_ = false, term(depth);
  if (chance(12)) put("with"), awaits_ = false, term(depth);
  if (depth > 1 && chance(8)) {
    put("compensate", Before::SameLine);
    if (chance(50)) put("out", Before::SameLine);
    block(depth - 2);
  }
}

void Generator::map(int depth) {
  list("{", "}", 4, [&](uint32_t) {
    switch (below(6)) {
      case 0:
        put("...");
        awaits_ = false;
        return expression(depth - 1);
      case 1:
        open("[", false);
        expression(depth - 1);
        close("]");
        break;
      case 2:
        return put(name());
      case 3:
        string(true);
        break;
      default:
        key();
    }
    put(":", Before::SameLine);
    expression(depth - 1);
  });
}

void Generator::primary(int depth) {
  const uint32_t which = below(depth > 0 ? 22 : 9);
  if (which < 4) return put(name());
  if (which < 6)
    return put(one_of("1", "42", "1_000_000", "0xff", "3.14", "1e-9", "5s", "1h30m",
                      "9223372036854775807"));
  if (which < 7) return put(one_of("true", "false", "null"));
  if (which < 9) return string(false);
  if (which < 12) {
    open("(", false);
    tokens_.back().before = Before::Anything;
    expression(depth - 1);
    return close(")");
  }
  if (which < 15) {
    const bool numbers = chance(15);
    return list("[", "]", numbers ? 40 : 4, [&](uint32_t) {
      if (numbers) return put(one_of("1", "-22", "3.5", "'ab'", "5s"));
      if (chance(10)) put("..."), awaits_ = false;
      expression(depth - 1);
    });
  }
  if (which < 18) return map(depth);
  if (which < 20) return condition_blocks(depth);
  if (which < 21) {
    put("fn");
    params(false);
    tokens_[tokens_.size() - 1].before = tokens_.back().before;
    if (chance(20)) put("->", Before::SameLine), awaits_ = false, type(1);
    return block(depth - 1);
  }
  put("batch");
  if (chance(25)) put("settled", Before::SameLine);
  put("it", Before::SameLine);
  if (chance(30)) put(",", Before::SameLine), put("i");
  put("in");
  expression(depth - 1);
  put(one_of("size", "limit"));
  tokens_.back().may_break = true;
  const bool size = tokens_.back().text == "size";
  expression(0);
  if (size && chance(30)) put("pause"), tokens_.back().may_break = true, expression(0);
  if (chance(30)) {
    put("tolerate");
    tokens_.back().may_break = true;
    put("50", Before::SameLine);
    if (chance(50)) put("%", Before::SameLine), awaits_ = false;
  }
  block(depth - 1);
}

void Generator::condition_blocks(int depth) {
  if (chance(60)) {
    put("if");
    expression(depth - 1);
    block(depth - 1);
    while (chance(25)) {
      put("else");
      put("if", Before::SameLine);
      expression(depth - 1);
      block(depth - 1);
    }
    if (chance(50)) put("else"), block(depth - 1);
    return;
  }
  put("try");
  block(depth - 1);
  do {
    put("catch");
    if (chance(60)) put("e", Before::SameLine);
    if (chance(30)) put("if", Before::SameLine), awaits_ = false, expression(depth - 1);
    block(depth - 1);
  } while (chance(25));
  if (chance(25)) put("finally"), block(depth - 1);
}

// --- statements ---

void Generator::header_function(int depth) {
  params(false);
  if (chance(20)) put("->", Before::SameLine), awaits_ = false, type(2);
  block(depth);
}

void Generator::block(int depth) {
  open("{", true);
  const uint32_t count = depth <= 0 ? below(2) : below(4);
  for (uint32_t i = 0; i < count; ++i) {
    const size_t first = tokens_.size();
    statement(depth);
    tokens_[first].before = Before::Separator;
    if (i == 0) tokens_[first].before = Before::Anything, tokens_[first].may_break = true;
  }
  close("}");
}

void Generator::statement(int depth) {
  awaits_ = false;
  switch (below(depth > 0 ? 18 : 6)) {
    case 0:
    case 1:
    case 2: {
      put(one_of("let", "var"));
      pattern(2);
      if (chance(15)) put(":", Before::SameLine), type(2);
      put("=", Before::SameLine);
      return expression(depth);
    }
    case 3:
      put(one_of("a", "total"));
      if (chance(30)) put("."), put_name("in");
      put(one_of("=", "+=", "*="), Before::SameLine);
      return expression(depth);
    case 4:
      put("return");
      if (chance(70)) put("x", Before::SameLine);
      return;
    case 5:
      return put(one_of("break", "continue"));
    case 6:
      put("for");
      pattern(1);
      if (chance(30)) put(",", Before::SameLine), pattern(1);
      put("in", Before::SameLine);
      expression(depth - 1);
      return block(depth - 1);
    case 7:
      put("while");
      expression(depth - 1);
      return block(depth - 1);
    case 8:
      put("throw");
      expression(depth);
      return;
    case 9:
      put("fn");
      put("helper", Before::SameLine);
      return header_function(depth - 1);
    case 10:
      put("compensate");
      return block(depth - 1);
    case 11:
      put("on");
      put(one_of("signal", "query", "update"), Before::SameLine);
      put("approve", Before::SameLine);
      params(false);
      return block(depth - 1);
    case 12:
      put("mock");
      put("http", Before::SameLine);
      if (chance(50)) put("."), put_name("get");
      params(false);
      return block(depth - 1);
    case 13:
      put("expect");
      put(one_of("ok", "not ok", "x"), Before::SameLine);
      if (chance(50)) put("==", Before::SameLine), operand(depth);
      return;
    case 14:
      put("expect");
      put("throws", Before::SameLine);
      open("(", false);
      put("\"Timeout\"");
      close(")");
      return block(depth - 1);
    case 15:
    case 16:
      return condition_blocks(depth);
    default:
      put("order");
      put(".");
      put_name("ship");
      call_arguments(depth);
      return call_clauses(depth);
  }
}

void Generator::declaration() {
  awaits_ = false;
  const size_t first = tokens_.size();
  switch (below(8)) {
    case 0:
    case 1:
      put("workflow");
      put("Order", Before::SameLine);
      params(false);
      if (chance(30)) put("->", Before::SameLine), awaits_ = false, type(2);
      if (chance(30)) put("with"), awaits_ = false, map(2);
      block(2);
      break;
    case 2:
    case 3: {
      put("activity");
      put("charge", Before::SameLine);
      params(false);
      if (chance(30)) put("->", Before::SameLine), awaits_ = false, type(2);
      if (chance(30)) put("with"), awaits_ = false, map(2);
      if (chance(50)) block(2);
      break;
    }
    case 4:
      put("fn");
      put("helper", Before::SameLine);
      header_function(3);
      break;
    case 5:
      put("let");
      pattern(1);
      if (chance(20)) put(":", Before::SameLine), type(1);
      put("=", Before::SameLine);
      expression(2);
      break;
    case 6:
      put("import");
      put("\"lib/pay.wf\"", Before::SameLine);
      if (chance(50)) put("as"), put("pay", Before::SameLine);
      break;
    default:
      put("test");
      put("\"it works\"", Before::SameLine);
      block(2);
  }
  tokens_[first].before = Before::Separator;
}

}  // namespace wakeful::testing
