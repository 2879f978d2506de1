// The tokens of a generated program, in a random layout.
#include "tests/format/generate.h"

namespace wakeful::testing {

std::string Generator::comment() {
  return one_of("# c", "## doc ", "#", "# allow: name ", "# a, b; { ( ") +
         std::to_string(++comments_) + one_of("", " ", "\t");
}

std::string Generator::gap(const Token& before, const Token& token) {
  static const std::string kTight = "()[]{},:;";
  const char left = before.text.back(), right = token.text.front();
  const bool tight =
      kTight.find(left) != std::string::npos || kTight.find(right) != std::string::npos;
  std::string out = tight && chance(50) ? "" : " ";
  if (chance(busy_)) out += std::string(below(3), ' ');
  if (token.before == Before::Separator) {
    if (chance(25)) out += ";" + std::string(chance(50) ? " " : "");
    const bool split = out.find(';') == std::string::npos || chance(40);
    if (!split) return out;
    if (chance(busy_)) out += comment();
    out += "\n";
  } else if (!token.may_break || !chance(busy_)) {
    return out;
  } else {
    out += chance(30) ? comment() + "\n" : "\n";
  }
  while (chance(20)) out += "\n";
  while (chance(busy_ / 2))
    out += std::string(below(5), ' ') + comment() + (chance(20) ? "\n\n" : "\n");
  return out + std::string(below(9), ' ');
}

std::string Generator::render() {
  std::string out;
  if (chance(10)) out += "#!/usr/bin/env wf\n";
  if (chance(30)) out += comment() + "\n" + (chance(50) ? "\n" : "");
  for (size_t i = 0; i < tokens_.size(); ++i) {
    if (i > 0) out += gap(tokens_[i - 1], tokens_[i]);
    out += tokens_[i].text;
  }
  if (chance(30)) out += " " + comment();
  if (chance(80)) out += "\n";
  if (chance(20)) out += "\n" + comment() + "\n";
  return out;
}

std::string Generator::program() {
  tokens_.clear();
  comments_ = 0;
  busy_ = one_of("0", "3", "15", "40") == "0" ? 0 : 3 + below(30);
  for (uint32_t i = 1 + below(3); i > 0; --i) declaration();
  return render();
}

}  // namespace wakeful::testing
