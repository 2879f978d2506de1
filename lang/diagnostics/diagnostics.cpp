#include "lang/diagnostics/diagnostics.h"

#include <algorithm>
#include <tuple>

namespace wakeful {

Diagnostic& Diagnostics::error(const char* code, Span span, std::string message, std::string help) {
  list_.push_back({Severity::Error, code, span, std::move(message), std::move(help), {}});
  return list_.back();
}

Diagnostic& Diagnostics::warning(const char* code, Span span, std::string message,
                                 std::string help) {
  list_.push_back({Severity::Warning, code, span, std::move(message), std::move(help), {}});
  return list_.back();
}

bool Diagnostics::has_errors() const {
  return std::any_of(list_.begin(), list_.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::Error; });
}

void Diagnostics::silence(const std::function<bool(const Diagnostic&)>& silenced) {
  std::erase_if(list_, [&](const Diagnostic& d) {
    return d.severity == Severity::Warning && silenced(d);
  });
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> all = list_;
  auto key = [](const Diagnostic& d) {
    return std::tie(d.span.file, d.span.begin, d.severity, d.message);
  };
  std::stable_sort(all.begin(), all.end(),
                   [&](const auto& a, const auto& b) { return key(a) < key(b); });
  all.erase(std::unique(all.begin(), all.end(),
                        [&](const auto& a, const auto& b) { return key(a) == key(b); }),
            all.end());
  return all;
}

}  // namespace wakeful
