#include "services/runtime/policies/policy_runner.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/thread_name.h"
#include "services/core/policy_state.h"
#include "services/runtime/policies/policy_course.h"
#include "services/runtime/policies/policy_hold.h"

namespace kith::runtime {
namespace {

// While nothing is due, the clock is looked at after so many turns.
constexpr int kTurnsOfGlance = 5;

}  // namespace

PolicyRunner::PolicyRunner(const Runtime& runtime, const MethodTable& methods,
                           const std::vector<const projections::Policy*>& policies,
                           const std::vector<std::unique_ptr<Effect>>& effects,
                           const PolicyOptions& options)
    : runtime_(runtime), options_(options), effects_(effects) {
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
  if (options_.hold != nullptr) options_.hold->Tell([this] { Wake(); });
  thread_ = std::thread([this] { Work(); });
}

void PolicyRunner::Stop() {
  if (!thread_.joinable()) return;
  if (options_.hold != nullptr) options_.hold->Tell(nullptr);
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

void PolicyRunner::Recorded() {
  MutexLock lock(mutex_);
  recorded_ = true;
  changed_.NotifyAll();
}

bool PolicyRunner::IsHeld() const { return options_.hold != nullptr && options_.hold->holds(); }

void PolicyRunner::Work() {
  NameThisThread("kith-policies");
  bool stopping = false;
  while (true) {
    if (!IsHeld()) {
      turns_.fetch_add(1, std::memory_order_relaxed);
      for (const auto& course : courses_) course->Turn(stopping);
    }
    if (stopping && std::all_of(courses_.begin(), courses_.end(),
                                [](const auto& course) { return course->IsAtRest(); })) {
      return;
    }
    if (!stopping && AwaitWork()) continue;
    MutexLock lock(mutex_);
    if (!woken_ && (stopping || !stopping_)) {
      changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(options_.turn));
    }
    woken_ = false;
    stopping = stopping_;
  }
}

bool PolicyRunner::AwaitWork() {
  // Before the courses are asked: what is recorded meanwhile is waited for no more.
  const Position head = runtime_.log.head();
  absl::Duration rest = Rest();
  if (rest <= absl::ZeroDuration()) return false;
  const auto follower = runtime_.log.Follow(head);
  follower->Wake([this] { Recorded(); });
  while (rest > absl::ZeroDuration()) {
    if (AwaitCall(std::min(rest, kTurnsOfGlance * options_.turn))) return false;
    glances_.fetch_add(1, std::memory_order_relaxed);
    rest = Rest();
  }
  return true;
}

bool PolicyRunner::AwaitCall(absl::Duration most) {
  MutexLock lock(mutex_);
  if (!woken_ && !recorded_ && !stopping_) {
    changed_.WaitFor(mutex_, absl::ToChronoNanoseconds(most));
  }
  return std::exchange(recorded_, false) || woken_ || stopping_;
}

absl::Duration PolicyRunner::Rest() const {
  if (IsHeld()) return absl::InfiniteDuration();
  const absl::Time now = runtime_.clock.Now();
  const absl::Duration elapsed = runtime_.clock.Elapsed();
  absl::Duration rest = absl::InfiniteDuration();
  for (const auto& course : courses_) {
    rest = std::min(rest, course->Rest(now, elapsed));
    if (rest <= absl::ZeroDuration()) break;
  }
  return rest;
}

void PolicyRunner::AddMetrics(MetricPage& page) const {
  page.Gauge("kith_policies_held",
             "1 where policies do nothing, as the data is a copy that nobody resumed.",
             IsHeld() ? 1 : 0);
  page.Counter("kith_policy_turns_total", "How often all policies looked for what is due.",
               static_cast<double>(turns_.load(std::memory_order_relaxed)));
  page.Counter("kith_policy_glances_total",
               "How often it was found, meanwhile, that nothing is due.",
               static_cast<double>(glances_.load(std::memory_order_relaxed)));
}

}  // namespace kith::runtime
