// try, catch, finally. The code:
//
//   EnterGuard f → failed          only with `finally`
//     EnterTry e → caught
//       body
//     ExitTry; Jump end
//   caught:
//     EnterCatch e                 errors thrown from here on get e as their cause
//       for each catch: condition, block; ExitHandler; EndCatch e; Jump end
//     ExitHandler; Rethrow e       where no condition was true
//   end:
//   ExitHandler; finally; Jump done
//   failed: finally; Rethrow f
//   done:
//
// A return, break or continue that leaves some of this emits what its end would have:
// leave_regions().
#include "lang/compile/function_compiler.h"

namespace wakeful {

void FunctionCompiler::try_expr(const ast::TryExpr& e, std::optional<Reg> to) {
  if (!e.finally) return try_catch(e, to);
  uint32_t top = out_.top();
  Reg error = out_.take();
  Span span = e.finally->span;
  Label failed, done;
  out_.jump(e.span, Op::EnterGuard, failed, error);
  Region guard{Region::Kind::Guard};
  guard.finally = e.finally.get();
  guard.locals = locals_.size();
  regions_.push_back(guard);
  try_catch(e, to);
  regions_.pop_back();
  out_.emit(span, Op::ExitHandler);
  block(*e.finally, std::nullopt);
  out_.jump(span, Op::Jump, done);
  out_.bind(failed);
  regions_.push_back({Region::Kind::Finally, error});
  block(*e.finally, std::nullopt);
  regions_.pop_back();
  out_.emit(span, Op::Rethrow, error);
  out_.bind(done);
  out_.release_to(top);
}

void FunctionCompiler::try_catch(const ast::TryExpr& e, std::optional<Reg> to) {
  uint32_t top = out_.top();
  Reg error = out_.take();
  Label caught, end;
  out_.jump(e.span, Op::EnterTry, caught, error);
  regions_.push_back({Region::Kind::Try});
  block(e.body, to);
  regions_.pop_back();
  out_.emit(e.span, Op::ExitTry);
  out_.jump(e.span, Op::Jump, end);
  out_.bind(caught);
  if (!e.catches.empty()) {
    out_.emit(e.catches[0].span, Op::EnterCatch, error);
    regions_.push_back({Region::Kind::Catch, error});
    for (const auto& c : e.catches) catch_block(c, error, to, end);
    regions_.pop_back();
    out_.emit(e.span, Op::ExitHandler);
  }
  out_.emit(e.span, Op::Rethrow, error);
  out_.bind(end);
  out_.release_to(top);
}

void FunctionCompiler::catch_block(const ast::TryExpr::Catch& c, Reg error, std::optional<Reg> to,
                                   Label& end) {
  uint32_t top = out_.top();
  size_t locals = locals_.size();
  if (c.name && variables_.assigned.contains(&*c.name)) {
    Reg copy = out_.take();
    out_.emit(c.name->span, Op::Move, copy, error);
    declare(*c.name, copy);
  } else if (c.name) {
    declare(*c.name, error);
  }
  Label next;
  if (c.condition) jump_if(*c.condition, false, next);
  block(c.body, to);
  out_.emit(c.span, Op::ExitHandler);
  out_.emit(c.span, Op::EndCatch, error);
  out_.jump(c.span, Op::Jump, end);
  out_.bind(next);
  locals_.resize(locals);
  out_.release_to(top);
}

void FunctionCompiler::leave_regions(size_t keep, bool by_return, Span span) {
  for (size_t i = regions_.size(); i-- > keep;) {
    const Region region = regions_[i];
    switch (region.kind) {
      case Region::Kind::Loop:
        break;
      case Region::Kind::Try:
        out_.emit(span, Op::ExitTry);
        break;
      case Region::Kind::Guard:
        out_.emit(span, Op::ExitHandler);
        inline_finally(region, i);
        break;
      case Region::Kind::Catch:
        out_.emit(span, Op::ExitHandler);
        [[fallthrough]];
      case Region::Kind::Finally:
        // Only a return ends a cancellation that was caught; break and continue let it go on.
        out_.emit(span, by_return ? Op::AbsorbCancel : Op::EndCatch, region.error);
        break;
    }
  }
}

/// The block of a `finally` that is left from inside: it sees the variables and regions around its
/// `try`.
void FunctionCompiler::inline_finally(const Region& guard, size_t outer_regions) {
  std::vector<Region> regions(regions_.begin() + outer_regions, regions_.end());
  std::vector<Local> locals(locals_.begin() + guard.locals, locals_.end());
  regions_.resize(outer_regions, Region{});
  locals_.resize(guard.locals);
  block(*guard.finally, std::nullopt);
  locals_.insert(locals_.end(), locals.begin(), locals.end());
  regions_.insert(regions_.end(), regions.begin(), regions.end());
}

}  // namespace wakeful
