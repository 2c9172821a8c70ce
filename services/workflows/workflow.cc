#include "services/workflows/workflow.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/util/message_differencer.h"
#include "google/rpc/error_details.pb.h"
#include "kith/options/v1/options.pb.h"
#include "kith/roles/v1/role.pb.h"
#include "kith/workflows/v1/workflows_errors.pb.h"
#include "projections/workflows/active_workflows.h"
#include "projections/workflows/workflow_fold.h"
#include "services/core/by_itself.h"
#include "services/core/check_as_seen.h"
#include "services/core/record_condition.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"
#include "services/core/shown_fields.h"
#include "services/workflows/workflow_fields.h"

namespace kith::workflows {
namespace {

bool IsSame(const v1::Workflow& a, const v1::Workflow& b) {
  using google::protobuf::util::MessageDifferencer;
  if (!MessageDifferencer::Equals(a.trigger(), b.trigger()) || a.steps_size() != b.steps_size()) {
    return false;
  }
  for (int i = 0; i < a.steps_size(); ++i) {
    if (!MessageDifferencer::Equals(a.steps(i), b.steps(i))) return false;
  }
  return true;
}

void CompleteFields(const v1::Workflow& before, const Settings&, v1::Workflow& after) {
  if (before.state() != v1::ACTIVE || IsSame(before, after)) return;
  after.set_state(v1::PAUSED);
  after.set_pause_reason(v1::CHANGED);
  after.clear_acts_for();
  after.clear_acting_key();
}

// Whose rights count from then on.
struct ActsFor {
  std::string user;
  std::string key;  // of a service
};

ActsFor CallerIn(const CommandContext& context) {
  if (!context.user.empty()) return {std::string(context.user), ""};
  const bool is_key = context.grants != nullptr && !IsDoneByPolicy(context, "");
  return {"", is_key ? absl::StrCat("apiKeys/", context.actor) : ""};
}

Decision SetState(const WorkflowState& state, v1::WorkflowState wanted, v1::PauseReason why,
                  ActsFor acts_for, std::vector<Claim> claims = {}) {
  v1::Workflow after = state.resource;
  after.set_state(wanted);
  after.set_pause_reason(why);
  after.set_acts_for(std::move(acts_for.user));
  after.set_acting_key(std::move(acts_for.key));
  google::protobuf::FieldMask changed;
  if (after.acting_key() != state.resource.acting_key()) changed.add_paths("acting_key");
  if (after.acts_for() != state.resource.acts_for()) changed.add_paths("acts_for");
  if (after.pause_reason() != state.resource.pause_reason()) changed.add_paths("pause_reason");
  if (after.state() != state.resource.state()) changed.add_paths("state");
  if (changed.paths().empty()) return NoChange();
  return Changes().Append(after.name(), UpdatedEvent<v1::WorkflowEvent>(after, changed),
                          std::move(claims));
}

}  // namespace

WorkflowState Evolve(WorkflowState state, const Recorded<v1::WorkflowEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldWorkflow);
  return state;
}

const ResourceRules& WorkflowRules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<WorkflowAggregate>()
                             .NotFound(v1::WORKFLOWS_ERROR_WORKFLOW_NOT_FOUND)
                             .LinkNotFound(v1::WORKFLOWS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .Complete(CompleteFields)
                             .Check(CheckFields)
                             .FoldedBy<FoldWorkflow>()
                             .Build());
  return rules;
}

absl::Status MayActForNobody(const Grants* grants) {
  if (grants == nullptr || grants->ContainAll("*")) return absl::OkStatus();
  return Reject(v1::WORKFLOWS_ERROR_NOT_PERMITTED,
                "The credentials are no user's, for whom the steps could be taken, and do not "
                "grant everything. Use those of a user.");
}

absl::Status MayActInFull(const google::protobuf::RepeatedPtrField<v1::WorkflowStep>& steps,
                          const Grants* grants) {
  if (grants == nullptr) return absl::OkStatus();
  const std::vector<std::string>& granted = grants->patterns();
  if (std::find(granted.begin(), granted.end(), "*") == granted.end()) {
    return Reject(v1::WORKFLOWS_ERROR_NOT_PERMITTED,
                  "The credentials grant less than their user may do, and the steps are taken with "
                  "all that the user may. Use credentials that grant \"*\".");
  }
  const bool awaits = std::any_of(steps.begin(), steps.end(), [](const v1::WorkflowStep& step) {
    return !step.await().condition().empty();
  });
  return awaits ? MayAskAnything(grants) : absl::OkStatus();
}

absl::Status MayAskAnything(const Grants* grants) {
  if (ShowAllFields(grants)) return absl::OkStatus();
  return Reject(v1::WORKFLOWS_ERROR_NOT_PERMITTED,
                "Your roles hide fields from you, and a condition of a trigger, or of a step that "
                "waits for something to happen, may tell what they hold. Do without.");
}

absl::Status MayKnowTime(const v1::WorkflowTrigger& trigger, const Collections& collections,
                         const Grants* grants) {
  if (grants == nullptr || !trigger.has_record_time()) return absl::OkStatus();
  const std::string& name = trigger.record_time().field();
  const Collection* const of = FindCollection(collections, trigger.resource());
  const auto* const field = of == nullptr ? nullptr : of->resource->FindFieldByName(name);
  if (field == nullptr || !field->options().GetExtension(options::v1::field).personal() ||
      grants->Show(roles::v1::FieldGroup_Name(roles::v1::PERSONAL))) {
    return absl::OkStatus();
  }
  return Reject(v1::WORKFLOWS_ERROR_NOT_PERMITTED,
                absl::StrCat("Your roles hide ", name,
                             " from you, and when the workflow is set off would tell it. Have it "
                             "come with another time."),
                {{"field", name}});
}

Decision Decide(const WorkflowState& state, const std::vector<const WorkflowState*>& others,
                const v1::ActivateWorkflowRequest& command, const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(WorkflowRules(), state, command));
  if (context.user.empty()) KITH_RETURN_IF_ERROR(MayActForNobody(context.grants));
  KITH_RETURN_IF_ERROR(MayActInFull(state.resource.steps(), context.grants));
  const v1::WorkflowTrigger& trigger = state.resource.trigger();
  if (!trigger.condition().empty() || !trigger.condition_before().empty()) {
    KITH_RETURN_IF_ERROR(MayAskAnything(context.grants));
  }
  const bool reads_scores = context.grants == nullptr || context.grants->Contain(kReadScores);
  if (trigger.has_score_reached() && !reads_scores) {
    return Reject(
        v1::WORKFLOWS_ERROR_NOT_PERMITTED,
        absl::StrCat("To wait for scores, your credentials have to grant ", kReadScores, "."),
        {{"permission", std::string(kReadScores)}});
  }
  if (state.resource.steps().empty()) {
    return RejectState(v1::WORKFLOWS_ERROR_NO_STEPS, "The workflow has no steps. Add some first.",
                       command.name());
  }
  const std::string kind = TriggerKindOf(state.resource.trigger());
  if (kind.empty()) {
    return SetState(state, v1::ACTIVE, v1::PAUSE_REASON_UNSPECIFIED, CallerIn(context));
  }
  const auto active = std::count_if(others.begin(), others.end(), [&](const WorkflowState* other) {
    return other->lifecycle == Lifecycle::kActive && other->resource.state() == v1::ACTIVE &&
           other->resource.name() != command.name() &&
           TriggerKindOf(other->resource.trigger()) == kind;
  });
  if (active >= kActiveMax) {
    return Reject(v1::WORKFLOWS_ERROR_TOO_MANY_ACTIVE,
                  absl::StrCat(kActiveMax, " workflows of ", kind,
                               " are active, which is as many as can be. Pause another one first."),
                  {{"resource", kind}, {"limit", absl::StrCat(kActiveMax)}});
  }
  return SetState(state, v1::ACTIVE, v1::PAUSE_REASON_UNSPECIFIED, CallerIn(context),
                  {{std::string(kActivePurpose), kind}});
}

absl::Status CheckReached(const v1::WorkflowTrigger& trigger,
                          const scoring_models::v1::ScoringModel* model) {
  const v1::ScoreReached& reached = trigger.score_reached();
  google::rpc::BadRequest violations;
  const std::string field = "workflow.trigger.score_reached";
  if (model == nullptr) {
    AddViolation(absl::StrCat(field, ".scoring_model"), "is no scoring model any more", violations);
  } else if (ScoredBy(model->target()) != trigger.resource()) {
    AddViolation(absl::StrCat(field, ".scoring_model"),
                 absl::StrCat("scores ", ScoredBy(model->target()), ", and the trigger is of ",
                              trigger.resource()),
                 violations);
  } else if (std::none_of(
                 model->thresholds().begin(), model->thresholds().end(),
                 [&](const auto& threshold) { return threshold.id() == reached.threshold(); })) {
    AddViolation(absl::StrCat(field, ".threshold"), "is no threshold of the model", violations);
  }
  if (violations.field_violations().empty()) return absl::OkStatus();
  return Reject(v1::WORKFLOWS_ERROR_INVALID_WORKFLOW,
                absl::StrCat("The workflow cannot be active as it is: ", Summary(violations), "."),
                {}, violations);
}

std::string ScoredBy(scoring_models::v1::ScoreTarget target) {
  return absl::AsciiStrToLower(scoring_models::v1::ScoreTarget_Name(target));
}

bool AreRightsLost(absl::string_view refusal) {
  return refusal == "ON_BEHALF_OF_NOBODY" || refusal == "PERMISSION_DENIED" ||
         refusal == "NOT_PERMITTED";
}

Decision Decide(const WorkflowState& state, const v1::PauseWorkflowRequest& command,
                const CommandContext& context) {
  KITH_RETURN_IF_ERROR(CheckAsSeen(WorkflowRules(), state, command));
  v1::PauseReason why = command.pause_reason();
  if (why == v1::PAUSE_REASON_UNSPECIFIED) why = v1::ASKED;
  if (why != v1::ASKED && !IsDoneByPolicy(context, "workflow")) {
    return RejectField("pause_reason", "must be ASKED: the others are what Kith itself says");
  }
  const bool is_none = !AreRightsLost(command.reason()) || state.resource.state() != v1::ACTIVE;
  if (why == v1::RIGHTS_LOST && is_none) return NoChange();
  return SetState(state, v1::PAUSED, why, {});
}

std::string WhyStopped(const WorkflowState& state, bool began_while_active) {
  if (state.lifecycle != Lifecycle::kActive) return std::string(kWorkflowDeleted);
  const v1::PauseReason why = state.resource.pause_reason();
  const bool is_stopped = why == v1::TOO_MANY_RUNS || (why == v1::ASKED && began_while_active);
  return is_stopped ? std::string(kWorkflowPaused) : "";
}

const v1::WorkflowStep* FindStep(const google::protobuf::RepeatedPtrField<v1::WorkflowStep>& steps,
                                 absl::string_view id) {
  for (const v1::WorkflowStep& step : steps) {
    if (step.id() == id) return &step;
  }
  return nullptr;
}

std::string NextOf(const google::protobuf::RepeatedPtrField<v1::WorkflowStep>& steps,
                   const v1::WorkflowStep& step) {
  if (!step.next().empty()) return step.next();
  for (int i = 0; i + 1 < steps.size(); ++i) {
    if (steps[i].id() == step.id()) return steps[i + 1].id();
  }
  return "";
}

}  // namespace kith::workflows
