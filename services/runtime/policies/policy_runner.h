// PolicyRunner: does what policies make of events, once, and notes what became of it.
//
// A policy's view is the queue of what is to be done (projections/reactions/policy.h). The runner
// decides each reaction like a request of the policy's, under a request id made of the event it
// follows from, so that one that was done before a crash is not done again; then it notes the
// outcomes in the policy's stream, which empties the queue. What follows from one stream is done in
// the order of its events, what follows from different ones side by side. What fails for reasons
// that pass is tried again; after several tries it is parked, and its stream waits for somebody.
//
// Owned by the server. A thread of its own; every call from any thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/metrics.h"
#include "eventstore/base/mutex.h"
#include "projections/reactions/policy.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/effects/effect.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {

class PolicyHold;

struct PolicyOptions {
  bool run = true;  // false: what is due waits until a server runs that does it
  // Begins nothing while this holds; may be null.
  std::shared_ptr<PolicyHold> hold;
  // How soon after another it looks for what is due, while there is something to do. Where there is
  // nothing it waits for what is recorded and for what is due next, and looks at the time after
  // five turns, because clocks may be set. Real time: what is due by a clock that stands still is
  // done as soon as the clock has been moved.
  absl::Duration turn = absl::Milliseconds(10);
  // How long outcomes are gathered before they are noted, by the clock's Elapsed. Those that made
  // no event are decided again where the process ends before.
  absl::Duration gather = absl::Seconds(1);
  size_t running_max = 64;   // reactions of one policy that are decided at once
  size_t known_max = 16384;  // and that are in memory: waiting, or done and still in the view
  size_t known_of_workspace_max = 4096;                  // and those of one workspace
  int attempts_max = 8;                                  // of one reaction, before it is parked
  absl::Duration retry_first = absl::Milliseconds(200);  // after the first try; then twice as long
  absl::Duration retry_most = absl::Seconds(30);
};

class PolicyCourse;

// Who does what a reaction asks for, by the type of its request.
struct ReactionDoers {
  absl::flat_hash_map<std::string, const BoundMethod*> commands;
  absl::flat_hash_map<std::string, Effect*> effects;
};

class PolicyRunner {
 public:
  // While the server starts, when every method is bound and before the first command: observes what
  // becomes of policies. Borrows all of it.
  PolicyRunner(const Runtime& runtime, const MethodTable& methods,
               const std::vector<const projections::Policy*>& policies,
               const std::vector<std::unique_ptr<Effect>>& effects, const PolicyOptions& options);
  ~PolicyRunner();  // Stop

  // Nothing is done before the views have what the log had by now.
  void Start();
  // Begins nothing further, waits for what is being done and notes its outcomes. The pools and the
  // log are still there.
  void Stop() KITH_EXCLUDES(mutex_);

  // Looks for what is due now, rather than at the next turn.
  void Wake() KITH_EXCLUDES(mutex_);

 private:
  // The log's head is another.
  void Recorded() KITH_EXCLUDES(mutex_);
  void Work() KITH_EXCLUDES(mutex_);
  bool IsHeld() const;
  // Returns when there may be something to do: true where that is due now, and false where it was
  // recorded, or somebody called.
  bool AwaitWork() KITH_EXCLUDES(mutex_);
  // False where nothing was recorded for so long, and nobody called.
  bool AwaitCall(absl::Duration most) KITH_EXCLUDES(mutex_);
  // How long there is nothing to do, unless something is recorded; not positive: there is.
  absl::Duration Rest() const;
  void AddMetrics(MetricPage& page) const;

  const Runtime& runtime_;
  const PolicyOptions options_;
  const std::vector<std::unique_ptr<Effect>>& effects_;
  ReactionDoers doers_;
  std::vector<std::unique_ptr<PolicyCourse>> courses_;
  Mutex mutex_;
  CondVar changed_;
  bool woken_ KITH_GUARDED_BY(mutex_) = false;
  bool recorded_ KITH_GUARDED_BY(mutex_) = false;
  bool stopping_ KITH_GUARDED_BY(mutex_) = false;
  std::atomic<int64_t> turns_ = 0;    // in each of which every policy looks for what is due
  std::atomic<int64_t> glances_ = 0;  // at the clock alone
  std::thread thread_;
  const MetricSource metrics_{[this](MetricPage& page) { AddMetrics(page); }};
};

}  // namespace kith::runtime
