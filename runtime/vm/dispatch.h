// The words in which the loop is written (interpreter.cpp, its only reader): fields of the instruction, dispatch,
// entering a frame, and the shapes that many instructions share. They use the loop's locals w, pc, R, K, frame, ticks.
#pragma once

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

// The fields of the instruction word w.
#define A ((w >> 8) & 0xFF)
#define B ((w >> 16) & 0xFF)
#define C (w >> 24)
#define SB (static_cast<int8_t>(w >> 16))
#define SC (static_cast<int8_t>(w >> 24))
#define BX (w >> 16)
#define SBX (static_cast<int16_t>(w >> 16))
#define SJ (static_cast<int32_t>(w) >> 8)

#define CASE(name) op_##name
#define NEXT             \
  do {                   \
    w = *pc++;           \
    goto* kLabels[w & 0xFF]; \
  } while (0)

#define LOAD_FRAME()                               \
  do {                                             \
    frame = &strand.frames.back();                 \
    pc = frame->pc;                                \
    R = strand.registers.data() + frame->base;     \
  } while (0)

// At the first word of a kTick instruction: give up before it happens, or count it.
#define TICK()                                     \
  do {                                             \
    if (UNLIKELY(ticks >= machine.brake_)) goto budget; \
    ++ticks;                                       \
  } while (0)

// A slow path that gives false has left its error.
#define TRY(call)                    \
  do {                               \
    if (UNLIKELY(!(call))) goto failed; \
  } while (0)

// R[A] = what the slow path leaves in `result`.
#define PUT(call)    \
  do {               \
    Value result;    \
    TRY(call);       \
    R[A] = result;   \
    NEXT;            \
  } while (0)

#define AFTER_CALL(outcome)                            \
  switch (outcome) {                                   \
    case Called::Done: NEXT;                           \
    case Called::Pushed: LOAD_FRAME(); NEXT;           \
    case Called::Trapped: goto trapped;                \
    case Called::Failed: goto failed;                  \
  }                                                    \
  __builtin_unreachable()

// Enters target with its registers at R[first]; result into R[A].
#define ENTER(target, first, closure_)                                                         \
  do {                                                                                         \
    Value* base_ = R + (first);                                                                \
    frame->pc = pc;                                                                            \
    if (UNLIKELY(base_ + (target).registers + kArgumentSlack > strand.registers.end().base() || \
                 strand.frames.end().base() ==                                                 \
                     strand.frames.data() + strand.frames.capacity())) {                       \
      TRY(make_room(frame->base + size_t{first}, (target).registers));                         \
      LOAD_FRAME();                                                                            \
      base_ = R + (first);                                                                     \
    }                                                                                          \
    const uint32_t base_number_ = frame->base + static_cast<uint32_t>(first);                  \
    if (strand.frames.end().base() == strand.frames.data() + strand.frames.capacity()) {       \
      __builtin_unreachable();                                                                 \
    }                                                                                          \
    strand.frames.emplace_back();                                                              \
    ++frame;                                                                                   \
    frame->function = (target).function;                                                       \
    frame->pc = (target).code;                                                                 \
    frame->base = base_number_;                                                                \
    frame->result = static_cast<uint8_t>(A);                                                   \
    frame->closure = (closure_);                                                               \
    pc = (target).code;                                                                        \
    R = base_;                                                                                 \
  } while (0)

#define ARITHMETIC(right, overflow_op, float_expression, slow)   \
  do {                                                           \
    const Value& left_ = R[B];                                   \
    const Value& right_ = (right);                               \
    if (LIKELY(both_int(left_, right_))) {                       \
      int64_t out_;                                              \
      if (LIKELY(!overflow_op(left_.integer, right_.integer, &out_))) { \
        R[A] = Value::of(out_);                                  \
        NEXT;                                                    \
      }                                                          \
    } else if (LIKELY(both_float(left_, right_))) {              \
      const double a_ = left_.real, b_ = right_.real;            \
      R[A] = Value::of(float_expression);                        \
      NEXT;                                                      \
    }                                                            \
    Value result_;                                               \
    TRY(slow(cx, left_, right_, result_));                       \
    R[A] = result_;                                              \
    NEXT;                                                        \
  } while (0)

// R[B] with a small int.
#define ARITHMETIC_I(overflow_op, float_expression, slow)        \
  do {                                                           \
    const Value& left_ = R[B];                                   \
    const int64_t right_ = SC;                                   \
    if (LIKELY(left_.tag == Tag::Int)) {                         \
      int64_t out_;                                              \
      if (LIKELY(!overflow_op(left_.integer, right_, &out_))) {  \
        R[A] = Value::of(out_);                                  \
        NEXT;                                                    \
      }                                                          \
    } else if (left_.tag == Tag::Float) {                        \
      const double a_ = left_.real, b_ = static_cast<double>(right_); \
      R[A] = Value::of(float_expression);                        \
      NEXT;                                                      \
    }                                                            \
    Value result_;                                               \
    TRY(slow(cx, left_, Value::of(right_), result_));            \
    R[A] = result_;                                              \
    NEXT;                                                        \
  } while (0)

#define SLOW_BINARY(slow)               \
  do {                                  \
    Value result_;                      \
    TRY(slow(cx, R[B], R[C], result_)); \
    R[A] = result_;                     \
    NEXT;                               \
  } while (0)

#define COMPARE(operator_, slow)                                  \
  do {                                                            \
    const Value &left_ = R[B], &right_ = R[C];                    \
    bool result_;                                                 \
    if (LIKELY(both_int(left_, right_))) {                        \
      result_ = left_.integer operator_ right_.integer;           \
    } else if (both_float(left_, right_)) {                       \
      result_ = left_.real operator_ right_.real;                 \
    } else {                                                      \
      TRY(slow(cx, left_, right_, result_));                      \
    }                                                             \
    R[A] = Value::of(result_);                                    \
    NEXT;                                                         \
  } while (0)

#define JUMP_WHERE(condition)           \
  do {                                  \
    if ((condition) == (C != 0)) {      \
      pc += static_cast<int32_t>(*pc) + 1; \
      NEXT;                             \
    }                                   \
    ++pc;                               \
    NEXT;                               \
  } while (0)

#define JUMP_COMPARE(operator_, slow)                             \
  do {                                                            \
    const Value &left_ = R[A], &right_ = R[B];                    \
    if (LIKELY(both_int(left_, right_))) JUMP_WHERE(left_.integer operator_ right_.integer); \
    if (LIKELY(both_float(left_, right_))) JUMP_WHERE(left_.real operator_ right_.real);     \
    bool result_;                                                 \
    TRY(slow(cx, left_, right_, result_));                        \
    JUMP_WHERE(result_);                                          \
  } while (0)

// `slow` gets its operands in the order that makes it the same question.
#define JUMP_COMPARE_I(operator_, slow)                           \
  do {                                                            \
    const Value& left_ = R[A];                                    \
    if (LIKELY(left_.tag == Tag::Int)) JUMP_WHERE(left_.integer operator_ SB);           \
    if (LIKELY(left_.tag == Tag::Float)) JUMP_WHERE(left_.real operator_ static_cast<double>(SB)); \
    bool result_;                                                 \
    TRY(slow);                                                    \
    JUMP_WHERE(result_);                                          \
  } while (0)
