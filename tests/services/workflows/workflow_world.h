// WorkflowWorld: a server whose workflows act as soon as they may, and what tests of them ask of
// it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/workflows/v1/workflow_runs_service.grpc.pb.h"
#include "kith/workflows/v1/workflows_service.grpc.pb.h"
#include "tests/testing/await.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::workflows {

using contacts::v1::Contact;
using contacts::v1::ContactsService;
using deals::v1::DealsService;
using interactions::v1::InteractionsService;
using Stub = v1::WorkflowsService::Stub;
using RunStub = v1::WorkflowRunsService::Stub;

// A step that gives the run's record a title.
inline std::string Titles(absl::string_view id, absl::string_view title) {
  return absl::StrCat("steps { id: '", id, "' call { method: 'UpdateContact' request: '",
                      R"({"contact": {"name": "{{record.name}}", "job_title": ")", title,
                      R"("}}' } } )");
}

inline const std::string& Greet() {
  static const auto& text = *new std::string(absl::StrCat(
      R"(display_name: 'Greet'
         trigger { resource: 'contacts' change: CREATED condition: 'notes = "new"' } )",
      Titles("title", "Dear {{record.first_name}}")));
  return text;
}

class WorkflowWorld : public ::testing::Test {
 protected:
  // `more` as of TestServer.
  explicit WorkflowWorld(std::function<void(runtime::ServerBuilder&)> more = nullptr)
      : server_(std::move(more), [](runtime::ServerOptions& options) {
          options.policies.turn = absl::Milliseconds(1);
          options.policies.gather = absl::ZeroDuration();
          options.policies.retry_first = absl::ZeroDuration();
        }) {}

  testing::Reply<v1::Workflow> Create(const std::string& text) {
    v1::CreateWorkflowRequest request;
    *request.mutable_workflow() = testing::Proto<v1::Workflow>(text);
    return server_.Call(&Stub::CreateWorkflow, request);
  }
  std::string Activate(const v1::Workflow& workflow, const std::string& key = "") {
    v1::ActivateWorkflowRequest request;
    request.set_name(workflow.name());
    return server_.CallWith(key.empty() ? server_.secret() : key, &Stub::ActivateWorkflow, request)
        .reason();
  }
  v1::Workflow Active(const std::string& text) {
    const auto created = Create(text);
    EXPECT_EQ(created.reason(), "") << created.status.error_message();
    EXPECT_EQ(Activate(created.response), "");
    return created.response;
  }
  Contact CreateContact(absl::string_view first_name, absl::string_view notes = "") {
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name(std::string(first_name));
    request.mutable_contact()->set_notes(std::string(notes));
    const auto created = server_.Call(&ContactsService::Stub::CreateContact, request);
    EXPECT_EQ(created.reason(), "");
    return created.response;
  }
  void Update(const Contact& contact, const std::string& text) {
    contacts::v1::UpdateContactRequest request;
    *request.mutable_contact() = testing::Proto<Contact>(text);
    request.mutable_contact()->set_name(contact.name());
    EXPECT_EQ(server_.Call(&ContactsService::Stub::UpdateContact, request).reason(), "");
  }
  std::string TitleOf(const Contact& contact) {
    contacts::v1::GetContactRequest request;
    request.set_name(contact.name());
    return server_.Call(&ContactsService::Stub::GetContact, request)->job_title();
  }
  std::vector<v1::WorkflowRun> Runs() {
    v1::ListWorkflowRunsRequest request;
    request.set_order_by("create_time");
    request.set_page_size(1'000);
    const auto listed = server_.Call(&RunStub::ListWorkflowRuns, request);
    EXPECT_EQ(listed.reason(), "") << listed.status.error_message();
    return {listed->workflow_runs().begin(), listed->workflow_runs().end()};
  }
  // Until so many runs are so far, which an event makes them.
  void AwaitRuns(size_t count, v1::RunState state) {
    testing::AwaitThat(server_, [&] {
      size_t found = 0;
      for (const v1::WorkflowRun& run : Runs()) found += run.state() == state;
      return found >= count;
    });
  }

  testing::TestServer server_;
};

}  // namespace kith::workflows
