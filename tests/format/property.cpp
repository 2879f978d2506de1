// What must hold for every script: formatted it is the same tree with the same comments, and
// formatting it again changes nothing.
//   property --programs N [--seed S]   N generated programs
//   property FILE…                     these; with --formatted they must be formatted already
//   property --rules FILE…             NAME.before comes out as NAME.after
// Ends with "N passed, N failed". A program that fails is shrunk and printed, with its seed.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "lang/ast/dump.h"
#include "lang/format/format.h"
#include "lang/grammar/syntax.h"
#include "tests/format/generate.h"

namespace wakeful::testing {
namespace {

struct Read {
  bool good = false;
  std::string findings, tree, comments;
};

Read read(const std::string& text) {
  Sources sources;
  sources.files.push_back(std::make_shared<SourceFile>("test.wf", text));
  Diagnostics diagnostics;
  const grammar::Syntax syntax = grammar::read_syntax(0, sources, diagnostics);
  Read out;
  out.good = !diagnostics.has_errors();
  for (const Diagnostic& d : diagnostics.sorted()) out.findings += render(d, sources, false);
  if (!out.good) return out;
  out.tree = ast::dump(syntax.tree);
  for (const auto& comment : syntax.tokens.comments) {
    std::string line = text.substr(comment.begin, comment.end - comment.begin);
    out.comments += line.substr(0, line.find_last_not_of(" \t") + 1) + "\n";
  }
  return out;
}

Result<std::string> formatted(const std::string& text) {
  Sources sources;
  sources.files.push_back(std::make_shared<SourceFile>("test.wf", text));
  Diagnostics diagnostics;
  return format_source(0, sources, diagnostics);
}

/// The lines between the first and the last that differ.
std::string differences(const std::string& a, const std::string& b) {
  size_t begin = 0, end = 0;
  while (begin < a.size() && begin < b.size() && a[begin] == b[begin]) ++begin;
  while (end < a.size() - begin && end < b.size() - begin &&
         a[a.size() - 1 - end] == b[b.size() - 1 - end])
    ++end;
  begin = a.rfind('\n', begin) + 1;
  return a.substr(begin, a.size() - end - begin) + "…\n--- then\n" +
         b.substr(begin, b.size() - end - begin) + "…\n";
}

/// What is wrong with formatting it; "" where nothing is, or where it does not parse.
std::string fault(const std::string& text) {
  const Read before = read(text);
  if (!before.good) return "";
  const Result<std::string> once = formatted(text);
  if (!once) return once.error().message;
  const Read after = read(*once);
  if (!after.good) return "does not parse any more:\n" + after.findings;
  if (after.tree != before.tree) return "another tree:\n" + before.tree + after.tree;
  if (after.comments != before.comments) return "other comments:\n" + *once;
  const Result<std::string> twice = formatted(*once);
  if (!twice) return "formatted, it cannot be formatted: " + twice.error().message;
  if (*twice != *once) return "not stable:\n" + differences(*once, *twice);
  for (size_t at = once->find(" \n"); at != std::string::npos; at = once->find(" \n", at + 1)) {
    if (text.find("\"\"\"") == std::string::npos) return "a space at the end of a line:\n" + *once;
  }
  return "";
}

std::vector<std::string> cut(const std::string& text, bool words) {
  std::vector<std::string> parts(1);
  for (char c : text) {
    parts.back() += c;
    if (c == '\n' || (words && (c == ' ' || c == '(' || c == ',' || c == '{')))
      parts.emplace_back();
  }
  return parts;
}

/// Puts something simpler into brackets, or in their place.
std::string shrink_brackets(std::string text) {
  for (size_t at = 0; at < text.size(); ++at) {
    const size_t kind = std::string("([{").find(text[at]);
    if (kind == std::string::npos) continue;
    size_t depth = 0, end = at;
    for (; end < text.size(); ++end) {
      depth += text[end] == text[at];
      if (text[end] == ")]}"[kind] && --depth == 0) break;
    }
    if (end == text.size()) continue;
    for (const std::string& inner : {std::string(""), std::string("x")}) {
      for (size_t outer : {1, 0}) {
        const std::string tried = text.substr(0, at + 1 - outer) + inner + text.substr(end + outer);
        if (tried.size() < text.size() && !fault(tried).empty()) text = tried, end = at;
      }
      if (end == at) break;
    }
  }
  return text;
}

/// Leaves out what is not needed for a fault: runs of lines, then of words.
std::string shrink(std::string text) {
  for (bool words : {false, true, true}) {
    std::vector<std::string> parts = cut(text, words);
    for (size_t run = parts.size(); run >= 1; run /= 2) {
      for (size_t from = 0; from + run <= parts.size();) {
        std::string tried;
        for (size_t i = 0; i < parts.size(); ++i) {
          if (i < from || i >= from + run) tried += parts[i];
        }
        if (fault(tried).empty()) {
          from += run;
          continue;
        }
        parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(from),
                    parts.begin() + static_cast<std::ptrdiff_t>(from + run));
        text = tried;
      }
    }
    text = shrink_brackets(text);
  }
  return text;
}

int programs(uint64_t count, uint64_t seed) {
  uint64_t failed = 0, unread = 0;
  for (uint64_t i = 0; i < count && failed < 5; ++i) {
    const std::string text = Generator(seed + i).program();
    const Read plain = read(text);
    if (!plain.good) {
      ++unread;
      if (std::getenv("SHOW_UNREAD")) std::cout << text << plain.findings;
      continue;
    }
    const std::string wrong = fault(text);
    if (wrong.empty()) continue;
    ++failed;
    const std::string small = shrink(text);
    std::cout << "seed " << seed + i << ":\n" << small << "\n--- " << fault(small) << "\n";
  }
  // A generator whose programs are not read would test nothing.
  if (unread * 50 > count) {
    std::cout << unread << " of " << count
              << " programs have errors: the generator does not know the grammar\n";
    ++failed;
  }
  std::cout << count - failed - unread << " passed, " << failed << " failed\n";
  return failed == 0 ? 0 : 1;
}

std::string contents(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(name, std::ios::binary).rdbuf();
  return text.str();
}

enum class Expect : uint8_t { Anything, Same, Rule };

std::string fault_of_file(const std::string& name, Expect expect) {
  const std::string text = contents(name);
  const std::string wrong = text.empty() ? "cannot be read" : fault(text);
  if (!wrong.empty() || expect == Expect::Anything) return wrong;
  const std::string expected =
      expect == Expect::Same ? text : contents(name.substr(0, name.rfind('.')) + ".after");
  const std::string came = formatted(text).value_or("syntax errors\n");
  if (came == expected) return "";
  return (expect == Expect::Same ? "is not formatted; run `wf fmt` on it:\n"
                                 : "does not come out as expected:\n") +
         differences(expected, came);
}

int files(const std::vector<std::string>& names, Expect expect) {
  size_t passed = 0, failed = 0;
  for (const std::string& name : names) {
    const std::string wrong = fault_of_file(name, expect);
    ++(wrong.empty() ? passed : failed);
    if (!wrong.empty()) std::cout << name << ": " << wrong << "\n";
  }
  std::cout << passed << " passed, " << failed << " failed\n";
  return failed == 0 && passed > 0 ? 0 : 1;
}

}  // namespace
}  // namespace wakeful::testing

int main(int argc, char** argv) {
  uint64_t count = 0, seed = 1;
  auto expect = wakeful::testing::Expect::Anything;
  std::vector<std::string> names;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--programs" && i + 1 < argc) {
      count = std::strtoull(argv[++i], nullptr, 10);
    } else if (word == "--seed" && i + 1 < argc) {
      seed = std::strtoull(argv[++i], nullptr, 10);
    } else if (word == "--formatted") {
      expect = wakeful::testing::Expect::Same;
    } else if (word == "--rules") {
      expect = wakeful::testing::Expect::Rule;
    } else {
      names.push_back(word);
    }
  }
  if (count > 0) return wakeful::testing::programs(count, seed);
  return wakeful::testing::files(names, expect);
}
