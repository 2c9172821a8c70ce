// Leads in workflows: what sets one off, and a conversion as a step.
#include "kith/workflows/v1/workflow_runs_service.grpc.pb.h"
#include "kith/workflows/v1/workflows_service.grpc.pb.h"
#include "tests/services/leads/leads_fixture.h"
#include "tests/testing/await.h"

namespace kith::leads {
namespace {

using workflows::v1::WorkflowsService;

class LeadAutomationTest : public LeadsFixture {
 protected:
  LeadAutomationTest()
      : LeadsFixture([](runtime::ServerOptions& options) {
          options.policies.turn = absl::Milliseconds(1);
          options.policies.gather = absl::ZeroDuration();
        }) {}

  void Activate(const std::string& text) {
    workflows::v1::CreateWorkflowRequest create;
    *create.mutable_workflow() = testing::Proto<workflows::v1::Workflow>(text);
    workflows::v1::ActivateWorkflowRequest activate;
    activate.set_name(Make(&WorkflowsService::Stub::CreateWorkflow, create));
    EXPECT_EQ(server_.Call(&WorkflowsService::Stub::ActivateWorkflow, activate).reason(), "");
  }
  // Until the lead is so, which an event makes it.
  v1::Lead Await(const std::string& lead, v1::LeadStatus status) {
    testing::AwaitThat(server_, [&] { return Get(lead)->status() == status; });
    return Get(lead).response;
  }
};

// What is made in a step is one append, as it is for anybody: the run's own event stands with it.
TEST_F(LeadAutomationTest, AreConvertedByAStep) {
  Activate(
      "display_name: 'Sell' trigger { resource: 'leads' change: UPDATED condition: "
      "'status = QUALIFIED' } steps { id: 'convert' call { method: 'ConvertLead' request: "
      R"('{"name": "{{record.name}}", "create_deal": true}' } })");
  const std::string lead = Created("first_name: 'Ada' company_name: 'Harrow'");
  Do(&Stub::QualifyLead, lead);
  const v1::Lead converted = Await(lead, v1::CONVERTED);
  ASSERT_EQ(Deals().size(), 1u);
  EXPECT_EQ(converted.converted_deal(), Deals().front().name());
  EXPECT_EQ(GetContact(converted.converted_contact()).first_name(), "Ada");
}

TEST_F(LeadAutomationTest, AreMovedByAStep) {
  Activate(
      "display_name: 'Greet' trigger { resource: 'leads' change: CREATED condition: "
      "'source = WEB_FORM' } steps { id: 'nurture' call { method: 'NurtureLead' request: "
      R"('{"name": "{{record.name}}"}' } })");
  const std::string other = Created("first_name: 'Bo' source: PHONE");
  const std::string lead = Created("first_name: 'Ada' source: WEB_FORM");
  Await(lead, v1::NURTURING);
  EXPECT_EQ(Get(other)->status(), v1::NEW);
}

}  // namespace
}  // namespace kith::leads
