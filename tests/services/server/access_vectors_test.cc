// What is asked of roles, scopes and teams by the vectors of access, by a whole server; and where
// Kith decided otherwise, what it does. AC-6 is in tests/services/webhooks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/forecast/v1/forecast_service.grpc.pb.h"
#include "kith/leads/v1/leads_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/teams/v1/teams_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/webhooks/v1/webhooks_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith {
namespace {

using contacts::v1::ContactsService;
using deals::v1::DealsService;
using leads::v1::LeadsService;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Proto;
using ::testing::UnorderedElementsAre;
using users::v1::UsersService;

class AccessVectors : public ::testing::Test {
 protected:
  struct Somebody {
    std::string user;
    std::string key;
  };

  std::string CreateTeam(const std::string& parent = "") {
    teams::v1::CreateTeamRequest request;
    request.mutable_team()->set_display_name("North");
    request.mutable_team()->set_parent(parent);
    return server_.Call(&teams::v1::TeamsService::Stub::CreateTeam, request)->name();
  }
  std::string CreateRole(const std::string& role) {
    roles::v1::CreateRoleRequest request;
    *request.mutable_role() = Proto<roles::v1::Role>(role);
    request.mutable_role()->set_display_name("Role");
    const auto made = server_.Call(&roles::v1::RolesService::Stub::CreateRole, request);
    EXPECT_EQ(made.reason(), "");
    return made->name();
  }
  // In the team, where one is said, with a role that has these grants.
  Somebody Join(const std::string& team, const std::string& role) {
    Somebody somebody;
    users::v1::CreateUserRequest user;
    user.mutable_user()->set_display_name("Marta");
    user.mutable_user()->add_roles(CreateRole(role));
    if (!team.empty()) user.mutable_user()->add_teams(team);
    const auto joined = server_.Call(&UsersService::Stub::CreateUser, user);
    EXPECT_EQ(joined.reason(), "");
    somebody.user = joined->name();
    workspaces::v1::CreateApiKeyRequest key;
    key.mutable_api_key()->set_display_name("Marta's");
    key.mutable_api_key()->set_user(somebody.user);
    key.mutable_api_key()->add_permissions("*");
    somebody.key =
        server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, key)->secret();
    return somebody;
  }
  std::string CreateDeal(const std::string& name, const std::string& owner,
                         const std::string& more = "") {
    deals::v1::CreateDealRequest request;
    *request.mutable_deal() = Proto<deals::v1::Deal>(more);
    request.mutable_deal()->set_display_name(name);
    request.mutable_deal()->set_owner(owner);
    const auto made = server_.Call(&DealsService::Stub::CreateDeal, request);
    EXPECT_EQ(made.reason(), "");
    return made->name();
  }
  // What the deals are called that they see.
  std::set<std::string> Seen(const Somebody& by) {
    const auto listed =
        server_.CallWith(by.key, &DealsService::Stub::ListDeals, deals::v1::ListDealsRequest());
    EXPECT_EQ(listed.reason(), "");
    std::set<std::string> names;
    for (const auto& deal : listed->deals()) names.insert(deal.display_name());
    return names;
  }
  std::string Renaming(const Somebody& by, const std::string& deal) {
    deals::v1::UpdateDealRequest request;
    request.mutable_deal()->set_name(deal);
    request.mutable_deal()->set_display_name("Renamed");
    return server_.CallWith(by.key, &DealsService::Stub::UpdateDeal, request).reason();
  }

  testing::TestServer server_;
};

// AC-1.
TEST_F(AccessVectors, LevelsReachAllTheTeamsAndTheirOwn) {
  const std::string team = CreateTeam();
  const Somebody all = Join(team, "grants { permission: 'deals.read' scope: ALL }");
  const Somebody teams = Join(team, "grants { permission: 'deals.read' scope: TEAM }");
  const Somebody own = Join(team, "grants { permission: 'deals.read' scope: OWN }");
  const Somebody stranger = Join("", "grants { permission: 'deals.read' scope: OWN }");
  CreateDeal("own", own.user);
  CreateDeal("colleague's", teams.user);
  CreateDeal("stranger's", stranger.user);
  CreateDeal("shared", stranger.user, absl::StrCat("viewers: '", team, "'"));
  EXPECT_THAT(Seen(all), ElementsAre("colleague's", "own", "shared", "stranger's"));
  EXPECT_THAT(Seen(teams), ElementsAre("colleague's", "own", "shared"));
  EXPECT_THAT(Seen(own), ElementsAre("own", "shared"));
  EXPECT_THAT(Seen(stranger), ElementsAre("shared", "stranger's"));
  // What a role does not list, it does not give.
  EXPECT_EQ(Renaming(all, CreateDeal("own", all.user)), "PERMISSION_DENIED");
}

// AC-1, of a resource that a role does not have at all.
TEST_F(AccessVectors, NoneReachesNothingWhateverLeadsThere) {
  const Somebody seller = Join("",
                               "grants { permission: 'deals.*' scope: ALL } "
                               "grants { permission: 'webhooks.*' scope: ALL } "
                               "field_groups: PERSONAL field_groups: MONEY");
  contacts::v1::CreateContactRequest create;
  create.mutable_contact()->set_first_name("Ada");
  const std::string ada = server_.Call(&ContactsService::Stub::CreateContact, create)->name();
  contacts::v1::GetContactRequest get;
  get.set_name(ada);
  EXPECT_EQ(server_.CallWith(seller.key, &ContactsService::Stub::GetContact, get).reason(),
            "PERMISSION_DENIED");
  deals::v1::CreateDealRequest link;
  link.mutable_deal()->set_display_name("Crane");
  link.mutable_deal()->add_contacts()->set_contact(ada);
  EXPECT_EQ(server_.CallWith(seller.key, &DealsService::Stub::CreateDeal, link).status.error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(server_
                .CallWith(seller.key, &forecast::v1::ForecastService::Stub::QueryForecast,
                          forecast::v1::QueryForecastRequest())
                .reason(),
            "PERMISSION_DENIED");
  using webhooks::v1::WebhooksService;
  webhooks::v1::CreateWebhookRequest webhook;
  *webhook.mutable_webhook() = Proto<webhooks::v1::Webhook>(
      "display_name: 'Ledger' url: 'https://ledger.example/' events { resource: 'contacts' }");
  webhooks::v1::ActivateWebhookRequest activate;
  activate.set_name(
      server_.CallWith(seller.key, &WebhooksService::Stub::CreateWebhook, webhook)->name());
  EXPECT_EQ(
      server_.CallWith(seller.key, &WebhooksService::Stub::ActivateWebhook, activate).reason(),
      "NOT_PERMITTED");
}

// AC-2, as it was decided: what somebody may not read, they do not change. An amount is hidden and
// kept whole, its currency too.
TEST_F(AccessVectors, WhatIsNotReadIsNotChanged) {
  const Somebody writer = Join("", "grants { permission: 'deals.write' scope: ALL }");
  const std::string deal =
      CreateDeal("Crane", writer.user, "amount { currency_code: 'EUR' units: 100 }");
  EXPECT_EQ(Renaming(writer, deal), "DEAL_NOT_FOUND");
  const Somebody plain = Join("", "grants { permission: 'deals.*' scope: ALL }");
  deals::v1::GetDealRequest get;
  get.set_name(deal);
  EXPECT_FALSE(server_.CallWith(plain.key, &DealsService::Stub::GetDeal, get)->has_amount());
  for (const char* const amount :
       {"amount { currency_code: 'USD' units: 100 }", "amount { currency_code: 'EUR' units: 1 }"}) {
    deals::v1::UpdateDealRequest update;
    *update.mutable_deal() = Proto<deals::v1::Deal>(amount);
    update.mutable_deal()->set_name(deal);
    const auto refused = server_.CallWith(plain.key, &DealsService::Stub::UpdateDeal, update);
    EXPECT_EQ(refused.reason(), "PERMISSION_DENIED") << amount;
    EXPECT_EQ(refused.metadata("field"), "deal.amount");
  }
}

// AC-3, as it was decided: a lead is its creator's where they name nobody, and whoever may write
// one may give it to a colleague, beyond their own reach; what is the colleague's they do not take.
TEST_F(AccessVectors, WhoMayWriteARecordMayGiveIt) {
  const char* const role =
      "grants { permission: 'leads.*' scope: OWN } field_groups: PERSONAL field_groups: MONEY";
  const Somebody rep = Join(CreateTeam(), role);
  const Somebody colleague = Join("", role);
  leads::v1::CreateLeadRequest create;
  create.mutable_lead()->set_last_name("Lovelace");
  const auto own = server_.CallWith(rep.key, &LeadsService::Stub::CreateLead, create);
  EXPECT_EQ(own.reason(), "");
  EXPECT_EQ(own->owner(), rep.user);
  create.mutable_lead()->set_owner(colleague.user);
  const auto theirs = server_.CallWith(rep.key, &LeadsService::Stub::CreateLead, create);
  EXPECT_EQ(theirs.reason(), "");
  EXPECT_EQ(theirs->owner(), colleague.user);
  leads::v1::UpdateLeadRequest give;
  give.mutable_lead()->set_name(own->name());
  give.mutable_lead()->set_owner(colleague.user);
  EXPECT_EQ(server_.CallWith(rep.key, &LeadsService::Stub::UpdateLead, give).reason(), "");
  leads::v1::UpdateLeadRequest take;
  take.mutable_lead()->set_owner(rep.user);
  for (const std::string& name : {own->name(), theirs->name()}) {
    take.mutable_lead()->set_name(name);
    EXPECT_EQ(server_.CallWith(rep.key, &LeadsService::Stub::UpdateLead, take).reason(),
              "LEAD_NOT_FOUND");
  }
}

// AC-4, as it was decided: a record's history is read with the record; the history of everything is
// for who may read all events.
TEST_F(AccessVectors, HistoryIsReadWithTheRecord) {
  const Somebody own = Join("", "grants { permission: 'deals.read' scope: OWN }");
  const Somebody auditor = Join("", "grants { permission: 'events.read' scope: ALL }");
  const std::string deal = CreateDeal("Crane", own.user);
  deals::v1::ListDealRevisionsRequest history;
  history.set_name(deal);
  const auto revisions = [&](const Somebody& by) {
    return server_.CallWith(by.key, &DealsService::Stub::ListDealRevisions, history);
  };
  EXPECT_EQ(revisions(own)->revisions_size(), 1);
  EXPECT_EQ(revisions(auditor).reason(), "PERMISSION_DENIED");
  history.set_name(CreateDeal("Another's", auditor.user));
  EXPECT_EQ(revisions(own).reason(), "DEAL_NOT_FOUND");
  const auto feed = [&](const Somebody& by) {
    events::v1::EventsService::Stub stub(server_.channel());
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + by.key);
    const auto reading = stub.ReadEvents(&context, events::v1::ReadEventsRequest());
    events::v1::ReadEventsResponse response;
    while (reading->Read(&response)) {
    }
    return reading->Finish().error_code();
  };
  const char* const some =
      "grants { permission: 'events.read' scope: TEAM } "
      "field_groups: PERSONAL field_groups: MONEY";
  EXPECT_EQ(feed(own), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(feed(Join("", some)), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(feed(auditor), grpc::StatusCode::PERMISSION_DENIED) << "it tells all fields";
  EXPECT_EQ(feed(Join("",
                      "grants { permission: 'events.read' scope: ALL } "
                      "field_groups: PERSONAL field_groups: MONEY")),
            grpc::StatusCode::OK);
}

// AC-5, as it was decided: who leads is in the team of which theirs are parts; to be somebody's
// manager shows nothing.
TEST_F(AccessVectors, WhoLeadsSeesThePartsOfTheirTeam) {
  const std::string whole = CreateTeam();
  const std::string north = CreateTeam(whole);
  const std::string south = CreateTeam(whole);
  const char* const reads = "grants { permission: 'deals.read' scope: TEAM }";
  const Somebody head = Join(whole, reads);
  const Somebody report = Join(north, reads);
  const Somebody sibling = Join(south, reads);
  const Somebody outsider = Join("", reads);
  const Somebody alone = Join(whole, "grants { permission: 'deals.read' scope: OWN }");
  CreateDeal("report's", report.user);
  CreateDeal("head's", head.user);
  const auto change = [&](const std::string& user, const std::string& path) {
    users::v1::UpdateUserRequest request;
    *request.mutable_user() = Proto<users::v1::User>(user);
    request.mutable_user()->set_name(report.user);
    request.mutable_update_mask()->add_paths(path);
    EXPECT_EQ(server_.Call(&UsersService::Stub::UpdateUser, request).reason(), "");
  };
  change(absl::StrCat("manager: '", outsider.user, "'"), "manager");
  EXPECT_THAT(Seen(head), UnorderedElementsAre("report's", "head's"));
  EXPECT_THAT(Seen(report), ElementsAre("report's")) << "who leads is not seen from below";
  EXPECT_THAT(Seen(sibling), IsEmpty());
  EXPECT_THAT(Seen(outsider), IsEmpty());
  EXPECT_THAT(Seen(alone), IsEmpty()) << "whose scope is their own";
  change("", "teams");
  EXPECT_THAT(Seen(head), ElementsAre("head's"));
}

}  // namespace
}  // namespace kith
