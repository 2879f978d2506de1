// The loop: fetches an instruction, does the common case, leaves the rest to the slow paths (interpreter.h).
//
// While it runs, pc, R (registers of the top frame) and ticks live in locals. frame->pc is written before
// anything that can fail, trap or push a frame; LOAD_FRAME() reads everything back after frames changed.
// A pair of ints or of floats is handled here, every other pair by op_*. Values are written as two words of
// 8 bytes and must be read in the same way: a wider read of a fresh value would wait for the store buffer.
#pragma GCC optimize("no-gcse", "no-crossjumping", "no-tree-slp-vectorize")

#include "runtime/vm/interpreter.h"

#include <cmath>

#include "lang/base/numbers.h"

namespace wakeful {

namespace {

using Word = uint64_t __attribute__((may_alias));

inline __attribute__((always_inline)) void copy(Value& to, const Value& from) {
  const Word first = reinterpret_cast<const Word*>(&from)[0];
  const Word second = reinterpret_cast<const Word*>(&from)[1];
  reinterpret_cast<Word*>(&to)[0] = first;
  reinterpret_cast<Word*>(&to)[1] = second;
}

inline __attribute__((always_inline)) bool both_int(const Value& a, const Value& b) {
  return a.tag == Tag::Int && b.tag == Tag::Int;
}
inline __attribute__((always_inline)) bool both_float(const Value& a, const Value& b) {
  return a.tag == Tag::Float && b.tag == Tag::Float;
}

}  // namespace

Machine::Exit Machine::run(Strand& strand) { return Interpreter(*this, strand).run(); }

#include "runtime/vm/dispatch.h"

// clang-format off
#pragma GCC diagnostic ignored "-Wpedantic"  // addresses of labels

Machine::Exit Interpreter::run() {
  static const void* const kLabels[] = {
#define WF_OP(name, number, shape, flags, text) &&op_##name,
#include "lang/bytecode/opcodes.def"
  };
  Frame* frame;
  const uint32_t* pc;
  Value* R;
  uint32_t w;
  uint64_t ticks = machine.ticks;
  const Value* const K = image.constants();
  const CallTarget* const functions = image.functions();
  uint16_t* const caches = image.caches();

  heap.set_brake(&machine.brake_);
  machine.brake_ = heap.wants_collection() ? 0 : machine.tick_limit;
  LOAD_FRAME();
  NEXT;

  // --- loads and variables
  CASE(Move): copy(R[A], R[B]); NEXT;
  CASE(LoadNull): R[A] = Value::null(); NEXT;
  CASE(LoadBool): R[A] = Value::of(B != 0); NEXT;
  CASE(LoadInt): R[A] = Value::of(int64_t{SBX}); NEXT;
  CASE(LoadConst): copy(R[A], K[BX]); NEXT;
  CASE(LoadAbsent): R[A] = Value::absent(); NEXT;
  CASE(LoadSelf): R[A] = machine.self; NEXT;
  CASE(LoadCallee): R[A] = frame->closure
                                ? Value::of(frame->closure)
                                : Value::callee(CalleeKind::Function,
                                                frame->function - image.program().functions.data());
  NEXT;
  CASE(NewCell): R[A] = Value::of(make_cell(heap, R[B])); NEXT;
  CASE(CellGet): copy(R[A], reinterpret_cast<Cell*>(R[B].object)->value); NEXT;
  CASE(CellSet): copy(reinterpret_cast<Cell*>(R[A].object)->value, R[B]); NEXT;
  CASE(UpGet): copy(R[A], frame->closure->upvalues[B]); NEXT;
  CASE(UpCellGet): copy(R[A], reinterpret_cast<Cell*>(frame->closure->upvalues[B].object)->value); NEXT;
  CASE(UpCellSet): copy(reinterpret_cast<Cell*>(frame->closure->upvalues[A].object)->value, R[B]); NEXT;
  CASE(Closure): R[A] = make_closure_of(BX, R, frame->closure); NEXT;

  // --- arithmetic and comparison
  CASE(Add): ARITHMETIC(R[C], __builtin_add_overflow, a_ + b_, op_add);
  CASE(Sub): ARITHMETIC(R[C], __builtin_sub_overflow, a_ - b_, op_sub);
  CASE(Mul): ARITHMETIC(R[C], __builtin_mul_overflow, a_ * b_, op_mul);
  CASE(AddK): ARITHMETIC(K[C], __builtin_add_overflow, a_ + b_, op_add);
  CASE(SubK): ARITHMETIC(K[C], __builtin_sub_overflow, a_ - b_, op_sub);
  CASE(MulK): ARITHMETIC(K[C], __builtin_mul_overflow, a_ * b_, op_mul);
  CASE(AddI): ARITHMETIC_I(__builtin_add_overflow, a_ + b_, op_add);
  CASE(SubI): ARITHMETIC_I(__builtin_sub_overflow, a_ - b_, op_sub);
  CASE(MulI): ARITHMETIC_I(__builtin_mul_overflow, a_ * b_, op_mul);
  CASE(Div): {
    const Value &left = R[B], &right = R[C];
    if (LIKELY(both_float(left, right))) {
      R[A] = Value::of(left.real / right.real);
      NEXT;
    }
    SLOW_BINARY(op_div);
  }
  CASE(DivK): {
    const Value &left = R[B], &right = K[C];
    if (LIKELY(both_float(left, right))) {
      R[A] = Value::of(left.real / right.real);
      NEXT;
    }
    PUT(op_div(cx, left, right, result));
  }
  CASE(FloorDiv): SLOW_BINARY(op_floor_div);
  CASE(Mod): {
    const Value &left = R[B], &right = R[C];
    if (LIKELY(both_int(left, right) && right.integer > 0)) {
      const int64_t rest = left.integer % right.integer;
      R[A] = Value::of(rest < 0 ? rest + right.integer : rest);
      NEXT;
    }
    SLOW_BINARY(op_mod);
  }
  CASE(FloorDivI): PUT(op_floor_div(cx, R[B], Value::of(int64_t{SC}), result));
  CASE(ModI): {
    const int64_t divisor = SC;
    if (LIKELY(R[B].tag == Tag::Int && divisor > 0)) {
      const int64_t number = R[B].integer;
      // Small numbers divide much faster in 32 bits.
      const int64_t rest =
          static_cast<uint64_t>(number) <= UINT32_MAX
              ? static_cast<int64_t>(static_cast<uint32_t>(number) % static_cast<uint32_t>(divisor))
              : number % divisor;
      R[A] = Value::of(rest < 0 ? rest + divisor : rest);
      NEXT;
    }
    PUT(op_mod(cx, R[B], Value::of(divisor), result));
  }
  CASE(Neg): {
    if (R[B].tag == Tag::Float) {
      R[A] = Value::of(-R[B].real);
      NEXT;
    }
    PUT(op_negate(cx, R[B], result));
  }
  CASE(Not): {
    if (UNLIKELY(R[B].tag != Tag::Bool)) TRY(not_a_bool(R[B]));
    R[A] = Value::of(!R[B].boolean);
    NEXT;
  }
  CASE(Equal): {
    const Value &left = R[B], &right = R[C];
    const bool equal = both_int(left, right) ? left.integer == right.integer : equals(left, right);
    R[A] = Value::of(equal);
    NEXT;
  }
  CASE(NotEqual): {
    const Value &left = R[B], &right = R[C];
    const bool equal = both_int(left, right) ? left.integer == right.integer : equals(left, right);
    R[A] = Value::of(!equal);
    NEXT;
  }
  CASE(Less): COMPARE(<, op_less);
  CASE(LessEqual): COMPARE(<=, op_less_equal);
  CASE(In): {
    bool result;
    TRY(op_in(cx, R[B], R[C], result));
    R[A] = Value::of(result);
    NEXT;
  }
  CASE(Concat): PUT(concat(R + B, C, result));
  CASE(Range): PUT(make_range_of(R[B], R[C], result));
  CASE(CheckBool): {
    if (UNLIKELY(R[A].tag != Tag::Bool)) TRY(not_a_bool(R[A]));
    NEXT;
  }

  // --- jumps
  CASE(Jump): pc += SJ; NEXT;
  CASE(Loop): TICK(); pc += SJ; NEXT;
  CASE(JumpIf): {
    if (UNLIKELY(R[A].tag != Tag::Bool)) TRY(not_a_bool(R[A]));
    if (R[A].boolean) pc += SBX;
    NEXT;
  }
  CASE(JumpIfNot): {
    if (UNLIKELY(R[A].tag != Tag::Bool)) TRY(not_a_bool(R[A]));
    if (!R[A].boolean) pc += SBX;
    NEXT;
  }
  CASE(JumpIfNull): if (R[A].tag == Tag::Null) pc += SBX; NEXT;
  CASE(JumpIfNotNull): if (R[A].tag != Tag::Null) pc += SBX; NEXT;
  CASE(JumpIfPresent): if (R[A].tag != Tag::Absent) pc += SBX; NEXT;
  CASE(JumpLess): JUMP_COMPARE(<, op_less);
  CASE(JumpLessEqual): JUMP_COMPARE(<=, op_less_equal);
  CASE(JumpEqual): {
    const Value &left = R[A], &right = R[B];
    if (LIKELY(both_int(left, right))) JUMP_WHERE(left.integer == right.integer);
    JUMP_WHERE(equals(left, right));
  }
  CASE(JumpLessI): JUMP_COMPARE_I(<, op_less(cx, left_, Value::of(int64_t{SB}), result_));
  CASE(JumpLessEqualI): JUMP_COMPARE_I(<=, op_less_equal(cx, left_, Value::of(int64_t{SB}), result_));
  CASE(JumpGreaterI): JUMP_COMPARE_I(>, op_less(cx, Value::of(int64_t{SB}), left_, result_));
  CASE(JumpGreaterEqualI): JUMP_COMPARE_I(>=, op_less_equal(cx, Value::of(int64_t{SB}), left_, result_));
  CASE(JumpEqualI): {
    if (LIKELY(R[A].tag == Tag::Int)) JUMP_WHERE(R[A].integer == SB);
    JUMP_WHERE(R[A].tag == Tag::Float && R[A].real == static_cast<double>(SB));
  }

  // --- loops
  CASE(RangePrep): {
    if (UNLIKELY(!both_int(R[A], R[A + 1]))) TRY(not_ints(R[A], R[A + 1]));
    if (R[A].integer >= R[A + 1].integer) {
      pc += SBX;
    } else {
      copy(R[A + 2], R[A]);
    }
    NEXT;
  }
  CASE(RangeLoop): {
    TICK();
    Value* const loop = R + A;
    const int64_t next = loop[0].integer + 1;
    if (LIKELY(next < loop[1].integer)) {
      loop[0].integer = next;
      loop[2] = Value::of(next);
      pc += SBX;
    }
    NEXT;
  }
  CASE(ForPrep): TRY(for_prepare(R + A)); NEXT;
  CASE(ForNext): {
    TICK();
    Value* const loop = R + A;
    const int64_t at = loop[1].integer;
    if (LIKELY(loop[0].tag == Tag::List)) {
      const List* list = loop[0].list();
      if (at < int64_t{list->count}) {
        copy(loop[2], list->storage->items[at]);
        loop[1].integer = at + 1;
      } else {
        pc += SBX;
      }
      NEXT;
    }
    if (loop[0].tag == Tag::Range) {
      const auto* range = reinterpret_cast<::wakeful::Range*>(loop[0].object);
      if (at < range->count()) {
        loop[2] = Value::of(range->begin + range->step * at);
        loop[1].integer = at + 1;
      } else {
        pc += SBX;
      }
      NEXT;
    }
    const Next next = for_next(loop, false);
    if (UNLIKELY(next == Next::Failed)) goto failed;
    if (next == Next::End) pc += SBX;
    NEXT;
  }
  CASE(ForNext2): {
    TICK();
    Value* const loop = R + A;
    const int64_t at = loop[1].integer;
    if (loop[0].tag == Tag::List || loop[0].tag == Tag::Range) {
      Value element;
      if (loop[0].tag == Tag::List) {
        const List* list = loop[0].list();
        if (at >= int64_t{list->count}) {
          pc += SBX;
          NEXT;
        }
        copy(element, list->storage->items[at]);
      } else {
        const auto* range = reinterpret_cast<::wakeful::Range*>(loop[0].object);
        if (at >= range->count()) {
          pc += SBX;
          NEXT;
        }
        element = Value::of(range->begin + range->step * at);
      }
      loop[2] = Value::of(at);
      copy(loop[3], element);
      loop[1].integer = at + 1;
      NEXT;
    }
    const Next next = for_next(loop, true);
    if (UNLIKELY(next == Next::Failed)) goto failed;
    if (next == Next::End) pc += SBX;
    NEXT;
  }

  // --- lists, maps, members
  CASE(NewList): R[A] = Value::of(make_list(heap, BX)); NEXT;
  CASE(ListAppend): list_push(heap, R[A].list(), R[B]); NEXT;
  CASE(ListExtend): TRY(list_extend(R[A], R[B])); NEXT;
  CASE(NewMap): R[A] = Value::of(make_map(heap, BX)); NEXT;
  CASE(MapPut): {
    const uint32_t extra = *pc++;
    map_set(heap, R[A].map(), K[extra & 0xFFFF].string(), R[B]);
    NEXT;
  }
  CASE(MapPutDynamic): TRY(put_dynamic(R[A], R[B], R[C])); NEXT;
  CASE(MapMerge): TRY(map_merge(R[A], R[B])); NEXT;
  CASE(GetMember): {
    const uint32_t extra = *pc++;
    const String* name = K[extra & 0xFFFF].string();
    uint16_t* cache = caches + (extra >> 16);
    const Value& object = R[B];
    if (LIKELY(object.tag == Tag::Map)) {
      const Map* map = object.map();
      const uint32_t guess = *cache;
      if (LIKELY(guess < map->used)) {
        const Entry& entry = map->entries->items[guess];
        if (LIKELY(entry.key == name)) {
          copy(R[A], entry.value);
          NEXT;
        }
      }
    }
    PUT(op_get_member(cx, object, name, cache, false, result));
  }
  CASE(GetMemberAbsent): {
    const uint32_t extra = *pc++;
    PUT(op_get_member(cx, R[B], K[extra & 0xFFFF].string(), caches + (extra >> 16), true, result));
  }
  CASE(SetMember): {
    const uint32_t extra = *pc++;
    String* name = K[extra & 0xFFFF].string();
    uint16_t* cache = caches + (extra >> 16);
    const Value& object = R[A];
    if (LIKELY(object.tag == Tag::Map)) {
      Map* map = object.map();
      const uint32_t guess = *cache;
      if (LIKELY(guess < map->used && !map->frozen())) {
        Entry& entry = map->entries->items[guess];
        if (LIKELY(entry.key == name)) {
          copy(entry.value, R[B]);
          NEXT;
        }
      }
    }
    TRY(op_set_member(cx, object, name, cache, R[B]));
    NEXT;
  }
  CASE(GetIndex): {
    const Value &object = R[B], &index = R[C];
    if (LIKELY(object.tag == Tag::List && index.tag == Tag::Int)) {
      const List* list = object.list();
      if (LIKELY(static_cast<uint64_t>(index.integer) < list->count)) {
        copy(R[A], list->storage->items[index.integer]);
        NEXT;
      }
    } else if (object.tag == Tag::Map && index.tag == Tag::String) {
      const Value* found = map_find(object.map(), index.string());
      if (LIKELY(found != nullptr)) {
        copy(R[A], *found);
        NEXT;
      }
    }
    PUT(op_get_index(cx, object, index, result));
  }
  CASE(SetIndex): {
    const Value &object = R[A], &index = R[B];
    if (LIKELY(object.tag == Tag::List && index.tag == Tag::Int)) {
      List* list = object.list();
      if (LIKELY(static_cast<uint64_t>(index.integer) < list->count && !list->frozen())) {
        copy(list->storage->items[index.integer], R[C]);
        ++list->version;
        NEXT;
      }
    }
    TRY(op_set_index(cx, object, index, R[C]));
    NEXT;
  }
  CASE(Slice): PUT(op_slice(cx, R[B], R[C], R[C + 1], result));
  CASE(CheckList): TRY(check_list(R[A], B, C != 0)); NEXT;
  CASE(CheckMap): TRY(check_map(R[A])); NEXT;
  CASE(MapRest): PUT(map_rest(R[B], R + A + 1, C, result));

  // --- calls
  CASE(CallFunction): {
    TICK();
    const CallTarget& target = functions[*pc++];
    ENTER(target, A + 1, nullptr);
    NEXT;
  }
  CASE(Call): {
    TICK();
    if (LIKELY(R[A].tag == Tag::Closure)) {
      auto* closure = reinterpret_cast<::wakeful::Closure*>(R[A].object);
      const CallTarget& target = functions[closure->function];
      if (LIKELY(target.params == B)) {
        ENTER(target, A + 1, closure);
        NEXT;
      }
    }
    frame->pc = pc;
    AFTER_CALL(call(Interpreter::Call{R[A], A + 1, B, nullptr, w, 0}));
  }
  CASE(CallNamed): {
    TICK();
    const uint32_t shape = *pc++;
    frame->pc = pc;
    AFTER_CALL(
        call(Interpreter::Call{R[A], A + 1, B, &image.program().shapes[shape], w, shape}));
  }
  CASE(CallBuiltin): {
    TICK();
    const uint32_t number = *pc++;
    const BuiltinTarget& target = image.builtin(number);
    if (LIKELY(target.native && target.count == B)) {
      PUT(target.native(cx, R + A + 1, result));
    }
    frame->pc = pc;
    AFTER_CALL(call_builtin(
        target, Interpreter::Call{Value::callee(CalleeKind::Builtin, number), A + 1, B, nullptr, w, number}));
  }
  CASE(CallMethod): {
    TICK();
    const uint32_t extra = *pc++;
    const BuiltinTarget& target = image.method(extra & 0xFFFF, R[A + 1].tag);
    if (LIKELY(B >= target.least && B <= target.most)) {
      Value* const args = R + A + 1;
      if (target.native) {
        for (uint32_t i = B; i < target.count; ++i) args[i] = Value::absent();
        PUT(target.native(cx, args, result));
      }
      if (target.function >= 0) {
        for (uint32_t i = B; i < target.count; ++i) args[i] = Value::absent();
        ENTER(functions[target.function], A + 1, nullptr);
        NEXT;
      }
    }
    if (!target.builtin && R[A + 1].tag == Tag::Map) {
      // A closure stored under the key, called without the receiver.
      const Value* stored =
          map_find(R[A + 1].map(), K[extra & 0xFFFF].string(), caches + (extra >> 16));
      if (stored && stored->tag == Tag::Closure) {
        auto* closure = reinterpret_cast<::wakeful::Closure*>(stored->object);
        const CallTarget& function = functions[closure->function];
        if (function.params == B - 1) {
          ENTER(function, A + 2, closure);
          NEXT;
        }
      }
    }
    frame->pc = pc;
    AFTER_CALL(call_method(extra & 0xFFFF, Interpreter::Call{{}, A + 1, B, nullptr, w, extra}));
  }
  CASE(CallMethodNamed): {
    TICK();
    const uint32_t extra = *pc++;
    frame->pc = pc;
    AFTER_CALL(call_method(extra & 0xFFFF, Interpreter::Call{{}, A + 1, B, &image.program().shapes[C], w, extra}));
  }
  CASE(Return): {
    Value result;
    copy(result, R[A]);
    const uint32_t place = frame->result;
    strand.frames.pop_back();
    if (UNLIKELY(frame == strand.frames.data())) {
      strand.result = result;
      goto finished;
    }
    --frame;
    pc = frame->pc;
    R = strand.registers.data() + frame->base;
    copy(R[place], result);
    NEXT;
  }
  CASE(ReturnNull): {
    const uint32_t place = frame->result;
    strand.frames.pop_back();
    if (UNLIKELY(frame == strand.frames.data())) {
      strand.result = Value::null();
      goto finished;
    }
    --frame;
    pc = frame->pc;
    R = strand.registers.data() + frame->base;
    R[place] = Value::null();
    NEXT;
  }

  // --- errors and scopes
  CASE(Throw): TRY(thrown(R[A]));
  CASE(Rethrow): cx.error = R[A];
  goto failed;
  CASE(EnterGuard): strand.handlers.push_back(
      Handler{Handler::Kind::Guard, static_cast<uint8_t>(A),
              static_cast<uint32_t>(strand.frames.size() - 1), pc + SBX, 0});
  NEXT;
  CASE(EnterCatch): strand.handlers.push_back(
      Handler{Handler::Kind::Catch, static_cast<uint8_t>(A),
              static_cast<uint32_t>(strand.frames.size() - 1), nullptr, 0});
  NEXT;
  CASE(ExitHandler): WF_CHECK(!strand.handlers.empty());
  strand.handlers.pop_back();
  NEXT;
  CASE(EndCatch): {
    if (UNLIKELY(strand.cancellation.is(Tag::Error) &&
                 leads_to(R[A], strand.cancellation.object))) {
      cx.error = strand.cancellation;
      goto failed;
    }
    NEXT;
  }
  CASE(AbsorbCancel): {
    if (UNLIKELY(strand.cancellation.is(Tag::Error) &&
                 leads_to(R[A], strand.cancellation.object))) {
      strand.cancellation = Value::null();
    }
    NEXT;
  }

  // --- for the host
  CASE(EnterTry):
  CASE(StreamNext):
  frame->pc = pc;
  trap(w, 0, pc + SBX);
  goto trapped;
  CASE(ExitTry):
  CASE(Gather):
  CASE(WaitAny):
  CASE(StreamNew):
  CASE(Race):
  CASE(Batch):
  CASE(Compensate):
  frame->pc = pc;
  trap(w, 0, nullptr);
  goto trapped;
  CASE(On): {
    const uint32_t extra = *pc++;
    frame->pc = pc;
    trap(w, extra, nullptr);
    goto trapped;
  }
  CASE(Start): {
    const uint32_t extra = *pc++;
    frame->pc = pc;
    AFTER_CALL(start(w, extra));
  }

budget:
  frame->pc = pc - 1;
  machine.ticks = ticks;
  heap.set_brake(nullptr);
  return Machine::Exit::Budget;
trapped:
  machine.ticks = ticks;
  heap.set_brake(nullptr);
  return Machine::Exit::Trap;
finished:
  machine.ticks = ticks;
  heap.set_brake(nullptr);
  return Machine::Exit::Finished;
failed:
  frame = &strand.frames.back();
  frame->pc = pc;
  machine.ticks = ticks;
  heap.set_brake(nullptr);
  strand.error = cx.error;
  machine.add_stack(strand, strand.error);
  return Machine::Exit::Threw;
}

}  // namespace wakeful
