// The mocks of a test: steps that the handlers of the test's run answer.
#pragma once

#include <string>

#include "lang/compile/compile.h"
#include "runtime/engine/engine.h"

namespace wakeful {

/// Engine's thread. Holds nothing of its own that a crash could lose: what was called is in the
/// journal.
class Mocks final : public StepServer {
 public:
  /// `program`: that of program_for(). All must outlive this.
  Mocks(const Program& program, const TestCase& test, const Journal& journal)
      : program_(program), test_(test), journal_(journal) {}
  /// The engine and the test's run in it.
  void attach(Engine* engine, RunId run) {
    engine_ = engine;
    run_ = run;
  }

  bool serves(const std::string& name) const override;
  void serve(const Call& call, Done done) override;
  std::string calls_of(const std::string& what) override;

 private:
  using Kind = TestCase::Mock::Kind;
  const TestCase::Mock* find(const std::string& name) const;
  const TestCase::Mock* find(Kind kind, const std::string& name) const;
  std::vector<std::string> parameters(Kind kind, const std::string& name) const;
  std::string arguments_for(const TestCase::Mock& mock, const std::string& arguments) const;
  std::string asked_with(const Call& call, const TestCase::Mock& mock,
                         const std::string& message) const;
  EffectOutcome answer(const TestCase::Mock& mock, StepStatus status,
                       const std::string& value) const;
  EffectOutcome checked(const TestCase::Mock& mock, StepStatus status,
                        const std::string& value) const;

  const Program& program_;
  const TestCase& test_;
  const Journal& journal_;
  Engine* engine_ = nullptr;
  RunId run_;
};

}  // namespace wakeful
