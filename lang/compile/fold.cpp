#include "lang/compile/fold.h"

#include <fmt/format.h>

#include "lang/bytecode/limits.h"
#include "lang/compile/constant_text.h"
#include "lang/compile/pool.h"

namespace wakeful {
namespace {

using ast::BinaryOp;
using ast::ExprKind;
using Kind = Constant::Kind;

/// Recurses over an expression, whose height the parser bounds; values are bounded by
/// kConstantDepthMax.
class Folder {
 public:
  Folder(const ConstantOf& constant_of, FoldFault& fault, uint32_t& depth)
      : constant_of_(constant_of), fault_(fault), nodes_(depth) {}

  std::optional<Constant> run(const ast::Expr& e) {
    if (nodes_ >= kFoldDepthMax) return fail(e.span, "constants refer to each other too deeply");
    ++nodes_;
    auto value = run_open(e);
    --nodes_;
    return value;
  }

 private:
  std::optional<Constant> run_open(const ast::Expr& e) {
    switch (e.kind) {
      case ExprKind::Null:
        return null_constant();
      case ExprKind::Bool:
        return bool_constant(ast::as<ast::BoolExpr>(e).value);
      case ExprKind::Int:
        return int_constant(ast::as<ast::IntExpr>(e).value);
      case ExprKind::Float:
        return float_constant(ast::as<ast::FloatExpr>(e).value);
      case ExprKind::Duration:
        return duration_constant(ast::as<ast::DurationExpr>(e).ms);
      case ExprKind::String:
        return string_constant(ast::as<ast::StringExpr>(e).value);
      case ExprKind::Name:
        return name(ast::as<ast::NameExpr>(e));
      case ExprKind::Unary:
        return unary(ast::as<ast::UnaryExpr>(e));
      case ExprKind::Binary:
        return binary(ast::as<ast::BinaryExpr>(e));
      case ExprKind::List:
        return list(ast::as<ast::ListExpr>(e));
      case ExprKind::Map:
        return map(ast::as<ast::MapExpr>(e));
      case ExprKind::Interpolation:
        return interpolation(ast::as<ast::InterpolationExpr>(e));
      case ExprKind::Member:
        return member(ast::as<ast::MemberExpr>(e));
      case ExprKind::Index:
        return index(ast::as<ast::IndexExpr>(e));
      default:
        return not_constant(e);
    }
  }

  std::optional<Constant> fail(Span span, std::string message, std::string help = "") {
    if (fault_.message.empty()) fault_ = {span, std::move(message), std::move(help)};
    return std::nullopt;
  }
  std::optional<Constant> not_constant(const ast::Expr& e) {
    return fail(e.span, "this is not known before the program runs",
                "literals, operators and other constants can stand here");
  }

  std::optional<Constant> name(const ast::NameExpr& e) {
    const Constant* value = constant_of_(e, nullptr);
    if (value == nullptr) return not_constant(e);
    return *value;
  }

  std::optional<Constant> unary(const ast::UnaryExpr& e) {
    auto operand = run(*e.operand);
    if (!operand) return std::nullopt;
    if (e.op == ast::UnaryOp::Not) {
      if (operand->kind != Kind::Bool) return fail(e.span, "`not` needs a bool");
      return bool_constant(operand->integer == 0);
    }
    if (operand->kind == Kind::Float) return float_constant(-operand->real);
    bool whole = operand->kind == Kind::Int || operand->kind == Kind::Duration;
    if (!whole || operand->integer == INT64_MIN) return fail(e.span, "`-` cannot be applied here");
    operand->integer = -operand->integer;
    return operand;
  }

  std::optional<Constant> binary(const ast::BinaryExpr& e) {
    auto left = run(*e.left);
    if (!left) return std::nullopt;
    if (e.op == BinaryOp::And || e.op == BinaryOp::Or) return logical(e, *left);
    if (e.op == BinaryOp::Coalesce) return left->kind == Kind::Null ? run(*e.right) : left;
    auto right = run(*e.right);
    if (!right) return std::nullopt;
    std::string why;
    auto result = fold_binary(e.op, *left, *right, why);
    if (!result) return fail(e.span, why);
    return result;
  }

  std::optional<Constant> logical(const ast::BinaryExpr& e, const Constant& left) {
    if (left.kind != Kind::Bool) return fail(e.left->span, "`and` and `or` need bools");
    if ((left.integer != 0) == (e.op == BinaryOp::Or)) return left;
    auto right = run(*e.right);
    if (right && right->kind != Kind::Bool) return fail(e.right->span, "`and` and `or` need bools");
    return right;
  }

  /// Lists and maps grow by one level a node; their bytes must be readable again.
  bool too_deep(Span span) {
    if (depth_ < kConstantDepthMax - 1) return false;
    fail(span, fmt::format("constants nest deeper than {}", kConstantDepthMax - 1));
    return true;
  }

  std::optional<Constant> list(const ast::ListExpr& e) {
    Constant c;
    c.kind = Kind::List;
    if (too_deep(e.span)) return std::nullopt;
    ++depth_;
    for (const auto& item : e.items) {
      auto value = run(*item.value);
      if (!value) return std::nullopt;
      if (!item.spread) {
        c.items.push_back(std::move(*value));
      } else if (value->kind == Kind::List) {
        c.items.insert(c.items.end(), value->items.begin(), value->items.end());
      } else {
        return fail(item.value->span, "only a list can be spread into a constant list");
      }
    }
    --depth_;
    return c;
  }

  static void put(Constant& map, const std::string& key, Constant value) {
    for (size_t i = 0; i < map.keys.size(); ++i) {
      if (map.keys[i] == key) {
        map.items[i] = std::move(value);
        return;
      }
    }
    map.keys.push_back(key);
    map.items.push_back(std::move(value));
  }

  std::optional<Constant> map(const ast::MapExpr& e) {
    Constant c;
    c.kind = Kind::Map;
    if (too_deep(e.span)) return std::nullopt;
    ++depth_;
    for (const auto& entry : e.entries) {
      std::string key = entry.key.text;
      if (entry.computed) {
        auto computed = run(*entry.computed);
        if (!computed) return std::nullopt;
        if (computed->kind != Kind::String) return fail(entry.computed->span, "a key is a string");
        key = computed->text;
      }
      auto value = run(*entry.value);
      if (!value) return std::nullopt;
      if (!entry.spread) {
        put(c, key, std::move(*value));
      } else if (value->kind == Kind::Map) {
        for (size_t i = 0; i < value->keys.size(); ++i) put(c, value->keys[i], value->items[i]);
      } else {
        return fail(entry.value->span, "only a map can be spread into a constant map");
      }
    }
    --depth_;
    return c;
  }

  std::optional<Constant> interpolation(const ast::InterpolationExpr& e) {
    std::string text;
    for (const auto& part : e.parts) {
      text += part.text;
      if (!part.value) continue;
      auto value = run(*part.value);
      if (!value) return std::nullopt;
      auto shown = constant_text(*value);
      if (!shown) {
        return fail(part.value->span, "this cannot be written into a constant text",
                    "strings, ints, bools, null and durations can");
      }
      text += *shown;
    }
    return string_constant(std::move(text));
  }

  std::optional<Constant> member(const ast::MemberExpr& e) {
    if (e.object->kind == ExprKind::Name) {
      const Constant* value = constant_of_(ast::as<ast::NameExpr>(*e.object), &e.name);
      if (value != nullptr) return *value;
    }
    auto object = run(*e.object);
    if (!object) return std::nullopt;
    if (object->kind == Kind::Null && e.optional) return null_constant();
    if (object->kind != Kind::Map) return not_constant(e);
    return value_under(*object, e.name.text, e.name.span, e.optional);
  }

  std::optional<Constant> value_under(const Constant& map, const std::string& key, Span span,
                                      bool optional) {
    for (size_t i = 0; i < map.keys.size(); ++i) {
      if (map.keys[i] == key) return map.items[i];
    }
    if (optional) return null_constant();
    return fail(span, fmt::format("the constant map has no key `{}`", key));
  }

  std::optional<Constant> index(const ast::IndexExpr& e) {
    auto object = run(*e.object);
    if (!object) return std::nullopt;
    auto index = run(*e.index);
    if (!index) return std::nullopt;
    if (object->kind == Kind::Map && index->kind == Kind::String) {
      return value_under(*object, index->text, e.index->span, false);
    }
    if (object->kind != Kind::List || index->kind != Kind::Int) return not_constant(e);
    int64_t size = static_cast<int64_t>(object->items.size());
    int64_t at = index->integer < 0 ? index->integer + size : index->integer;
    if (at < 0 || at >= size) {
      return fail(e.index->span, fmt::format("index {} of a list of {}", index->integer, size));
    }
    return object->items[static_cast<size_t>(at)];
  }

  const ConstantOf& constant_of_;
  FoldFault& fault_;
  uint32_t& nodes_;
  uint32_t depth_ = 0;  // of lists and maps
};

}  // namespace

std::optional<Constant> fold(const ast::Expr& e, const ConstantOf& constant_of, FoldFault& fault,
                             uint32_t& depth) {
  return Folder(constant_of, fault, depth).run(e);
}

}  // namespace wakeful
