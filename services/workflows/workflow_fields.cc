#include "services/workflows/workflow_fields.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/custom_maps.h"
#include "google/protobuf/timestamp.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/type/date.pb.h"
#include "kith/options/v1/options.pb.h"
#include "kith/workflows/v1/workflows_errors.pb.h"
#include "projections/workflows/interaction_triggers.h"
#include "services/core/reject.h"
#include "services/workflows/step_request.h"
#include "services/workflows/time_span.h"
#include "services/workflows/workflow.h"

namespace kith::workflows {
namespace {

using google::protobuf::FieldDescriptor;
using google::rpc::BadRequest;

// What is wrong with one workflow, place by place.
class Inspection {
 public:
  Inspection(const v1::Workflow& workflow, const ServerFacts& facts)
      : workflow_(workflow), facts_(facts) {}

  absl::Status Run() {
    CheckTrigger();
    for (int i = 0; i < workflow_.steps_size(); ++i) {
      at_ = absl::StrCat("workflow.steps[", i, "]");
      CheckStep(workflow_.steps(i), i);
    }
    CheckReach();
    if (violations_.field_violations().empty()) return absl::OkStatus();
    return Reject(v1::WORKFLOWS_ERROR_INVALID_WORKFLOW,
                  absl::StrCat("The workflow cannot be as it is: ", Summary(violations_), "."), {},
                  violations_);
  }

 private:
  void Add(absl::string_view field, absl::string_view what) {
    AddViolation(absl::StrCat(at_, ".", field), what, violations_);
  }

  void CheckTrigger() {
    at_ = "workflow.trigger";
    const v1::WorkflowTrigger& trigger = workflow_.trigger();
    if (trigger.resource().empty()) {
      if (!trigger.condition().empty()) Add("condition", "is of no resource");
      if (!trigger.condition_before().empty()) Add("condition_before", "is of no resource");
      return;
    }
    if (trigger.resource() == kInteractions) return CheckInteractions(trigger);
    const auto found =
        std::find_if(facts_.collections.begin(), facts_.collections.end(),
                     [&](const Collection& one) { return one.name == trigger.resource(); });
    // What has custom fields sets workflows off (register.cc).
    if (found == facts_.collections.end() || !IsRecord(*found->resource)) {
      return Add("resource", absl::StrCat("must be one of ", Records()));
    }
    collection_ = &*found;
    CheckCondition("condition", trigger.condition());
    CheckCondition("condition_before", trigger.condition_before());
  }

  // A run is about the contact that it was recorded under.
  void CheckInteractions(const v1::WorkflowTrigger& trigger) {
    if (trigger.change() == v1::UPDATED) Add("change", "must not be UPDATED: it is recorded once");
    if (!trigger.condition_before().empty()) {
      Add("condition_before", "is of a record that was there, and this one comes into being");
    }
    if (!trigger.condition().empty()) {
      const absl::Status checked = CheckInteractionCondition(trigger.condition());
      if (!checked.ok()) Add("condition", checked.message());
    }
    for (const Collection& collection : facts_.collections) {
      if (collection.name == "contacts") collection_ = &collection;
    }
  }

  static bool IsRecord(const google::protobuf::Descriptor& resource) {
    return !CustomMapsOf(resource).empty();
  }
  std::string Records() const {
    std::vector<std::string> names{std::string(kInteractions)};
    for (const Collection& collection : facts_.collections) {
      if (IsRecord(*collection.resource)) names.push_back(collection.name);
    }
    return absl::StrJoin(names, ", ");
  }

  void CheckCondition(absl::string_view field, const std::string& condition) {
    if (condition.empty() || collection_ == nullptr) return;
    const std::unique_ptr<google::protobuf::Message> nobody(
        google::protobuf::MessageFactory::generated_factory()
            ->GetPrototype(collection_->resource)
            ->New());
    const auto held =
        collection_->holds(condition, *nobody, absl::UnixEpoch(), absl::UTCTimeZone());
    if (!held.ok()) Add(field, held.status().message());
  }

  void CheckStep(const v1::WorkflowStep& step, int index) {
    for (int i = 0; i < index; ++i) {
      if (workflow_.steps(i).id() == step.id()) Add("id", "is another step's");
    }
    CheckLeadsTo("next", step.next());
    switch (step.action_case()) {
      case v1::WorkflowStep::kCall:
        return CheckCall(step.call());
      case v1::WorkflowStep::kWait:
        return CheckWait(step.wait());
      case v1::WorkflowStep::kBranch:
        CheckLeadsTo("branch.otherwise", step.branch().otherwise());
        if (collection_ == nullptr) return Add("branch", "looks at a record, and there is none");
        return CheckCondition("branch.condition", step.branch().condition());
      case v1::WorkflowStep::kEnd:
        return;
      case v1::WorkflowStep::ACTION_NOT_SET:
        return Add("action", "must be call, wait, branch or end");
    }
  }

  void CheckLeadsTo(absl::string_view field, const std::string& id) {
    if (!id.empty() && FindStep(workflow_.steps(), id) == nullptr) {
      Add(field, absl::StrCat("leads to a step ", id, ", which there is not"));
    }
  }

  void CheckCall(const v1::CallStep& call) {
    const auto* const method = facts_.command(call.method());
    if (method == nullptr) {
      return Add("call.method",
                 absl::StrCat("is ", call.method(), ", which is no method that changes something"));
    }
    const auto& rules = method->options().GetExtension(options::v1::method);
    if (absl::StartsWith(rules.permission(), "operator.") ||
        absl::StartsWith(method->service()->full_name(), "kith.workspaces.")) {
      return Add("call.method", "is of workspaces and keys, which no workflow changes");
    }
    const absl::Status checked =
        CheckStepRequest(call.request(), *method->input_type(),
                         collection_ == nullptr ? nullptr : collection_->resource);
    if (!checked.ok()) Add("call.request", checked.message());
  }

  void CheckWait(const v1::WaitStep& wait) {
    if (wait.duration().empty() && wait.until_field().empty()) {
      return Add("wait", "must say how long, or until when");
    }
    if (!wait.duration().empty()) {
      const auto span = ParseTimeSpan(wait.duration());
      if (!span.ok()) Add("wait.duration", span.status().message());
      if (wait.until_field().empty() && absl::StartsWith(wait.duration(), "-")) {
        Add("wait.duration", "lies in the past");
      }
    }
    if (wait.until_field().empty()) return;
    if (collection_ == nullptr) return Add("wait.until_field", "is of a record, and there is none");
    const FieldDescriptor* const field = collection_->resource->FindFieldByName(wait.until_field());
    const bool is_time = field != nullptr && !field->is_repeated() &&
                         field->message_type() != nullptr &&
                         (field->message_type() == google::protobuf::Timestamp::descriptor() ||
                          field->message_type() == google::type::Date::descriptor());
    if (!is_time) {
      Add("wait.until_field", absl::StrCat("must be a time or a day of ", collection_->name));
    }
  }

  // A step that nothing leads to is a mistake of whoever wrote it; a circle without a wait would go
  // round until it is stopped.
  void CheckReach() {
    std::set<std::string> reached;
    std::vector<std::string> next;
    if (!workflow_.steps().empty()) next.push_back(workflow_.steps(0).id());
    while (!next.empty()) {
      const std::string id = std::move(next.back());
      next.pop_back();
      const v1::WorkflowStep* const step = FindStep(workflow_.steps(), id);
      if (step == nullptr || !reached.insert(id).second) continue;
      if (!step->has_end()) next.push_back(NextOf(workflow_.steps(), *step));
      if (step->has_branch()) next.push_back(step->branch().otherwise());
    }
    for (int i = 0; i < workflow_.steps_size(); ++i) {
      at_ = absl::StrCat("workflow.steps[", i, "]");
      if (!reached.contains(workflow_.steps(i).id()))
        Add("id", "is of a step that nothing leads to");
      if (GoesRound(workflow_.steps(i))) Add("next", "leads round in a circle without a wait");
    }
  }

  // Whether it leads back to itself through steps that wait for nothing.
  bool GoesRound(const v1::WorkflowStep& begin) const {
    std::set<std::string> seen;
    std::vector<std::string> next{begin.id()};
    while (!next.empty()) {
      const std::string id = std::move(next.back());
      next.pop_back();
      if (!seen.empty() && id == begin.id()) return true;
      const v1::WorkflowStep* const step = FindStep(workflow_.steps(), id);
      if (step == nullptr || step->has_wait() || step->has_end() || !seen.insert(id).second)
        continue;
      next.push_back(NextOf(workflow_.steps(), *step));
      if (step->has_branch()) next.push_back(step->branch().otherwise());
    }
    return false;
  }

  const v1::Workflow& workflow_;
  const ServerFacts& facts_;
  const Collection* collection_ = nullptr;  // of the trigger
  std::string at_;
  BadRequest violations_;
};

}  // namespace

absl::Status CheckFields(const v1::Workflow& workflow, const ServerFacts& facts) {
  return Inspection(workflow, facts).Run();
}

}  // namespace kith::workflows
