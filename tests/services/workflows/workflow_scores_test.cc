// Scores that reach thresholds set off workflows: those that wait for just that, of records that
// are as they say, and for who may read scores.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "kith/leads/v1/leads_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/scoring_models/v1/scoring_models_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/services/workflows/workflow_world.h"

namespace kith::workflows {
namespace {

using ::testing::ElementsAre;

class WorkflowScoresTest : public WorkflowWorld {
 protected:
  using ModelStub = scoring_models::v1::ScoringModelsService::Stub;

  WorkflowScoresTest() {
    model_ = Model(
        "target: CONTACTS rules { id: 'calls' event { kind: CALL } points: 10 } "
        "thresholds { id: 'warm' value: 10 } thresholds { id: 'hot' value: 20 }");
  }

  std::string Model(const std::string& text) {
    scoring_models::v1::CreateScoringModelRequest request;
    *request.mutable_scoring_model() = testing::Proto<scoring_models::v1::ScoringModel>(
        absl::StrCat("display_name: 'Heat' ", text));
    const auto made = server_.Call(&ModelStub::CreateScoringModel, request);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    return made->name();
  }
  std::string Triggered(const std::string& resource, const std::string& threshold,
                        const std::string& more = "", const std::string& model = "") const {
    return absl::StrCat("display_name: 'Hot' trigger { resource: '", resource,
                        "' score_reached { scoring_model: '", model.empty() ? model_ : model,
                        "' threshold: '", threshold, "' } ", more, "} ");
  }
  void Call(const Contact& contact) {
    interactions::v1::RecordInteractionRequest request;
    request.set_parent(contact.name());
    request.mutable_interaction()->set_kind(interactions::v1::CALL);
    EXPECT_EQ(server_.Call(&InteractionsService::Stub::RecordInteraction, request).reason(), "");
  }
  // Of a user who may do with contacts and workflows what they like.
  std::string KeyWithoutScores() {
    roles::v1::CreateRoleRequest role;
    *role.mutable_role() = testing::Proto<roles::v1::Role>(
        R"(display_name: 'Some' field_groups: PERSONAL field_groups: MONEY
           grants { permission: 'contacts.*' scope: ALL }
           grants { permission: 'workflows.*' scope: ALL }
           grants { permission: 'workflow_runs.*' scope: ALL })");
    const auto made = server_.Call(&roles::v1::RolesService::Stub::CreateRole, role);
    EXPECT_EQ(made.reason(), "") << made.status.error_message();
    users::v1::CreateUserRequest user;
    user.mutable_user()->set_display_name("Ada");
    user.mutable_user()->add_roles(made->name());
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Ada's");
    key.mutable_api_key()->set_user(
        server_.Call(&users::v1::UsersService::Stub::CreateUser, user)->name());
    key.mutable_api_key()->add_permissions("*");
    return server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
  }

  std::string model_;
};

TEST_F(WorkflowScoresTest, SetsOffWhatWaitsForTheThresholdThatIsReached) {
  Active(absl::StrCat(Triggered("contacts", "hot"), Titles("title", "Hot {{record.first_name}}")));
  Active(absl::StrCat(Triggered("contacts", "hot", "condition: 'notes = \"key\"'"),
                      Titles("title", "Key")));
  const Contact ada = CreateContact("Ada");
  const Contact ben = CreateContact("Ben", "key");
  Call(ada);
  Call(ada);
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(TitleOf(ada), "Hot Ada");
  Call(ada);  // it stays above
  Call(ben);
  Call(ben);
  AwaitRuns(3, v1::DONE);
  std::vector<std::string> records;
  for (const v1::WorkflowRun& run : Runs()) records.push_back(run.record());
  EXPECT_THAT(records, ElementsAre(ada.name(), ben.name(), ben.name()));
}

TEST_F(WorkflowScoresTest, SetsOffNothingAgainWhereItIsFoldedAnew) {
  Active(absl::StrCat(Triggered("contacts", "warm"), Titles("title", "Warm")));
  const Contact ada = CreateContact("Ada");
  Call(ada);
  AwaitRuns(1, v1::DONE);
  server_.Restart(/*new_views=*/true);
  const Contact ben = CreateContact("Ben");
  Call(ben);
  AwaitRuns(2, v1::DONE);
  EXPECT_EQ(Runs().size(), 2u);
}

TEST_F(WorkflowScoresTest, ScoresLeads) {
  const std::string fit = Model(
      "target: LEADS rules { id: 'acme' record { condition: 'company_name = \"Acme\"' } points: 5 "
      "} thresholds { id: 'fits' value: 5 }");
  Active(absl::StrCat(Triggered("leads", "fits", "", fit),
                      R"(steps { id: 'task' call { method: 'CreateTask' request:
                         '{"task": {"display_name": "Ring", "lead": "{{record.name}}"}}' } })"));
  leads::v1::CreateLeadRequest lead;
  lead.mutable_lead()->set_first_name("Bo");
  lead.mutable_lead()->set_company_name("Acme");
  const auto made = server_.Call(&leads::v1::LeadsService::Stub::CreateLead, lead);
  ASSERT_EQ(made.reason(), "") << made.status.error_message();
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(Runs()[0].record(), made->name());
}

TEST_F(WorkflowScoresTest, IsRefusedWhatNoScoreReaches) {
  const std::string titles = Titles("title", "Hot");
  EXPECT_THAT(
      Create(absl::StrCat(Triggered("deals", "hot"), "steps { id: 'end' end {} }")).fields(),
      ElementsAre("workflow.trigger.resource"));
  EXPECT_THAT(
      Create(absl::StrCat(Triggered("contacts", "hot", "change: CREATED"), titles)).fields(),
      ElementsAre("workflow.trigger.change"));
  EXPECT_THAT(
      Create(absl::StrCat(Triggered("contacts", "hot", "record_time { field: 'create_time' }"),
                          titles))
          .fields(),
      ElementsAre("workflow.trigger.score_reached"));
  const auto activate = [&](const v1::Workflow& workflow) {
    v1::ActivateWorkflowRequest request;
    request.set_name(workflow.name());
    return server_.Call(&Stub::ActivateWorkflow, request);
  };
  const auto boiling = Create(absl::StrCat(Triggered("contacts", "boiling"), titles));
  EXPECT_EQ(activate(boiling.response).reason(), "INVALID_WORKFLOW");
  EXPECT_THAT(activate(boiling.response).fields(),
              ElementsAre("workflow.trigger.score_reached.threshold"));
  const auto leads = Create(absl::StrCat(Triggered("leads", "hot"), "steps { id: 'end' end {} }"));
  EXPECT_THAT(activate(leads.response).fields(),
              ElementsAre("workflow.trigger.score_reached.scoring_model"));
}

TEST_F(WorkflowScoresTest, IsForWhoMayReadScores) {
  const auto workflow = Create(absl::StrCat(Triggered("contacts", "hot"), Titles("title", "Hot")));
  ASSERT_EQ(workflow.reason(), "") << workflow.status.error_message();
  EXPECT_EQ(Activate(workflow.response, KeyWithoutScores()), "NOT_PERMITTED");
  EXPECT_EQ(Activate(workflow.response), "");
}

TEST_F(WorkflowScoresTest, TellsWhatItWouldHaveDone) {
  const absl::Time begin = server_.clock().Now();
  const Contact ada = CreateContact("Ada");
  Call(ada);
  Call(ada);
  Active(absl::StrCat(Triggered("contacts", "warm"), Titles("title", "Warm")));
  const Contact ben = CreateContact("Ben");
  Call(ben);
  AwaitRuns(1, v1::DONE);  // so Ada's score was told, too
  v1::DryRunWorkflowRequest request;
  *request.mutable_definition() = testing::Proto<v1::Workflow>(
      absl::StrCat(Triggered("contacts", "hot"), Titles("title", "Hot")));
  request.mutable_start_time()->set_seconds(absl::ToUnixSeconds(begin));
  const auto told = server_.Call(&Stub::DryRunWorkflow, request);
  ASSERT_EQ(told.reason(), "") << told.status.error_message();
  ASSERT_EQ(told->runs_size(), 1);
  EXPECT_EQ(told->runs(0).record(), ada.name());
}

}  // namespace
}  // namespace kith::workflows
