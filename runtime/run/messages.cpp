// Messages: the handlers that `on` registers, and the strands that run them.
#include "runtime/vm/messages.h"

#include "runtime/run/core.h"
#include "runtime/values/codec.h"

namespace wakeful {

namespace {

constexpr const char* kWords[] = {"signal", "query", "update"};

const char* word_of(HandlerOf of) { return kWords[static_cast<int>(of)]; }

/// `on update approve`; a name with a space in it is the program's own, not a script's.
std::string title_of(const MessageHandler& handler) {
  if (handler.name.find(' ') != std::string::npos) return handler.name;
  return std::string("on ") + word_of(handler.of) + " " + handler.name;
}

const Function& function_of(const Program& program, Value closure) {
  return program.functions[closure.is(Tag::Closure) ? closure.as<Closure>()->function
                                                    : static_cast<size_t>(closure.integer)];
}

}  // namespace

/// In force from here on; an earlier one of the name is replaced.
void Run::Core::trap_on(RunStrand& strand) {
  const Machine::Trap& trap = machine.trap();
  const auto of = static_cast<HandlerOf>(trap.instruction.b());
  const std::string name(setup.image->constant(trap.extra & 0xFFFF).string()->view());
  if (!messages) messages = std::make_unique<Messages>();
  std::erase_if(messages->handlers,
                [&](const MessageHandler& h) { return h.of == of && h.name == name; });
  messages->handlers.push_back({of, name, strand.registers[trap.first]});
  if (of != HandlerOf::Signal || !takes_messages()) return;
  SignalQueue& queue = queue_of(name);  // those that came before it
  while (!queue.items.empty()) handle_signal(messages->handlers.back(), pop_signal(queue));
}

const MessageHandler* Run::Core::find_handler(HandlerOf of, std::string_view name) const {
  if (!messages) return nullptr;
  for (const MessageHandler& handler : messages->handlers) {
    if (handler.of == of && handler.name == name) return &handler;
  }
  return nullptr;
}

/// NotFound, with the nearest name and those there are.
Value Run::Core::no_handler(HandlerOf of, std::string_view name) {
  std::vector<std::string_view> names;
  std::string all;
  if (messages) {
    for (const MessageHandler& handler : messages->handlers) {
      if (handler.of != of || handler.name.find(' ') != std::string::npos) continue;
      names.push_back(handler.name);
      all += (all.empty() ? "" : ", ") + handler.name;
    }
  }
  std::string text = setup.workflow + " handles no " + word_of(of) + " `" + std::string(name) + "`";
  const std::string nearest = nearest_of(name, names);
  if (!nearest.empty()) text += "; did you mean `" + nearest + "`?";
  text += all.empty() ? std::string("; no `on ") + word_of(of) + "` is in force at this point"
                      : "; there are: " + all;
  return Value::of(make_error(heap, "NotFound", text));
}

/// Handlers are open work of the run as a whole, so none begins while an error leaves it.
bool Run::Core::takes_messages() {
  RunStrand* strand = find_strand(main);
  return strand != nullptr && !scopes.at(strand->scopes.front()).leaving;
}

Work& Run::Core::start_handler(const MessageHandler& handler, const std::vector<Value>& args) {
  const Function& function = function_of(setup.image->program(), handler.closure);
  const uint64_t where = pack_place(place(function.span));
  RunStrand& strand = new_strand(Role::Handler, handler.closure, args.data(),
                                 static_cast<uint32_t>(args.size()), 0);
  Work& work = add_work(RecordType::RunStarted, Handle::Kind::Strand, title_of(handler), where);
  WF_CHECK(work.number == strand.number);
  hold(find_strand(main)->scopes.front(), work);
  return work;
}

const std::vector<Parameter>& Run::Core::params_of(const MessageHandler& handler) const {
  return function_of(setup.image->program(), handler.closure).params;
}

/// The handler's arguments out of a message. False: `error` says what does not fit.
bool Run::Core::bind_message(const MessageHandler& handler, MessageForm form, Value value,
                             std::vector<Value>& args, Value& error) {
  const std::string title = title_of(handler);
  const std::vector<Parameter>& params = params_of(handler);
  std::vector<Value> given;
  std::vector<std::string> names;
  const bool json = form == MessageForm::Json;
  if (json && params.size() == 1) {  // the value itself, unless it is an object of just that name
    Value* named = value.is(Tag::Map) && value.map()->count == 1
                       ? map_find(value.map(), params.front().name)
                       : nullptr;
    given.push_back(named != nullptr ? *named : value);
  } else if (json && value.is(Tag::Map)) {
    for (uint32_t i = 0; i < value.map()->used; ++i) {
      const Entry& entry = map_entries(value.map())[i];
      if (entry.key == nullptr) continue;
      names.emplace_back(entry.key->view());
      given.push_back(entry.value);
    }
  } else if (value.is(Tag::List)) {
    if (value.list()->count > 0) given.assign(value.list()->begin(), value.list()->end());
  } else if (!(json && value.is_null() && params.empty())) {
    error = Value::of(make_error(heap, "ArgumentError",
                                 title + " takes " + counted(params.size(), "argument") +
                                     ": an object by name or an array by position; got " +
                                     a_value(value)));
    return false;
  }
  if (!machine.bind(params, title.c_str(), given.data(), static_cast<uint32_t>(given.size()),
                    names.empty() ? nullptr : &names, args, error)) {
    return false;
  }
  for (size_t i = 0; i < params.size(); ++i) {
    if (args[i].is_absent()) continue;
    if (auto wrong = check_type(heap, args[i], params[i].type, json)) {
      error = Value::of(make_error(
          heap, "TypeError", title + ": " + params[i].name + wrong->path + ": " + wrong->message));
      return false;
    }
  }
  return true;
}

// --- updates

/// What is wrong with an update is its caller's affair, and never the run's.
void Run::Core::take_update(const Record& event) {
  if (!takes_messages()) {
    return end_update(
        event.id, false,
        Value::of(make_error(heap, "NotFound", kRunIsEnding)));
  }
  const MessageHandler* handler = find_handler(HandlerOf::Update, event.name);
  if (handler == nullptr) {
    return end_update(event.id, false, no_handler(HandlerOf::Update, event.name));
  }
  Value value, error;
  std::string unreadable;
  if (!from_cbor(heap, event.value, value, unreadable)) {
    return end_update(event.id, false,
                      Value::of(make_error(heap, "ArgumentError",
                                           "the arguments cannot be read: " + unreadable)));
  }
  std::vector<Value> args;
  if (!bind_message(*handler, static_cast<MessageForm>(event.kind), value, args, error)) {
    return end_update(event.id, false, error);
  }
  Work& work = start_handler(*handler, args);
  work.handle.as<Handle>()->taken = true;
  messages->updates[work.number] = event.id;
}

void Run::Core::end_update(const std::string& id, bool done, Value value) {
  Record record;
  record.type = RecordType::UpdateEnded;
  record.id = id;
  if (done) {
    if (auto wrong = to_cbor(value, record.value)) {
      done = false;
      value = Value::of(make_error(heap, "TypeError",
                                   "the update's value" + wrong->path + ": " + wrong->message));
    }
  }
  if (!done) record.value = encode_error(value);
  record.kind = static_cast<uint64_t>(done ? StepStatus::Completed : StepStatus::Failed);
  command(record);
}

/// An update is answered. `done`, `value`: what its body came to, before what it left open is the
/// run's. Gives whether its work counts as ended well.
bool Run::Core::handler_ended(RunStrand& strand, bool done, Value& value) {
  if (strand.role != Role::Handler || !messages) return done;
  auto update = messages->updates.find(strand.number);
  if (update == messages->updates.end()) return done;
  const std::string id = std::move(update->second);
  messages->updates.erase(update);
  end_update(id, done, value);
  return done;
}

// --- shown

std::vector<std::string> Run::handlers_in_force() const {
  std::vector<std::string> shown;
  if (!core_->messages) return shown;
  for (const MessageHandler& handler : core_->messages->handlers) {
    if (handler.name.find(' ') != std::string::npos) continue;
    std::string text = title_of(handler) + "(";
    for (const Parameter& param : core_->params_of(handler)) {
      if (text.back() != '(') text += ", ";
      text += param.name;
    }
    shown.push_back(text + ")");
  }
  return shown;
}

std::vector<std::pair<std::string, size_t>> Run::queued_signals() const {
  std::vector<std::pair<std::string, size_t>> shown;
  if (!core_->messages) return shown;
  for (const auto& [name, queue] : core_->messages->queues) {
    if (!queue.items.empty()) shown.emplace_back(name, queue.items.size());
  }
  return shown;
}

}  // namespace wakeful
