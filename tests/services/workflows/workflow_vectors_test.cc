// What other systems' workflows got wrong, by the numbers of the cases that are known of them: what
// a workflow does itself, what happens once though it matches twice, what runs know of each other,
// and what a change is about that says nothing of that.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "google/protobuf/empty.pb.h"
#include "google/protobuf/message.h"
#include "grpcpp/impl/codegen/client_unary_call.h"
#include "kith/tasks/v1/tasks_service.grpc.pb.h"
#include "tests/services/workflows/workflow_world.h"

namespace kith::workflows {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::StartsWith;
using ::testing::UnorderedElementsAre;

class WorkflowVectorsTest : public WorkflowWorld {
 protected:
  std::string RecordCall(const Contact& contact, const std::vector<std::string>& links) {
    interactions::v1::RecordInteractionRequest request;
    request.set_parent(contact.name());
    request.mutable_interaction()->set_kind(interactions::v1::CALL);
    request.mutable_interaction()->set_direction(interactions::v1::OUTBOUND);
    request.mutable_interaction()->mutable_links()->Assign(links.begin(), links.end());
    const auto recorded = server_.Call(&InteractionsService::Stub::RecordInteraction, request);
    EXPECT_EQ(recorded.reason(), "") << recorded.status.error_message();
    return recorded->name();
  }
};

// WF-1. Goal: what a workflow's step changes does not set that workflow off, what others change
// does. Method: each run makes the title one longer; the dry run of what happened tells the same.
TEST_F(WorkflowVectorsTest, WhatItChangesItselfDoesNotSetItOff) {
  const absl::Time begin = server_.clock().Now();
  const v1::Workflow workflow =
      Active(absl::StrCat("display_name: 'Count' trigger { resource: 'contacts' change: UPDATED } ",
                          Titles("title", "{{record.job_title}}x")));
  const Contact ada = CreateContact("Ada");
  Update(ada, "notes: 'a'");
  AwaitRuns(1, v1::DONE);
  Update(ada, "notes: 'b'");
  AwaitRuns(2, v1::DONE);
  server_.Restart(/*new_views=*/true);
  Update(CreateContact("Ben"), "notes: 'c'");
  AwaitRuns(3, v1::DONE);
  EXPECT_EQ(Runs().size(), 3u);
  EXPECT_EQ(TitleOf(ada), "xx");
  v1::DryRunWorkflowRequest request;
  request.set_name(workflow.name());
  request.mutable_start_time()->set_seconds(absl::ToUnixSeconds(begin));
  EXPECT_EQ(server_.Call(&Stub::DryRunWorkflow, request)->runs_size(), 3);
}

TEST_F(WorkflowVectorsTest, WhatItRecordsItselfDoesNotSetItOff) {
  Active(R"(display_name: 'Call back'
            trigger { resource: 'interactions' condition: 'kind = CALL' }
            steps { id: 'call' call { method: 'RecordInteraction' request:
              '{"parent": "{{record.name}}", "interaction": {"kind": "CALL"}}' } })");
  const Contact ada = CreateContact("Ada");
  RecordCall(ada, {});
  AwaitRuns(1, v1::DONE);
  RecordCall(ada, {});
  AwaitRuns(2, v1::DONE);
  server_.Restart();
  EXPECT_EQ(Runs().size(), 2u);
}

// WF-3: what concerns two contacts sets a workflow off once.
TEST_F(WorkflowVectorsTest, OneChangeSetsItOffOnce) {
  Active(
      "display_name: 'Once' trigger { resource: 'interactions' condition: 'kind = CALL' } "
      "steps { id: 'end' end {} }");
  const Contact ada = CreateContact("Ada");
  const Contact ben = CreateContact("Ben");
  RecordCall(ada, {ben.name()});
  AwaitRuns(1, v1::DONE);
  RecordCall(ben, {ada.name()});
  AwaitRuns(2, v1::DONE);
  server_.Restart();
  const std::vector<v1::WorkflowRun> runs = Runs();
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_NE(runs[0].record(), runs[1].record());
}

// WF-4: two runs at once know what their own steps answered.
TEST_F(WorkflowVectorsTest, RunsDoNotSeeEachOthersAnswers) {
  Active(R"(display_name: 'Offer' trigger { resource: 'contacts' change: CREATED }
            steps { id: 'deal' call { method: 'CreateDeal'
                    request: '{"deal": {"display_name": "x", '
                             '"contacts": [{"contact": "{{record.name}}"}]}}' } }
            steps { id: 'wait' wait { duration: '1h' } }
            steps { id: 'task' call { method: 'CreateTask' request:
              '{"task": {"display_name": "Ask", "deal": "{{steps.deal.name}}"}}' } })");
  CreateContact("Ada");
  CreateContact("Ben");
  AwaitRuns(2, v1::WAITING);
  server_.clock().Advance(absl::Hours(1));
  AwaitRuns(2, v1::DONE);
  for (const v1::WorkflowRun& run : Runs()) {
    ASSERT_EQ(run.answers_size(), 2);
    tasks::v1::GetTaskRequest get_task;
    get_task.set_name(run.answers(1).name());
    const auto task = server_.Call(&tasks::v1::TasksService::Stub::GetTask, get_task);
    EXPECT_EQ(task->deal(), run.answers(0).name());
    deals::v1::GetDealRequest get_deal;
    get_deal.set_name(task->deal());
    const auto deal = server_.Call(&DealsService::Stub::GetDeal, get_deal);
    ASSERT_EQ(deal->contacts_size(), 1);
    EXPECT_EQ(deal->contacts(0).contact(), run.record());
  }
}

// WF-5: not one of a list is false where any of several values is, and true of none; one of a list
// is true where any is.
TEST_F(WorkflowVectorsTest, ConditionsAskEachOfManyValues) {
  const auto rule = [&](absl::string_view condition) {
    return Active(absl::StrCat("display_name: 'x' trigger { resource: 'deals' condition: '",
                               condition, "' } steps { id: 'end' end {} }"))
        .name();
  };
  const std::string none = rule("NOT tags in (a, b)");
  rule("tags in (a, b)");
  const auto create = [&](const std::string& tags) {
    deals::v1::CreateDealRequest request;
    *request.mutable_deal() =
        testing::Proto<deals::v1::Deal>(absl::StrCat("display_name: 'x' ", tags));
    return server_.Call(&DealsService::Stub::CreateDeal, request)->name();
  };
  const std::string one_of_it = create("tags: 'a' tags: 'c'");
  const std::string other = create("tags: 'c'");
  const std::string missing = create("");
  AwaitRuns(3, v1::DONE);
  std::vector<std::string> found_none;
  std::vector<std::string> found_any;
  for (const v1::WorkflowRun& run : Runs()) {
    (run.workflow() == none ? found_none : found_any).push_back(run.record());
  }
  EXPECT_THAT(found_none, UnorderedElementsAre(other, missing));
  EXPECT_THAT(found_any, UnorderedElementsAre(one_of_it));
}

// Of any method that answers once.
testing::Reply<google::protobuf::Empty> CallAny(const testing::TestServer& server,
                                                const google::protobuf::MethodDescriptor& method,
                                                const google::protobuf::Message& request) {
  using google::protobuf::MessageLite;
  const std::string path = absl::StrCat("/", method.service()->full_name(), "/", method.name());
  const grpc::internal::RpcMethod rpc(path.c_str(), grpc::internal::RpcMethod::NORMAL_RPC,
                                      server.channel());
  grpc::ClientContext context;
  context.AddMetadata("authorization", absl::StrCat("Bearer ", server.secret()));
  testing::Reply<google::protobuf::Empty> reply;
  reply.status = grpc::internal::BlockingUnaryCall<MessageLite, MessageLite>(
      server.channel().get(), rpc, &context, request, &reply.response);
  reply.error.ParseFromString(reply.status.error_details());
  return reply;
}

// WF-7. Goal: who leaves out which records a change is about is refused, and changes none, where
// others take that for all of them; Kith has no change by a filter. Method: every method that
// changes something is asked for nothing, and every batch for one change that says nothing, too.
TEST_F(WorkflowVectorsTest, NoChangeIsOfEverythingWhereNothingIsNamed) {
  CreateContact("Ada");
  const Position before = server_.runtime().log.head();
  std::vector<std::string> answered;
  int batches = 0;
  for (const auto& [name, bound] : server_.methods().methods()) {
    const runtime::Method& method = bound->method();
    const google::protobuf::MethodDescriptor& descriptor = *method.descriptor;
    const bool is_read = bound->is_read() || absl::EndsWith(method.permission, ".read");
    if (is_read || descriptor.client_streaming() || descriptor.server_streaming()) continue;
    const std::unique_ptr<google::protobuf::Message> request(
        google::protobuf::MessageFactory::generated_factory()
            ->GetPrototype(descriptor.input_type())
            ->New());
    const auto refused = CallAny(server_, descriptor, *request);
    if (refused.ok()) {
      answered.push_back(descriptor.name());
      continue;
    }
    EXPECT_THAT(refused.reason(), Not(StartsWith("code "))) << name;
    if (method.requests == nullptr) continue;
    ++batches;
    EXPECT_EQ(refused.reason(), "INVALID_FIELD") << name;
    EXPECT_THAT(refused.fields(), ElementsAre("requests")) << name;
    request->GetReflection()->AddMessage(request.get(), method.requests);
    const auto of_one = CallAny(server_, descriptor, *request);
    // Else each is decided by itself, and the reply says of each why not.
    if (method.return_partial_success == nullptr) continue;
    EXPECT_EQ(of_one.reason(), "INVALID_FIELD") << name;
    EXPECT_THAT(of_one.fields(), Each(StartsWith("requests[0]."))) << name;
  }
  EXPECT_GT(batches, 60);
  // That is about the server, and of no record.
  EXPECT_THAT(answered, ElementsAre("ResumeRestoredCopy"));
  EXPECT_EQ(server_.runtime().log.head(), before);
}

}  // namespace
}  // namespace kith::workflows
