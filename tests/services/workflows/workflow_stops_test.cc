// What becomes of runs whose workflow is paused, deleted, changed, or begins more of them than it
// may.
#include <string>

#include "kith/messages/v1/messages_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/services/workflows/workflow_world.h"
#include "tests/testing/await.h"

namespace kith::workflows {
namespace {

std::string WaitsForAnAddress() {
  return absl::StrCat(
      "display_name: 'x' trigger { resource: 'contacts' change: CREATED } "
      "steps { id: 'known' await { resource: 'contacts' condition: 'department = \"sales\"' "
      "timeout: '30d' } }",
      Titles("title", "seller"));
}

class WorkflowStopsTest : public WorkflowWorld {
 protected:
  v1::Workflow Pause(const v1::Workflow& workflow) {
    v1::PauseWorkflowRequest pause;
    pause.set_name(workflow.name());
    const auto paused = server_.Call(&Stub::PauseWorkflow, pause);
    EXPECT_EQ(paused.reason(), "");
    return paused.response;
  }
  std::string Retry(const v1::WorkflowRun& run) {
    v1::RetryWorkflowRunRequest retry;
    retry.set_name(run.name());
    return server_.Call(&RunStub::RetryWorkflowRun, retry).reason();
  }
  std::string ReasonOfLast(const v1::WorkflowRun& run) {
    return run.outcomes().empty() ? "" : run.outcomes().rbegin()->reason();
  }
};

// Goal: what was deactivated does nothing more, and says so; nothing of it is lost.
TEST_F(WorkflowStopsTest, APauseKeepsStepsFromBeingTaken) {
  const v1::Workflow workflow = Active(WaitsForAnAddress());
  const Contact ada = CreateContact("Ada");
  AwaitRuns(1, v1::WAITING);
  EXPECT_EQ(Pause(workflow).pause_reason(), v1::ASKED);
  Update(ada, "department: 'sales'");
  AwaitRuns(1, v1::CANCELLED);
  EXPECT_EQ(ReasonOfLast(Runs()[0]), "WORKFLOW_PAUSED");
  EXPECT_EQ(TitleOf(ada), "");
  EXPECT_EQ(Activate(workflow), "");
  EXPECT_EQ(Retry(Runs()[0]), "");
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(TitleOf(ada), "seller");
}

// Goal: a pause cancels a run that waits for a time when that comes, and then it is over: nothing
// comes of that timer again, and the workflow's being active anew changes nothing.
TEST_F(WorkflowStopsTest, APauseCancelsWhatWaitsForATimeAtThatTime) {
  const v1::Workflow workflow =
      Active(absl::StrCat("display_name: 'x' trigger { resource: 'contacts' change: CREATED } "
                          "steps { id: 'wait' wait { duration: '1h' } }",
                          Titles("title", "late")));
  const Contact ada = CreateContact("Ada");
  AwaitRuns(1, v1::WAITING);
  Pause(workflow);
  EXPECT_EQ(Runs()[0].state(), v1::WAITING) << "not before it would take a step";
  server_.clock().Advance(absl::Hours(1));
  AwaitRuns(1, v1::CANCELLED);
  const v1::WorkflowRun run = Runs()[0];
  EXPECT_EQ(ReasonOfLast(run), "WORKFLOW_PAUSED");
  EXPECT_EQ(Activate(workflow), "");
  server_.clock().Advance(absl::Hours(24));
  server_.Restart(/*new_views=*/true);
  server_.clock().Advance(absl::Hours(24));
  // What is due later has come by the time that a further run is done.
  const Contact ben = CreateContact("Ben");
  AwaitRuns(1, v1::WAITING);
  server_.clock().Advance(absl::Hours(1));
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(TitleOf(ben), "late");
  EXPECT_EQ(TitleOf(ada), "");
  EXPECT_EQ(Runs()[0].etag(), run.etag());
  EXPECT_EQ(Runs().size(), 2u);
}

// Goal: who takes a service's key back takes back what it set going.
TEST_F(WorkflowStopsTest, AKeyThatIsRevokedActsNoMore) {
  using Workspaces = workspaces::v1::WorkspacesService::Stub;
  workspaces::v1::CreateApiKeyRequest create;
  create.mutable_api_key()->set_display_name("Automation");
  create.mutable_api_key()->add_permissions("*");
  const auto key = server_.Call(&Workspaces::CreateApiKey, create).response;
  const v1::Workflow workflow = Create(WaitsForAnAddress()).response;
  EXPECT_EQ(Activate(workflow, key.secret()), "");
  v1::GetWorkflowRequest get;
  get.set_name(workflow.name());
  EXPECT_EQ(server_.Call(&Stub::GetWorkflow, get)->acting_key(), key.api_key().name());
  const Contact ada = CreateContact("Ada");
  AwaitRuns(1, v1::WAITING);
  workspaces::v1::RevokeApiKeyRequest revoke;
  revoke.set_name(key.api_key().name());
  EXPECT_EQ(server_.Call(&Workspaces::RevokeApiKey, revoke).reason(), "");
  Update(ada, "department: 'sales'");
  AwaitRuns(1, v1::CANCELLED);
  EXPECT_EQ(ReasonOfLast(Runs()[0]), "ACTING_KEY_ENDED");
  EXPECT_EQ(TitleOf(ada), "");
  // Who activates it again answers for it, and it goes on.
  EXPECT_EQ(Activate(workflow), "");
  EXPECT_EQ(Retry(Runs()[0]), "");
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(TitleOf(ada), "seller");
}

TEST_F(WorkflowStopsTest, NothingIsDoneForAWorkflowThatWasDeleted) {
  const v1::Workflow workflow = Active(WaitsForAnAddress());
  const Contact ada = CreateContact("Ada");
  AwaitRuns(1, v1::WAITING);
  v1::DeleteWorkflowRequest remove;
  remove.set_name(workflow.name());
  EXPECT_EQ(server_.Call(&Stub::DeleteWorkflow, remove).reason(), "");
  Update(ada, "department: 'sales'");
  AwaitRuns(1, v1::CANCELLED);
  EXPECT_EQ(ReasonOfLast(Runs()[0]), "WORKFLOW_DELETED");
  EXPECT_EQ(Retry(Runs()[0]), "RUN_NOT_FAILED");
  EXPECT_EQ(TitleOf(ada), "");
}

// A word that is put right in a step does not end what waits for next month.
TEST_F(WorkflowStopsTest, AChangeLetsRunsGoOnWithTheStepsTheyHave) {
  const v1::Workflow workflow = Active(WaitsForAnAddress());
  const Contact ada = CreateContact("Ada");
  AwaitRuns(1, v1::WAITING);
  v1::UpdateWorkflowRequest update;
  *update.mutable_workflow() = testing::Proto<v1::Workflow>(Titles("title", "other"));
  update.mutable_workflow()->set_name(workflow.name());
  const auto changed = server_.Call(&Stub::UpdateWorkflow, update);
  EXPECT_EQ(changed->state(), v1::PAUSED);
  EXPECT_EQ(changed->pause_reason(), v1::CHANGED);
  Update(ada, "department: 'sales'");
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(TitleOf(ada), "seller");
}

TEST_F(WorkflowStopsTest, ARunByHandOfOneThatRestsTakesItsSteps) {
  const v1::Workflow workflow = Active(Greet());
  Pause(workflow);
  const Contact ada = CreateContact("Ada");
  v1::CreateWorkflowRunRequest run;
  run.mutable_workflow_run()->set_workflow(workflow.name());
  run.mutable_workflow_run()->set_record(ada.name());
  EXPECT_EQ(server_.Call(&RunStub::CreateWorkflowRun, run).reason(), "");
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(TitleOf(ada), "Dear Ada");
}

// Goal: workflows that set off each other in ever greater numbers are stopped by themselves.
TEST_F(WorkflowStopsTest, OneThatBeginsTooManyRunsIsPaused) {
  workspaces::v1::UpdateWorkspaceRequest change;
  change.mutable_workspace()->set_name("workspaces/1");
  change.mutable_workspace()->set_daily_workflow_runs_max(20);
  change.mutable_update_mask()->add_paths("daily_workflow_runs_max");
  EXPECT_EQ(
      server_.Call(&workspaces::v1::WorkspacesService::Stub::UpdateWorkspace, change).reason(), "");
  const v1::Workflow workflow = Create("display_name: 'x' steps { id: 'end' end {} }").response;
  v1::UpdateWorkflowRequest update;
  update.mutable_workflow()->set_name(workflow.name());
  for (const char* const id : {"a", "b", "c"}) {
    v1::WorkflowStep& step = *update.mutable_workflow()->add_steps();
    step.set_id(id);
    step.mutable_call()->set_method("CreateWorkflowRun");
    step.mutable_call()->set_request(
        absl::StrCat(R"({"workflow_run": {"workflow": ")", workflow.name(), R"("}})"));
  }
  EXPECT_EQ(server_.Call(&Stub::UpdateWorkflow, update).reason(), "");
  EXPECT_EQ(Activate(workflow), "");
  v1::CreateWorkflowRunRequest run;
  run.mutable_workflow_run()->set_workflow(workflow.name());
  EXPECT_EQ(server_.Call(&RunStub::CreateWorkflowRun, run).reason(), "");
  // One run of three goes on for each that ends, until all that there are have stopped.
  testing::AwaitThat(server_, [&] {
    for (const v1::WorkflowRun& one : Runs()) {
      if (one.state() == v1::RUNNING) return false;
    }
    return true;
  });
  const auto runs = Runs();
  EXPECT_GE(runs.size(), 20u);
  EXPECT_LT(runs.size(), 200u);
  v1::GetWorkflowRequest get;
  get.set_name(workflow.name());
  const auto paused = server_.Call(&Stub::GetWorkflow, get);
  EXPECT_EQ(paused->state(), v1::PAUSED);
  EXPECT_EQ(paused->pause_reason(), v1::TOO_MANY_RUNS);
}

// Goal: what a run sent is not missed where it had arrived before the run began to wait for that.
TEST_F(WorkflowStopsTest, WhatAnEarlierStepMadeNeedNotBecomeSoLater) {
  Active(absl::StrCat(
      "display_name: 'x' trigger { resource: 'contacts' change: CREATED } "
      "steps { id: 'send' call { method: 'SendMessage' request: "
      R"('{"contact": "{{record.name}}", "subject": "Hello", "text": "How are you?"}' } } )"
      "steps { id: 'known' await { resource: 'contacts' condition: 'department = \"sales\"' "
      "timeout: '30d' } }"
      "steps { id: 'sent' await { resource: 'messages' condition: 'state = SENT' timeout: '30d' } "
      "}",
      Titles("title", "written to")));
  contacts::v1::CreateContactRequest request;
  request.mutable_contact()->set_first_name("Ada");
  request.mutable_contact()->add_emails()->set_address("ada@example.com");
  const Contact ada = server_.Call(&ContactsService::Stub::CreateContact, request).response;
  AwaitRuns(1, v1::WAITING);
  const std::string message = Runs()[0].answers(0).name();
  messages::v1::RecordMessageSentRequest sent;
  sent.set_name(message);
  sent.set_message_id("<1@acme.example>");
  EXPECT_EQ(server_.Call(&messages::v1::MessagesService::Stub::RecordMessageSent, sent).reason(),
            "");
  Update(ada, "department: 'sales'");
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(TitleOf(ada), "written to");
  const v1::WorkflowRun run = Runs()[0];
  EXPECT_EQ(run.outcomes(run.outcomes_size() - 2).happened_to(), message);
}

}  // namespace
}  // namespace kith::workflows
