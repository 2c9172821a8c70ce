// PolicyCourse: what one policy has to do, in all workspaces. Part of PolicyRunner.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "eventstore/base/metrics.h"
#include "eventstore/base/mutex.h"
#include "kith/policies/v1/policy_events.pb.h"
#include "kith/policies/v1/policy_rows.pb.h"
#include "projections/engine/view.h"
#include "projections/reactions/policy.h"
#include "services/core/policy_state.h"
#include "services/runtime/commands/transact.h"
#include "services/runtime/policies/policy_runner.h"
#include "services/runtime/policies/workspace_turns.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {

// One thread, the runner's, but for what says otherwise.
class PolicyCourse {
 public:
  // `wake` has the runner take a turn soon; any thread.
  PolicyCourse(const Runtime& runtime, const ReactionDoers& doers,
               const projections::Policy& policy, const PolicyOptions& options,
               std::function<void()> wake);
  ~PolicyCourse();

  const projections::Policy& policy() const { return policy_; }

  // From now on what the log has by now is waited for.
  void Begin();
  // Looks for what is due, begins what can be begun, and notes what is known. While `stopping`,
  // it only brings to its end what was begun.
  void Turn(bool stopping);
  // Nothing is being decided or noted, or waits to be noted.
  bool IsAtRest() const;
  // How long until a turn may find something to do, by the clock's Now and Elapsed, where nothing
  // is recorded meanwhile and nobody calls `wake`; not positive: now.
  absl::Duration Rest(absl::Time now, absl::Duration elapsed) const;
  // Something became of the policy in a workspace. Any thread.
  void Learn(WorkspaceId workspace) KITH_EXCLUDES(mutex_);

 private:
  class Performance;
  class ReactionCommand;
  class NoteCommand;
  using PendingReaction = policies::v1::PendingReaction;
  using Key = WorkspaceTurns::Key;  // with the name of a reaction, or a stream

  // A reaction in memory.
  struct Task {
    PendingReaction reaction;
    int attempts = 0;      // of its effect, then of recording what became of that
    int waits = 0;         // attempts that found a view behind, which are not counted among those
    bool is_over = false;  // its outcome is known
    std::string reason;    // why it was refused, where something is done instead
    // What became of its effect, which is not performed again: only this is to be decided.
    std::optional<policies::v1::ReactionRequest> record;
  };
  // The policy in one workspace.
  struct Place {
    PolicyState state;
    std::set<std::string> parked_streams;
    bool holds = false;    // something was passed over, which may be done later
    size_t known = 0;      // tasks
    bool is_full = false;  // there were as many as may be; until half of them are gone
    // What stands behind this in the queue was passed over, until the cursor.
    std::optional<std::string> passed_over;
    std::vector<policies::v1::ReactionOutcome> outcomes;     // not noted
    absl::Duration since;                                    // the first of them is known
    std::vector<policies::v1::ReactionOutcome> being_noted;  // or maybe noted: tried once more
    bool is_noting = false;
    absl::Duration not_before;  // after noting failed
  };

  // Something ended, on any thread: `conclude` is run on the runner's.
  void End(std::function<void()> conclude) KITH_EXCLUDES(mutex_);
  void TakeEnded() KITH_EXCLUDES(mutex_);
  void TakeLearned() KITH_EXCLUDES(mutex_);
  // The policy's state in a workspace; null where it cannot be read now.
  Place* PlaceOf(WorkspaceId workspace);
  bool Load(WorkspaceId workspace, Place& place);
  // Where something was held, the queue is looked at from its beginning.
  void LookAgainAt(Place& place);
  bool IsHeld(WorkspaceId workspace, const PendingReaction& reaction, Place& place);

  void Look();
  // False where no reaction came or went since the queue was looked at. Most events concern few
  // policies, and this costs a tenth of looking.
  bool HasQueueChanged() const;
  // Looks at what was passed over of a workspace that has room again.
  absl::Status CatchUp(const projections::ViewSnapshot& snapshot, WorkspaceId workspace,
                       Place& place);
  void Forget();
  void ForgetTask(const Key& key);
  // False where there is no room for more.
  bool Admit(WorkspaceId workspace, const PendingReaction& reaction);
  // What is not held becomes a task.
  bool Take(WorkspaceId workspace, const PendingReaction& reaction, Place& place);
  // Whether the workspace has as many tasks as it may; it is passed over then.
  bool IsFull(Place& place) const;
  void StartReady();
  void StartTask(const Key& key, Task& task);
  // Decides what `asked` asks for: the reaction, or what says what became of its effect.
  void Decide(const Key& key, const PendingReaction& asked, absl::string_view way);
  void Performed(const Key& key, const Effect::Outcome& outcome);
  // Begins what is done instead of a reaction that was refused.
  void DecideOtherwise(const Key& key, const Task& task);
  // The effect that is to be performed next; null where a command is to be decided.
  Effect* EffectOf(const Task& task) const;
  // What became of a reaction that was tried.
  void Tried(const Key& key, const absl::Status& status, bool has_appended);
  void Conclude(const Key& key, Task& task, policies::v1::ReactionResult result,
                std::string reason);
  // Its stream's next one may begin.
  void PassOn(const Key& key, const Task& task);
  void TryLater(const Key& key, const Task& task);
  // Once a view may have got there, after it was found behind so often.
  void AwaitViews(const Key& key, Task& task);
  // How long until the next try, after so many.
  absl::Duration DelayAfter(int tries) const;
  void Park(const Key& key, const Task& task, const absl::Status& status);
  void Parked(const Key& key, const absl::Status& status, Position appended);
  void NoteOutcomes(bool stopping);
  void Noted(WorkspaceId workspace, const absl::Status& status, Position appended);
  // Appends the event once, however often it is tried under the id.
  void StartNote(WorkspaceId workspace, const std::string& id, policies::v1::PolicyEvent event,
                 std::function<void(const absl::Status&, Position)> noted);
  void AddMetrics(MetricPage& page) const;

  const Runtime& runtime_;
  const ReactionDoers& doers_;
  const projections::Policy& policy_;
  const PolicyOptions& options_;
  const std::function<void()> wake_;
  const std::string stream_;
  projections::View& view_;

  // What the view must have: less means that it is folded anew, and its queue is one of long ago.
  Position floor_;
  Position looked_at_;  // the view's, when its queue was looked at last
  std::string cursor_;  // behind which nothing without a time was looked at
  absl::Time next_due_ = absl::InfinitePast();
  // A time, and where the log stood then; and the last such time by which the view has the log.
  std::optional<std::pair<absl::Time, Position>> asked_;
  absl::Time settled_ = absl::InfinitePast();
  bool looks_again_ = true;
  uint64_t generation_ = 0;  // the authorizer's, when something was held
  // By the clock's Elapsed: when outcomes that are being gathered are noted.
  absl::Duration next_note_ = absl::InfiniteDuration();

  std::map<Key, Task> tasks_;
  std::map<Key, std::deque<std::string>> subjects_;  // by stream: reactions, in their order
  WorkspaceTurns ready_;                             // streams whose first one can begin
  std::multimap<absl::Duration, Key> delayed_;       // and when others can
  size_t running_ = 0;                               // reactions that are being decided
  size_t performing_ = 0;                            // and those whose effect is being performed
  std::map<WorkspaceId, Place> places_;
  std::deque<std::pair<Position, Key>> noted_;  // gone from the queue once the view is there
  int noting_ = 0;

  mutable Mutex mutex_;
  std::vector<std::function<void()>> ended_ KITH_GUARDED_BY(mutex_);
  // And how far the log was then.
  std::map<WorkspaceId, Position> learned_ KITH_GUARDED_BY(mutex_);

  std::atomic<int64_t> done_ = 0;
  std::atomic<int64_t> unchanged_ = 0;
  std::atomic<int64_t> refused_ = 0;
  std::atomic<int64_t> retried_ = 0;
  std::atomic<int64_t> parked_ = 0;
  std::atomic<int64_t> waiting_ = 0;
  const MetricSource metrics_{[this](MetricPage& page) { AddMetrics(page); }};
};

}  // namespace kith::runtime
