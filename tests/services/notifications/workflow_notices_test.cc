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

}  // namespace
}  // namespace kith::notifications
