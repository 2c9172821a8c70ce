// What a workflow would have done: nothing is done, and it is told as it would have happened.
#include <string>
#include <vector>

#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/services/workflows/workflow_world.h"

namespace kith::workflows {
namespace {

class DryRunTest : public WorkflowWorld {
 protected:
  DryRunTest() { begin_ = server_.clock().Now(); }

  // Of all that happened.
  v1::DryRunWorkflowRequest Asked(const std::string& definition) const {
    v1::DryRunWorkflowRequest request;
    *request.mutable_definition() =
        testing::Proto<v1::Workflow>(absl::StrCat("display_name: 'x' ", definition));
    request.mutable_start_time()->set_seconds(absl::ToUnixSeconds(begin_));
    return request;
  }
  v1::DryRunWorkflowResponse DryRun(const v1::DryRunWorkflowRequest& request) {
    const auto reply = server_.Call(&Stub::DryRunWorkflow, request);
    EXPECT_EQ(reply.reason(), "") << reply.status.error_message();
    return reply.response;
  }
  v1::DryRunWorkflowResponse DryRun(const std::string& definition) {
    return DryRun(Asked(definition));
  }
  // "wait look+ note": the steps, with how a condition was.
  static std::string StepsOf(const google::protobuf::RepeatedPtrField<v1::DryRunStep>& steps) {
    std::string told;
    for (const v1::DryRunStep& step : steps) {
      absl::StrAppend(&told, told.empty() ? "" : " ", step.step());
      if (step.has_held()) absl::StrAppend(&told, step.held() ? "+" : "-");
      if (!step.reason().empty()) absl::StrAppend(&told, "!", step.reason());
      for (const v1::DryRunWay& way : step.ways()) {
        absl::StrAppend(&told, way.held() ? "[+ " : "[- ", StepsOf(way.steps()), "]");
      }
    }
    return told;
  }

  absl::Time begin_;
};

constexpr char kCheckIn[] = R"(
  trigger { resource: 'contacts' change: CREATED condition: 'notes = "new"' }
  steps { id: 'wait' wait { duration: '3d' } }
  steps { id: 'look' branch { condition: 'notes = "ask"' otherwise: 'end' } }
  steps { id: 'deal' call { method: 'CreateDeal'
          request: '{"deal": {"display_name": "For {{record.department}}"}}' } }
  steps { id: 'task' call { method: 'CreateTask'
          request: '{"task": {"display_name": "Ask", "deal": "{{steps.deal.name}}"}}' } }
  steps { id: 'end' end {} })";

TEST_F(DryRunTest, TellsWhatWouldHaveBeenDoneOnTheRecordsAsTheyWere) {
  const Contact ada = CreateContact("Ada", "new");
  server_.clock().Advance(absl::Hours(1));
  CreateContact("Old", "old");
  const Contact ben = CreateContact("Ben", "new");
  server_.clock().Advance(absl::Hours(48));
  Update(ada, "notes: 'ask' department: 'Adah'");
  server_.clock().Advance(absl::Hours(48));
  Update(ada, "notes: 'never' department: 'Zoe'");
  Update(ben, "notes: 'ask'");  // too late
  const Contact cyd = CreateContact("Cyd", "new");
  const uint64_t head = server_.runtime().log.head().value();
  const v1::DryRunWorkflowResponse told = DryRun(kCheckIn);
  ASSERT_EQ(told.runs_size(), 3);
  EXPECT_EQ(told.runs(0).record(), ada.name());
  EXPECT_EQ(told.runs(0).time().seconds(), absl::ToUnixSeconds(begin_));
  EXPECT_EQ(StepsOf(told.runs(0).steps()), "wait look+ deal task end");
  EXPECT_EQ(told.runs(0).state(), v1::DONE);
  const v1::DryRunStep& deal = told.runs(0).steps(2);
  EXPECT_EQ(deal.method(), "kith.deals.v1.DealsService/CreateDeal");
  EXPECT_EQ(deal.request(), R"({"deal":{"display_name":"For Adah"}})");
  EXPECT_EQ(deal.time().seconds(), absl::ToUnixSeconds(begin_ + absl::Hours(72)));
  EXPECT_EQ(told.runs(0).steps(3).request(),
            R"({"task":{"display_name":"Ask","deal":"deals/deal"}})");
  EXPECT_EQ(told.runs(1).record(), ben.name());
  EXPECT_EQ(StepsOf(told.runs(1).steps()), "wait look- end");
  EXPECT_EQ(told.runs(2).record(), cyd.name());
  EXPECT_EQ(told.runs(2).state(), v1::WAITING);
  EXPECT_EQ(told.bound(), v1::DRY_RUN_BOUND_UNSPECIFIED);
  EXPECT_EQ(server_.runtime().log.head().value(), head);  // nothing was done
}

TEST_F(DryRunTest, TellsNoMoreThanIsAskedFor) {
  CreateContact("Ada", "new");
  server_.clock().Advance(absl::Hours(24));
  const absl::Time day = server_.clock().Now();
  const Contact ben = CreateContact("Ben", "new");
  server_.clock().Advance(absl::Hours(24));
  CreateContact("Cyd", "new");
  v1::DryRunWorkflowRequest request = Asked(kCheckIn);
  request.mutable_start_time()->set_seconds(absl::ToUnixSeconds(day - absl::Hours(1)));
  request.mutable_end_time()->set_seconds(absl::ToUnixSeconds(day + absl::Hours(1)));
  const auto told = DryRun(request);
  ASSERT_EQ(told.runs_size(), 1);
  EXPECT_EQ(told.runs(0).record(), ben.name());
  request = Asked(kCheckIn);
  request.set_max_runs(2);
  EXPECT_EQ(DryRun(request).runs_size(), 2);
  EXPECT_EQ(DryRun(request).bound(), v1::RUNS);
  EXPECT_GT(DryRun(request).bound_time().seconds(), absl::ToUnixSeconds(day));
}

TEST_F(DryRunTest, SeesWhatItsOwnStepsMadeOfTheRecord) {
  CreateContact("Ada", "new");
  const auto told = DryRun(absl::StrCat("trigger { resource: 'contacts' change: CREATED } ",
                                        Titles("title", "VIP"),
                                        "steps { id: 'look' branch { condition: 'job_title = "
                                        "\"VIP\"' } } steps { id: 'end' end {} }"));
  ASSERT_EQ(told.runs_size(), 1);
  EXPECT_EQ(StepsOf(told.runs(0).steps()), "title look+ end");
}

TEST_F(DryRunTest, TellsBothWaysWhereItCannotKnow) {
  deals::v1::CreateDealRequest create;
  create.mutable_deal()->set_display_name("Aspen");
  EXPECT_EQ(server_.Call(&DealsService::Stub::CreateDeal, create).reason(), "");
  const auto told = DryRun(R"(
    trigger { resource: 'deals' change: CREATED }
    steps { id: 'win' call { method: 'WinDeal' request: '{"name": "{{record.name}}"}' } }
    steps { id: 'look' branch { condition: 'status = WON' otherwise: 'sorry' } }
    steps { id: 'cheer' next: 'end' wait { duration: '0s' } }
    steps { id: 'sorry' wait { duration: '0s' } }
    steps { id: 'end' end {} })");
  ASSERT_EQ(told.runs_size(), 1);
  EXPECT_EQ(StepsOf(told.runs(0).steps()), "win look[+ cheer end][- sorry end]");
}

TEST_F(DryRunTest, FindsWhatWasWaitedFor) {
  const Contact ada = CreateContact("Ada");
  CreateContact("Ben");
  server_.clock().Advance(absl::Hours(24));
  interactions::v1::RecordInteractionRequest reply;
  reply.set_parent(ada.name());
  reply.mutable_interaction()->set_kind(interactions::v1::EMAIL);
  reply.mutable_interaction()->set_direction(interactions::v1::INBOUND);
  EXPECT_EQ(server_.Call(&InteractionsService::Stub::RecordInteraction, reply).reason(), "");
  server_.clock().Advance(absl::Hours(48));
  const auto told = DryRun(R"(
    trigger { resource: 'contacts' change: CREATED }
    steps { id: 'reply' await { resource: 'interactions' timeout: '2d' otherwise: 'remind'
            condition: 'direction = INBOUND' } }
    steps { id: 'thank' next: 'end' wait { duration: '0s' } }
    steps { id: 'remind' wait { duration: '0s' } }
    steps { id: 'end' end {} })");
  ASSERT_EQ(told.runs_size(), 2);
  EXPECT_EQ(StepsOf(told.runs(0).steps()), "reply thank end");
  EXPECT_NE(told.runs(0).steps(0).happened_to(), "");
  EXPECT_EQ(StepsOf(told.runs(1).steps()), "reply remind end");
}

TEST_F(DryRunTest, ComesWithTimes) {
  deals::v1::CreateDealRequest create;
  *create.mutable_deal() = testing::Proto<deals::v1::Deal>(
      "display_name: 'x' expected_close_date { year: 2026 month: 1 day: 20 }");
  const std::string moved = server_.Call(&DealsService::Stub::CreateDeal, create)->name();
  const std::string kept = server_.Call(&DealsService::Stub::CreateDeal, create)->name();
  deals::v1::UpdateDealRequest update;
  *update.mutable_deal() =
      testing::Proto<deals::v1::Deal>("expected_close_date { year: 2026 month: 1 day: 15 }");
  update.mutable_deal()->set_name(moved);
  EXPECT_EQ(server_.Call(&DealsService::Stub::UpdateDeal, update).reason(), "");
  server_.clock().Advance(absl::Hours(24 * 16));
  const std::string soon =
      "trigger { resource: 'deals' record_time { field: 'expected_close_date' offset: '-7d' } } "
      "steps { id: 'end' end {} }";
  const auto told = DryRun(soon);
  ASSERT_EQ(told.runs_size(), 2);
  EXPECT_EQ(told.runs(0).record(), moved);
  EXPECT_EQ(told.runs(1).record(), kept);
  const auto weekly = DryRun(
      "trigger { resource: 'deals' schedule { recurrence: 'FREQ=WEEKLY;BYDAY=MO' "
      "start_date { year: 2026 month: 1 day: 1 } time_of_day: '09:00' max_records: 1 } } "
      "steps { id: 'end' end {} }");
  EXPECT_EQ(weekly.runs_size(), 2);  // the fifth and the twelfth
}

// A deal that was recorded while the clock was set back has its moment told as by that clock, once.
TEST_F(DryRunTest, ComesWithTimesOnceWhereTheClockWasSetBack) {
  const auto create = [&](int day) {
    deals::v1::CreateDealRequest request;
    request.mutable_deal()->set_display_name("x");
    *request.mutable_deal()->mutable_expected_close_date() =
        testing::Proto<google::type::Date>(absl::StrCat("year: 2026 month: 1 day: ", day));
    return server_.Call(&DealsService::Stub::CreateDeal, request)->name();
  };
  server_.clock().Advance(absl::Hours(24 * 9 + 2));
  create(1);
  server_.clock().Jump(-absl::Hours(3));
  const std::string soon = create(17);  // its moment comes at midnight, an hour from now
  server_.clock().Jump(absl::Hours(24));
  const auto told = DryRun(
      "trigger { resource: 'deals' record_time { field: 'expected_close_date' offset: '-7d' } } "
      "steps { id: 'look' branch { condition: 'status = OPEN' otherwise: 'end' } } "
      "steps { id: 'end' end {} }");
  ASSERT_EQ(told.runs_size(), 1);
  EXPECT_EQ(told.runs(0).record(), soon);
  EXPECT_EQ(StepsOf(told.runs(0).steps()), "look+ end");
}

TEST_F(DryRunTest, IsComparedWithAnotherVersion) {
  const v1::Workflow first = Create(Greet()).response;
  v1::UpdateWorkflowRequest update;
  *update.mutable_workflow() = testing::Proto<v1::Workflow>(
      absl::StrCat(R"(trigger { resource: 'contacts' change: CREATED )",
                   R"(condition: 'notes = "new" OR notes = "next"' } )",
                   Titles("title", "{{record.last_name}}")));
  update.mutable_workflow()->set_name(first.name());
  EXPECT_EQ(server_.Call(&Stub::UpdateWorkflow, update).reason(), "");
  contacts::v1::CreateContactRequest create;
  *create.mutable_contact() =
      testing::Proto<Contact>("first_name: 'Ada' last_name: 'Dear Ada' notes: 'new'");
  server_.Call(&ContactsService::Stub::CreateContact, create);
  CreateContact("Ben", "new");
  CreateContact("Cyd", "next");
  v1::DryRunWorkflowRequest request;
  request.set_name(first.name());
  request.mutable_start_time()->set_seconds(absl::ToUnixSeconds(begin_));
  request.set_other_etag(first.etag());
  const auto told = DryRun(request);
  ASSERT_EQ(told.runs_size(), 3);
  EXPECT_EQ(told.runs(0).comparison(), v1::SAME);
  EXPECT_EQ(told.runs(1).comparison(), v1::DIFFERENT);
  EXPECT_EQ(told.runs(1).other_steps_size(), 1);
  EXPECT_EQ(told.runs(2).comparison(), v1::ONLY_THIS);
  request.set_other_etag("no");
  EXPECT_EQ(server_.Call(&Stub::DryRunWorkflow, request).fields(),
            std::vector<std::string>{"other_etag"});
}

TEST_F(DryRunTest, IsForWhoSeesEverything) {
  v1::DryRunWorkflowRequest request = Asked("trigger { resource: 'users' }");
  EXPECT_EQ(server_.Call(&Stub::DryRunWorkflow, request).reason(), "INVALID_WORKFLOW");
  request.set_name("workflows/none");
  EXPECT_EQ(server_.Call(&Stub::DryRunWorkflow, request).reason(), "INVALID_FIELD");
  request.clear_definition();
  EXPECT_EQ(server_.Call(&Stub::DryRunWorkflow, request).reason(), "WORKFLOW_NOT_FOUND");
  workspaces::v1::CreateApiKeyRequest key;
  key.mutable_api_key()->set_display_name("Events");
  key.mutable_api_key()->add_permissions("workflows.read");
  const std::string secret =
      server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  EXPECT_EQ(server_.CallWith(secret, &Stub::DryRunWorkflow, Asked(kCheckIn)).reason(),
            "PERMISSION_DENIED");
}

}  // namespace
}  // namespace kith::workflows
