// The workflow: what is done by itself when something happens. Its rules, and the commands of its
// own.
//
// Pure: see services/core/decider.h. A workflow acts with the rights of whoever activated it, so
// whoever changes what it does takes that away.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kith/scoring_models/v1/scoring_model.pb.h"
#include "kith/workflows/v1/workflow.pb.h"
#include "kith/workflows/v1/workflow_events.pb.h"
#include "kith/workflows/v1/workflows_service.pb.h"
#include "services/core/collection.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/resource_rules.h"

namespace kith::workflows {

struct WorkflowState : ResourceState<v1::Workflow> {};

struct WorkflowAggregate {
  using Resource = v1::Workflow;
  using State = WorkflowState;
  using Event = v1::WorkflowEvent;
  static constexpr absl::string_view kCategory = "workflows";
};

WorkflowState Evolve(WorkflowState state, const Recorded<v1::WorkflowEvent>& recorded);

const ResourceRules& WorkflowRules();

// Those that were ever activated with triggers of a kind have claimed it.
inline constexpr absl::string_view kActivePurpose = "workflows.active";
// `others` were ever activated with a trigger of the same kind.
Decision Decide(const WorkflowState& state, const std::vector<const WorkflowState*>& others,
                const v1::ActivateWorkflowRequest& command, const CommandContext& context);
Decision Decide(const WorkflowState& state, const v1::PauseWorkflowRequest& command,
                const CommandContext& context);

// Whether who is no user may have a workflow act for them, which does everything then.
absl::Status MayActForNobody(const Grants* grants);
// Whether they may have these steps taken with all that their user may: by credentials that are not
// limited, and where a step waits until something is so, without fields that are hidden from them.
absl::Status MayActInFull(const google::protobuf::RepeatedPtrField<v1::WorkflowStep>& steps,
                          const Grants* grants);
// Whether conditions that are asked for them may ask for every field.
absl::Status MayAskAnything(const Grants* grants);
// Whether a trigger may come with its time of a record for them: when it comes tells the time, so
// one that is personal only where that is shown to them.
absl::Status MayKnowTime(const v1::WorkflowTrigger& trigger, const Collections& collections,
                         const Grants* grants);

// What who waits for scores has to be granted.
inline constexpr absl::string_view kReadScores = "scores.read";
// Whose records are scored: "contacts".
std::string ScoredBy(scoring_models::v1::ScoreTarget target);
// Whether scores can reach what the trigger waits for, by the model that it names; null where that
// is not there.
absl::Status CheckReached(const v1::WorkflowTrigger& trigger,
                          const scoring_models::v1::ScoringModel* model);

// Whether a refusal, by its reason, is one of rights that for whom the workflow acts has no more.
bool AreRightsLost(absl::string_view refusal);

// Why steps of its runs are not taken any more: of one that was set off while the workflow was
// active, or otherwise. Empty where they are.
inline constexpr absl::string_view kWorkflowPaused = "WORKFLOW_PAUSED";
// And where the key that activated it counts no more. As a pause, it can be taken up again.
inline constexpr absl::string_view kActingKeyEnded = "ACTING_KEY_ENDED";
inline constexpr absl::string_view kWorkflowDeleted = "WORKFLOW_DELETED";
std::string WhyStopped(const WorkflowState& state, bool began_while_active);

// The step of this id; null where there is none.
const v1::WorkflowStep* FindStep(const google::protobuf::RepeatedPtrField<v1::WorkflowStep>& steps,
                                 absl::string_view id);
// The id of the step that comes after this one; empty: the end.
std::string NextOf(const google::protobuf::RepeatedPtrField<v1::WorkflowStep>& steps,
                   const v1::WorkflowStep& step);

}  // namespace kith::workflows
