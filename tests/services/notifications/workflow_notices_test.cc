// Who is told that a workflow failed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/workflows/v1/workflow_runs_service.grpc.pb.h"
#include "kith/workflows/v1/workflows_service.grpc.pb.h"
#include "tests/services/notifications/notices_fixture.h"

namespace kith::notifications {
namespace {

using workflows::v1::WorkflowRunsService;
using workflows::v1::WorkflowsService;

class WorkflowNoticesTest : public NoticesFixture {};

TEST_F(WorkflowNoticesTest, TellsForWhomItActsOnceForEachFailure) {
  const std::string ben = CreateUser("Ben", "roles: 'roles/admin'");
  workflows::v1::CreateWorkflowRequest create;
  *create.mutable_workflow() = testing::Proto<workflows::v1::Workflow>(
      R"(display_name: 'Greet' trigger { resource: 'contacts' change: CREATED }
         steps { id: 'deal' call { method: 'CreateDeal' request:
           '{"deal": {"display_name": "Deal", "owner": "users/none"}}' } })");
  workflows::v1::ActivateWorkflowRequest activate;
  activate.set_name(server_.Call(&WorkflowsService::Stub::CreateWorkflow, create)->name());
  ASSERT_EQ(
      server_.CallWith(KeyOf(ben), &WorkflowsService::Stub::ActivateWorkflow, activate).reason(),
      "");
  contacts::v1::CreateContactRequest contact;
  contact.mutable_contact()->set_first_name("Ada");
  EXPECT_EQ(server_.Call(&contacts::v1::ContactsService::Stub::CreateContact, contact).reason(),
            "");
  Await(ben, v1::FAILED_RUN, 1);
  const v1::Notification told = Told(ben, v1::FAILED_RUN)[0];
  EXPECT_EQ(told.display_name(),
            "The workflow Greet failed at its step deal: LINKED_RECORD_NOT_FOUND.");
  workflows::v1::RetryWorkflowRunRequest retry;
  retry.set_name(told.record());
  ASSERT_EQ(server_.Call(&WorkflowRunsService::Stub::RetryWorkflowRun, retry).reason(), "");
  Await(ben, v1::FAILED_RUN, 2);
  server_.Restart(/*new_views=*/true);
  AwaitRest();
  EXPECT_EQ(Told(ben, v1::FAILED_RUN).size(), 2u);
}

class WorkflowStopsTest : public NoticesFixture {
 protected:
  // One that acts for the user.
  workflows::v1::Workflow ActiveFor(const std::string& user,
                                    const std::string& steps = "steps { id: 'end' end {} }") {
    workflows::v1::CreateWorkflowRequest create;
    *create.mutable_workflow() = testing::Proto<workflows::v1::Workflow>(absl::StrCat(
        "display_name: 'Greet' trigger { resource: 'contacts' change: CREATED } ", steps));
    workflows::v1::ActivateWorkflowRequest activate;
    activate.set_name(server_.Call(&WorkflowsService::Stub::CreateWorkflow, create)->name());
    const auto active =
        server_.CallWith(KeyOf(user), &WorkflowsService::Stub::ActivateWorkflow, activate);
    EXPECT_EQ(active.reason(), "");
    return active.response;
  }
  void CreateContact() {
    contacts::v1::CreateContactRequest contact;
    contact.mutable_contact()->set_first_name("Ada");
    EXPECT_EQ(server_.Call(&contacts::v1::ContactsService::Stub::CreateContact, contact).reason(),
              "");
  }
  workflows::v1::Workflow Get(const workflows::v1::Workflow& workflow) {
    workflows::v1::GetWorkflowRequest get;
    get.set_name(workflow.name());
    return server_.Call(&WorkflowsService::Stub::GetWorkflow, get).response;
  }
};

TEST_F(WorkflowStopsTest, TellsThatItBeganTooManyRuns) {
  workspaces::v1::UpdateWorkspaceRequest change;
  change.mutable_workspace()->set_name("workspaces/1");
  change.mutable_workspace()->set_daily_workflow_runs_max(2);
  change.mutable_update_mask()->add_paths("daily_workflow_runs_max");
  EXPECT_EQ(
      server_.Call(&workspaces::v1::WorkspacesService::Stub::UpdateWorkspace, change).reason(), "");
  const std::string ben = CreateUser("Ben", "roles: 'roles/admin'");
  const auto workflow = ActiveFor(ben);
  CreateContact();
  CreateContact();
  Await(ben, v1::STOPPED_WORKFLOW, 1);
  const v1::Notification told = Told(ben, v1::STOPPED_WORKFLOW)[0];
  EXPECT_EQ(told.record(), workflow.name());
  EXPECT_EQ(told.display_name(),
            "The workflow Greet was paused: it began as many runs in a day as it may.");
  server_.Restart(/*new_views=*/true);
  AwaitRest();
  EXPECT_EQ(Told(ben, v1::STOPPED_WORKFLOW).size(), 1u);
}

TEST_F(WorkflowStopsTest, TellsWhoMayNotDoAnyMoreWhatItDoes) {
  const std::string ben = CreateUser("Ben", "roles: 'roles/admin'");
  CreateUser("Ada", "roles: 'roles/admin'");  // the last administrator stays one
  const auto workflow = ActiveFor(ben,
                                  "steps { id: 'known' await { resource: 'contacts' timeout: '30d' "
                                  "condition: 'department = \"sales\"' } }");
  // What this role hides, a step that waits for something may tell.
  users::v1::UpdateUserRequest update;
  update.mutable_user()->set_name(ben);
  update.mutable_user()->add_roles("roles/support");
  EXPECT_EQ(server_.Call(&users::v1::UsersService::Stub::UpdateUser, update).reason(), "");
  CreateContact();
  Await(ben, v1::STOPPED_WORKFLOW, 1);
  EXPECT_EQ(Told(ben, v1::STOPPED_WORKFLOW)[0].display_name(),
            "The workflow Greet was paused: it acts for you, and you may not do any more what it "
            "does.");
  EXPECT_EQ(Get(workflow).state(), workflows::v1::PAUSED);
  EXPECT_EQ(Get(workflow).pause_reason(), workflows::v1::RIGHTS_LOST);
}

TEST_F(WorkflowStopsTest, StopsWhereWhoeverItActsForIsGone) {
  const std::string ben = CreateUser("Ben", "roles: 'roles/admin'");
  CreateUser("Ada", "roles: 'roles/admin'");
  const auto workflow = ActiveFor(ben);
  users::v1::DeactivateUserRequest deactivate;
  deactivate.set_name(ben);
  EXPECT_EQ(server_.Call(&users::v1::UsersService::Stub::DeactivateUser, deactivate).reason(), "");
  CreateContact();
  AwaitThat([&] { return Get(workflow).state() == workflows::v1::PAUSED; });
  EXPECT_EQ(Get(workflow).pause_reason(), workflows::v1::RIGHTS_LOST);
  EXPECT_EQ(Get(workflow).acts_for(), "");
}

TEST_F(WorkflowStopsTest, TellsNobodyOfAPauseThatSomebodyAskedFor) {
  const std::string ben = CreateUser("Ben", "roles: 'roles/admin'");
  workflows::v1::PauseWorkflowRequest pause;
  pause.set_name(ActiveFor(ben).name());
  pause.set_pause_reason(workflows::v1::TOO_MANY_RUNS);
  const auto refused = server_.Call(&WorkflowsService::Stub::PauseWorkflow, pause);
  EXPECT_EQ(refused.reason(), "INVALID_FIELD");
  EXPECT_EQ(refused.fields(), std::vector<std::string>{"pause_reason"});
  pause.set_pause_reason(workflows::v1::ASKED);
  EXPECT_EQ(server_.Call(&WorkflowsService::Stub::PauseWorkflow, pause).reason(), "");
  AwaitRest();
  EXPECT_EQ(Told(ben, v1::STOPPED_WORKFLOW).size(), 0u);
}

}  // namespace
}  // namespace kith::notifications
