// Steps that stand on what came before them: on what others made, on what happens, and on how long
// a calendar is open.
#include <string>
#include <vector>

#include "kith/business_calendars/v1/business_calendars_service.grpc.pb.h"
#include "kith/companies/v1/companies_service.grpc.pb.h"
#include "kith/tasks/v1/tasks_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/services/workflows/workflow_world.h"

namespace kith::workflows {
namespace {

using Fields = std::vector<std::string>;

class WorkflowStepsTest : public WorkflowWorld {
 protected:
  std::vector<std::string> RefusedFields(const std::string& text) {
    const auto created = Create(absl::StrCat("display_name: 'x' ", text));
    EXPECT_EQ(created.reason(), "INVALID_WORKFLOW") << text;
    return created.fields();
  }
  std::string CreateDeal(const std::string& text) {
    deals::v1::CreateDealRequest request;
    *request.mutable_deal() = testing::Proto<deals::v1::Deal>(text);
    const auto created = server_.Call(&DealsService::Stub::CreateDeal, request);
    EXPECT_EQ(created.reason(), "") << created.status.error_message();
    return created->name();
  }
  void WinDeal(const std::string& deal) {
    deals::v1::WinDealRequest win;
    win.set_name(deal);
    EXPECT_EQ(server_.Call(&DealsService::Stub::WinDeal, win).reason(), "");
  }
  void Write(const std::string& parent, interactions::v1::Direction direction) {
    interactions::v1::RecordInteractionRequest request;
    request.set_parent(parent);
    request.mutable_interaction()->set_kind(interactions::v1::EMAIL);
    request.mutable_interaction()->set_direction(direction);
    EXPECT_EQ(server_.Call(&InteractionsService::Stub::RecordInteraction, request).reason(), "");
  }
  std::string CreateCalendar() {
    business_calendars::v1::CreateBusinessCalendarRequest request;
    *request.mutable_business_calendar() = testing::Proto<business_calendars::v1::BusinessCalendar>(
        "display_name: 'Office' time_zone: 'Europe/Berlin' periods { start: '09:00' "
        "end: '17:00' weekdays: MONDAY weekdays: TUESDAY weekdays: WEDNESDAY "
        "weekdays: THURSDAY weekdays: FRIDAY } "
        "holidays { date { year: 2026 month: 1 day: 1 } }");
    const auto created = server_.Call(
        &business_calendars::v1::BusinessCalendarsService::Stub::CreateBusinessCalendar, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  void AwaitRun(v1::RunState state) { AwaitRuns(1, state); }
};

constexpr char kOffer[] = R"(
  trigger { resource: 'contacts' change: CREATED }
  steps { id: 'deal' call { method: 'CreateDeal' request: '{"deal": {"display_name": "Offer"}}' } }
  steps { id: 'task' call { method: 'CreateTask' request:
    '{"task": {"display_name": "On {{steps.deal.name}}", "deal": "{{steps.deal.name}}"}}' } })";

TEST_F(WorkflowStepsTest, SpeaksOfWhatAnEarlierStepMade) {
  Active(absl::StrCat("display_name: 'Offer'", kOffer));
  CreateContact("Ada");
  CreateContact("Ben");
  AwaitRuns(2, v1::DONE);
  std::vector<std::string> deals;
  for (const v1::WorkflowRun& run : Runs()) {
    ASSERT_EQ(run.answers_size(), 2);
    EXPECT_EQ(run.answers(0).step(), "deal");
    tasks::v1::GetTaskRequest get;
    get.set_name(run.answers(1).name());
    const auto task = server_.Call(&tasks::v1::TasksService::Stub::GetTask, get);
    EXPECT_EQ(task->deal(), run.answers(0).name());
    EXPECT_EQ(task->display_name(), absl::StrCat("On ", task->deal()));
    deals.push_back(task->deal());
  }
  EXPECT_NE(deals[0], deals[1]);  // each run has its own
}

TEST_F(WorkflowStepsTest, SpeaksOfNoStepThatMayNotHaveAnswered) {
  const auto refused = [&](const std::string& steps) {
    return RefusedFields(absl::StrCat("trigger { resource: 'contacts' }", steps));
  };
  const auto deal = [](const std::string& id, const std::string& says, const std::string& more) {
    return absl::StrCat("steps { id: '", id, "' call { method: 'CreateDeal' request: '",
                        R"({"deal": {"display_name": ")", says, R"("}}' } )", more, "}");
  };
  const std::string wait = "steps { id: 'wait' wait { duration: '1h' } }";
  EXPECT_EQ(refused(deal("a", "{{steps.b.name}}", "")), Fields{"workflow.steps[0].call.request"});
  EXPECT_EQ(refused(deal("a", "{{steps.a.name}}", "")), Fields{"workflow.steps[0].call.request"});
  EXPECT_EQ(refused(deal("a", "{{steps.b.name}}", "") + deal("b", "x", "")),
            Fields{"workflow.steps[0].call.request"});
  EXPECT_EQ(refused(wait + deal("b", "{{steps.wait.name}}", "")),
            Fields{"workflow.steps[1].call.request"});
  EXPECT_EQ(refused(deal("a", "x", "") + deal("b", "{{steps.a.stage}}", "")),
            Fields{"workflow.steps[1].call.request"});
  // On the way around it, it has not.
  EXPECT_EQ(refused("steps { id: 'look' branch { condition: 'notes = \"a\"' otherwise: 'b' } }" +
                    deal("a", "x", "") + deal("b", "{{steps.a.name}}", "")),
            Fields{"workflow.steps[2].call.request"});
  // What answers with no record.
  EXPECT_EQ(refused("steps { id: 'a' call { method: 'DeleteDeal' "
                    "request: '{\"name\": \"deals/x\"}' } }" +
                    deal("b", "{{steps.a.name}}", "")),
            Fields{"workflow.steps[1].call.request"});
}

TEST_F(WorkflowStepsTest, WaitsForBusinessHoursOfACalendar) {
  const std::string calendar = CreateCalendar();
  Active(
      absl::StrCat("display_name: 'x' trigger { resource: 'contacts' change: CREATED } "
                   "steps { id: 'wait' wait { duration: '10bh' business_calendar: '",
                   calendar, "' } }", Titles("title", "late")));
  const Contact ada = CreateContact("Ada");  // on New Year's Day, at midnight of UTC
  AwaitRun(v1::WAITING);
  // Friday has eight hours, and Monday's second ends at 11:00 in Berlin.
  EXPECT_EQ(absl::FromUnixSeconds(Runs()[0].wait_until_time().seconds()),
            absl::FromCivil(absl::CivilSecond(2026, 1, 5, 10, 0, 0), absl::UTCTimeZone()));
  server_.clock().Advance(absl::Hours(24 * 4 + 10));
  AwaitRun(v1::DONE);
  EXPECT_EQ(TitleOf(ada), "late");
  EXPECT_EQ(RefusedFields("steps { id: 'a' wait { duration: '1bh' } }"),
            Fields{"workflow.steps[0].wait.duration"});
  const auto missing = Create(
      "display_name: 'x' steps { id: 'a' wait { duration: '1bh' "
      "business_calendar: 'businessCalendars/none' } }");
  EXPECT_EQ(missing.reason(), "LINKED_RECORD_NOT_FOUND");
}

std::string AwaitsReply() {
  return absl::StrCat(
      "display_name: 'Reply' trigger { resource: 'contacts' change: CREATED } "
      "steps { id: 'reply' await { resource: 'interactions' timeout: '2d' "
      "condition: 'direction = INBOUND' otherwise: 'remind' } }",
      Titles("thank", "answered"), "steps { id: 'end' end {} }", Titles("remind", "silent"));
}

TEST_F(WorkflowStepsTest, WaitsForSomethingToHappenOrForItsTime) {
  Active(AwaitsReply());
  const Contact ada = CreateContact("Ada");
  const Contact ben = CreateContact("Ben");
  AwaitRuns(2, v1::WAITING);
  Write(ada.name(), interactions::v1::OUTBOUND);
  Write(ada.name(), interactions::v1::INBOUND);
  AwaitRun(v1::DONE);
  EXPECT_EQ(TitleOf(ada), "answered");
  EXPECT_EQ(TitleOf(ben), "");
  EXPECT_NE(Runs()[0].outcomes(1).happened_to(), "");
  server_.Restart(/*new_views=*/true);
  server_.clock().Advance(absl::Hours(48));
  AwaitRuns(2, v1::DONE);
  EXPECT_EQ(TitleOf(ada), "answered");
  EXPECT_EQ(TitleOf(ben), "silent");
  // Nothing waits any more.
  Write(ben.name(), interactions::v1::INBOUND);
  const Contact cyd = CreateContact("Cyd");
  AwaitRun(v1::WAITING);
  EXPECT_EQ(TitleOf(ben), "silent");
}

TEST_F(WorkflowStepsTest, WaitsForARelatedRecord) {
  Active(
      absl::StrCat("display_name: 'x' trigger { resource: 'contacts' change: CREATED } "
                   "steps { id: 'won' await { resource: 'deals' by_field: 'contact' "
                   "condition: 'status = WON' timeout: '30d' otherwise: '' } }",
                   Titles("title", "customer")));
  const Contact ada = CreateContact("Ada");
  const Contact ben = CreateContact("Ben");
  AwaitRuns(2, v1::WAITING);
  const std::string others = CreateDeal("display_name: 'Other'");
  const std::string deal =
      CreateDeal(absl::StrCat("display_name: 'Aspen' contacts { contact: '", ada.name(), "' }"));
  WinDeal(others);
  WinDeal(deal);
  AwaitRun(v1::DONE);
  EXPECT_EQ(TitleOf(ada), "customer");
  EXPECT_EQ(TitleOf(ben), "");
  AwaitRun(v1::WAITING);
}

// Whatever a record names may be waited for, and the policy knows calendars by their names, too.
TEST_F(WorkflowStepsTest, WaitsForARecordThatNamesACalendar) {
  const std::string calendar = CreateCalendar();
  Active(
      "display_name: 'x' trigger { resource: 'deals' change: CREATED } "
      "steps { id: 'task' await { resource: 'tasks' by_field: 'deal' change: CREATED "
      "timeout: '30d' } } steps { id: 'end' end {} }");
  const std::string deal = CreateDeal("display_name: 'Aspen'");
  AwaitRun(v1::WAITING);
  tasks::v1::CreateTaskRequest request;
  request.mutable_task()->set_display_name("Call");
  request.mutable_task()->set_business_calendar(calendar);
  request.mutable_task()->set_deal(deal);
  EXPECT_EQ(server_.Call(&tasks::v1::TasksService::Stub::CreateTask, request).reason(), "");
  AwaitRun(v1::DONE);
}

TEST_F(WorkflowStepsTest, DoesNotWaitForWhatIsSo) {
  Active(
      "display_name: 'x' trigger { resource: 'deals' change: CREATED } "
      "steps { id: 'known' await { resource: 'companies' field: 'company' timeout: '30d' "
      "condition: 'industry = \"steel\"' } } "
      "steps { id: 'note' call { method: 'UpdateDeal' request: "
      R"('{"deal": {"name": "{{record.name}}", "product": "beams"}}' } })");
  companies::v1::CreateCompanyRequest request;
  request.mutable_company()->set_display_name("Krupp");
  request.mutable_company()->set_industry("steel");
  const std::string steel =
      server_.Call(&companies::v1::CompaniesService::Stub::CreateCompany, request)->name();
  request.mutable_company()->set_display_name("Oetker");
  request.mutable_company()->set_industry("food");
  const std::string food =
      server_.Call(&companies::v1::CompaniesService::Stub::CreateCompany, request)->name();
  CreateDeal(absl::StrCat("display_name: 'Aspen' company: '", steel, "'"));
  AwaitRun(v1::DONE);
  CreateDeal(absl::StrCat("display_name: 'Birch' company: '", food, "'"));
  AwaitRun(v1::WAITING);
  companies::v1::UpdateCompanyRequest update;
  update.mutable_company()->set_name(food);
  update.mutable_company()->set_industry("steel");
  EXPECT_EQ(server_.Call(&companies::v1::CompaniesService::Stub::UpdateCompany, update).reason(),
            "");
  AwaitRuns(2, v1::DONE);
}

TEST_F(WorkflowStepsTest, RefusesToWaitForWhatIsNotRelated) {
  const auto refused = [&](const std::string& await) {
    return RefusedFields(
        absl::StrCat("trigger { resource: 'deals' } steps { id: 'a' await { ", await, " } }"));
  };
  EXPECT_EQ(refused("resource: 'users' timeout: '1d'"), Fields{"workflow.steps[0].await.resource"});
  EXPECT_EQ(refused("resource: 'contacts' timeout: '1d'"), Fields{"workflow.steps[0].await.field"});
  EXPECT_EQ(refused("resource: 'companies' field: 'owner' timeout: '1d'"),
            Fields{"workflow.steps[0].await.field"});
  EXPECT_EQ(refused("resource: 'contacts' by_field: 'colour' timeout: '1d'"),
            Fields{"workflow.steps[0].await.by_field"});
  EXPECT_EQ(refused("resource: 'deals' timeout: '-1d'"), Fields{"workflow.steps[0].await.timeout"});
  EXPECT_EQ(refused("resource: 'deals' timeout: '1d' otherwise: 'b'"),
            Fields{"workflow.steps[0].await.otherwise"});
  EXPECT_EQ(refused("resource: 'interactions' timeout: '1d' condition: 'body = \"a\"'"),
            Fields{"workflow.steps[0].await.condition"});
  EXPECT_EQ(refused("resource: 'messages' field: 'company' timeout: '1d'"),
            Fields{"workflow.steps[0].await.field"});
}

// Each sets off the other: the chain ends at its stated depth, and says so.
TEST_F(WorkflowStepsTest, SetsOffAnotherWorkflow) {
  const auto other = [](const std::string& workflow) {
    return absl::StrCat(
        "display_name: 'x' steps { id: 'other' call { method: 'CreateWorkflowRun' "
        R"(request: '{"workflow_run": {"workflow": ")",
        workflow, R"("}}' } })");
  };
  const v1::Workflow first = Active("display_name: 'first' steps { id: 'end' end {} }");
  const v1::Workflow second = Create(other(first.name())).response;
  v1::CreateWorkflowRunRequest run;
  run.mutable_workflow_run()->set_workflow(second.name());
  EXPECT_EQ(server_.Call(&RunStub::CreateWorkflowRun, run).reason(), "");
  AwaitRuns(2, v1::DONE);
  v1::UpdateWorkflowRequest update;
  *update.mutable_workflow() = testing::Proto<v1::Workflow>(other(second.name()));
  update.mutable_workflow()->set_name(first.name());
  EXPECT_EQ(server_.Call(&Stub::UpdateWorkflow, update).reason(), "");
  EXPECT_EQ(Activate(first), "");
  EXPECT_EQ(Activate(second), "");
  EXPECT_EQ(server_.Call(&RunStub::CreateWorkflowRun, run).reason(), "");
  AwaitRun(v1::FAILED);
  const auto runs = Runs();
  EXPECT_EQ(runs.size(), 2u + 17u);
  for (const v1::WorkflowRun& one : runs) {
    if (one.state() != v1::FAILED) continue;
    EXPECT_EQ(one.outcomes(0).reason(), "TOO_DEEP");
  }
}

// Goal: what the step's request is refused with is the step's outcome, also where the same request
// could be taken at another time; nothing waits for an operator.
TEST_F(WorkflowStepsTest, EndsWithWhatMayBeRefusedForNowOnly) {
  workspaces::v1::UpdateWorkspaceRequest change;
  change.mutable_workspace()->set_name("workspaces/1");
  change.mutable_workspace()->set_daily_messages_max(1);
  change.mutable_update_mask()->add_paths("daily_messages_max");
  EXPECT_EQ(
      server_.Call(&workspaces::v1::WorkspacesService::Stub::UpdateWorkspace, change).reason(), "");
  Active(
      "display_name: 'x' trigger { resource: 'contacts' change: CREATED } "
      "steps { id: 'stale' call { method: 'UpdateContact' request: "
      R"('{"contact": {"name": "{{record.name}}", "etag": "7", "job_title": "x"}}' } })");
  CreateContact("Ada");
  AwaitRuns(1, v1::FAILED);
  EXPECT_EQ(Runs()[0].outcomes(0).reason(), "ETAG_MISMATCH");
  contacts::v1::CreateContactRequest bob;
  bob.mutable_contact()->add_emails()->set_address("bob@example.com");
  const Contact written = server_.Call(&ContactsService::Stub::CreateContact, bob).response;
  v1::Workflow sends = testing::Proto<v1::Workflow>("display_name: 'z'");
  for (const char* const id : {"first", "second"}) {
    v1::WorkflowStep& step = *sends.add_steps();
    step.set_id(id);
    step.mutable_call()->set_method("SendMessage");
    step.mutable_call()->set_request(absl::StrCat(
        R"({"subject": "Hello", "text": "How?", "contact": ")", written.name(), R"("})"));
  }
  const auto created = Create(sends.ShortDebugString());
  v1::CreateWorkflowRunRequest run;
  run.mutable_workflow_run()->set_workflow(created->name());
  const std::string name = server_.Call(&RunStub::CreateWorkflowRun, run)->name();
  AwaitRuns(3, v1::FAILED);  // and the one of the second contact
  for (const v1::WorkflowRun& one : Runs()) {
    if (one.name() != name) continue;
    EXPECT_EQ(one.outcomes().rbegin()->reason(), "DAILY_LIMIT_REACHED");
    EXPECT_EQ(one.step(), "second");
  }
}

// Goal: a run that took as many steps as it may stays at its end.
TEST_F(WorkflowStepsTest, RetriesNoRunWithoutEnd) {
  const v1::Workflow loop = Create(
                                "display_name: 'x' steps { id: 'a' wait { duration: '0s' } } "
                                "steps { id: 'b' wait { duration: '0s' } next: 'a' }")
                                .response;
  v1::CreateWorkflowRunRequest run;
  run.mutable_workflow_run()->set_workflow(loop.name());
  EXPECT_EQ(server_.Call(&RunStub::CreateWorkflowRun, run).reason(), "");
  AwaitRun(v1::FAILED);
  EXPECT_EQ(Runs()[0].outcomes().rbegin()->reason(), "TOO_MANY_STEPS");
  v1::RetryWorkflowRunRequest retry;
  retry.set_name(Runs()[0].name());
  EXPECT_EQ(server_.Call(&RunStub::RetryWorkflowRun, retry).reason(), "RUN_ENDED");
}

}  // namespace
}  // namespace kith::workflows
