#include "lang/compile/signature.h"

#include <fmt/format.h>

namespace wakeful {

std::vector<Builtin::Param> params_of(const ast::Callable& callable) {
  std::vector<Builtin::Param> params;
  for (const ast::Param& param : callable.params) {
    params.push_back({param.name.text, param.fallback == nullptr, false, false});
  }
  return params;
}

namespace {

class Binder {
 public:
  Binder(const std::vector<ast::Argument>& args, const std::vector<Builtin::Param>& params)
      : args_(args), params_(params) {
    result_.slots.resize(params.size());
  }

  Binding run() {
    for (const ast::Argument& arg : args_) {
      std::optional<uint32_t> slot = arg.name ? named(*arg.name) : positional();
      if (!slot) {
        fault(arg);
        return std::move(result_);
      }
      if (result_.slots[*slot].empty()) evaluated_.push_back(*slot);
      result_.slots[*slot].push_back(&arg);
    }
    for (uint32_t i = 0; i < params_.size(); ++i) {
      if (params_[i].required && result_.slots[i].empty()) {
        result_.fault = fmt::format("the argument `{}` is missing", params_[i].name);
        return std::move(result_);
      }
    }
    set_order();
    return std::move(result_);
  }

 private:
  std::optional<uint32_t> positional() {
    if (next_ < params_.size() && params_[next_].rest) return next_;
    if (next_ >= params_.size() || params_[next_].fields) return std::nullopt;
    return next_++;
  }

  std::optional<uint32_t> named(const ast::Ident& name) {
    std::optional<uint32_t> fields;
    for (uint32_t i = 0; i < params_.size(); ++i) {
      if (params_[i].fields) fields = i;
      if (params_[i].fields || params_[i].rest || params_[i].name != name.text) continue;
      return result_.slots[i].empty() ? std::optional<uint32_t>(i) : std::nullopt;
    }
    return fields;
  }

  void fault(const ast::Argument& arg) {
    result_.place = arg.name ? arg.name->span : arg.value->span;
    result_.fault = arg.name
                        ? fmt::format("the argument `{}` is unknown or given twice", arg.name->text)
                        : fmt::format("at most {} arguments were expected", params_.size());
  }

  /// Parameters without arguments cost nothing to evaluate: they go where they keep the order.
  void set_order() {
    for (size_t i = 1; i < evaluated_.size(); ++i) {
      if (evaluated_[i] < evaluated_[i - 1]) result_.in_order = false;
    }
    if (!result_.in_order) result_.order = evaluated_;
    for (uint32_t i = 0; i < params_.size(); ++i) {
      if (result_.in_order || result_.slots[i].empty()) result_.order.push_back(i);
    }
  }

  const std::vector<ast::Argument>& args_;
  const std::vector<Builtin::Param>& params_;
  Binding result_;
  std::vector<uint32_t> evaluated_;
  uint32_t next_ = 0;
};

}  // namespace

Binding bind_call(const std::vector<ast::Argument>& args,
                  const std::vector<Builtin::Param>& params) {
  return Binder(args, params).run();
}

}  // namespace wakeful
