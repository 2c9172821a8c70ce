#include "services/runtime/policies/policy_runner.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/thread_name.h"
#include "services/core/policy_state.h"
#include "services/runtime/policies/policy_course.h"

namespace kith::runtime {

PolicyRunner::PolicyRunner(const Runtime& runtime, const MethodTable& methods,
                           const std::vector<const projections::Policy*>& policies,
                           const std::vector<std::unique_ptr<Effect>>& effects,
                           const PolicyOptions& options)
    : options_(options), effects_(effects) {
  for (const auto& [name, method] : methods.methods()) {
    if (method->handler() == nullptr) continue;
    doers_.commands[method->method().descriptor->input_type()->full_name()] = method.get();
  }
  for (const auto& effect : effects) doers_.effects[effect->takes().full_name()] = effect.get();
  for (const auto* const policy : policies) {
    courses_.push_back(
        std::make_unique<PolicyCourse>(runtime, doers_, *policy, options_, [this] { Wake(); }));
  }
  runtime.transact.Observe(PolicyAggregate::kCategory,
                           [this](WorkspaceId workspace, const AppendedEvent& event) {
                             for (const auto& course : courses_) {
                               if (course->policy().ResourceName() == event.stream)
                                 course->Learn(workspace);
                             }
                           });
}

PolicyRunner::~PolicyRunner() { Stop(); }

void PolicyRunner::Start() {
  if (!options_.run || courses_.empty()) return;
  for (const auto& course : courses_) course->Begin();
  thread_ = std::thread([this] { Work(); });
}

void PolicyRunner::Stop() {
  if (!thread_.joinable()) return;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  for (const auto& effect : effects_) effect->Stop();
  thread_.join();
}

void PolicyRunner::Wake() {
  MutexLock lock(mutex_);
  woken_ = true;
  changed_.NotifyAll();
}

void PolicyRunner::Work() {
  NameThisThread("kith-policies");
  const auto turn = absl::ToChronoNanoseconds(options_.turn);
  bool stopping = false;
  while (true) {
    for (const auto& course : courses_) course->Turn(stopping);
    if (stopping && std::all_of(courses_.begin(), courses_.end(),
                                [](const auto& course) { return course->IsAtRest(); })) {
      return;
    }
    MutexLock lock(mutex_);
    if (!woken_ && (stopping || !stopping_)) changed_.WaitFor(mutex_, turn);
    woken_ = false;
    stopping = stopping_;
  }
}

}  // namespace kith::runtime
