// What an interaction links to, which the run that it sets off speaks of.
#include <string>
#include <vector>

#include "tests/services/workflows/workflow_world.h"

namespace kith::workflows {
namespace {

using Fields = std::vector<std::string>;

constexpr char kStage[] = "pipelines/default/stages/proposal-sent";
constexpr char kProposal[] = R"(display_name: 'Proposal'
    trigger { resource: 'interactions' condition: 'kind = DOCUMENT_VIEW' }
    steps { id: 'look' branch { of: 'links.deal' condition: 'status = OPEN' otherwise: 'end' } }
    steps { id: 'move' call { method: 'MoveDeal' request:
      '{"name": "{{links.deal}}", "stage": "pipelines/default/stages/proposal-sent"}' } }
    steps { id: 'again' branch { of: 'links.deal' condition: 'status = OPEN' otherwise: 'end' } }
    steps { id: 'end' end {} })";

class WorkflowLinksTest : public WorkflowWorld {
 protected:
  std::string Deal() {
    deals::v1::CreateDealRequest request;
    request.mutable_deal()->set_display_name("SEO");
    return server_.Call(&DealsService::Stub::CreateDeal, request)->name();
  }
  std::string StageOf(const std::string& deal) {
    deals::v1::GetDealRequest request;
    request.set_name(deal);
    return server_.Call(&DealsService::Stub::GetDeal, request)->stage();
  }
  void SendProposal(const Contact& contact, const std::vector<std::string>& links) {
    interactions::v1::RecordInteractionRequest request;
    request.set_parent(contact.name());
    request.mutable_interaction()->set_kind(interactions::v1::DOCUMENT_VIEW);
    request.mutable_interaction()->mutable_links()->Assign(links.begin(), links.end());
    const auto recorded = server_.Call(&InteractionsService::Stub::RecordInteraction, request);
    EXPECT_EQ(recorded.reason(), "") << recorded.status.error_message();
  }
};

TEST_F(WorkflowLinksTest, MoveTheDealThatAnInteractionNames) {
  Active(kProposal);
  const Contact ada = CreateContact("Ada");
  const Contact ben = CreateContact("Ben");
  const std::string deal = Deal();
  SendProposal(ada, {ben.name(), deal});
  AwaitRuns(1, v1::DONE);
  EXPECT_EQ(StageOf(deal), kStage);
  const v1::WorkflowRun run = Runs()[0];
  EXPECT_EQ(run.record(), ada.name());
  ASSERT_EQ(run.links_size(), 2);
  EXPECT_EQ(run.links(0), ben.name());
  EXPECT_EQ(run.links(1), deal);
}

TEST_F(WorkflowLinksTest, AreNotLookedAtWhereThereIsNone) {
  Active(kProposal);
  const Contact ada = CreateContact("Ada");
  SendProposal(ada, {});
  AwaitRuns(1, v1::DONE);
  const std::string won = Deal();
  deals::v1::WinDealRequest win;
  win.set_name(won);
  EXPECT_EQ(server_.Call(&DealsService::Stub::WinDeal, win).reason(), "");
  SendProposal(ada, {won});
  AwaitRuns(2, v1::DONE);
  for (const v1::WorkflowRun& run : Runs()) {
    EXPECT_FALSE(run.outcomes(0).held());
    EXPECT_EQ(run.outcomes_size(), 2);  // and the end
  }
}

TEST_F(WorkflowLinksTest, AreToldByADryRun) {
  const absl::Time begin = server_.clock().Now();
  const std::string deal = Deal();
  SendProposal(CreateContact("Ada"), {deal});
  v1::DryRunWorkflowRequest request;
  *request.mutable_definition() = testing::Proto<v1::Workflow>(kProposal);
  request.mutable_start_time()->set_seconds(absl::ToUnixSeconds(begin));
  const auto told = server_.Call(&Stub::DryRunWorkflow, request);
  ASSERT_EQ(told.reason(), "") << told.status.error_message();
  ASSERT_EQ(told->runs_size(), 1);
  const auto& steps = told->runs(0).steps();
  ASSERT_EQ(steps.size(), 3);
  EXPECT_TRUE(steps[0].held());
  EXPECT_EQ(steps[1].request(),
            absl::StrCat(R"({"name":")", deal, R"(","stage":")", kStage, R"("})"));
  EXPECT_EQ(steps[2].ways_size(), 2) << "what the move makes of it only the command knows";
  EXPECT_NE(StageOf(deal), kStage);
}

TEST_F(WorkflowLinksTest, AreOfInteractionsAndMessages) {
  const auto fields = [&](const std::string& text) {
    const auto created = Create(absl::StrCat("display_name: 'x' ", text));
    EXPECT_EQ(created.reason(), "INVALID_WORKFLOW") << text;
    return created.fields();
  };
  EXPECT_EQ(fields(R"(trigger { resource: 'contacts' } steps { id: 'a' call { method: 'WinDeal'
                      request: '{"name": "{{links.deal}}"}' } })"),
            Fields{"workflow.steps[0].call.request"});
  EXPECT_EQ(fields(R"(trigger { resource: 'interactions' } steps { id: 'a' call {
                      method: 'WinDeal' request: '{"name": "{{links.house}}"}' } })"),
            Fields{"workflow.steps[0].call.request"});
  const auto branch = [&](absl::string_view resource, absl::string_view of,
                          absl::string_view condition) {
    return fields(absl::StrCat("trigger { resource: '", resource,
                               "' } steps { id: 'a' branch { of: '", of, "' condition: '",
                               condition, "' } } steps { id: 'end' end {} }"));
  };
  EXPECT_EQ(branch("deals", "links.lead", "status = NEW"), Fields{"workflow.steps[0].branch.of"});
  EXPECT_EQ(branch("messages", "deal", "status = OPEN"), Fields{"workflow.steps[0].branch.of"});
  EXPECT_EQ(branch("messages", "links.deal", "colour = red"),
            Fields{"workflow.steps[0].branch.condition"});
}

}  // namespace
}  // namespace kith::workflows
