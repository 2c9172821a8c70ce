// What comes between while people go on with their work: whatever delays what policies do, repeats
// it or breaks it off, the log has the same in the end, once. The same weeks are lived twice,
// undisturbed, and with commits that fail, restarts, clocks that are set, policies that rest and
// views that are folded anew. That every policy is held to this, policy_histories_test.cc sees to.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/policies/v1/policies_service.grpc.pb.h"
#include "kith/tasks/v1/tasks_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workflows/v1/workflows_service.grpc.pb.h"
#include "tests/services/policies/policy_world.h"
#include "tests/testing/decider_spec.h"

namespace kith::policies {
namespace {

using testing::Proto;

constexpr int kActs = 40;

// A server, and those who work with it.
class Weeks : public PolicyWorld {
 public:
  Weeks() {
    for (const char* const name : {"Ada", "Ben"}) {
      users::v1::CreateUserRequest request;
      request.mutable_user()->set_display_name(name);
      users_.push_back(Named(name, Do(&users::v1::UsersService::Stub::CreateUser, request)));
    }
    for (const char* const workflow : {
             R"(display_name: 'Welcome' trigger { resource: 'contacts' change: CREATED }
                steps { id: 'greet' call { method: 'UpdateContact' request:
                  '{"contact": {"name": "{{record.name}}", "job_title": "{{record.first_name}}"}}'
                } })",
             R"(display_name: 'Follow up'
                trigger { resource: 'interactions' condition: 'kind = CALL' }
                steps { id: 'wait' wait { duration: '3d' } }
                steps { id: 'call' call { method: 'CreateTask' request:
                  '{"task": {"display_name": "Call back",'
                  ' "contacts": ["{{record.name}}"]}}' } })",
             R"(display_name: 'Check in'
                trigger { resource: 'deals' change: UPDATED condition: 'status = WON' }
                steps { id: 'wait' wait { duration: '30d' } }
                steps { id: 'ask' call { method: 'CreateTask' request:
                  '{"task": {"display_name": "Ask about {{record.display_name}}",'
                  ' "deal": "{{record.name}}"}}' } })",
             R"(display_name: 'Fails' trigger { resource: 'deals' change: CREATED }
                steps { id: 'fail' call { method: 'DeleteDeal' request:
                  '{"name": "deals/nobody-has-this"}' } })"}) {
      workflows::v1::CreateWorkflowRequest create;
      *create.mutable_workflow() = Proto<workflows::v1::Workflow>(workflow);
      workflows::v1::ActivateWorkflowRequest activate;
      activate.set_name(Named(create.workflow().display_name(),
                              Do(&workflows::v1::WorkflowsService::Stub::CreateWorkflow, create)));
      Do(&workflows::v1::WorkflowsService::Stub::ActivateWorkflow, activate);
    }
  }

  // Something that somebody does, which the number says.
  void Act(uint64_t what) {
    const auto chosen = [&what](uint64_t of) {
      const uint64_t number = what % of;
      what /= of;
      return number;
    };
    const uint64_t kind = chosen(7);
    if (kind <= 1 || deals_ == 0 || contacts_.empty()) {
      contacts::v1::CreateContactRequest contact;
      const std::string name = absl::StrCat("Contact", contacts_.size());
      contact.mutable_contact()->set_first_name(name);
      contacts_.push_back(
          Named(name, Do(&contacts::v1::ContactsService::Stub::CreateContact, contact)));
      deals::v1::CreateDealRequest deal;
      deal.set_deal_id(absl::StrCat("deal", deals_++));
      deal.mutable_deal()->set_display_name(deal.deal_id());
      deal.mutable_deal()->set_owner(users_[chosen(2)]);
      Do(&deals::v1::DealsService::Stub::CreateDeal, deal);
    } else if (kind == 2) {
      interactions::v1::RecordInteractionRequest call;
      call.set_parent(contacts_[chosen(contacts_.size())]);
      call.mutable_interaction()->set_kind(interactions::v1::CALL);
      Do(&interactions::v1::InteractionsService::Stub::RecordInteraction, call);
    } else if (kind == 3) {
      deals::v1::MoveDealRequest move;
      move.set_name(absl::StrCat("deals/deal", chosen(deals_)));
      move.set_stage(
          absl::StrCat("pipelines/default/stages/", chosen(2) == 0 ? "contacted" : "negotiation"));
      Do(&deals::v1::DealsService::Stub::MoveDeal, move, /*may_be_refused=*/true);
    } else if (kind == 4) {
      deals::v1::UpdateDealRequest assign;
      assign.mutable_deal()->set_name(absl::StrCat("deals/deal", chosen(deals_)));
      assign.mutable_deal()->set_owner(users_[chosen(2)]);
      Do(&deals::v1::DealsService::Stub::UpdateDeal, assign);
    } else if (kind == 5) {
      deals::v1::WinDealRequest win;
      win.set_name(absl::StrCat("deals/deal", chosen(deals_)));
      Do(&deals::v1::DealsService::Stub::WinDeal, win, /*may_be_refused=*/true);
    } else {
      server_.clock().Advance(absl::Hours(1 + chosen(60)));
    }
  }

  // Something that comes between.
  void Disturb(uint64_t what) {
    const bool choice = (what / 6) % 2 == 0;
    switch (what % 6) {
      case 0:
        return server_.disk().FailNextCommit(/*applied=*/choice);
      case 1:
        return server_.Restart(/*new_views=*/choice);
      case 2:
        return server_.clock().Jump(choice ? absl::Hours(1) : -absl::Hours(1));
      case 3:
        return Rest(choice);
      default:
        return;
    }
  }

  // Until everything is done that follows from what happened, later too.
  void End() {
    Rest(false);
    for (int day = 0; day < 50; ++day) {
      server_.clock().Advance(absl::Hours(24));
      AwaitQuiet();
    }
  }

 private:
  void Rest(bool rest) {
    for (const v1::Policy& policy : Policies()) {
      rest ? PolicyWorld::Rest(policy.name()) : GoOn(policy.name());
    }
  }

  std::vector<std::string> users_;
  std::vector<std::string> contacts_;
  uint64_t deals_ = 0;
};

class PolicyProperty : public ::testing::TestWithParam<uint64_t> {};

TEST_P(PolicyProperty, SaysThatWhatComesBetweenChangesNothing) {
  SCOPED_TRACE(absl::StrCat("seed ", GetParam()));
  std::mt19937_64 acts(GetParam());
  std::mt19937_64 disturbances(GetParam() + 1'000);
  Weeks calm;
  Weeks disturbed;
  for (int i = 0; i < kActs; ++i) {
    const uint64_t act = acts();
    calm.Act(act);
    calm.AwaitQuiet();
    disturbed.Disturb(disturbances());
    disturbed.Act(act);
  }
  calm.End();
  disturbed.End();
  const std::vector<std::string> happened = calm.Happened();
  ExpectSame(disturbed.Happened(), happened);
  EXPECT_GT(std::count_if(happened.begin(), happened.end(),
                          [](const std::string& what) { return absl::StartsWith(what, "tasks/"); }),
            0);
  const auto outcomes = disturbed.Outcomes();
  EXPECT_FALSE(outcomes.empty());
  for (const auto& [reaction, times] : outcomes) EXPECT_EQ(times, 1) << reaction;
  // What is folded anew reacts to nothing.
  disturbed.FoldAnew();
  disturbed.AwaitQuiet();
  ExpectSame(disturbed.Happened(), happened);
  EXPECT_EQ(disturbed.Outcomes(), outcomes);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PolicyProperty, ::testing::Range(uint64_t{1}, uint64_t{6}));

}  // namespace
}  // namespace kith::policies
