// Policy: what follows by itself from what happens, at once or when its time has come.
//
//   class TaskReminders final : public projections::Policy {
//    public:
//     TaskReminders() : Policy("task_reminders", 1, "Reminds people of what is due.") {}
//     std::vector<std::string> Follows() const override { return {}; }
//     std::string base() const override { return "task_directory"; }
//     absl::Status React(const eventstore::RecordedEvent& event, projections::ViewBatch& batch,
//                        projections::Reactions& reactions) const override;
//   };
//
// A policy is a projection, whose rows are what is still to be done: so it knows what an event made
// of the rows of its base, keeps rows of its own where it has to remember something, reacts to
// nothing while it is folded anew, and costs events that do not concern it nothing. Doing what is
// due, and noting what became of it, is services/runtime/policies.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/log/event_registry.h"
#include "google/protobuf/message.h"
#include "kith/policies/v1/policy_rows.pb.h"
#include "projections/engine/projection.h"
#include "projections/engine/view_batch.h"
#include "projections/engine/view_snapshot.h"

namespace kith::projections {

// Reactions that led to one another, each to the next; one more is refused when its turn comes.
inline constexpr int kReactionDepthMax = 16;
// Reactions to one event; a policy that has more is in error.
inline constexpr int kReactionsMax = 300;
// The number of the table of pending reactions in every policy's view. Persisted. What a policy
// remembers stands in tables of lower numbers.
inline constexpr uint8_t kReactionTable = 200;
// And of that of the workspaces where the policy is there. Persisted.
inline constexpr uint8_t kStartedTable = 201;

// What a policy does about one event. Lives for one React.
class Reactions {
 public:
  // Borrows both. `since` is the policy's.
  Reactions(const eventstore::RecordedEvent& event, ViewBatch& batch, int since)
      : event_(event), batch_(batch), since_(since) {}

  // At once: a request that any client could make, or several, of which either all are done or
  // none. They are decided as the policy, which may do everything in the event's workspace.
  absl::Status Add(const google::protobuf::Message& request) { return Add({&request}); }
  struct Terms {
    // For whom it is done, as far as they may; empty: for nobody.
    absl::string_view on_behalf_of;
    // What is done instead, as the policy, where it is refused, its field `reason` set to why;
    // null: nothing.
    const google::protobuf::Message* otherwise = nullptr;
    // It goes on with what the event is a part of, and is no deeper than that.
    bool continues = false;
    // What it is done in the order of, and waits with where that is parked; empty: the event's
    // stream.
    absl::string_view subject;
  };
  absl::Status Add(const std::vector<const google::protobuf::Message*>& requests) {
    return Add(requests, Terms());
  }
  absl::Status Add(const std::vector<const google::protobuf::Message*>& requests,
                   const Terms& terms);
  // When `due` has come; one that has come already is done at once, late. `timer` is a name of the
  // policy's choice in the workspace ("tasks/01J…/reminder/15"); a timer of this name that is set
  // already is set anew.
  absl::Status Set(absl::string_view timer, absl::Time due,
                   const google::protobuf::Message& request) {
    return Set(timer, due, request, Terms());
  }
  absl::Status Set(absl::string_view timer, absl::Time due,
                   const google::protobuf::Message& request, const Terms& terms);
  // Nothing where no such timer is set. One that fires at this moment still does, and its command
  // finds what the event made of the record.
  absl::Status Cancel(absl::string_view timer);

 private:
  policies::v1::PendingReaction NewReaction(std::string name, const Terms& terms);
  // Whether the policy is there in the event's workspace by now.
  absl::StatusOr<bool> IsStarted();

  const eventstore::RecordedEvent& event_;
  ViewBatch& batch_;
  const int since_;
  int count_ = 0;
};

class Policy : public Projection {
 public:
  // "policies/task_reminders".
  std::string ResourceName() const;
  absl::string_view description() const { return description_; }
  int since() const { return since_; }

  absl::string_view name() const final { return name_; }
  int version() const final { return version_; }
  std::vector<std::string> categories() const final;
  bool Takes(const eventstore::RecordedEvent& event) const final;
  bool has_indexes() const final { return true; }
  absl::Status Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const final;

 protected:
  // `name` is persisted, as that of a view and in request ids; `description` is a sentence for
  // people. A policy whose version rises is folded anew; what one before it has done is not done
  // again. `since` is the generation that a policy belongs to which reacts to events that there
  // were before it (services/core/policy_state.h): in a workspace that was there before, it does
  // nothing until somebody resumes it; 0 for one that came with its events.
  Policy(absl::string_view name, int version, absl::string_view description, int since = 0)
      : name_(name), version_(version), description_(description), since_(since) {}

 private:
  // The categories whose events it takes itself. Of "workspaces" it may be one, for what was chosen
  // there.
  virtual std::vector<std::string> Follows() const = 0;
  // Of those, whether it takes this one; as Projection::Takes.
  virtual bool Concerns(const eventstore::RecordedEvent& /*event*/) const { return true; }
  // As Projection::Apply.
  virtual absl::Status React(const eventstore::RecordedEvent& event, ViewBatch& batch,
                             Reactions& reactions) const = 0;

  // Whether it takes the event for itself, and not only to know where it is there.
  bool Wants(const eventstore::RecordedEvent& event) const;

  const std::string name_;
  const int version_;
  const std::string description_;
  const int since_;
};

// What a policy's commands are called by in the log: "policy/task_reminders", and as request id
// "412/0/1": the event, the reaction's number, and how deep it is.
std::string PolicyMethod(absl::string_view policy);
std::string ReactionRequestId(const policies::v1::PendingReaction& reaction);
// How many reactions led to the event; 0 where somebody's request did.
int ReactionDepth(const eventstore::EventHeader& header);

// What is pending, in the order in which it is done: what has no time by the events it follows
// from, then the rest by when it is due. `from` is where an earlier scan stopped, empty for the
// beginning; `visit` is given where the reaction stands, for that, and false ends the scan. It is
// of the present, at least as new as the snapshot; a reaction that is gone since is passed over.
// Touches the disk: not on a gRPC thread.
using ReactionVisitor = absl::FunctionRef<bool(absl::string_view place, WorkspaceId workspace,
                                               const policies::v1::PendingReaction& reaction)>;
absl::Status ScanAtOnce(const ViewSnapshot& snapshot, absl::string_view from,
                        ReactionVisitor visit);
absl::Status ScanDue(const ViewSnapshot& snapshot, absl::Time until, ReactionVisitor visit);
// When the first that is due after `after` is; infinite where there is none.
absl::StatusOr<absl::Time> NextDue(const ViewSnapshot& snapshot, absl::Time after);

}  // namespace kith::projections
