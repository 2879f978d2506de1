#include "runtime/vm/image.h"

#include "lang/bytecode/opcode_table.h"

#include <algorithm>
#include <optional>

namespace wakeful {

Image::Image(Program program) : program_(std::move(program)), permanent_(SIZE_MAX, true) {
  caches_.resize(program_.caches);
  functions_.reserve(program_.functions.size());
  for (const Function& function : program_.functions) {
    functions_.push_back(CallTarget{function.code.data(), &function, function.registers,
                                    static_cast<uint32_t>(function.params.size())});
  }
  constants_.reserve(program_.constants.size());
  for (const Constant& constant : program_.constants) constants_.push_back(materialise(constant));
  resolve_builtins();
  resolve_methods();
  for (const Function& function : program_.functions) {
    for (uint32_t pc = 0; pc < function.code.size();) {
      const Op op = Instruction{function.code[pc]}.op();
      uses_self_ |= op == Op::LoadSelf;
      pc += instruction_words(op);
    }
  }
}

void Image::resolve_builtins() {
  size_t size = 0;
  for (const Builtin& builtin : wakeful::builtins()) {
    size = std::max(size, size_t{builtin.number} + 1);
  }
  builtins_.resize(size + 1);
  for (const Builtin& builtin : wakeful::builtins()) {
    BuiltinTarget& target = builtins_[builtin.number];
    target.builtin = &builtin;
    const uint8_t receiver = builtin.place == Builtin::Place::Method ? 1 : 0;
    target.count = static_cast<uint8_t>(builtin.params.size() + receiver);
    target.least = target.most = receiver;
    for (const Builtin::Param& param : builtin.params) {
      if (param.rest || param.fields) break;
      ++target.most;
      if (param.required) target.least = target.most;
    }
    if (target.count - target.least > static_cast<int>(kArgumentSlack)) target.most = 0;
    if (builtin.kind == Builtin::Kind::Pure) target.native = native_of(builtin.number);
    if (builtin.kind == Builtin::Kind::Prelude) {
      target.function = program_.find_function(builtin.symbol);
    }
  }
}

namespace {

std::optional<Builtin::Receiver> receiver_of(Tag tag) {
  switch (tag) {
    case Tag::String:
      return Builtin::Receiver::String;
    case Tag::List:
      return Builtin::Receiver::List;
    case Tag::Map:
      return Builtin::Receiver::Map;
    case Tag::Range:
      return Builtin::Receiver::Range;
    case Tag::Handle:
      return Builtin::Receiver::Handle;
    case Tag::Error:
      return Builtin::Receiver::Error;
    case Tag::Duration:
      return Builtin::Receiver::Duration;
    case Tag::Time:
      return Builtin::Receiver::Time;
    default:
      return std::nullopt;
  }
}

const Builtin* method_of(Tag tag, std::string_view name) {
  const auto receiver = receiver_of(tag);
  if (!receiver) return nullptr;
  const Builtin* found = find_method(*receiver, name);
  // Range rows stand only where List has none: a method of lists also works on ranges.
  if (!found && tag == Tag::Range) found = find_method(Builtin::Receiver::List, name);
  return found;
}

}  // namespace

void Image::resolve_methods() {
  method_tables_.assign(program_.constants.size(), 0);
  methods_.resize(kTags);
  for (size_t i = 0; i < program_.constants.size(); ++i) {
    const Constant& constant = program_.constants[i];
    if (constant.kind != Constant::Kind::String || methods_named(constant.text).empty()) continue;
    method_tables_[i] = static_cast<uint32_t>(methods_.size() / kTags);
    for (uint32_t tag = 0; tag < kTags; ++tag) {
      const Builtin* found = method_of(static_cast<Tag>(tag), constant.text);
      methods_.push_back(found ? builtins_[found->number] : MethodTarget{});
    }
  }
}

String* Image::intern(const std::string& text) {
  auto found = interned_.find(text);
  if (found != interned_.end()) return found->second;
  String* string = make_string(permanent_, text);
  interned_.emplace(string->view(), string);
  return string;
}

Value Image::materialise_list(const Constant& constant) {
  List* list = make_list(permanent_, static_cast<uint32_t>(constant.items.size()));
  for (const Constant& item : constant.items) list_push(permanent_, list, materialise(item));
  list->flags |= Object::kFrozen;
  return Value::of(list);
}

Value Image::materialise_map(const Constant& constant) {
  Map* map = make_map(permanent_, static_cast<uint32_t>(constant.keys.size()));
  for (size_t i = 0; i < constant.keys.size(); ++i) {
    map_set(permanent_, map, intern(constant.keys[i]), materialise(constant.items[i]));
  }
  map->flags |= Object::kFrozen;
  return Value::of(map);
}

Value Image::materialise(const Constant& constant) {
  switch (constant.kind) {
    case Constant::Kind::Null:
      return Value::null();
    case Constant::Kind::Bool:
      return Value::of(constant.integer != 0);
    case Constant::Kind::Int:
      return Value::of(constant.integer);
    case Constant::Kind::Float:
      return Value::of(constant.real);
    case Constant::Kind::Duration:
      return Value::duration(constant.integer);
    case Constant::Kind::String:
      return Value::of(intern(constant.text));
    case Constant::Kind::Callee:
      return Value::callee(constant.callee, constant.integer);
    case Constant::Kind::List:
      return materialise_list(constant);
    case Constant::Kind::Map:
      return materialise_map(constant);
    case Constant::Kind::Range:
      return Value::of(make_range(permanent_, constant.integer, constant.end));
  }
  return Value::null();
}

}  // namespace wakeful
