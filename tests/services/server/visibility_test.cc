// What a sales rep sees of everything that is no standard method: the board, the forecast, the
// timeline, a company's summary, the log; and what commands that link records tell them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eventstore/base/proto_time.h"
#include "kith/companies/v1/companies_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/deals/v1/pipelines_service.grpc.pb.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/forecast/v1/forecast_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/teams/v1/teams_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/held_call.h"
#include "tests/testing/test_server.h"

namespace kith {
namespace {

using companies::v1::CompaniesService;
using contacts::v1::ContactsService;
using deals::v1::DealsService;
using deals::v1::PipelinesService;
using interactions::v1::InteractionsService;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Proto;

class VisibilityTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string team = Make<teams::v1::Team>(
        &teams::v1::TeamsService::Stub::CreateTeam,
        Proto<teams::v1::CreateTeamRequest>("team { display_name: 'North' }"));
    rep_ = CreateUser("roles/sales-rep", team);
    colleague_ = CreateUser("", team);
    stranger_ = CreateUser("");
    key_ = KeyOf(rep_);
  }

  template <class Row, class Stub, class Request>
  std::string Make(Stub method, const Request& request) {
    const auto made = server_.Call(method, request);
    EXPECT_EQ(made.reason(), "");
    return made->name();
  }
  std::string CreateUser(const std::string& role, const std::string& team = "") {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name("Marta");
    if (!role.empty()) request.mutable_user()->add_roles(role);
    if (!team.empty()) request.mutable_user()->add_teams(team);
    return Make<users::v1::User>(&users::v1::UsersService::Stub::CreateUser, request);
  }
  std::string KeyOf(const std::string& user, const std::string& permission = "*") {
    workspaces::v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("Marta's");
    request.mutable_api_key()->set_user(user);
    request.mutable_api_key()->add_permissions(permission);
    return server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, request)->secret();
  }
  // Worth 100 euros, of somebody or of nobody.
  std::string CreateDeal(const std::string& owner, const std::string& company = "") {
    deals::v1::CreateDealRequest request;
    request.mutable_deal()->set_display_name("Crane");
    request.mutable_deal()->set_pipeline("pipelines/default");
    request.mutable_deal()->set_owner(owner);
    request.mutable_deal()->set_company(company);
    *request.mutable_deal()->mutable_amount() =
        Proto<google::type::Money>("currency_code: 'EUR' units: 100");
    *request.mutable_deal()->mutable_expected_close_date() =
        Proto<google::type::Date>("year: 2026 month: 12 day: 1");
    return Make<deals::v1::Deal>(&DealsService::Stub::CreateDeal, request);
  }
  std::string CreateContact(const std::string& owner) {
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name("Ada");
    request.mutable_contact()->set_owner(owner);
    return Make<contacts::v1::Contact>(&ContactsService::Stub::CreateContact, request);
  }
  std::string CreateCompany(const std::string& owner, const std::string& parent) {
    companies::v1::CreateCompanyRequest request;
    request.mutable_company()->set_display_name("Harrow");
    request.mutable_company()->set_owner(owner);
    request.mutable_company()->set_parent_company(parent);
    return Make<companies::v1::Company>(&CompaniesService::Stub::CreateCompany, request);
  }
  std::string Record(const std::string& parent, const std::string& link = "") {
    interactions::v1::RecordInteractionRequest request;
    request.set_parent(parent);
    request.mutable_interaction()->set_kind(interactions::v1::NOTE);
    if (!link.empty()) request.mutable_interaction()->add_links(link);
    return Make<interactions::v1::Interaction>(&InteractionsService::Stub::RecordInteraction,
                                               request);
  }

  testing::TestServer server_;
  std::string rep_;
  std::string colleague_;
  std::string stranger_;
  std::string key_;
};

TEST_F(VisibilityTest, SaysWhetherTheRolesOrTheKeyLackAPermission) {
  const auto create_with = [&](const std::string& key) {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name("Mole");
    return server_.CallWith(key, &users::v1::UsersService::Stub::CreateUser, request);
  };
  const auto by_roles = create_with(key_);
  EXPECT_EQ(by_roles.reason(), "PERMISSION_DENIED");
  EXPECT_EQ(by_roles.metadata("user"), rep_);
  EXPECT_THAT(by_roles.status.error_message(), HasSubstr("None of the roles of"));
  for (const std::string& user : {rep_, std::string()}) {
    const auto by_key = create_with(KeyOf(user, "deals.*"));
    EXPECT_EQ(by_key.reason(), "PERMISSION_DENIED");
    EXPECT_EQ(by_key.metadata("user"), "") << "another key might";
    EXPECT_EQ(by_key.metadata("permission"), "users.write");
  }
}

TEST_F(VisibilityTest, IsThatOfWhatMayHaveBeenMeant) {
  const auto nearest = [&] {
    deals::v1::ListDealsRequest request;
    request.set_filter("company = Harow");
    const auto refused = server_.CallWith(key_, &DealsService::Stub::ListDeals, request);
    EXPECT_EQ(refused.reason(), "UNKNOWN_ALIAS");
    return refused.metadata("nearest");
  };
  CreateCompany(stranger_, "");
  EXPECT_EQ(nearest(), "");
  CreateCompany(rep_, "");
  EXPECT_EQ(nearest(), "Harrow");
}

TEST_F(VisibilityTest, IsThatOfTheBoardAndTheForecast) {
  for (const std::string& owner : {rep_, colleague_, stranger_, stranger_, std::string()}) {
    CreateDeal(owner);
  }
  const auto count = [&](const std::string& key, const std::string& owner) {
    deals::v1::GetPipelineBoardRequest request;
    request.set_owner(owner);
    const auto board = server_.CallWith(key, &DealsService::Stub::GetPipelineBoard, request);
    EXPECT_EQ(board.reason(), "");
    int64_t deals = 0;
    int64_t euros = 0;
    for (const auto& stage : board->stages()) {
      deals += stage.count();
      for (const auto& amount : stage.amount()) euros += amount.units();
    }
    EXPECT_EQ(euros, deals * 100);
    return deals;
  };
  EXPECT_EQ(count(server_.secret(), ""), 5);
  EXPECT_EQ(count(key_, ""), 3) << "their own, the team's and nobody's";
  EXPECT_EQ(count(key_, colleague_), 1);
  EXPECT_EQ(count(key_, stranger_), 0);
  const auto open = [&](const std::string& key, const std::string& owner) {
    forecast::v1::QueryForecastRequest request;
    request.set_owner(owner);
    const auto told =
        server_.CallWith(key, &forecast::v1::ForecastService::Stub::QueryForecast, request);
    EXPECT_EQ(told.reason(), "");
    int64_t deals = 0;
    for (const auto& row : told->totals()) deals += row.open_count();
    return deals;
  };
  EXPECT_EQ(open(server_.secret(), ""), 5);
  EXPECT_EQ(open(key_, ""), 1) << "a rep's forecast is their own";
  EXPECT_EQ(open(key_, stranger_), 0);
}

TEST_F(VisibilityTest, SaysWhereMoreIsSharedThanTheBoardCounts) {
  deals::v1::BatchCreateDealsRequest batch;
  batch.set_return_partial_success(true);
  for (int i = 0; i < 350; ++i) {
    deals::v1::Deal& deal = *batch.add_requests()->mutable_deal();
    deal.set_display_name("Shared");
    deal.set_owner(stranger_);
    deal.add_editors(rep_);
  }
  std::vector<bool> said;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(server_.Call(&DealsService::Stub::BatchCreateDeals, batch)->deals_size(), 350);
    const auto told = server_.CallWith(key_, &DealsService::Stub::GetPipelineBoard,
                                       deals::v1::GetPipelineBoardRequest());
    said.push_back(told->counts_are_at_least());
  }
  EXPECT_THAT(said, ::testing::ElementsAre(false, false, true));
}

// Goal: what is shared is on the board of whom it is shared with, once, and in what is said of it.
TEST_F(VisibilityTest, IsThatOfWhatIsShared) {
  const auto share = [&](const std::string& deal, const std::string& editor) {
    deals::v1::UpdateDealRequest request;
    request.mutable_deal()->set_name(deal);
    request.mutable_deal()->add_editors(editor);
    EXPECT_EQ(server_.Call(&DealsService::Stub::UpdateDeal, request).reason(), "");
  };
  const auto board = [&](const std::string& owner) {
    deals::v1::GetPipelineBoardRequest request;
    request.set_owner(owner);
    const auto told = server_.CallWith(key_, &DealsService::Stub::GetPipelineBoard, request);
    EXPECT_EQ(told.reason(), "");
    int64_t euros = 0;
    for (const auto& stage : told->stages()) {
      for (const auto& amount : stage.amount()) euros += amount.units();
    }
    return euros;
  };
  const std::string own = CreateDeal(rep_);
  const std::string shared = CreateDeal(stranger_);
  CreateDeal(stranger_);
  EXPECT_EQ(board(""), 100);
  share(own, rep_);
  share(shared, rep_);
  EXPECT_EQ(board(""), 200);
  EXPECT_EQ(board(stranger_), 100);
  EXPECT_EQ(board(rep_), 100);
  const auto win = [&](const std::string& deal) {
    deals::v1::WinDealRequest request;
    request.set_name(deal);
    return server_.CallWith(key_, &DealsService::Stub::WinDeal, request).reason();
  };
  EXPECT_EQ(win(shared), "") << "an editor may change it";
  deals::v1::UpdateDealRequest take;
  take.mutable_deal()->set_name(shared);
  take.mutable_deal()->set_owner(rep_);
  EXPECT_EQ(server_.CallWith(key_, &DealsService::Stub::UpdateDeal, take).reason(),
            "PERMISSION_DENIED")
      << "but not take it";
  const std::string said = Record(shared);
  interactions::v1::GetInteractionRequest get;
  get.set_name(said);
  EXPECT_EQ(server_.CallWith(key_, &InteractionsService::Stub::GetInteraction, get).reason(), "");
}

TEST_F(VisibilityTest, IsThatOfTheTimelineAndItsInteractions) {
  const std::string own = CreateContact(rep_);
  const std::string hidden = CreateContact(stranger_);
  const std::string said = Record(hidden);
  const std::string shared = Record(hidden, own);
  const auto timeline = [&](const std::string& parent) {
    interactions::v1::ListTimelineRequest request;
    request.set_parent(parent);
    return server_.CallWith(key_, &InteractionsService::Stub::ListTimeline, request);
  };
  EXPECT_EQ(timeline(own)->entries_size(), 2);
  EXPECT_EQ(timeline(hidden).reason(), timeline("contacts/nobody").reason());
  EXPECT_EQ(timeline(hidden).reason(), "LINKED_RECORD_NOT_FOUND");
  const auto get = [&](const std::string& name) {
    interactions::v1::GetInteractionRequest request;
    request.set_name(name);
    return server_.CallWith(key_, &InteractionsService::Stub::GetInteraction, request).reason();
  };
  EXPECT_EQ(get(shared), "");
  EXPECT_EQ(get(said), "INTERACTION_NOT_FOUND");
  const auto history = [&](const std::string& name) {
    interactions::v1::ListInteractionRevisionsRequest request;
    request.set_name(name);
    return server_.CallWith(key_, &InteractionsService::Stub::ListInteractionRevisions, request)
        .reason();
  };
  EXPECT_EQ(history(shared), "");
  EXPECT_EQ(history(said), "INTERACTION_NOT_FOUND");
  interactions::v1::AmendInteractionRequest amend;
  amend.mutable_interaction()->set_name(said);
  amend.mutable_interaction()->set_subject("New");
  amend.mutable_update_mask()->add_paths("subject");
  EXPECT_EQ(server_.CallWith(key_, &InteractionsService::Stub::AmendInteraction, amend).reason(),
            "INTERACTION_NOT_FOUND");
}

TEST_F(VisibilityTest, IsThatOfWhatCommandsLinkAndMove) {
  const std::string hidden = CreateContact(stranger_);
  interactions::v1::RecordInteractionRequest record;
  record.set_parent(hidden);
  record.mutable_interaction()->set_kind(interactions::v1::NOTE);
  EXPECT_EQ(server_.CallWith(key_, &InteractionsService::Stub::RecordInteraction, record).reason(),
            "LINKED_RECORD_NOT_FOUND");
  deals::v1::CreateDealRequest create;
  create.mutable_deal()->set_display_name("Crane");
  create.mutable_deal()->set_pipeline("pipelines/default");
  create.mutable_deal()->add_contacts()->set_contact(hidden);
  EXPECT_EQ(server_.CallWith(key_, &DealsService::Stub::CreateDeal, create).status.error_code(),
            grpc::StatusCode::NOT_FOUND);
  const auto win = [&](const std::string& deal) {
    deals::v1::WinDealRequest request;
    request.set_name(deal);
    return server_.CallWith(key_, &DealsService::Stub::WinDeal, request).reason();
  };
  EXPECT_EQ(win(CreateDeal(rep_)), "");
  EXPECT_EQ(win(CreateDeal(colleague_)), "PERMISSION_DENIED") << "seen, and not theirs to change";
  EXPECT_EQ(win(CreateDeal(stranger_)), "DEAL_NOT_FOUND");
}

TEST_F(VisibilityTest, NamesNobodyWhoHasWhatMayBeThereOnce) {
  companies::v1::CreateCompanyRequest create;
  create.mutable_company()->set_display_name("Harrow");
  create.mutable_company()->add_domains("harrow.example");
  create.mutable_company()->set_owner(stranger_);
  const std::string holder =
      Make<companies::v1::Company>(&CompaniesService::Stub::CreateCompany, create);
  create.mutable_company()->set_owner(rep_);
  const auto told =
      server_.CallWith(server_.secret(), &CompaniesService::Stub::CreateCompany, create);
  EXPECT_EQ(told.metadata("company"), holder);
  const auto hidden = server_.CallWith(key_, &CompaniesService::Stub::CreateCompany, create);
  EXPECT_EQ(hidden.reason(), "DOMAIN_TAKEN");
  EXPECT_EQ(hidden.metadata("company"), "");
  EXPECT_THAT(hidden.status.error_details(), Not(HasSubstr(holder)));
}

TEST_F(VisibilityTest, NamesNothingHiddenThatKeepsARecordFromDeletion) {
  const std::string role = Make<roles::v1::Role>(
      &roles::v1::RolesService::Stub::CreateRole,
      Proto<roles::v1::CreateRoleRequest>(
          "role { display_name: 'Keeper' grants { permission: 'pipelines.*' scope: ALL } "
          "grants { permission: 'deals.*' scope: OWN } }"));
  const std::string keeper = CreateUser(role);
  const std::string pipeline = Make<deals::v1::Pipeline>(
      &PipelinesService::Stub::CreatePipeline,
      Proto<deals::v1::CreatePipelineRequest>(
          "pipeline { display_name: 'Cranes' stages { stage_id: 'new' display_name: 'New' } "
          "stages { stage_id: 'won' display_name: 'Won' kind: WON_STAGE } "
          "stages { stage_id: 'lost' display_name: 'Lost' kind: LOST_STAGE } }"));
  const auto deal_of = [&](const std::string& owner) {
    deals::v1::CreateDealRequest request;
    request.mutable_deal()->set_display_name("Crane");
    request.mutable_deal()->set_pipeline(pipeline);
    request.mutable_deal()->set_owner(owner);
    return Make<deals::v1::Deal>(&DealsService::Stub::CreateDeal, request);
  };
  const auto remove = [&] {
    deals::v1::DeletePipelineRequest request;
    request.set_name(pipeline);
    return server_.CallWith(KeyOf(keeper), &PipelinesService::Stub::DeletePipeline, request);
  };
  const std::string hidden = deal_of(stranger_);
  const auto refused = remove();
  EXPECT_EQ(refused.reason(), "STILL_LINKED");
  EXPECT_EQ(refused.metadata("records"), "");
  EXPECT_EQ(refused.metadata("at_least"), "0");
  EXPECT_THAT(refused.status.error_details(), Not(HasSubstr(hidden)));
  const std::string own = deal_of(keeper);
  const auto both = remove();
  EXPECT_EQ(both.metadata("records"), own);
  EXPECT_EQ(both.metadata("at_least"), "1");
  EXPECT_THAT(both.status.error_message(), HasSubstr("1 that are there name it, " + own));
  EXPECT_THAT(both.status.error_details(), Not(HasSubstr(hidden)));
}

TEST_F(VisibilityTest, NamesNothingHiddenOfACircleOfLinks) {
  const std::string top = CreateCompany(rep_, "");
  const std::string hidden = CreateCompany(stranger_, top);
  const std::string seen = CreateCompany(rep_, hidden);
  companies::v1::UpdateCompanyRequest request;
  request.mutable_company()->set_name(top);
  request.mutable_company()->set_parent_company(seen);
  const auto refused = server_.CallWith(key_, &CompaniesService::Stub::UpdateCompany, request);
  EXPECT_EQ(refused.reason(), "LINK_CYCLE");
  EXPECT_EQ(refused.metadata("chain"), top + " → " + seen + " → … → " + top);
  EXPECT_THAT(refused.status.error_details(), Not(HasSubstr(hidden)));
}

TEST_F(VisibilityTest, LetsADeletionEmptyWhatIsHiddenOfTheName) {
  const std::string own = CreateCompany(rep_, "");
  const std::string hidden = CreateCompany(stranger_, own);
  companies::v1::DeleteCompanyRequest remove;
  remove.set_name(own);
  EXPECT_EQ(server_.CallWith(key_, &CompaniesService::Stub::DeleteCompany, remove).reason(), "");
  companies::v1::GetCompanyRequest get;
  get.set_name(hidden);
  EXPECT_EQ(server_.Call(&CompaniesService::Stub::GetCompany, get)->parent_company(), "");
}

// Goal: a request id of somebody else tells nobody what they may not see.
TEST_F(VisibilityTest, IsThatOfRepeatedRequests) {
  const auto repeat = [&](const std::string& owner) {
    const std::string name = CreateContact(owner);
    contacts::v1::UpdateContactRequest request;
    request.mutable_contact()->set_name(name);
    request.mutable_contact()->set_job_title("Buyer");
    request.mutable_update_mask()->add_paths("job_title");
    request.set_request_id("update " + name);
    EXPECT_EQ(server_.Call(&ContactsService::Stub::UpdateContact, request).reason(), "");
    const auto record = [&] {
      interactions::v1::RecordInteractionRequest note;
      note.set_parent(name);
      note.mutable_interaction()->set_kind(interactions::v1::NOTE);
      note.set_request_id("note on " + name);
      return note;
    };
    EXPECT_EQ(server_.Call(&InteractionsService::Stub::RecordInteraction, record()).reason(), "");
    const auto told = server_.CallWith(key_, &ContactsService::Stub::UpdateContact, request);
    const auto noted =
        server_.CallWith(key_, &InteractionsService::Stub::RecordInteraction, record());
    EXPECT_EQ(told.reason(), noted.reason());
    EXPECT_EQ(told->job_title(), told.ok() ? "Buyer" : "");
    EXPECT_EQ(noted->name().empty(), !noted.ok());
    return told.reason();
  };
  EXPECT_EQ(repeat(rep_), "");
  EXPECT_EQ(repeat(colleague_), "");
  EXPECT_EQ(repeat(stranger_), "REQUEST_ID_REUSED");
}

// Goal: a call is let in for what it sends, and when it has sent it. Method: it begins, its user
// loses all roles, and its request comes.
TEST_F(VisibilityTest, IsThatOfWhenTheRequestIsThere) {
  const std::string contact = CreateContact(rep_);
  const auto begin = [&](const char* method) {
    return std::make_unique<testing::HeldCall>(server_.channel(), method, key_);
  };
  const auto update = begin("/kith.contacts.v1.ContactsService/UpdateContact");
  const auto get = begin("/kith.contacts.v1.ContactsService/GetContact");
  users::v1::UpdateUserRequest demote;
  demote.mutable_user()->set_name(rep_);
  demote.mutable_update_mask()->add_paths("roles");
  ASSERT_EQ(server_.Call(&users::v1::UsersService::Stub::UpdateUser, demote).reason(), "");
  contacts::v1::UpdateContactRequest change;
  change.mutable_contact()->set_name(contact);
  change.mutable_contact()->set_job_title("Buyer");
  EXPECT_EQ(update->Send(change).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  contacts::v1::GetContactRequest read;
  read.set_name(contact);
  EXPECT_EQ(get->Send(read).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(server_.Call(&ContactsService::Stub::GetContact, read)->job_title(), "");
}

TEST_F(VisibilityTest, EndsASubscriptionThatTellsTooMuch) {
  CreateUser("roles/admin");  // one stays
  const std::string admin = CreateUser("roles/admin");
  grpc::ClientContext context;
  context.AddMetadata("authorization", "Bearer " + KeyOf(admin));
  const auto stub = events::v1::EventsService::NewStub(server_.channel());
  events::v1::SubscribeEventsResponse response;
  const auto reader = stub->SubscribeEvents(&context, events::v1::SubscribeEventsRequest());
  ASSERT_TRUE(reader->Read(&response));
  const std::string half = Make<roles::v1::Role>(
      &roles::v1::RolesService::Stub::CreateRole,
      Proto<roles::v1::CreateRoleRequest>(
          "role { display_name: 'Half' grants { permission: 'events.read' scope: ALL } }"));
  users::v1::UpdateUserRequest demote;
  demote.mutable_user()->set_name(admin);
  demote.mutable_user()->add_roles(half);
  demote.mutable_update_mask()->add_paths("roles");
  ASSERT_EQ(server_.Call(&users::v1::UsersService::Stub::UpdateUser, demote).reason(), "");
  const std::string secret = CreateContact(stranger_);
  while (reader->Read(&response)) {
    EXPECT_THAT(response.ShortDebugString(), Not(HasSubstr(secret)));
  }
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

// Goal: what somebody makes is theirs, unless they say whose it is.
TEST_F(VisibilityTest, OfWhatAUserCreatesIsTheirs) {
  contacts::v1::CreateContactRequest create;
  create.mutable_contact()->set_first_name("Ada");
  EXPECT_EQ(server_.CallWith(key_, &ContactsService::Stub::CreateContact, create)->owner(), rep_);
  EXPECT_EQ(server_.Call(&ContactsService::Stub::CreateContact, create)->owner(), "")
      << "a service owns nothing";
  create.mutable_contact()->set_owner(colleague_);
  EXPECT_EQ(server_.CallWith(key_, &ContactsService::Stub::CreateContact, create)->owner(),
            colleague_);
}

// Goal: a scope below ALL lets nobody change what has no owners: users, teams, roles, pipelines.
TEST_F(VisibilityTest, OfTeamsLetsNobodyChangeWhatIsNobodysOwn) {
  const std::string role = Make<roles::v1::Role>(
      &roles::v1::RolesService::Stub::CreateRole,
      Proto<roles::v1::CreateRoleRequest>(
          "role { display_name: 'Half' grants { permission: '*' scope: TEAM } "
          "field_groups: PERSONAL field_groups: MONEY }"));
  const std::string key = KeyOf(CreateUser(role));
  users::v1::UpdateUserRequest join;
  join.mutable_user()->set_name(rep_);
  join.mutable_user()->set_office("Leeds");
  const auto refused = server_.CallWith(key, &users::v1::UsersService::Stub::UpdateUser, join);
  EXPECT_EQ(refused.reason(), "PERMISSION_DENIED");
  EXPECT_THAT(refused.status.error_message(), HasSubstr("by the scope ALL only"));
  const auto team = Proto<teams::v1::CreateTeamRequest>("team { display_name: 'South' }");
  EXPECT_EQ(server_.CallWith(key, &teams::v1::TeamsService::Stub::CreateTeam, team).reason(),
            "PERMISSION_DENIED");
  users::v1::GetUserRequest get;
  get.set_name(rep_);
  EXPECT_EQ(server_.CallWith(key, &users::v1::UsersService::Stub::GetUser, get).reason(), "");
}

TEST_F(VisibilityTest, IsThatOfSummariesAndOfTheLog) {
  companies::v1::CreateCompanyRequest create;
  create.mutable_company()->set_display_name("Harrow");
  create.mutable_company()->set_owner(rep_);
  const std::string company =
      Make<companies::v1::Company>(&CompaniesService::Stub::CreateCompany, create);
  CreateDeal(stranger_, company);
  const auto summary = [&](const std::string& key) {
    companies::v1::SummarizeCompanyRequest request;
    request.set_company(company);
    return server_.CallWith(key, &CompaniesService::Stub::SummarizeCompany, request);
  };
  EXPECT_EQ(summary(server_.secret())->open_deal_count(), 1);
  const auto last = [&](const std::string& key) {
    return FromTimestamp(summary(key)->last_activity_time());
  };
  const absl::Time made = last(key_);
  server_.clock().Advance(absl::Hours(1));
  CreateDeal(stranger_, company);
  EXPECT_EQ(last(server_.secret()), made + absl::Hours(1));
  EXPECT_EQ(last(key_), made) << "it would tell of what is hidden";
  EXPECT_FALSE(summary(server_.secret())->deals_limited());
  EXPECT_TRUE(summary(key_)->deals_limited());
  EXPECT_EQ(summary(key_)->open_deal_count(), 0);
  EXPECT_EQ(summary(key_)->amounts_size(), 0);
  CreateDeal(rep_, company);
  EXPECT_EQ(last(key_), made + absl::Hours(1));
  const auto seen = summary(key_);
  EXPECT_EQ(seen->open_deal_count(), 1);
  ASSERT_EQ(seen->amounts_size(), 1);
  EXPECT_EQ(seen->amounts(0).open_amount().units(), 100);
  EXPECT_EQ(seen->amounts(0).won_amount().units(), 0);
  EXPECT_FALSE(seen->deals_hidden());

  const auto read = [&](const std::string& role) {
    grpc::ClientContext context;
    context.AddMetadata("authorization", "Bearer " + KeyOf(CreateUser(role)));
    const auto stub = events::v1::EventsService::NewStub(server_.channel());
    const auto reader = stub->ReadEvents(&context, events::v1::ReadEventsRequest());
    events::v1::ReadEventsResponse response;
    while (reader->Read(&response)) {
    }
    return reader->Finish().error_code();
  };
  EXPECT_EQ(read("roles/admin"), grpc::StatusCode::OK);
  const std::string half = Make<roles::v1::Role>(
      &roles::v1::RolesService::Stub::CreateRole,
      Proto<roles::v1::CreateRoleRequest>(
          "role { display_name: 'Half' grants { permission: 'events.read' scope: TEAM } "
          "field_groups: PERSONAL field_groups: MONEY }"));
  EXPECT_EQ(read(half), grpc::StatusCode::PERMISSION_DENIED);
}

}  // namespace
}  // namespace kith
