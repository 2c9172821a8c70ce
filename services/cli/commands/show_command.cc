// `kith workflows show` and `kith workflow-runs show`: what a workflow does, step by step, and what
// became of the steps of one of its runs.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "kith/workflows/v1/workflow_runs_service.pb.h"
#include "kith/workflows/v1/workflows_service.pb.h"
#include "services/cli/calls/request.h"
#include "services/cli/commands/commands.h"
#include "services/cli/text/render.h"
#include "services/cli/text/values.h"

namespace kith::cli {
namespace {

using google::protobuf::Message;
using workflows::v1::StepOutcome;
using workflows::v1::Workflow;
using workflows::v1::WorkflowRun;
using workflows::v1::WorkflowStep;
using workflows::v1::WorkflowTrigger;
using Steps = google::protobuf::RepeatedPtrField<WorkflowStep>;

// "WAITING" as people read it.
std::string Words(const std::string& name) {
  return absl::AsciiStrToLower(absl::StrReplaceAll(name, {{"_", " "}}));
}

std::string ThatAre(const std::string& condition) {
  return condition.empty() ? "" : absl::StrCat(" that are: ", condition);
}

std::string ChangeOf(workflows::v1::TriggerChange change) {
  switch (change) {
    case workflows::v1::CREATED:
      return "is created";
    case workflows::v1::UPDATED:
      return "changes";
    default:
      return "is created or changes";
  }
}

std::string TriggerOf(const WorkflowTrigger& trigger) {
  if (trigger.has_schedule()) {
    const auto& schedule = trigger.schedule();
    std::string text =
        absl::StrCat("by ", schedule.recurrence(), " from ", FormatDate(schedule.start_date()),
                     " at ", schedule.time_of_day());
    if (trigger.resource().empty()) return text;
    return absl::StrCat(text, ", over ", trigger.resource(), ThatAre(trigger.condition()));
  }
  if (trigger.has_record_time()) {
    const auto& moment = trigger.record_time();
    return absl::StrCat("at ", moment.field(), moment.offset().empty() ? "" : " ", moment.offset(),
                        moment.time_of_day().empty() ? "" : " at ", moment.time_of_day(), ", of ",
                        moment.existing_records() ? "old and new " : "", trigger.resource(),
                        ThatAre(trigger.condition()));
  }
  if (trigger.has_score_reached()) {
    return absl::StrCat("when the score of one of ", trigger.resource(), " reaches ",
                        trigger.score_reached().threshold(), " of ",
                        trigger.score_reached().scoring_model(),
                        trigger.condition().empty() ? "" : ", and it is: ", trigger.condition());
  }
  if (trigger.resource().empty()) return "by hand";
  std::string text =
      absl::StrCat("when one of ", trigger.resource(), " ", ChangeOf(trigger.change()));
  if (!trigger.condition().empty()) absl::StrAppend(&text, " and is: ", trigger.condition());
  if (!trigger.condition_before().empty()) {
    absl::StrAppend(&text, ", and was: ", trigger.condition_before());
  }
  return text;
}

std::string TextOf(const WorkflowStep& step) {
  switch (step.action_case()) {
    case WorkflowStep::kCall:
      return absl::StrCat("call ", step.call().method(), " ", step.call().request());
    case WorkflowStep::kWait: {
      const auto& wait = step.wait();
      if (wait.until_field().empty()) return absl::StrCat("wait ", wait.duration());
      return absl::StrCat("wait until ", wait.until_field(), wait.duration().empty() ? "" : " ",
                          wait.duration());
    }
    case WorkflowStep::kBranch:
      return absl::StrCat("if ", step.branch().of(), step.branch().of().empty() ? "" : " is ",
                          step.branch().condition());
    case WorkflowStep::kAwait: {
      const auto& await = step.await();
      return absl::StrCat("if within ", await.timeout(), " one of ", await.resource(), " ",
                          ChangeOf(await.change()),
                          await.condition().empty() ? "" : " and is: ", await.condition());
    }
    default:
      return "end";
  }
}

// Steps as a tree: what follows on each of two ways stands further in.
class StepTree {
 public:
  // `noted` is said beside a step.
  StepTree(const Steps& steps, std::map<std::string, std::string> noted, std::ostream& out)
      : steps_(steps), noted_(std::move(noted)), out_(out) {
    for (const WorkflowStep& step : steps) width_ = std::max(width_, step.id().size());
  }

  void Print() {
    if (!steps_.empty()) PrintFrom(steps_[0].id(), 1);
  }

 private:
  const WorkflowStep* Find(const std::string& id) const {
    const auto found = std::find_if(steps_.begin(), steps_.end(),
                                    [&](const WorkflowStep& step) { return step.id() == id; });
    return found == steps_.end() ? nullptr : &*found;
  }

  std::string NextOf(const WorkflowStep& step) const {
    if (!step.next().empty()) return step.next();
    for (int i = 0; i + 1 < steps_.size(); ++i) {
      if (steps_[i].id() == step.id()) return steps_[i + 1].id();
    }
    return "";
  }

  std::ostream& Line(int depth) { return out_ << std::string(static_cast<size_t>(depth) * 2, ' '); }

  void PrintFrom(std::string id, int depth) {
    while (true) {
      const WorkflowStep* const step = Find(id);
      if (step == nullptr) {
        Line(depth) << "end\n";
        return;
      }
      if (!told_.insert(id).second) {
        Line(depth) << "as from " << id << " on\n";
        return;
      }
      Line(depth) << id << std::string(width_ - id.size() + 2, ' ') << TextOf(*step);
      const auto noted = noted_.find(id);
      if (noted != noted_.end()) out_ << "  · " << noted->second;
      out_ << '\n';
      if (step->has_end()) return;
      if (step->has_branch() || step->has_await()) {
        const std::string& otherwise =
            step->has_branch() ? step->branch().otherwise() : step->await().otherwise();
        PrintFrom(NextOf(*step), depth + 1);
        Line(depth) << "else\n";
        PrintFrom(otherwise, depth + 1);
        return;
      }
      id = NextOf(*step);
    }
  }

  const Steps& steps_;
  const std::map<std::string, std::string> noted_;
  std::ostream& out_;
  size_t width_ = 0;
  std::set<std::string> told_;
};

// What became of a step, in a few words.
std::string NoteOf(const StepOutcome& outcome, const WorkflowRun& run, absl::TimeZone zone) {
  std::string text = FormatTimestamp(outcome.time(), zone);
  if (!outcome.reason().empty()) return absl::StrCat(text, " refused: ", outcome.reason());
  if (!outcome.happened_to().empty()) {
    return absl::StrCat(text, " it happened to ", outcome.happened_to());
  }
  if (outcome.has_wait_until_time() && run.state() == workflows::v1::WAITING) {
    return absl::StrCat(text, " waits until ", FormatTimestamp(outcome.wait_until_time(), zone));
  }
  if (outcome.has_held()) return absl::StrCat(text, outcome.held() ? " yes" : " no");
  if (outcome.changed_size() > 0) {
    return absl::StrCat(text, " changed ", absl::StrJoin(outcome.changed(), ", "));
  }
  return absl::StrCat(text, " done");
}

void PrintWorkflow(const Workflow& workflow, Session& session) {
  std::ostream& out = session.out();
  out << workflow.display_name() << " (" << workflow.name() << ", "
      << (workflow.state() == workflows::v1::WORKFLOW_STATE_UNSPECIFIED
              ? "not active"
              : Words(WorkflowState_Name(workflow.state())))
      << ")\n";
  if (!workflow.description().empty()) out << workflow.description() << '\n';
  out << TriggerOf(workflow.trigger()) << '\n';
  StepTree(workflow.steps(), {}, out).Print();
}

void PrintRun(const WorkflowRun& run, Session& session) {
  std::ostream& out = session.out();
  const absl::TimeZone zone = session.options().zone;
  out << run.display_name() << " (" << run.name() << ", " << Words(RunState_Name(run.state()))
      << ")\nof " << run.workflow();
  if (!run.record().empty()) out << ", about " << run.record();
  out << ", since " << FormatTimestamp(run.create_time(), zone) << '\n';
  std::map<std::string, std::string> noted;
  for (const StepOutcome& outcome : run.outcomes()) {
    noted[outcome.step()] = NoteOf(outcome, run, zone);
  }
  StepTree(run.steps(), std::move(noted), out).Print();
}

// The answer of the Get method of `collection`, printed by `print` or as JSON.
template <class Resource, class Print>
absl::Status Show(Session& session, const std::string& collection,
                  const std::vector<std::string>& words, Print print) {
  const Method& method = session.Require(collection, "get");
  KITH_ASSIGN_OR_RETURN(const Arguments arguments, ParseFor(method, words));
  if (arguments.positional().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("name one; kith ", collection, " list has them"));
  }
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> request, BuildRequest(method, arguments));
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> reply, session.Call(method, *request));
  if (session.options().json) {
    session.out() << ToJson(*reply, true);
    return absl::OkStatus();
  }
  const auto* const shown = google::protobuf::DynamicCastToGenerated<Resource>(reply.get());
  KITH_CHECK(shown != nullptr);
  print(*shown, session);
  return absl::OkStatus();
}

}  // namespace

absl::Status RunShowWorkflow(Session& session, const std::vector<std::string>& words) {
  return Show<Workflow>(session, "workflows", words, PrintWorkflow);
}

absl::Status RunShowWorkflowRun(Session& session, const std::vector<std::string>& words) {
  return Show<WorkflowRun>(session, "workflow-runs", words, PrintRun);
}

}  // namespace kith::cli
