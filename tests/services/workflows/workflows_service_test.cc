// Workflows over the whole server: what sets them off, and what their runs do.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kith/policies/v1/policies_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workflows/v1/workflow_events.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "services/core/decision.h"
#include "services/core/resource_events.h"
#include "services/runtime/commands/loader.h"
#include "tests/services/workflows/workflow_world.h"

namespace kith::workflows {
namespace {

using users::v1::UsersService;

class WorkflowsServiceTest : public WorkflowWorld {};

TEST_F(WorkflowsServiceTest, DoesWhatItsStepsSay) {
  const v1::Workflow greet = Active(Greet());
  const Contact ada = CreateContact("Ada", "new");
  const Contact ben = CreateContact("Ben", "old");
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(TitleOf(ada), "Dear Ada");
  EXPECT_EQ(TitleOf(ben), "");
  const auto runs = Runs();
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].workflow(), greet.name());
  EXPECT_EQ(runs[0].record(), ada.name());
  EXPECT_EQ(runs[0].display_name(), "Greet");
  ASSERT_EQ(runs[0].outcomes_size(), 1);
  EXPECT_EQ(runs[0].outcomes(0).changed(0), ada.name());
}

TEST_F(WorkflowsServiceTest, WaitsAndThenLooks) {
  Active(absl::StrCat(
      R"(display_name: 'Check in'
         trigger { resource: 'contacts' change: CREATED }
         steps { id: 'wait' wait { duration: '30d' } }
         steps { id: 'look' branch { condition: 'notes = "ask"' otherwise: 'leave' } }
         steps { id: 'ask' next: 'end' call { method: 'UpdateContact' request:
           '{"contact": {"name": "{{record.name}}", "job_title": "asked"}}' } } )",
      Titles("leave", "left"), "steps { id: 'end' end {} }"));
  const Contact ada = CreateContact("Ada");
  const Contact ben = CreateContact("Ben");
  AwaitRuns(2, v1::WAITING);
  EXPECT_EQ(Runs()[0].step(), "wait");
  server_.clock().Advance(absl::Hours(24 * 29));
  Update(ada, "notes: 'ask'");
  server_.Restart(/*new_views=*/true);
  AwaitRuns(2, v1::WAITING);
  EXPECT_EQ(TitleOf(ada), "");
  server_.clock().Advance(absl::Hours(24));
  AwaitRuns(2, v1::DONE);
  EXPECT_EQ(TitleOf(ada), "asked");
  EXPECT_EQ(TitleOf(ben), "left");
}

TEST_F(WorkflowsServiceTest, IsSetOffByWhatARecordBecomes) {
  Active(absl::StrCat(
      "display_name: 'Won' trigger { resource: 'deals' change: UPDATED condition: 'status = WON' } "
      "steps { id: 'note' call { method: 'UpdateDeal' request: '",
      R"({"deal": {"name": "{{record.name}}", "product": "{{record.display_name}} again"}})",
      "' } }"));
  deals::v1::CreateDealRequest create;
  create.mutable_deal()->set_display_name("Aspen");
  const std::string deal = server_.Call(&DealsService::Stub::CreateDeal, create)->name();
  deals::v1::WinDealRequest win;
  win.set_name(deal);
  EXPECT_EQ(server_.Call(&DealsService::Stub::WinDeal, win).reason(), "");
  AwaitRuns(1, v1::DONE);
  // The step changed a deal that had been won before: that sets nothing off, nor does this.
  deals::v1::UpdateDealRequest update;
  update.mutable_deal()->set_name(deal);
  update.mutable_deal()->set_display_name("Birch");
  EXPECT_EQ(server_.Call(&DealsService::Stub::UpdateDeal, update)->product(), "Aspen again");
  // Something later that does.
  win.set_name(server_.Call(&DealsService::Stub::CreateDeal, create)->name());
  EXPECT_EQ(server_.Call(&DealsService::Stub::WinDeal, win).reason(), "");
  AwaitRuns(2, v1::DONE);
  EXPECT_EQ(Runs().size(), 2u);
}

TEST_F(WorkflowsServiceTest, FollowsUpOnCalls) {
  Active(
      absl::StrCat("display_name: 'Follow up' trigger { resource: 'interactions' "
                   "condition: 'kind = CALL AND direction = OUTBOUND' } "
                   "steps { id: 'wait' wait { duration: '3bd' } }",
                   Titles("title", "called")));
  const Contact ada = CreateContact("Ada");
  const auto record = [&](interactions::v1::InteractionKind kind) {
    interactions::v1::RecordInteractionRequest request;
    request.set_parent(ada.name());
    request.mutable_interaction()->set_kind(kind);
    request.mutable_interaction()->set_direction(interactions::v1::OUTBOUND);
    EXPECT_EQ(server_.Call(&InteractionsService::Stub::RecordInteraction, request).reason(), "");
  };
  record(interactions::v1::EMAIL);
  record(interactions::v1::CALL);  // on a Thursday
  AwaitRuns(1, v1::WAITING);
  const auto runs = Runs();
  ASSERT_EQ(runs.size(), 1u);
  EXPECT_EQ(runs[0].record(), ada.name());
  server_.clock().Advance(absl::Hours(24 * 5));
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(TitleOf(ada), "called");
  EXPECT_EQ(
      Create("display_name: 'x' trigger { resource: 'interactions' condition: 'body = \"a\"' } "
             "steps { id: 'end' end {} }")
          .fields(),
      std::vector<std::string>{"workflow.trigger.condition"});
}

// WF-1: a circle of two ends at its stated depth, and that is told.
TEST_F(WorkflowsServiceTest, EndsACircleOfTwo) {
  for (const auto& [from, to] : {std::pair("a", "b"), std::pair("b", "a")}) {
    Active(absl::StrCat(
        "display_name: '", from, "' trigger { resource: 'contacts' condition: 'notes = \"", from,
        "\"' } steps { id: 'turn' call { method: 'UpdateContact' request: ",
        R"('{"contact": {"name": "{{record.name}}", "notes": ")", to, R"("}}' } })"));
  }
  CreateContact("Ada", "a");
  constexpr size_t kDepth = 16;
  AwaitRuns(kDepth, v1::DONE);
  server_.Restart();
  EXPECT_EQ(Runs().size(), kDepth);
  policies::v1::GetPolicyRequest get;
  get.set_name("policies/workflow_triggers_contacts");
  const auto policy = [&] {
    return server_.Call(&policies::v1::PoliciesService::Stub::GetPolicy, get).response;
  };
  testing::AwaitThat(server_, [&] { return policy().refused_size() > 0; });
  ASSERT_EQ(policy().refused_size(), 1);
  EXPECT_EQ(policy().refused(0).reason(), "TOO_DEEP");
}

TEST_F(WorkflowsServiceTest, StopsWhereAStepIsRefusedAndGoesOnFromThere) {
  Active(R"(display_name: 'Deal'
            trigger { resource: 'contacts' change: CREATED }
            steps { id: 'deal' call { method: 'CreateDeal' request:
              '{"deal_id": "of-ada", "deal": {"display_name": "{{record.department}}"}}' } })");
  const Contact ada = CreateContact("Ada");
  AwaitRuns(1, v1::FAILED);
  const v1::WorkflowRun failed = Runs()[0];
  EXPECT_EQ(failed.outcomes(0).reason(), "INVALID_FIELD");
  EXPECT_EQ(failed.step(), "deal");
  Update(ada, "department: 'Consul'");
  v1::RetryWorkflowRunRequest retry;
  retry.set_name(failed.name());
  EXPECT_EQ(server_.Call(&RunStub::RetryWorkflowRun, retry).reason(), "");
  AwaitRuns(1, v1::DONE);
  deals::v1::GetDealRequest get;
  get.set_name("deals/of-ada");
  EXPECT_EQ(server_.Call(&DealsService::Stub::GetDeal, get)->display_name(), "Consul");
  EXPECT_EQ(server_.Call(&RunStub::RetryWorkflowRun, retry).reason(), "RUN_NOT_FAILED");
}

// WF-6: a pause cancels what has not been done, and the runs say so.
TEST_F(WorkflowsServiceTest, StopsWhenItIsCancelledOrPaused) {
  const v1::Workflow waits =
      Active(absl::StrCat("display_name: 'Wait' trigger { resource: 'contacts' change: CREATED } "
                          "steps { id: 'wait' wait { duration: '1h' } }",
                          Titles("title", "x")));
  const Contact ada = CreateContact("Ada");
  AwaitRuns(1, v1::WAITING);
  v1::CancelWorkflowRunRequest cancel;
  cancel.set_name(Runs()[0].name());
  EXPECT_EQ(server_.Call(&RunStub::CancelWorkflowRun, cancel)->state(), v1::CANCELLED);
  const Contact ben = CreateContact("Ben");
  AwaitRuns(1, v1::WAITING);
  v1::PauseWorkflowRequest pause;
  pause.set_name(waits.name());
  EXPECT_EQ(server_.Call(&Stub::PauseWorkflow, pause)->state(), v1::PAUSED);
  CreateContact("Cyd");
  server_.clock().Advance(absl::Hours(1));
  AwaitRuns(2, v1::CANCELLED);
  EXPECT_EQ(TitleOf(ada), "");
  EXPECT_EQ(TitleOf(ben), "");
  EXPECT_EQ(Runs().size(), 2u);
}

TEST_F(WorkflowsServiceTest, LosesItsRightsWithWhatItDoes) {
  const v1::Workflow greet = Active(Greet());
  v1::UpdateWorkflowRequest update;
  update.mutable_workflow()->set_name(greet.name());
  update.mutable_workflow()->set_description("as before");
  EXPECT_EQ(server_.Call(&Stub::UpdateWorkflow, update)->state(), v1::ACTIVE);
  *update.mutable_workflow()->mutable_steps() = greet.steps();
  update.mutable_workflow()->mutable_steps(0)->set_id("other");
  EXPECT_EQ(server_.Call(&Stub::UpdateWorkflow, update)->state(), v1::PAUSED);
}

TEST_F(WorkflowsServiceTest, ActsForWhoActivatesItAndNoFurther) {
  users::v1::CreateUserRequest user;
  user.mutable_user()->set_display_name("Rob");
  user.mutable_user()->add_roles("roles/marketing");
  const std::string rob = server_.Call(&UsersService::Stub::CreateUser, user)->name();
  workspaces::v1::CreateApiKeyRequest key;
  key.mutable_api_key()->set_display_name("Rob's");
  key.mutable_api_key()->add_permissions("*");
  key.mutable_api_key()->set_user(rob);
  const std::string secret =
      server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  const v1::Workflow workflow =
      Create(R"(display_name: 'Deal' trigger { resource: 'contacts' change: CREATED }
                steps { id: 'deal' call { method: 'CreateDeal'
                        request: '{"deal": {"display_name": "x"}}' } })")
          .response;
  EXPECT_EQ(Activate(workflow, secret), "PERMISSION_DENIED");
  user.mutable_user()->set_roles(0, "roles/admin");  // another one, who stays
  EXPECT_EQ(server_.Call(&UsersService::Stub::CreateUser, user).reason(), "");
  users::v1::UpdateUserRequest update;
  update.mutable_user()->set_name(rob);
  update.mutable_user()->add_roles("roles/admin");
  EXPECT_EQ(server_.Call(&UsersService::Stub::UpdateUser, update).reason(), "");
  EXPECT_EQ(Activate(workflow, secret), "");
  CreateContact("Ada");
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(Runs()[0].owner(), rob);
  update.mutable_user()->set_roles(0, "roles/marketing");
  EXPECT_EQ(server_.Call(&UsersService::Stub::UpdateUser, update).reason(), "");
  CreateContact("Ben");
  AwaitRuns(1, v1::FAILED);
  EXPECT_EQ(Runs()[1].outcomes(0).reason(), "PERMISSION_DENIED");
}

TEST_F(WorkflowsServiceTest, IsRefusedWhereItCannotBe) {
  const auto fields = [&](const std::string& text) {
    const auto created = Create(absl::StrCat("display_name: 'x' ", text));
    EXPECT_EQ(created.reason(), "INVALID_WORKFLOW") << text;
    return created.fields();
  };
  using Fields = std::vector<std::string>;
  const std::string end = " steps { id: 'end' end {} }";
  EXPECT_EQ(fields("trigger { resource: 'users' }" + end), Fields{"workflow.trigger.resource"});
  EXPECT_EQ(fields("trigger { resource: 'deals' condition: 'colour = red' }" + end),
            Fields{"workflow.trigger.condition"});
  EXPECT_EQ(fields("steps { id: 'a' call { method: 'Fly' } }"),
            Fields{"workflow.steps[0].call.method"});
  EXPECT_EQ(fields(R"(steps { id: 'a' call { method: 'CreateDeal' request: '{"colour": 1}' } })"),
            Fields{"workflow.steps[0].call.request"});
  EXPECT_EQ(fields(R"(trigger { resource: 'deals' }
                      steps { id: 'a' call { method: 'CreateDeal'
                              request: '{"deal": {"display_name": "{{record.colour}}"}}' } })"),
            Fields{"workflow.steps[0].call.request"});
  EXPECT_EQ(fields(R"(trigger { resource: 'contacts' }
                      steps { id: 'a' call { method: 'CreateDeal'
                        request: '{"deal": {"display_name": "For {{record.first_name}}"}}' } })"),
            Fields{"workflow.steps[0].call.request"})
      << "it would outlive the person";
  EXPECT_EQ(fields(R"(trigger { resource: 'contacts' }
                      steps { id: 'a' call { method: 'CallWebhook' request:
                        '{"webhook": "webhooks/1", "payload": "\\"{{record.notes}}\\""}' } })"),
            Fields{"workflow.steps[0].call.request"})
      << "and so would what is sealed for nobody";
  EXPECT_EQ(fields("steps { id: 'a' next: 'b' wait { duration: '1h' } }"),
            Fields{"workflow.steps[0].next"});
  EXPECT_EQ(fields("steps { id: 'a' end {} } steps { id: 'b' end {} }"),
            Fields{"workflow.steps[1].id"});
  EXPECT_EQ(fields("steps { id: 'a' wait { duration: '3 moons' } }"),
            Fields{"workflow.steps[0].wait.duration"});
  EXPECT_EQ(fields("steps { id: 'a' call { method: 'CreateDeal' request: '{}' } next: 'a' }"),
            Fields{"workflow.steps[0].next"});
  for (const char* const method : {"CreateApiKey", "AdvanceWorkflowRun", "FireWorkflow"}) {
    EXPECT_EQ(fields(absl::StrCat("steps { id: 'a' call { method: '", method, "' } }")),
              Fields{"workflow.steps[0].call.method"});
  }
  EXPECT_EQ(Activate(Create("display_name: 'x'").response), "NO_STEPS");
}

// What is personal of the record must not be kept in clear by what a request says outside of a
// resource either.
TEST_F(WorkflowsServiceTest, PutsNothingPersonalIntoClearFieldsOfRequests) {
  const auto saved = [&](absl::string_view method, absl::string_view request) {
    return Create(
        absl::StrCat("display_name: 'x' trigger { resource: 'contacts' } "
                     "steps { id: 'a' call { method: '",
                     method, "' request: '", request, "' } }"));
  };
  const struct {
    const char* method;
    const char* request;
  } refused[] = {
      {"LoseDeal", R"({"name": "deals/1", "notes": "{{record.display_name}}"})"},
      {"CancelTask", R"({"name": "tasks/1", "reason": "of {{ record.first_name }}"})"},
      {"CreateDeal", R"({"deal_id": "p-{{record.first_name}}", "deal": {"display_name": "x"}})"},
      {"CreateDeal", R"({"dealId": "p-{{record.first_name}}", "deal": {"display_name": "x"}})"},
      {"ConvertLead", R"({"name": "leads/1", "deal_display_name": "{{record.last_name}}"})"},
      {"RequestStageApproval", R"({"name": "deals/1", "note": "{{record.notes}}"})"},
      {"CancelMeeting", R"({"name": "meetings/1", "reason": "{{record.display_name}}"})"},
      {"CaptureInteraction", R"({"source": "{{record.first_name}}"})"},
      {"CaptureInteraction", R"({"source": "x", "external_id": "{{record.first_name}}"})"},
      {"RecordMessageFailed", R"({"reply": "{{record.first_name}}"})"},
      {"TellUsers", R"({"reason": "{{record.first_name}}"})"},
      {"PauseWorkflow", R"({"name": "workflows/1", "reason": "{{record.first_name}}"})"},
  };
  for (const auto& [method, request] : refused) {
    const auto created = saved(method, request);
    EXPECT_EQ(created.reason(), "INVALID_WORKFLOW") << request;
    EXPECT_EQ(created.fields(), std::vector<std::string>{"workflow.steps[0].call.request"})
        << method;
  }
  // What is sealed under a person's key there, or is not personal.
  const struct {
    const char* method;
    const char* request;
  } taken[] = {
      {"SendMessage", R"({"contact": "{{record.name}}", "subject": "{{record.first_name}}"})"},
      {"SendMessage", R"({"contact": "{{record.name}}", "text": "Dear {{record.first_name}}"})"},
      {"UpdateContact", R"({"contact": {"notes": "{{record.first_name}}"}})"},
      {"CallWebhook", R"({"record": "{{record.name}}", "payload": "{{record.first_name}}"})"},
      {"LoseDeal", R"({"name": "deals/1", "notes": "{{record.lifecycle_stage}}"})"},
  };
  for (const auto& [method, request] : taken) {
    EXPECT_EQ(saved(method, request).reason(), "") << request;
  }
}

// Goal: what was let through when it was saved is refused once it would be done. Method: a workflow
// is recorded past the rules, as an older server may have left one.
TEST_F(WorkflowsServiceTest, HoldsWhatWasSavedBeforeToTheSameRules) {
  runtime::Origin origin;
  origin.caller = server_.runtime().authorizer->Authenticate(server_.secret());
  const std::string name = "workflows/01J00000000000000000000001";
  const auto workflow = testing::Proto<v1::Workflow>(
      R"(display_name: 'Old' trigger { resource: 'contacts' }
         steps { id: 'a' call { method: 'CreateDeal' request:
           '{"deal_id": "p-{{record.first_name}}", "deal": {"display_name": "x"}}' } })");
  const auto record = [&](runtime::Loader&, const CommandContext&) -> Decision {
    return Changes().Append(name, CreatedEvent<v1::WorkflowEvent>(name, workflow));
  };
  ASSERT_TRUE(server_.runtime().transact.RunAndWait(origin, server_.workspace(), record).ok());
  v1::Workflow old;
  old.set_name(name);
  EXPECT_EQ(Activate(old), "INVALID_WORKFLOW");
  v1::CreateWorkflowRunRequest request;
  request.mutable_workflow_run()->set_workflow(name);
  request.mutable_workflow_run()->set_record(CreateContact("Ada").name());
  ASSERT_EQ(server_.Call(&RunStub::CreateWorkflowRun, request).reason(), "");
  AwaitRuns(1, v1::FAILED);
  EXPECT_EQ(Runs()[0].outcomes(0).reason(), "INVALID_REQUEST");
}

TEST_F(WorkflowsServiceTest, IsSetOffOverRecordsOfItsTriggerAlone) {
  const v1::Workflow of_deals = Create(R"(display_name: 'Task' trigger { resource: 'deals' }
                steps { id: 'a' call { method: 'CreateTask' request:
                  '{"task": {"display_name": "Ask about {{record.display_name}}"}}' } })")
                                    .response;
  const v1::Workflow of_interactions =
      Create("display_name: 'x' trigger { resource: 'interactions' } steps { id: 'a' end {} }")
          .response;
  const Contact ada = CreateContact("Ada");
  v1::CreateWorkflowRunRequest request;
  request.mutable_workflow_run()->set_workflow(of_deals.name());
  request.mutable_workflow_run()->set_record(ada.name());
  const auto refused = server_.Call(&RunStub::CreateWorkflowRun, request);
  EXPECT_EQ(refused.reason(), "INVALID_FIELD");
  EXPECT_EQ(refused.fields(), std::vector<std::string>{"workflow_run.record"});
  request.mutable_workflow_run()->set_workflow(of_interactions.name());
  EXPECT_EQ(server_.Call(&RunStub::CreateWorkflowRun, request).reason(), "");
  AwaitRuns(1, v1::DONE);

  // A step sets it off.
  EXPECT_EQ(Activate(of_deals), "");
  Active(absl::StrCat(R"(display_name: 'Chain' trigger { resource: 'contacts' change: UPDATED }
                         steps { id: 'a' call { method: 'CreateWorkflowRun' request:
                           '{"workflow_run": {"workflow": ")",
                      of_deals.name(), R"(", "record": "{{record.name}}"}}' } })"));
  Update(ada, "job_title: 'x'");
  AwaitRuns(1, v1::FAILED);
  EXPECT_EQ(Runs().back().outcomes(0).reason(), "INVALID_FIELD");
}

TEST_F(WorkflowsServiceTest, IsSetOffByHand) {
  const v1::Workflow greet = Create(Greet()).response;
  const Contact ada = CreateContact("Ada");
  v1::CreateWorkflowRunRequest request;
  request.mutable_workflow_run()->set_workflow(greet.name());
  request.mutable_workflow_run()->set_record(ada.name());
  EXPECT_EQ(server_.Call(&RunStub::CreateWorkflowRun, request)->state(), v1::RUNNING);
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(TitleOf(ada), "Dear Ada");
}

}  // namespace
}  // namespace kith::workflows
