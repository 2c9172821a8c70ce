#include "services/workflows/workflow_fields.h"

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/custom_maps.h"
#include "eventstore/base/map_field.h"
#include "google/rpc/error_details.pb.h"
#include "kith/options/v1/options.pb.h"
#include "kith/type/v1/custom_value.pb.h"
#include "kith/workflows/v1/workflow_run.pb.h"
#include "kith/workflows/v1/workflow_runs_service.pb.h"
#include "kith/workflows/v1/workflows_errors.pb.h"
#include "projections/tables/row_filter.h"
#include "projections/workflows/part_tables.h"
#include "projections/workflows/record_moment.h"
#include "projections/workflows/time_span.h"
#include "services/core/date.h"
#include "services/core/reject.h"
#include "services/workflows/step_request.h"
#include "services/workflows/workflow.h"

namespace kith::workflows {
namespace {

using google::rpc::BadRequest;

// What is wrong with one workflow, place by place.
class Inspection {
 public:
  Inspection(const v1::Workflow& workflow, const ServerFacts& facts)
      : workflow_(workflow), facts_(facts) {}

  absl::Status Run() {
    CheckTrigger();
    CheckTimes();
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
    own_ = CollectionOf(trigger.resource());
    if (trigger.resource().empty()) {
      if (!trigger.condition().empty()) Add("condition", "is of no resource");
      if (!trigger.condition_before().empty()) Add("condition_before", "is of no resource");
      return;
    }
    if (const auto* const parts = PartTable(trigger.resource())) return CheckParts(trigger, *parts);
    if (own_ == nullptr) return Add("resource", absl::StrCat("must be one of ", Records()));
    CheckCondition(own_, "condition", trigger.condition());
    CheckCondition(own_, "condition_before", trigger.condition_before());
  }

  // Of what is recorded under contacts, which a run is about.
  template <class Trigger>
  void CheckParts(const Trigger& trigger, const projections::TableDeclaration& parts,
                  absl::string_view prefix = "") {
    const auto check = [&](absl::string_view field, const std::string& condition) {
      const auto checked =
          condition.empty() ? absl::OkStatus() : projections::CheckClearFilter(parts, condition);
      if (!checked.ok()) Add(absl::StrCat(prefix, field), checked.message());
    };
    check("condition", trigger.condition());
    check("condition_before", trigger.condition_before());
    if (trigger.resource() != kInteractions) return;
    if (trigger.change() == v1::UPDATED) {
      Add(absl::StrCat(prefix, "change"), "must not be UPDATED: it is recorded once");
    }
    if (!trigger.condition_before().empty()) {
      Add(absl::StrCat(prefix, "condition_before"),
          "is of a record that was there, and this one comes into being");
    }
  }

  // What a time sets off is no change.
  void CheckTimes() {
    const v1::WorkflowTrigger& trigger = workflow_.trigger();
    const int others = int{trigger.has_record_time()} + int{trigger.has_schedule()} +
                       int{trigger.has_score_reached()};
    if (others == 0) return;
    if (others > 1) {
      Add(trigger.has_score_reached() ? "score_reached" : "schedule",
          "must not be beside another of record_time, schedule and score_reached");
    }
    const absl::string_view none = trigger.has_score_reached()
                                       ? "must not be said: a score sets it off, and no change"
                                       : "must not be said: a time sets it off, and no change";
    if (trigger.change() != v1::TRIGGER_CHANGE_UNSPECIFIED) Add("change", none);
    if (!trigger.condition_before().empty()) Add("condition_before", none);
    if (trigger.has_score_reached()) return CheckScored(trigger.resource());
    if (PartTable(trigger.resource()) != nullptr) {
      Add("resource", "must be one whose records a time can set it off over, as contacts");
    }
    if (trigger.has_schedule() && !DateDefect(trigger.schedule().start_date()).empty()) {
      Add("schedule.start_date", DateDefect(trigger.schedule().start_date()));
    }
    if (!trigger.has_record_time()) return;
    const v1::RecordTime& moment = trigger.record_time();
    if (own_ == nullptr) return Add("record_time", "is of a record, and there is none");
    if (!HasTime(*own_->resource, moment.field())) {
      Add("record_time.field", absl::StrCat("must be a time or a day of ", own_->name));
    }
    if (moment.offset().empty()) return;
    CheckSpan("record_time.offset", moment.offset(), moment.business_calendar());
  }

  void CheckScored(const std::string& resource) {
    std::vector<std::string> scored;
    const auto* const targets = scoring_models::v1::ScoreTarget_descriptor();
    for (int i = 1; i < targets->value_count(); ++i) {
      scored.push_back(
          ScoredBy(static_cast<scoring_models::v1::ScoreTarget>(targets->value(i)->number())));
    }
    if (std::find(scored.begin(), scored.end(), resource) != scored.end()) return;
    Add("resource",
        absl::StrCat("must be one whose records have scores: ", absl::StrJoin(scored, ", ")));
  }

  // What a run can be about, or be set off by; null where it is none.
  const Collection* CollectionOf(absl::string_view resource) const {
    const absl::string_view wanted = CollectionOfRun(resource);
    for (const Collection& collection : facts_.collections) {
      if (collection.name == wanted && IsRecord(collection)) return &collection;
    }
    return nullptr;
  }
  // Whether the record of a run can be one.
  static bool IsRecord(const Collection& collection) {
    const auto& rules = v1::WorkflowRun::descriptor()
                            ->FindFieldByNumber(v1::WorkflowRun::kRecordFieldNumber)
                            ->options()
                            .GetExtension(options::v1::field);
    return std::any_of(rules.resource().begin(), rules.resource().end(), [&](const auto& pattern) {
      return absl::StartsWith(pattern, absl::StrCat(collection.name, "/"));
    });
  }
  std::string Records() const {
    std::vector<std::string> names{std::string(kInteractions), std::string(kMessages)};
    for (const Collection& collection : facts_.collections) {
      if (IsRecord(collection)) names.push_back(collection.name);
    }
    return absl::StrJoin(names, ", ");
  }

  void CheckCondition(const Collection* collection, absl::string_view field,
                      const std::string& condition) {
    if (condition.empty() || collection == nullptr) return;
    const auto held = collection->holds(condition, *NewRecord(*collection), absl::UnixEpoch(),
                                        absl::UTCTimeZone());
    if (!held.ok()) Add(field, held.status().message());
  }
  static std::unique_ptr<google::protobuf::Message> NewRecord(const Collection& collection) {
    return std::unique_ptr<google::protobuf::Message>(
        google::protobuf::MessageFactory::generated_factory()
            ->GetPrototype(collection.resource)
            ->New());
  }

  void CheckSpan(absl::string_view field, const std::string& text, const std::string& calendar) {
    const auto span = ParseTimeSpan(text);
    if (!span.ok()) return Add(field, span.status().message());
    if (span->open_time != absl::ZeroDuration() && calendar.empty()) {
      Add(field, "is of a business calendar, and none is named");
    }
  }

  void CheckStep(const v1::WorkflowStep& step, int index) {
    for (int i = 0; i < index; ++i) {
      if (workflow_.steps(i).id() == step.id()) Add("id", "is another step's");
    }
    CheckLeadsTo("next", step.next());
    switch (step.action_case()) {
      case v1::WorkflowStep::kCall:
        return CheckCall(step.id(), step.call());
      case v1::WorkflowStep::kWait:
        return CheckWait(step.wait());
      case v1::WorkflowStep::kBranch:
        return CheckBranch(step.branch());
      case v1::WorkflowStep::kAwait:
        return CheckAwait(step.await());
      case v1::WorkflowStep::kEnd:
        return;
      case v1::WorkflowStep::ACTION_NOT_SET:
        return Add("action", "must be call, wait, await, branch or end");
    }
  }

  void CheckBranch(const v1::BranchStep& branch) {
    CheckLeadsTo("branch.otherwise", branch.otherwise());
    if (own_ == nullptr) return Add("branch", "looks at a record, and there is none");
    const Collection* looked_at = own_;
    if (!branch.of().empty()) {
      const absl::string_view linked = HasLinks() ? LinkedIn(branch.of()) : "";
      if (linked.empty()) {
        return Add("branch.of",
                   "must be links.contact, links.company, links.deal or links.lead, of a workflow "
                   "that interactions or messages set off");
      }
      looked_at = CollectionOf(linked);
    }
    CheckCondition(looked_at, "branch.condition", branch.condition());
  }

  // Whether what sets it off links to further records.
  bool HasLinks() const { return PartTable(workflow_.trigger().resource()) != nullptr; }

  void CheckLeadsTo(absl::string_view field, const std::string& id) {
    if (!id.empty() && FindStep(workflow_.steps(), id) == nullptr) {
      Add(field, absl::StrCat("leads to a step ", id, ", which there is not"));
    }
  }

  void CheckCall(const std::string& id, const v1::CallStep& call) {
    const auto* const method = facts_.command(call.method());
    if (method == nullptr) {
      return Add("call.method",
                 absl::StrCat("is ", call.method(), ", which is no method that changes something"));
    }
    const absl::string_view why = WhyNoStep(*method);
    if (!why.empty()) return Add("call.method", why);
    MergeTypes types;
    if (own_ != nullptr) types.record = own_->resource;
    types.has_links = HasLinks();
    types.answers = [&](const std::string& step) { return CheckAnswer(step, id); };
    const absl::Status checked = CheckStepRequest(call.request(), *method, types);
    if (!checked.ok()) Add("call.request", checked.message());
  }

  // Whether the step `id` has answered with a record when the step `of` is taken.
  absl::Status CheckAnswer(const std::string& id, const std::string& of) const {
    const v1::WorkflowStep* const step = FindStep(workflow_.steps(), id);
    if (step == nullptr) return absl::InvalidArgumentError("there is no such step");
    const auto* const method = facts_.command(step->call().method());
    const bool answers =
        method != nullptr &&
        !method->output_type()->options().GetExtension(options::v1::resource).pattern().empty();
    if (!answers) {
      return absl::InvalidArgumentError("that step makes no request that answers with a record");
    }
    if (id == of || Reached(id).contains(of)) {
      return absl::InvalidArgumentError("that step is not taken before, on every way here");
    }
    return absl::OkStatus();
  }

  void CheckWait(const v1::WaitStep& wait) {
    if (wait.duration().empty() && wait.until_field().empty()) {
      return Add("wait", "must say how long, or until when");
    }
    if (!wait.duration().empty()) {
      CheckSpan("wait.duration", wait.duration(), wait.business_calendar());
      if (wait.until_field().empty() && absl::StartsWith(wait.duration(), "-")) {
        Add("wait.duration", "lies in the past");
      }
    }
    if (wait.until_field().empty()) return;
    if (own_ == nullptr) return Add("wait.until_field", "is of a record, and there is none");
    if (!HasTime(*own_->resource, wait.until_field())) {
      Add("wait.until_field", absl::StrCat("must be a time or a day of ", own_->name));
    }
  }

  void CheckAwait(const v1::AwaitStep& await) {
    CheckLeadsTo("await.otherwise", await.otherwise());
    CheckSpan("await.timeout", await.timeout(), await.business_calendar());
    if (absl::StartsWith(await.timeout(), "-")) Add("await.timeout", "lies in the past");
    if (own_ == nullptr) {
      return Add("await", "waits for what happens to a record or around it, and there is none");
    }
    const bool has_relation = !await.field().empty() || !await.by_field().empty();
    if (const auto* const parts = PartTable(await.resource())) {
      if (has_relation) Add("await.field", "must not be said: they are about the run's record");
      return CheckParts(await, *parts, "await.");
    }
    const Collection* const of = CollectionOf(await.resource());
    if (of == nullptr) return Add("await.resource", absl::StrCat("must be one of ", Records()));
    CheckCondition(of, "await.condition", await.condition());
    CheckCondition(of, "await.condition_before", await.condition_before());
    if (!has_relation && of != own_) {
      return Add("await.field", absl::StrCat("or by_field must say how ", of->name, " and ",
                                             own_->name, " are related"));
    }
    if (!await.field().empty() && !await.by_field().empty()) {
      return Add("await.by_field", "must not be beside field: they are related in one way");
    }
    if (!await.field().empty() && !Names(*own_->resource, await.field(), of->name)) {
      Add("await.field",
          absl::StrCat("must be a field of ", own_->name, " that names one of ", of->name));
    }
    if (!await.by_field().empty()) CheckByField(*of, await.by_field());
  }

  // Whether such records name the run's record in the field.
  void CheckByField(const Collection& of, const std::string& by_field) {
    const std::string named = absl::StrCat(own_->name, "/x");
    const std::string condition = absl::StrCat(by_field, " = \"", named, "\"");
    const std::unique_ptr<google::protobuf::Message> record = NewRecord(of);
    const auto holds = [&] {
      return of.holds(condition, *record, absl::UnixEpoch(), absl::UTCTimeZone()).status();
    };
    if (const absl::Status asked = holds(); !asked.ok()) {
      return Add("await.by_field", asked.message());
    }
    const FieldPath path = FieldPathOf(*of.resource, by_field);
    if (path.key.empty() || !IsCustomMap(*path.field)) return;
    static_cast<type::v1::CustomValue&>(MutableMapValue(*record, *path.field, path.key))
        .set_record(named);
    if (!holds().ok()) {
      Add("await.by_field", absl::StrCat("must be a custom field of ", of.name,
                                         " that names records of ", own_->name));
    }
  }

  // Whether a field of such records names one record of the collection.
  static bool Names(const google::protobuf::Descriptor& type, const std::string& name,
                    const std::string& collection) {
    const auto* const field = type.FindFieldByName(name);
    if (field == nullptr || field->is_repeated()) return false;
    const auto& rules = field->options().GetExtension(options::v1::field);
    return std::any_of(rules.resource().begin(), rules.resource().end(), [&](const auto& pattern) {
      return absl::StartsWith(pattern, absl::StrCat(collection, "/"));
    });
  }

  // A step that nothing leads to is a mistake of whoever wrote it; a circle without a wait would go
  // round until it is stopped.
  void CheckReach() {
    const std::set<std::string> reached = Reached("");
    for (int i = 0; i < workflow_.steps_size(); ++i) {
      at_ = absl::StrCat("workflow.steps[", i, "]");
      if (!reached.contains(workflow_.steps(i).id()))
        Add("id", "is of a step that nothing leads to");
      if (GoesRound(workflow_.steps(i))) Add("next", "leads round in a circle without a wait");
    }
  }

  // The steps that the first one leads to, and it itself, on ways that do not lead through
  // `without`.
  std::set<std::string> Reached(const std::string& without) const {
    std::set<std::string> reached;
    std::vector<std::string> next;
    if (!workflow_.steps().empty()) next.push_back(workflow_.steps(0).id());
    while (!next.empty()) {
      const std::string id = std::move(next.back());
      next.pop_back();
      const v1::WorkflowStep* const step = FindStep(workflow_.steps(), id);
      if (step == nullptr || id == without || !reached.insert(id).second) continue;
      AddWays(*step, next);
    }
    return reached;
  }

  void AddWays(const v1::WorkflowStep& step, std::vector<std::string>& next) const {
    if (step.has_end()) return;
    next.push_back(NextOf(workflow_.steps(), step));
    if (step.has_branch()) next.push_back(step.branch().otherwise());
    if (step.has_await()) next.push_back(step.await().otherwise());
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
      const bool waits = step == nullptr || step->has_wait() || step->has_await();
      if (waits || !seen.insert(id).second) continue;
      AddWays(*step, next);
    }
    return false;
  }

  const v1::Workflow& workflow_;
  const ServerFacts& facts_;
  const Collection* own_ = nullptr;  // that a run is about one of
  std::string at_;
  BadRequest violations_;
};

}  // namespace

absl::string_view WhyNoStep(const google::protobuf::MethodDescriptor& method) {
  const google::protobuf::Descriptor& request = *method.input_type();
  const auto& rules = method.options().GetExtension(options::v1::method);
  if (absl::StartsWith(rules.permission(), "operator.") ||
      absl::StartsWith(method.service()->full_name(), "kith.workspaces.")) {
    return "is of workspaces and keys, which no workflow changes";
  }
  if (&request == v1::AdvanceWorkflowRunRequest::descriptor() ||
      &request == v1::FireWorkflowRequest::descriptor()) {
    return "is what Kith does by itself";
  }
  if (&request == v1::BatchCreateWorkflowRunsRequest::descriptor()) {
    return "begins several runs: have a step for each";
  }
  // What others may write would be done with the rights of whom the workflow acts for.
  const bool is_of_workflows =
      method.service()->full_name() == "kith.workflows.v1.WorkflowsService";
  if (is_of_workflows && &request != v1::PauseWorkflowRequest::descriptor()) {
    return "is of workflows, which no workflow changes or activates";
  }
  return "";
}

absl::Status CheckFields(const v1::Workflow& workflow, const ServerFacts& facts) {
  return Inspection(workflow, facts).Run();
}

}  // namespace kith::workflows
