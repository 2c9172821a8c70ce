// Profiles over gRPC: that each part is what its method tells, to whom that would tell it, as of
// one moment.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/util/message_differencer.h"
#include "kith/companies/v1/companies_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/profiles/v1/profiles_service.grpc.pb.h"
#include "kith/roles/v1/roles_service.grpc.pb.h"
#include "kith/teams/v1/teams_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::profiles {
namespace {

using companies::v1::CompaniesService;
using contacts::v1::ContactsService;
using deals::v1::DealsService;
using google::protobuf::util::MessageDifferencer;
using interactions::v1::InteractionsService;
using ::testing::ElementsAre;
using ::testing::Pair;
using testing::Proto;
using testing::Reply;
using ::testing::UnorderedElementsAre;
using Profiles = v1::ProfilesService::Stub;

class ProfileTest : public ::testing::Test {
 protected:
  // A rep of a team, and a stranger; a company and a contact of the rep's, who is of the company.
  void SetUp() override {
    team_ = Make(&teams::v1::TeamsService::Stub::CreateTeam,
                 Proto<teams::v1::CreateTeamRequest>("team { display_name: 'North' }"));
    rep_ = CreateUser("roles/sales-rep", team_);
    stranger_ = CreateUser("roles/sales-rep", "");
    companies::v1::CreateCompanyRequest company;
    company.mutable_company()->set_display_name("Harrow");
    company.mutable_company()->set_owner(rep_);
    company_ = Make(&CompaniesService::Stub::CreateCompany, company);
    contact_ = CreateContact(rep_);
  }

  template <class Stub, class Request>
  std::string Make(Stub method, const Request& request) {
    const auto made = server_.Call(method, request);
    EXPECT_EQ(made.reason(), "");
    return made->name();
  }
  std::string CreateUser(const std::string& role, const std::string& team) {
    users::v1::CreateUserRequest request;
    request.mutable_user()->set_display_name("Marta");
    request.mutable_user()->add_roles(role);
    if (!team.empty()) request.mutable_user()->add_teams(team);
    return Make(&users::v1::UsersService::Stub::CreateUser, request);
  }
  std::string KeyOf(const std::string& user, const std::vector<std::string>& permissions = {"*"}) {
    workspaces::v1::CreateApiKeyRequest request;
    request.mutable_api_key()->set_display_name("Marta's");
    request.mutable_api_key()->set_user(user);
    for (const std::string& each : permissions) request.mutable_api_key()->add_permissions(each);
    return server_.Call(&workspaces::v1::WorkspacesService::Stub::CreateApiKey, request)->secret();
  }
  // An executive of the company since 2024.
  std::string CreateContact(const std::string& owner) {
    contacts::v1::CreateContactRequest request;
    *request.mutable_contact() = Proto<contacts::v1::Contact>(
        "first_name: 'Ada' companies { role: EXECUTIVE primary: true start_date { year: 2024 "
        "month: "
        "1 day: 1 } }");
    request.mutable_contact()->mutable_companies(0)->set_company(company_);
    request.mutable_contact()->set_owner(owner);
    return Make(&ContactsService::Stub::CreateContact, request);
  }
  // Worth so many euros, with the company and the contact.
  std::string CreateDeal(const std::string& owner, int euros) {
    deals::v1::CreateDealRequest request;
    request.mutable_deal()->set_display_name("Crane");
    request.mutable_deal()->set_pipeline("pipelines/default");
    request.mutable_deal()->set_owner(owner);
    request.mutable_deal()->set_company(company_);
    request.mutable_deal()->add_contacts()->set_contact(contact_);
    request.mutable_deal()->mutable_amount()->set_currency_code("EUR");
    request.mutable_deal()->mutable_amount()->set_units(euros);
    return Make(&DealsService::Stub::CreateDeal, request);
  }
  void Win(const std::string& deal) {
    deals::v1::WinDealRequest request;
    request.set_name(deal);
    EXPECT_EQ(server_.Call(&DealsService::Stub::WinDeal, request).reason(), "");
  }
  std::string Record(const std::string& parent, interactions::v1::InteractionKind kind) {
    interactions::v1::RecordInteractionRequest request;
    request.set_parent(parent);
    request.mutable_interaction()->set_kind(kind);
    request.mutable_interaction()->set_subject("Cranes");
    return Make(&InteractionsService::Stub::RecordInteraction, request);
  }
  // Says that the contact's last day at the company was in 2020.
  void Leave(const std::string& contact) {
    auto request = Proto<contacts::v1::UpdateContactRequest>(
        "contact { companies { end_date { year: 2020 month: 2 day: 1 } } } "
        "update_mask { paths: 'companies' }");
    request.mutable_contact()->set_name(contact);
    request.mutable_contact()->mutable_companies(0)->set_company(company_);
    EXPECT_EQ(server_.Call(&ContactsService::Stub::UpdateContact, request).reason(), "");
  }
  static std::vector<std::string> NamesIn(const interactions::v1::ListTimelineResponse& timeline) {
    std::vector<std::string> names;
    for (const auto& entry : timeline.entries()) names.push_back(entry.interaction().name());
    return names;
  }
  void Rename(const std::string& first_name) {
    contacts::v1::UpdateContactRequest request;
    request.mutable_contact()->set_name(contact_);
    request.mutable_contact()->set_first_name(first_name);
    EXPECT_EQ(server_.Call(&ContactsService::Stub::UpdateContact, request).reason(), "");
  }

  Reply<v1::ContactProfile> OfContact(const std::string& name, const std::string& key,
                                      const std::string& as_of = "") {
    v1::GetContactProfileRequest request;
    request.set_name(name);
    if (!as_of.empty()) request.mutable_read()->set_token(as_of);
    return server_.CallWith(key, &Profiles::GetContactProfile, request);
  }
  Reply<v1::CompanyProfile> OfCompany(const std::string& key, const std::string& as_of = "") {
    v1::GetCompanyProfileRequest request;
    request.set_name(company_);
    if (!as_of.empty()) request.mutable_read()->set_token(as_of);
    return server_.CallWith(key, &Profiles::GetCompanyProfile, request);
  }
  std::string RefusalOf(const std::string& name, const std::string& key,
                        const std::string& as_of = "") {
    return Said(OfContact(name, key, as_of), name);
  }
  std::string RefusalOfGet(const std::string& name, const std::string& key,
                           const std::string& as_of = "") {
    contacts::v1::GetContactRequest request;
    request.set_name(name);
    if (!as_of.empty()) request.mutable_read()->set_token(as_of);
    return Said(server_.CallWith(key, &ContactsService::Stub::GetContact, request), name);
  }
  template <class Response>
  static std::string Said(const Reply<Response>& reply, const std::string& name) {
    return absl::StrReplaceAll(
        absl::StrCat(reply.status.error_code(), " ", reply.status.error_message(), " ",
                     reply.reason(), " ", reply.metadata("name"), " ",
                     reply.metadata("first_sequence"), " ", reply.error.details_size()),
        {{name, "NAME"}});
  }
  static int64_t EurosOf(const deals::v1::ListDealsResponse& list) {
    if (list.summary().sums().empty() || list.summary().sums(0).amounts().empty()) return 0;
    return list.summary().sums(0).amounts(0).units();
  }
  // The parts that are not told, with the errors' codes.
  template <class Profile>
  static std::map<std::string, int> LeftOut(const Profile& profile) {
    std::map<std::string, int> codes;
    for (const auto& [part, why] : profile.left_out()) codes[part] = why.code();
    return codes;
  }

  testing::TestServer server_;
  std::string team_;
  std::string rep_;
  std::string stranger_;
  std::string company_;
  std::string contact_;
};

TEST_F(ProfileTest, TellsAllOfAContact) {
  const std::string open = CreateDeal(rep_, 100);
  Win(CreateDeal(rep_, 20));
  Win(CreateDeal(rep_, 3));
  Record(contact_, interactions::v1::CALL);
  Record(contact_, interactions::v1::NOTE);
  Record(contact_, interactions::v1::CALL);
  Rename("Augusta");
  const auto told = OfContact(contact_, server_.secret());
  ASSERT_EQ(told.reason(), "");
  EXPECT_EQ(told->contact().first_name(), "Augusta");
  EXPECT_EQ(told->owner().name(), rep_);
  ASSERT_EQ(told->owner_teams().teams_size(), 1);
  EXPECT_EQ(told->owner_teams().teams(0).display_name(), "North");
  ASSERT_EQ(told->companies().companies_size(), 1);
  EXPECT_EQ(told->companies().companies(0).display_name(), "Harrow");
  EXPECT_EQ(told->contact().companies(0).role(), contacts::v1::EXECUTIVE);
  EXPECT_EQ(told->contact().companies(0).start_date().year(), 2024);
  ASSERT_EQ(told->open_deals().deals_size(), 1);
  EXPECT_EQ(told->open_deals().deals(0).name(), open);
  EXPECT_EQ(EurosOf(told->open_deals()), 100);
  EXPECT_EQ(told->won_deals().summary().total_size(), 2);
  EXPECT_EQ(EurosOf(told->won_deals()), 23);
  EXPECT_EQ(told->lost_deals().deals_size(), 0);
  ASSERT_EQ(told->interactions().kinds_size(), 2);
  EXPECT_EQ(told->interactions().kinds(0).kind(), interactions::v1::CALL);
  EXPECT_EQ(told->interactions().kinds(0).count(), 2);
  EXPECT_EQ(told->timeline().entries_size(), 5);
  EXPECT_TRUE(told->has_scores());
  ASSERT_EQ(told->revisions().revisions_size(), 2);
  EXPECT_EQ(told->revisions().revisions(0).after().first_name(), "Augusta");
  EXPECT_EQ(told->left_out_size(), 0);
}

TEST_F(ProfileTest, TellsAllOfACompany) {
  CreateDeal(rep_, 100);
  Win(CreateDeal(rep_, 20));
  Record(company_, interactions::v1::MEETING);
  const auto told = OfCompany(server_.secret());
  ASSERT_EQ(told.reason(), "");
  EXPECT_EQ(told->company().display_name(), "Harrow");
  EXPECT_EQ(told->owner().name(), rep_);
  EXPECT_EQ(told->owner_teams().teams_size(), 1);
  EXPECT_EQ(told->summary().contact_count(), 1);
  EXPECT_EQ(told->summary().amounts(0).open_amount().units(), 100);
  EXPECT_EQ(told->summary().amounts(0).won_amount().units(), 20);
  ASSERT_EQ(told->people().contacts_size(), 1);
  EXPECT_EQ(told->people().contacts(0).companies(0).role(), contacts::v1::EXECUTIVE);
  EXPECT_EQ(told->open_deals().deals_size(), 1);
  EXPECT_EQ(told->won_deals().deals_size(), 1);
  EXPECT_EQ(told->interactions().kinds(0).kind(), interactions::v1::MEETING);
  EXPECT_EQ(told->timeline().entries_size(), 2);
  EXPECT_EQ(told->revisions().revisions_size(), 1);
  EXPECT_EQ(told->left_out_size(), 0);
}

TEST_F(ProfileTest, TellsTheInteractionsOfACompanysPeople) {
  const std::string other = CreateContact(rep_);
  const std::string former = CreateContact(rep_);
  const std::string call = Record(contact_, interactions::v1::CALL);
  const std::string before = OfCompany(server_.secret()).token;
  Record(former, interactions::v1::CALL);
  server_.clock().Advance(absl::Minutes(1));
  // It is about two of them, and counts once.
  interactions::v1::RecordInteractionRequest lunch;
  lunch.set_parent(other);
  lunch.mutable_interaction()->set_kind(interactions::v1::MEETING);
  lunch.mutable_interaction()->set_subject("Lunch");
  lunch.mutable_interaction()->add_links(contact_);
  const std::string meeting = Make(&InteractionsService::Stub::RecordInteraction, lunch);
  Record(company_, interactions::v1::NOTE);
  Leave(former);
  Rename("Augusta");
  const auto told = OfCompany(server_.secret());
  ASSERT_EQ(told.reason(), "");
  EXPECT_THAT(NamesIn(told->timeline_of_people()), ElementsAre(meeting, call));
  EXPECT_EQ(told->timeline_of_people().entries(1).record(), contact_);
  ASSERT_EQ(told->interactions_of_people().kinds_size(), 2);
  EXPECT_EQ(told->interactions_of_people().kinds(0).kind(), interactions::v1::MEETING);
  EXPECT_EQ(told->interactions_of_people().kinds(0).count(), 1);
  EXPECT_EQ(told->interactions_of_people().kinds(1).count(), 1);
  EXPECT_FALSE(told->interactions_of_people().counts_are_at_least());
  const auto then = OfCompany(server_.secret(), before);
  EXPECT_THAT(NamesIn(then->timeline_of_people()), ElementsAre(call));
  ASSERT_EQ(then->interactions_of_people().kinds_size(), 1);
  // A page of one, and the next.
  interactions::v1::ListPeopleTimelineRequest pages;
  pages.set_parent(company_);
  pages.set_page_size(1);
  const auto first = server_.Call(&InteractionsService::Stub::ListPeopleTimeline, pages);
  EXPECT_THAT(NamesIn(first.response), ElementsAre(meeting));
  pages.set_page_token(first->next_page_token());
  EXPECT_THAT(NamesIn(server_.Call(&InteractionsService::Stub::ListPeopleTimeline, pages).response),
              ElementsAre(call));
}

TEST_F(ProfileTest, TellsNoInteractionsOfPeopleWhoAreHidden) {
  const std::string hidden = CreateContact(stranger_);
  Record(hidden, interactions::v1::CALL);
  const std::string seen = Record(contact_, interactions::v1::NOTE);
  const auto told = OfCompany(KeyOf(rep_));
  ASSERT_EQ(told.reason(), "");
  EXPECT_THAT(NamesIn(told->timeline_of_people()), ElementsAre(seen));
  ASSERT_EQ(told->interactions_of_people().kinds_size(), 1);
  EXPECT_EQ(told->interactions_of_people().kinds(0).kind(), interactions::v1::NOTE);
  EXPECT_EQ(OfCompany(server_.secret())->interactions_of_people().kinds_size(), 2);
  interactions::v1::ListPeopleTimelineRequest request;
  request.set_parent("companies/nobody");
  EXPECT_EQ(server_.Call(&InteractionsService::Stub::ListPeopleTimeline, request).reason(),
            "LINKED_RECORD_NOT_FOUND");
}

// Goal: every part is of one moment. Method: what was told then is told again, as of then, after
// everything has changed.
TEST_F(ProfileTest, AsOfAMomentTellsWhatItToldThen) {
  const std::string open = CreateDeal(rep_, 100);
  Record(contact_, interactions::v1::CALL);
  auto contact = OfContact(contact_, server_.secret());
  auto company = OfCompany(server_.secret());
  const std::string then = contact.token;
  server_.clock().Advance(absl::Hours(1));
  Win(open);
  CreateDeal(rep_, 7);
  CreateContact(rep_);
  Record(contact_, interactions::v1::NOTE);
  Rename("Augusta");
  users::v1::UpdateUserRequest leaving;
  leaving.mutable_user()->set_name(rep_);
  leaving.mutable_update_mask()->add_paths("teams");
  ASSERT_EQ(server_.Call(&users::v1::UsersService::Stub::UpdateUser, leaving).reason(), "");

  auto contact_then = OfContact(contact_, server_.secret(), then);
  ASSERT_EQ(contact_then.reason(), "");
  EXPECT_EQ(contact_then.token, then);
  contact.response.clear_read_time();
  contact_then.response.clear_read_time();
  EXPECT_TRUE(MessageDifferencer::Equals(contact.response, contact_then.response))
      << contact.response.DebugString() << contact_then.response.DebugString();
  auto company_then = OfCompany(server_.secret(), then);
  for (auto* const each : {&company.response, &company_then.response}) {
    each->clear_read_time();
    each->mutable_summary()->clear_read_time();
  }
  EXPECT_TRUE(MessageDifferencer::Equals(company.response, company_then.response))
      << company.response.DebugString() << company_then.response.DebugString();
}

TEST_F(ProfileTest, OfWhatIsNotThereIsRefusedAsGetIs) {
  const std::string before = OfCompany(server_.secret()).token;
  const std::string rep = KeyOf(rep_);
  const std::string later = CreateContact(stranger_);
  EXPECT_EQ(RefusalOf("contacts/nobody", rep), RefusalOfGet("contacts/nobody", rep));
  EXPECT_EQ(RefusalOf(later, rep), RefusalOfGet("contacts/nobody", rep)) << "hidden";
  EXPECT_EQ(OfContact(later, server_.secret()).reason(), "");
  EXPECT_EQ(RefusalOf(later, server_.secret(), before),
            RefusalOfGet(later, server_.secret(), before));
  contacts::v1::DeleteContactRequest request;
  request.set_name(contact_);
  ASSERT_EQ(server_.Call(&ContactsService::Stub::DeleteContact, request).reason(), "");
  EXPECT_EQ(RefusalOf(contact_, rep), RefusalOfGet(contact_, rep));
  EXPECT_EQ(OfContact(contact_, rep).reason(), "CONTACT_NOT_FOUND");
  EXPECT_EQ(OfContact(contact_, rep, before)->contact().name(), contact_) << "as of before";
}

TEST_F(ProfileTest, CountsNothingThatIsHidden) {
  const std::string rep = KeyOf(rep_);
  CreateDeal(rep_, 100);
  CreateDeal(stranger_, 7);
  Win(CreateDeal(stranger_, 9));
  CreateContact(stranger_);
  const auto contact = OfContact(contact_, rep);
  ASSERT_EQ(contact.reason(), "");
  EXPECT_EQ(contact->open_deals().deals_size(), 1);
  EXPECT_EQ(contact->open_deals().summary().total_size(), 1);
  EXPECT_EQ(EurosOf(contact->open_deals()), 100);
  EXPECT_EQ(contact->won_deals().summary().total_size(), 0);
  const auto company = OfCompany(rep);
  EXPECT_EQ(company->people().contacts_size(), 1);
  EXPECT_EQ(company->people().summary().total_size(), 1);
  EXPECT_EQ(company->open_deals().deals_size(), 1);
  EXPECT_EQ(company->won_deals().deals_size(), 0);
  EXPECT_TRUE(company->summary().deals_limited());
  EXPECT_EQ(company->summary().open_deal_count(), 1);
  EXPECT_EQ(company->summary().won_deal_count(), 0);
  ASSERT_EQ(company->summary().amounts_size(), 1);
  EXPECT_EQ(company->summary().amounts(0).open_amount().units(), 100);
  EXPECT_EQ(OfCompany(server_.secret())->open_deals().deals_size(), 2);
}

TEST_F(ProfileTest, LeavesOutWhatTheCallerMayNotAsk) {
  CreateDeal(rep_, 100);
  const std::string key = KeyOf(rep_, {"contacts.read", "companies.read", "users.read"});
  EXPECT_THAT(
      LeftOut(OfContact(contact_, key).response),
      UnorderedElementsAre(Pair("owner_teams", 7), Pair("open_deals", 7), Pair("won_deals", 7),
                           Pair("lost_deals", 7), Pair("open_tasks", 7), Pair("meetings", 7),
                           Pair("leads", 7), Pair("scores", 7), Pair("messages", 7),
                           Pair("interactions", 7), Pair("timeline", 7)));
  const auto company = OfCompany(key);
  EXPECT_THAT(
      LeftOut(company.response),
      UnorderedElementsAre(Pair("owner_teams", 7), Pair("open_deals", 7), Pair("won_deals", 7),
                           Pair("lost_deals", 7), Pair("open_tasks", 7), Pair("meetings", 7),
                           Pair("leads", 7), Pair("interactions", 7), Pair("timeline", 7),
                           Pair("interactions_of_people", 7), Pair("timeline_of_people", 7),
                           Pair("summary", 7)));
  EXPECT_FALSE(company->has_open_deals());
  EXPECT_EQ(company->people().contacts_size(), 1);
}

TEST_F(ProfileTest, HidesTheFieldsThatARoleDoesNotRead) {
  CreateDeal(rep_, 100);
  Rename("Augusta");
  // No amounts and nothing personal.
  const std::string role =
      Make(&roles::v1::RolesService::Stub::CreateRole,
           Proto<roles::v1::CreateRoleRequest>(
               "role { display_name: 'Blind' grants { permission: '*.read' scope: ALL } }"));
  const std::string key = KeyOf(CreateUser(role, ""));
  const auto contact = OfContact(contact_, key);
  ASSERT_EQ(contact.reason(), "");
  EXPECT_EQ(contact->contact().first_name(), "");
  ASSERT_EQ(contact->revisions().revisions_size(), 1) << "nothing else changed that it reads";
  EXPECT_EQ(contact->revisions().revisions(0).after().first_name(), "");
  EXPECT_EQ(contact->open_deals().summary().total_size(), 1);
  EXPECT_EQ(contact->open_deals().summary().sums_size(), 0);
  EXPECT_FALSE(contact->open_deals().deals(0).has_amount());
  EXPECT_THAT(LeftOut(contact.response), UnorderedElementsAre(Pair("open_deals.summary.sums", 7),
                                                              Pair("won_deals.summary.sums", 7),
                                                              Pair("lost_deals.summary.sums", 7)));
  const auto company = OfCompany(key);
  EXPECT_EQ(company->people().contacts(0).first_name(), "");
  EXPECT_EQ(company->summary().open_deal_count(), 1);
  EXPECT_FALSE(company->summary().amounts(0).has_open_amount());
}

TEST_F(ProfileTest, TellsNothingThatWasRedactedOrErasedAsOfNoMoment) {
  const std::string said = Record(contact_, interactions::v1::CALL);
  const std::string before = OfContact(contact_, server_.secret()).token;
  interactions::v1::RedactInteractionRequest redact;
  redact.set_name(said);
  redact.set_reason("Not ours to know");
  ASSERT_EQ(server_.Call(&InteractionsService::Stub::RedactInteraction, redact).reason(), "");
  for (const std::string& as_of : {std::string(), before}) {
    const auto told = OfContact(contact_, server_.secret(), as_of);
    EXPECT_TRUE(told->timeline().entries(0).redacted());
    EXPECT_EQ(told->timeline().entries(0).interaction().subject(), "");
    EXPECT_EQ(told->contact().first_name(), "Ada");
  }
  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), contact_).ok());
  for (const std::string& as_of : {std::string(), before}) {
    const auto told = OfContact(contact_, server_.secret(), as_of);
    EXPECT_TRUE(told->contact().erased());
    EXPECT_EQ(told->contact().first_name(), "");
    EXPECT_EQ(told->revisions().revisions(0).after().first_name(), "");
    EXPECT_EQ(OfCompany(server_.secret(), as_of)->people().contacts_size(), 0)
        << "they stand in the order of their names";
  }
}

TEST_F(ProfileTest, GoesOnWithAPartsOwnMethod) {
  for (int i = 0; i < 12; ++i) CreateDeal(rep_, 1);
  const auto first = OfContact(contact_, server_.secret());
  ASSERT_EQ(first->open_deals().deals_size(), 10);
  deals::v1::ListDealsRequest next;
  next.set_filter(absl::StrCat("contact = \"", contact_, "\" status = OPEN"));
  next.set_order_by("expected_close_date");
  next.set_page_token(first->open_deals().next_page_token());
  EXPECT_EQ(server_.Call(&DealsService::Stub::ListDeals, next)->deals_size(), 2);
}

}  // namespace
}  // namespace kith::profiles
