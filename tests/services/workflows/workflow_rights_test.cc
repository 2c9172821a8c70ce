// What workflows are not a way to: what somebody may neither do nor read themselves.
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/services/workflows/workflow_world.h"

namespace kith::workflows {
namespace {

using testing::Proto;

class WorkflowRightsTest : public WorkflowWorld {
 protected:
  // The key of a new user with this role; what the key grants.
  std::string KeyOf(const std::string& role, const std::vector<std::string>& permissions = {"*"}) {
    users::v1::CreateUserRequest user;
    user.mutable_user()->set_display_name("Rob");
    user.mutable_user()->add_roles(role);
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Rob's");
    for (const std::string& each : permissions) key.mutable_api_key()->add_permissions(each);
    key.mutable_api_key()->set_user(
        server_.Call(&users::v1::UsersService::Stub::CreateUser, user)->name());
    const auto made = server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key);
    EXPECT_EQ(made.reason(), "");
    return made->secret();
  }
  // One that shows neither personal data nor amounts.
  std::string BlindRole() {
    roles::v1::CreateRoleRequest request;
    *request.mutable_role() = Proto<roles::v1::Role>(
        R"(display_name: 'Blind'
           grants { permission: 'contacts.*' scope: ALL }
           grants { permission: 'deals.*' scope: ALL }
           grants { permission: 'workflows.*' scope: ALL }
           grants { permission: 'workflow_runs.*' scope: ALL })");
    const auto made = server_.Call(&roles::v1::RolesService::Stub::CreateRole, request);
    EXPECT_EQ(made.reason(), "");
    return made->name();
  }
  std::string Start(const v1::Workflow& workflow, const std::string& record,
                    const std::string& key) {
    v1::CreateWorkflowRunRequest request;
    request.mutable_workflow_run()->set_workflow(workflow.name());
    request.mutable_workflow_run()->set_record(record);
    return server_.CallWith(key, &RunStub::CreateWorkflowRun, request).reason();
  }
};

TEST_F(WorkflowRightsTest, DoNothingThatKithDoesByItself) {
  const struct {
    const char* method;
    const char* request;
    const char* reason;
  } forged[] = {
      {"QueueWebhookDelivery",
       R"({"webhook": "webhooks/w", "resource": "deals",
           "record": "deals/mine", "event_type": "deal_created",
           "event_sequence": 5, "event_stream": "deals/hidden", "event_revision": 1})",
       "DELIVERED_BY_ITSELF"},
      {"EndWebhookDelivery", R"({"name": "webhookDeliveries/d", "reply_status": 200})",
       "DELIVERED_BY_ITSELF"},
      {"RaiseTaskReminder",
       R"({"name": "tasks/t", "due_time": "2026-01-01T00:00:00Z",
           "remind_time": "2026-01-01T00:00:00Z"})",
       "REMINDS_BY_ITSELF"},
      {"HoldNotificationMail", R"({"name": "notifications/n"})", "MAILS_BY_ITSELF"},
      {"RecordNotificationMail", R"({"names": ["notifications/n"]})", "MAILS_BY_ITSELF"},
  };
  size_t failed = 0;
  for (const auto& each : forged) {
    v1::Workflow workflow = Proto<v1::Workflow>("display_name: 'Forges'");
    v1::WorkflowStep& step = *workflow.add_steps();
    step.set_id("forge");
    step.mutable_call()->set_method(each.method);
    step.mutable_call()->set_request(each.request);
    const auto created = Create(workflow.ShortDebugString());
    ASSERT_EQ(created.reason(), "") << created.status.error_message();
    ASSERT_EQ(Start(created.response, "", server_.secret()), "");
    AwaitRuns(++failed, v1::FAILED);
    EXPECT_EQ(Runs().back().outcomes(0).reason(), each.reason) << each.method;
  }
}

TEST_F(WorkflowRightsTest, AreNotMoreThanWhatTheKeyGrants) {
  const v1::Workflow workflow =
      Create(R"(display_name: 'Users' trigger { resource: 'contacts' change: CREATED }
                steps { id: 'user' call { method: 'CreateUser'
                        request: '{"user": {"display_name": "Mole"}}' } })")
          .response;
  const std::string key = KeyOf("roles/admin", {"workflows.*", "workflow_runs.*"});
  EXPECT_EQ(Activate(workflow, key), "NOT_PERMITTED");
  EXPECT_EQ(Start(workflow, "", key), "NOT_PERMITTED");
  EXPECT_EQ(Activate(workflow, KeyOf("roles/admin")), "");
}

TEST_F(WorkflowRightsTest, TellNothingOfFieldsThatAreHidden) {
  const std::string blind = KeyOf(BlindRole());
  deals::v1::CreateDealRequest create;
  create.mutable_deal()->set_display_name("Aspen");
  *create.mutable_deal()->mutable_amount() =
      Proto<google::type::Money>("currency_code: 'EUR' units: 12345");
  const std::string deal = server_.Call(&DealsService::Stub::CreateDeal, create)->name();
  const v1::Workflow tells = Create(R"(display_name: 'Tells'
                trigger { resource: 'deals' change: UPDATED }
                steps { id: 'look' branch { condition: 'amount > "10000 EUR"' otherwise: 'say' } }
                steps { id: 'seen' next: 'end' call { method: 'UpdateDeal' request:
                  '{"deal": {"name": "{{record.name}}", "product": "seen"}}' } }
                steps { id: 'say' call { method: 'UpdateDeal' request:
                  '{"deal": {"name": "{{record.name}}",'
                  ' "product": "of {{record.amount.units}}."}}' } }
                steps { id: 'end' end {} })")
                                 .response;
  ASSERT_EQ(Start(tells, deal, blind), "");
  AwaitRuns(1, v1::DONE);
  deals::v1::GetDealRequest get;
  get.set_name(deal);
  EXPECT_EQ(server_.Call(&DealsService::Stub::GetDeal, get)->product(), "of .");
  // Who sees the amount is told.
  ASSERT_EQ(Start(tells, deal, server_.secret()), "");
  AwaitRuns(2, v1::DONE);
  EXPECT_EQ(server_.Call(&DealsService::Stub::GetDeal, get)->product(), "seen");
  for (const char* const trigger :
       {"condition: 'amount > \"10000 EUR\"'", "condition_before: 'status = OPEN'"}) {
    const auto asks =
        Create(absl::StrCat("display_name: 'Asks' trigger { resource: 'deals' change: UPDATED ",
                            trigger, " } steps { id: 'end' end {} }"));
    ASSERT_EQ(asks.reason(), "") << asks.status.error_message();
    EXPECT_EQ(Activate(asks.response, blind), "NOT_PERMITTED") << trigger;
    EXPECT_EQ(Activate(asks.response), "") << trigger;
  }
}

// Goal: when something is done tells no day that is hidden, as a birthday.
TEST_F(WorkflowRightsTest, ComeWithNoDayThatIsHidden) {
  const std::string blind = KeyOf(BlindRole());
  const Contact contact = CreateContact("Ada");
  Update(contact, "birthday { year: 1990 month: 5 day: 1 }");
  const auto waits = Create(R"(display_name: 'Waits'
                trigger { resource: 'contacts' change: UPDATED }
                steps { id: 'wait' wait { until_field: 'birthday' duration: '36500d' } }
                steps { id: 'end' end {} })");
  ASSERT_EQ(waits.reason(), "") << waits.status.error_message();
  ASSERT_EQ(Start(waits.response, contact.name(), blind), "");
  AwaitRuns(1, v1::DONE);
  ASSERT_EQ(Start(waits.response, contact.name(), server_.secret()), "");
  AwaitRuns(1, v1::WAITING);
  const auto comes = [&](const char* field) {
    const auto created = Create(
        absl::StrCat("display_name: 'Comes' trigger { resource: 'contacts' record_time { field: '",
                     field, "' offset: '36500d' } } steps { id: 'end' end {} }"));
    EXPECT_EQ(created.reason(), "") << created.status.error_message();
    return created.response;
  };
  const v1::Workflow of_birthday = comes("birthday");
  EXPECT_EQ(Activate(of_birthday, blind), "NOT_PERMITTED");
  EXPECT_EQ(Activate(of_birthday), "");
  EXPECT_EQ(Activate(comes("create_time"), blind), "");
}

TEST_F(WorkflowRightsTest, AreRefusedARequestThatNestsTooDeep) {
  const std::string deep = std::string(8'000, '[') + std::string(8'000, ']');
  EXPECT_EQ(Create(absl::StrCat("display_name: 'Deep' steps { id: 'x' call { method: "
                                "'UpdateContact' request: '{\"contact\": ",
                                deep, "}' } }"))
                .reason(),
            "INVALID_WORKFLOW");
}

// When something happened last stands in a record's row alone.
TEST_F(WorkflowRightsTest, KnowWhatOnlyRowsTell) {
  deals::v1::CreateDealRequest create;
  create.mutable_deal()->set_display_name("Stale");
  const std::string deal = server_.Call(&DealsService::Stub::CreateDeal, create)->name();
  deals::v1::GetDealRequest get;
  get.set_name(deal);
  EXPECT_EQ(server_.Call(&DealsService::Stub::GetDeal, get).reason(), "") << "its row is there";
  server_.clock().Advance(absl::Hours(24 * 40));
  const v1::Workflow looks =
      Create(R"(display_name: 'Looks' trigger { resource: 'deals' change: UPDATED }
                steps { id: 'look' branch { condition: 'last_activity_time < -30d'
                                            otherwise: 'end' } }
                steps { id: 'say' call { method: 'UpdateDeal' request:
                  '{"deal": {"name": "{{record.name}}", "product": "stale"}}' } }
                steps { id: 'end' end {} })")
          .response;
  ASSERT_EQ(Start(looks, deal, server_.secret()), "");
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(server_.Call(&DealsService::Stub::GetDeal, get)->product(), "stale");
}

// Goal: what others may write is never done with the rights of whom a workflow acts for: it begins
// another where that was activated, as it is, by the same.
TEST_F(WorkflowRightsTest, BeginAnotherOnlyAsWhoActivatedBoth) {
  const v1::Workflow inner =
      Create(absl::StrCat("display_name: 'Inner' trigger { resource: 'contacts' change: CREATED "
                          "condition: 'notes = \"never\"' } ",
                          Titles("a", "x")))
          .response;
  Active(
      absl::StrCat("display_name: 'Outer' trigger { resource: 'contacts' change: CREATED } "
                   "steps { id: 'begin' call { method: 'CreateWorkflowRun' request: "
                   R"('{"workflow_run": {"workflow": ")",
                   inner.name(), R"(", "record": "{{record.name}}"}}' } })"));
  const auto begin = [&](size_t failed, size_t done) {
    CreateContact("Ada");
    AwaitRuns(failed, v1::FAILED);
    AwaitRuns(done, v1::DONE);
    const auto runs = Runs();
    EXPECT_EQ(runs.size(), failed + done);
    for (const v1::WorkflowRun& run : runs) {
      if (run.state() != v1::FAILED) continue;
      EXPECT_EQ(run.outcomes(0).reason(), "WORKFLOW_NOT_ACTIVE_FOR_OWNER");
    }
  };
  begin(1, 0);
  EXPECT_EQ(Activate(inner, KeyOf("roles/admin")), "");
  begin(2, 0);
  EXPECT_EQ(Activate(inner), "");
  begin(2, 2);
  v1::UpdateWorkflowRequest update;
  update.mutable_workflow()->set_name(inner.name());
  *update.mutable_workflow()->add_steps() = inner.steps(0);
  update.mutable_workflow()->mutable_steps(0)->set_id("other");
  EXPECT_EQ(server_.Call(&Stub::UpdateWorkflow, update).reason(), "");
  begin(3, 2);
}

TEST_F(WorkflowRightsTest, ChangeNoWorkflows) {
  for (const char* const call :
       {"ActivateWorkflow' request: '{\"name\": \"workflows/x\"}'",
        "UpdateWorkflow' request: '{\"workflow\": {\"name\": \"workflows/x\"}}'",
        "CreateWorkflow' request: '{\"workflow\": {\"display_name\": \"x\"}}'",
        "BatchUpdateWorkflows' request: '{}'", "BatchCreateWorkflowRuns' request: '{}'",
        "CreateTask' request: '{\"request_id\": \"x\"}'",
        "CreateTask' request: '{\"occur_time\": \"2026-01-01T00:00:00Z\"}'"}) {
    EXPECT_EQ(
        Create(absl::StrCat("display_name: 'x' steps { id: 'a' call { method: '", call, " } }"))
            .reason(),
        "INVALID_WORKFLOW")
        << call;
  }
  EXPECT_EQ(Create("display_name: 'x' steps { id: 'a' call { method: 'PauseWorkflow' "
                   "request: '{\"name\": \"workflows/x\"}' } }")
                .reason(),
            "");
}

}  // namespace
}  // namespace kith::workflows
