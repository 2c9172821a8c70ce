// Deals listed by what people call their owners, stages, pipelines and contacts: a whole server,
// because the names stand in other views than the deals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "kith/companies/v1/companies_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/deals/v1/pipelines_service.grpc.pb.h"
#include "kith/saved_views/v1/saved_views_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/services/deals/deal_world.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::deals {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Proto;
using testing::Reply;
using ::testing::UnorderedElementsAre;
using DealsStub = v1::DealsService::Stub;
using PipelinesStub = v1::PipelinesService::Stub;
using UsersStub = users::v1::UsersService::Stub;

class DealAliasesTest : public ::testing::Test {
 protected:
  std::string CreateUser(absl::string_view user) {
    users::v1::CreateUserRequest request;
    *request.mutable_user() = Proto<users::v1::User>(user);
    const auto created = server_.Call(&UsersStub::CreateUser, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  Reply<users::v1::User> UpdateUser(const std::string& name, absl::string_view change) {
    users::v1::UpdateUserRequest request;
    *request.mutable_user() = Proto<users::v1::User>(change);
    request.mutable_user()->set_name(name);
    return server_.Call(&UsersStub::UpdateUser, request);
  }
  // Whose deals are nobody's then.
  void DeleteUser(const std::string& name) {
    v1::ListDealsRequest list;
    list.set_filter(absl::StrCat("owner = \"", name, "\""));
    const auto owned = server_.Call(&DealsStub::ListDeals, list);
    for (const v1::Deal& deal : owned->deals()) {
      v1::UpdateDealRequest update;
      update.mutable_deal()->set_name(deal.name());
      update.mutable_update_mask()->add_paths("owner");
      EXPECT_EQ(server_.Call(&DealsStub::UpdateDeal, update).reason(), "");
    }
    users::v1::DeleteUserRequest request;
    request.set_name(name);
    EXPECT_EQ(server_.Call(&UsersStub::DeleteUser, request).reason(), "");
  }
  std::string CreateContact(absl::string_view contact) {
    contacts::v1::CreateContactRequest request;
    *request.mutable_contact() = Proto<contacts::v1::Contact>(contact);
    const auto created = server_.Call(&contacts::v1::ContactsService::Stub::CreateContact, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  // A pipeline whose stages are called as they are said.
  void CreatePipeline(const std::string& id, const std::string& display_name,
                      const std::map<std::string, std::string>& open_stages) {
    v1::CreatePipelineRequest request;
    request.set_pipeline_id(id);
    request.mutable_pipeline()->set_display_name(display_name);
    const auto add = [&](const std::string& stage_id, const std::string& name, v1::StageKind kind) {
      v1::Stage& stage = *request.mutable_pipeline()->add_stages();
      stage.set_stage_id(stage_id);
      stage.set_display_name(name);
      stage.set_kind(kind);
    };
    for (const auto& [stage_id, name] : open_stages) add(stage_id, name, v1::OPEN_STAGE);
    add("won", absl::StrCat(display_name, " won"), v1::WON_STAGE);
    add("lost", absl::StrCat(display_name, " lost"), v1::LOST_STAGE);
    EXPECT_EQ(server_.Call(&PipelinesStub::CreatePipeline, request).reason(), "");
  }
  void CreateDeal(const std::string& id, absl::string_view deal) {
    v1::CreateDealRequest request;
    request.set_deal_id(id);
    *request.mutable_deal() = Proto<v1::Deal>(deal);
    request.mutable_deal()->set_display_name(id);
    EXPECT_EQ(server_.Call(&DealsStub::CreateDeal, request).reason(), "");
  }
  void CreateDealOf(const std::string& id, const std::string& owner) {
    CreateDeal(id, absl::StrCat("owner: \"", owner, "\""));
  }

  Reply<v1::ListDealsResponse> List(const std::string& filter,
                                    const type::v1::ReadOptions& read = {}) {
    v1::ListDealsRequest request;
    request.set_filter(filter);
    *request.mutable_read() = read;
    return server_.Call(&DealsStub::ListDeals, request);
  }
  static std::vector<std::string> IdsOf(const v1::ListDealsResponse& page) {
    std::vector<std::string> ids;
    for (const v1::Deal& deal : page.deals()) ids.push_back(deal.display_name());
    return ids;
  }
  std::vector<std::string> Find(const std::string& filter, const type::v1::ReadOptions& read = {}) {
    const auto page = List(filter, read);
    EXPECT_EQ(page.reason(), "") << filter << ": " << page.status.error_message();
    return IdsOf(page.response);
  }
  // As of the moment that a reply reflects.
  template <class Response>
  static type::v1::ReadOptions AsOf(const Reply<Response>& reply) {
    type::v1::ReadOptions read;
    read.set_token(reply.token);
    return read;
  }

  testing::TestServer server_;
};

TEST_F(DealAliasesTest, KnowCompaniesByDomainAndName) {
  const auto create = [&](absl::string_view company) {
    companies::v1::CreateCompanyRequest request;
    *request.mutable_company() = Proto<companies::v1::Company>(company);
    return server_.Call(&companies::v1::CompaniesService::Stub::CreateCompany, request)->name();
  };
  const std::string kestrel =
      create(R"(display_name: "Kestrel Optics" domains: "kestrel.example" domains: "kestrel.ie")");
  create(R"(display_name: "Oak & Anvil" domains: "oak.example")");
  CreateDeal("lenses", absl::StrCat("company: \"", kestrel, "\""));
  CreateDeal("none", "");
  for (const char* const called :
       {"kestrel.ie", "https://www.kestrel.example/", "kestrel OPTICS"}) {
    EXPECT_THAT(Find(absl::StrCat("company = \"", called, "\"")), ElementsAre("lenses"));
  }
  EXPECT_THAT(Find(R"(company = "oak.example")"), ElementsAre());
  EXPECT_EQ(List(R"(company = "nobody.example")").reason(), "UNKNOWN_ALIAS");
}

TEST_F(DealAliasesTest, KnowOwnersByAddressNameAndId) {
  const std::string ana = CreateUser(R"pb(display_name: "Ana Núñez" email: "Ana@Example.com")pb");
  const std::string ben = CreateUser(R"pb(display_name: "Ben")pb");
  CreateDealOf("a", ana);
  CreateDealOf("b", ben);
  CreateDeal("c", "");
  EXPECT_THAT(Find(R"(owner = "ana@example.COM")"), ElementsAre("a"));
  EXPECT_THAT(Find(R"(owner = "ana  nunez")"), ElementsAre("a"));
  EXPECT_THAT(Find("owner:ben"), ElementsAre("b"));
  EXPECT_THAT(Find(absl::StrCat("owner = ", ana.substr(ana.find('/') + 1))), ElementsAre("a"));
  EXPECT_THAT(Find(R"(owner != "ana@example.com")"), UnorderedElementsAre("b", "c"));
  EXPECT_THAT(Find("NOT owner = Ben"), UnorderedElementsAre("a", "c"));
  EXPECT_THAT(Find(R"(owner in (ben, "Ana Nunez"))"), UnorderedElementsAre("a", "b"));
  EXPECT_THAT(Find(R"(owner = Ben OR (owner = "" AND NOT owner = "ana nunez"))"),
              UnorderedElementsAre("b", "c"));
}

TEST_F(DealAliasesTest, KnowStagesPipelinesAndContactsByTheirNames) {
  CreatePipeline("renewals", "Renewals", {{"first", "Called"}});
  const std::string mira = CreateContact(R"pb(first_name: "Mira"
                                              last_name: "Okafor"
                                              emails { address: "mira@example.com" })pb");
  CreateDeal("a", R"pb(stage: "pipelines/default/stages/proposal-sent")pb");
  CreateDeal("b", R"pb(stage: "pipelines/default/stages/qualified")pb");
  CreateDeal("c",
             absl::StrCat("pipeline: \"pipelines/renewals\" contacts { contact: \"", mira, "\" }"));
  EXPECT_THAT(Find(R"(stage = "proposal sent")"), ElementsAre("a"));
  EXPECT_THAT(Find("stage = proposal-sent"), ElementsAre("a"));
  EXPECT_THAT(Find("stage in (Qualified, called)"), UnorderedElementsAre("b", "c"));
  EXPECT_THAT(Find("pipeline = renewals"), ElementsAre("c"));
  EXPECT_THAT(Find("pipeline = Sales stage != Qualified"), ElementsAre("a"));
  EXPECT_THAT(Find(R"(contact = "MIRA@example.com")"), ElementsAre("c"));
  EXPECT_THAT(Find(R"(contacts.contact = "mira okafor")"), ElementsAre("c"));
}

TEST_F(DealAliasesTest, KnowLostReasonsByTheirNames) {
  v1::AddLostReasonRequest add;
  add.set_pipeline("pipelines/default");
  add.mutable_lost_reason()->set_lost_reason_id("parking");
  add.mutable_lost_reason()->set_display_name("No parking");
  ASSERT_EQ(server_.Call(&PipelinesStub::AddLostReason, add).reason(), "");
  for (const char* const reason : {"parking", "pricing"}) {
    CreateDeal(reason, "");
    v1::LoseDealRequest lose;
    lose.set_name(absl::StrCat("deals/", reason));
    lose.set_pipeline_lost_reason(absl::StrCat("pipelines/default/lostReasons/", reason));
    ASSERT_EQ(server_.Call(&DealsStub::LoseDeal, lose).reason(), "");
  }
  EXPECT_THAT(Find(R"(pipeline_lost_reason = "no PARKING")"), ElementsAre("parking"));
  EXPECT_THAT(Find("pipeline_lost_reason = pricing"), ElementsAre("pricing"));
  EXPECT_THAT(Find("lost_reason = OTHER_REASON"), ElementsAre("parking"));
}

TEST_F(DealAliasesTest, AreRefusedWhereNobodyIsCalledSo) {
  const auto refused = List(R"(status = OPEN AND owner = "eva@example.com")");
  EXPECT_EQ(refused.reason(), "UNKNOWN_ALIAS");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(refused.metadata("field"), "owner");
  EXPECT_EQ(refused.metadata("alias"), "eva@example.com");
  EXPECT_EQ(refused.metadata("character"), "27");
  EXPECT_THAT(refused.status.error_message(),
              HasSubstr("none of the users has it as id, display_name, email"));
  EXPECT_THAT(refused.status.error_message(), HasSubstr("a name like users/{user}"));
  EXPECT_EQ(refused.metadata("nearest"), "");
  const auto misspelt = List("NOT stage = qualifed");
  EXPECT_EQ(misspelt.reason(), "UNKNOWN_ALIAS");
  EXPECT_EQ(misspelt.metadata("nearest"), "Qualified");
  EXPECT_THAT(misspelt.status.error_message(), HasSubstr("; did you mean \"Qualified\"?"));
  EXPECT_EQ(List("owner = contacts/ada").reason(), "UNKNOWN_ALIAS");
  // What has no letter in it is nobody's name, also where somebody has no address.
  CreateUser(R"pb(display_name: "Ana")pb");
  EXPECT_EQ(List(R"(owner = " ")").reason(), "UNKNOWN_ALIAS");
  // Neither a beginning nor a call is an alias.
  EXPECT_EQ(List("owner = An*").reason(), "INVALID_FILTER");
  EXPECT_EQ(List("owner = now()").reason(), "INVALID_FILTER");
}

TEST_F(DealAliasesTest, AreRefusedWhereSeveralAreCalledSo) {
  std::vector<std::string> names;
  for (int i = 0; i < 12; ++i) names.push_back(CreateUser(R"pb(display_name: "Sam")pb"));
  CreatePipeline("renewals", "Renewals", {{"q", "Qualified"}});
  const auto stages = List("stage = qualified");
  EXPECT_EQ(stages.reason(), "AMBIGUOUS_ALIAS");
  EXPECT_EQ(stages.metadata("names"),
            "pipelines/default/stages/qualified, pipelines/renewals/stages/q");
  EXPECT_EQ(stages.metadata("are_more"), "false");
  EXPECT_THAT(stages.status.error_message(), HasSubstr("pipelines/renewals/stages/q"));

  const auto owners = List("owner = sam");
  EXPECT_EQ(owners.reason(), "AMBIGUOUS_ALIAS");
  const std::vector<std::string> told = absl::StrSplit(owners.metadata("names"), ", ");
  EXPECT_EQ(told.size(), 10u);
  for (const std::string& name : told) EXPECT_THAT(names, ::testing::Contains(name));
  EXPECT_EQ(owners.metadata("are_more"), "true");
}

// What one is called by may be another's id.
TEST_F(DealAliasesTest, CompareAllThatARecordIsCalledBy) {
  CreatePipeline("renewals", "Renewals", {{"called", "Asked"}, {"asked", "Called"}});
  EXPECT_EQ(List("stage = called").reason(), "AMBIGUOUS_ALIAS");
  EXPECT_EQ(List("stage = Called").reason(), "");
}

TEST_F(DealAliasesTest, AreThoseOfTheMomentThatIsRead) {
  const std::string ana = CreateUser(R"pb(display_name: "Ana" email: "ana@example.com")pb");
  CreateDealOf("a", ana);
  const auto before = UpdateUser(ana, R"pb(office: "Kiel")pb");
  const auto renamed = UpdateUser(ana, R"pb(display_name: "Bea" email: "bea@example.com")pb");
  const std::string other = CreateUser(R"pb(display_name: "Ana")pb");
  CreateDealOf("b", other);

  EXPECT_THAT(Find("owner = Ana"), ElementsAre("b"));
  EXPECT_THAT(Find("owner = Bea"), ElementsAre("a"));
  EXPECT_THAT(Find("owner = Ana", AsOf(before)), ElementsAre("a"));
  EXPECT_THAT(Find(R"(owner = "ana@example.com")", AsOf(before)), ElementsAre("a"));
  EXPECT_EQ(List("owner = Bea", AsOf(before)).reason(), "UNKNOWN_ALIAS");
  EXPECT_EQ(List("owner = Ana", AsOf(renamed)).reason(), "UNKNOWN_ALIAS");
}

TEST_F(DealAliasesTest, AreNoneOfADeletedRecord) {
  const std::string ana = CreateUser(R"pb(display_name: "Ana")pb");
  CreateDealOf("a", ana);
  const auto before = UpdateUser(ana, R"pb(office: "Kiel")pb");
  DeleteUser(ana);
  EXPECT_EQ(List("owner = Ana").reason(), "UNKNOWN_ALIAS");
  EXPECT_EQ(List(absl::StrCat("owner = ", ana.substr(6))).reason(), "UNKNOWN_ALIAS");
  EXPECT_THAT(Find(absl::StrCat("owner = \"", ana, "\"")), IsEmpty());
  EXPECT_THAT(Find("owner = Ana", AsOf(before)), ElementsAre("a"));
  // Their name is free for another.
  CreateDealOf("b", CreateUser(R"pb(display_name: "Ana")pb"));
  EXPECT_THAT(Find("owner = Ana"), ElementsAre("b"));
}

TEST_F(DealAliasesTest, AreNoneOfAnErasedPerson) {
  const std::string ana = CreateUser(R"pb(display_name: "Ana" email: "ana@example.com")pb");
  CreateDealOf("a", ana);
  ASSERT_EQ(Find("owner = Ana").size(), 1u);
  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), ana).ok());
  EXPECT_EQ(List("owner = Ana").reason(), "UNKNOWN_ALIAS");
  EXPECT_EQ(List(R"(owner = "ana@example.com")").reason(), "UNKNOWN_ALIAS");
  EXPECT_THAT(Find(absl::StrCat("owner = ", ana.substr(6))), ElementsAre("a"));
}

// A page goes on as of the first one, whoever is called what meanwhile.
TEST_F(DealAliasesTest, StayWhoTheyWereOnLaterPages) {
  const std::string ana = CreateUser(R"pb(display_name: "Ana")pb");
  for (int i = 0; i < 5; ++i) CreateDealOf(absl::StrCat("d", i), ana);
  v1::ListDealsRequest request;
  request.set_filter("owner = Ana");
  request.set_order_by("display_name");
  request.set_page_size(2);
  std::vector<std::string> ids;
  do {
    const auto page = server_.Call(&DealsStub::ListDeals, request);
    ASSERT_EQ(page.reason(), "");
    for (const std::string& id : IdsOf(page.response)) ids.push_back(id);
    if (request.page_token().empty()) {
      EXPECT_EQ(UpdateUser(ana, R"pb(display_name: "Bea")pb").reason(), "");
      CreateUser(R"pb(display_name: "Ana")pb");
    }
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(ids, ElementsAre("d0", "d1", "d2", "d3", "d4"));
}

TEST_F(DealAliasesTest, AreKeptInSavedViewsAsTheyWereWritten) {
  saved_views::v1::CreateSavedViewRequest create;
  *create.mutable_saved_view() =
      Proto<saved_views::v1::SavedView>(R"pb(display_name: "Ana's"
                                             resource: "deals"
                                             filter: "owner = Ana AND stage != Qualified")pb");
  const auto saved =
      server_.Call(&saved_views::v1::SavedViewsService::Stub::CreateSavedView, create);
  ASSERT_EQ(saved.reason(), "") << "whether there is an Ana is asked of the list";
  EXPECT_EQ(saved->filter(), "owner = Ana AND stage != Qualified");
  EXPECT_EQ(List(saved->filter()).reason(), "UNKNOWN_ALIAS");
  CreateDealOf("a", CreateUser(R"pb(display_name: "Ana")pb"));
  EXPECT_THAT(Find(saved->filter()), ElementsAre("a"));
  // What no name can stand for is refused as before.
  create.mutable_saved_view()->set_filter("owner = An*");
  EXPECT_EQ(
      server_.Call(&saved_views::v1::SavedViewsService::Stub::CreateSavedView, create).reason(),
      "CANNOT_BE_LISTED");
}

// Whether somebody has an address is not told to who may not read them.
TEST_F(DealAliasesTest, AreForThoseWhoMayReadTheRecords) {
  workspaces::v1::CreateApiKeyRequest create;
  *create.mutable_api_key() = Proto<workspaces::v1::ApiKey>(R"pb(display_name: "deals"
                                                                 permissions: "deals.read")pb");
  const auto key = server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, create);
  ASSERT_EQ(key.reason(), "");
  const std::string ana = CreateUser(R"pb(display_name: "Ana")pb");
  CreateDealOf("a", ana);
  v1::ListDealsRequest request;
  for (const char* const filter : {"owner = Ana", "owner = Eva"}) {
    request.set_filter(filter);
    const auto refused = server_.CallWith(key->secret(), &DealsStub::ListDeals, request);
    EXPECT_EQ(refused.reason(), "PERMISSION_DENIED");
    EXPECT_EQ(refused.metadata("permission"), "users.read");
  }
  request.set_filter(absl::StrCat("owner = \"", ana, "\""));
  EXPECT_EQ(server_.CallWith(key->secret(), &DealsStub::ListDeals, request)->deals_size(), 1);
}

// Whoever asks is meant, also by who may not read users.
TEST_F(DealAliasesTest, MeanWhoeverAsksByMe) {
  const std::string ana = CreateUser(R"pb(display_name: "Ana" roles: "roles/admin")pb");
  CreateDealOf("a", ana);
  CreateDealOf("b", CreateUser(R"pb(display_name: "Ben")pb"));
  workspaces::v1::CreateApiKeyRequest create;
  create.mutable_api_key()->set_display_name("Ana's");
  create.mutable_api_key()->set_user(ana);
  create.mutable_api_key()->add_permissions("deals.read");
  const std::string key =
      server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, create)->secret();
  v1::ListDealsRequest request;
  request.set_filter("owner = me");
  const auto own = server_.CallWith(key, &DealsStub::ListDeals, request);
  EXPECT_EQ(own.reason(), "");
  EXPECT_THAT(IdsOf(own.response), ElementsAre("a"));
  request.set_filter("owner != me");
  EXPECT_THAT(IdsOf(server_.CallWith(key, &DealsStub::ListDeals, request).response),
              ElementsAre("b"));
  for (const char* const filter : {"owner = Me", "owner = ME"}) {
    request.set_filter(filter);
    EXPECT_THAT(IdsOf(server_.CallWith(key, &DealsStub::ListDeals, request).response),
                ElementsAre("a"))
        << filter;
    const auto refused = List(filter);
    EXPECT_EQ(refused.reason(), "UNKNOWN_ALIAS") << "a service is nobody";
    EXPECT_THAT(refused.status.error_message(), HasSubstr("of a service, which is no user"));
    EXPECT_THAT(refused.status.error_message(), HasSubstr("or call on behalf of a user"));
  }
}

// A stage that several pipelines have is that of the one that the filter names beside it.
TEST_F(DealAliasesTest, OfStagesAreLookedForInTheirPipeline) {
  CreatePipeline("north", "North", {{"n1", "Talks"}});
  CreatePipeline("south", "South", {{"s1", "Talks"}});
  v1::CreateDealRequest create;
  create.set_deal_id("n");
  create.mutable_deal()->set_display_name("n");
  create.mutable_deal()->set_pipeline("pipelines/north");
  EXPECT_EQ(server_.Call(&DealsStub::CreateDeal, create).reason(), "");
  EXPECT_EQ(List("stage = Talks").reason(), "AMBIGUOUS_ALIAS");
  EXPECT_THAT(Find("pipeline = North stage = Talks"), ElementsAre("n"));
  EXPECT_THAT(Find("stage = Talks pipeline = \"pipelines/north\""), ElementsAre("n"));
  EXPECT_THAT(Find("pipeline = South stage = Talks"), IsEmpty());
  EXPECT_THAT(Find("(pipeline = North AND stage = Talks) OR (pipeline = South AND stage = Talks)"),
              ElementsAre("n"));
  EXPECT_THAT(Find("pipeline = North (stage = Talks OR display_name = x)"), ElementsAre("n"));
  EXPECT_THAT(Find("pipeline = North stage in (Talks, n1)"), ElementsAre("n"));
  EXPECT_THAT(Find("NOT (pipeline = South stage = Talks) display_name = n"), ElementsAre("n"));
  EXPECT_EQ(List("pipeline = South OR stage = Talks").reason(), "AMBIGUOUS_ALIAS");
  EXPECT_EQ(List("pipeline = South stage = Nowhere").reason(), "UNKNOWN_ALIAS");
}

// The list's own directory is where its managers are.
TEST_F(DealAliasesTest, AreFoundInTheListItselfToo) {
  const std::string ana = CreateUser(R"pb(display_name: "Ana")pb");
  CreateUser(absl::StrCat(R"pb(display_name: "Ben" manager: ")pb", ana, "\""));
  users::v1::ListUsersRequest request;
  request.set_filter("manager = ana");
  const auto page = server_.Call(&UsersStub::ListUsers, request);
  ASSERT_EQ(page.reason(), "");
  ASSERT_EQ(page->users_size(), 1);
  EXPECT_EQ(page->users(0).display_name(), "Ben");
}

// Users come, go and are renamed at random, with few names among them; as of any moment an alias
// means whom it would mean by hand.
TEST_F(DealAliasesTest, MeanWhomTheyWouldByHandAtAnyMoment) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937_64 random(seed);
  const auto draw = [&](size_t below) { return random() % below; };
  const auto name_of = [](size_t i) { return absl::StrCat("Name ", i); };
  const auto address_of = [](size_t i) { return absl::StrCat("a", i, "@example.com"); };

  constexpr size_t kNames = 6;
  struct Known {
    std::string name, display_name, email;
  };
  struct Moment {
    type::v1::ReadOptions read;
    std::vector<Known> users;
  };
  std::vector<Known> users;
  std::vector<Moment> moments;
  for (int step = 0; step < 60; ++step) {
    Known next{"", name_of(draw(kNames)), address_of(draw(kNames))};
    const size_t at = users.empty() ? 0 : draw(users.size());
    // An address is one user's alone.
    if (std::any_of(users.begin(), users.end(),
                    [&](const Known& user) { return user.email == next.email; })) {
      next.email = absl::StrCat(step, "@example.com");
    }
    const std::string fields =
        absl::StrCat("display_name: \"", next.display_name, "\" email: \"", next.email, "\"");
    if (users.size() < 2 || draw(3) == 0) {
      next.name = CreateUser(fields);
      CreateDealOf(next.name.substr(6), next.name);
      users.push_back(next);
    } else if (draw(3) == 0) {
      DeleteUser(users[at].name);
      users.erase(users.begin() + static_cast<std::ptrdiff_t>(at));
    } else {
      next.name = users[at].name;
      ASSERT_EQ(UpdateUser(next.name, fields).reason(), "");
      users[at] = next;
    }
    moments.push_back({AsOf(List("")), users});
  }
  for (int round = 0; round < 200; ++round) {
    const Moment& moment = moments[draw(moments.size())];
    const size_t wanted = draw(kNames);
    const std::string alias = draw(2) == 0 ? name_of(wanted) : address_of(wanted);
    std::vector<std::string> called;
    for (const Known& user : moment.users) {
      if (user.display_name == alias || user.email == alias) called.push_back(user.name);
    }
    std::sort(called.begin(), called.end());
    const auto listed = List(absl::StrCat("owner = \"", alias, "\""), moment.read);
    if (called.size() == 1) {
      EXPECT_THAT(IdsOf(listed.response), ElementsAre(called[0].substr(6))) << listed.reason();
    } else {
      EXPECT_EQ(listed.reason(), called.empty() ? "UNKNOWN_ALIAS" : "AMBIGUOUS_ALIAS");
      if (called.size() > 10) called.resize(10);
      EXPECT_EQ(listed.metadata("names"), absl::StrJoin(called, ", "));
    }
  }
}

}  // namespace
}  // namespace kith::deals
