// Companies over gRPC: what is their own. What every resource does is asked in tests/conformance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "eventstore/base/proto_time.h"
#include "kith/companies/v1/companies_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::companies {
namespace {

using ::kith::testing::Proto;
using ::kith::testing::Reply;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Stub = v1::CompaniesService::Stub;
using Contacts = contacts::v1::ContactsService::Stub;
using Deals = deals::v1::DealsService::Stub;
using Interactions = interactions::v1::InteractionsService::Stub;

class CompaniesServiceTest : public ::testing::Test {
 protected:
  Reply<v1::Company> Create(absl::string_view company) {
    v1::CreateCompanyRequest request;
    *request.mutable_company() = Proto<v1::Company>(company);
    return server_.Call(&Stub::CreateCompany, request);
  }
  std::string NameOf(absl::string_view company) {
    const auto created = Create(company);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  Reply<v1::Company> Update(const std::string& name, absl::string_view company) {
    v1::UpdateCompanyRequest request;
    *request.mutable_company() = Proto<v1::Company>(company);
    request.mutable_company()->set_name(name);
    return server_.Call(&Stub::UpdateCompany, request);
  }
  std::string Delete(const std::string& name) {
    v1::DeleteCompanyRequest request;
    request.set_name(name);
    return server_.Call(&Stub::DeleteCompany, request).reason();
  }
  Reply<v1::Company> Undelete(const std::string& name) {
    v1::UndeleteCompanyRequest request;
    request.set_name(name);
    return server_.Call(&Stub::UndeleteCompany, request);
  }
  // The display names a filter finds, by name.
  std::vector<std::string> Find(const std::string& filter) {
    v1::ListCompaniesRequest request;
    request.set_filter(filter);
    request.set_order_by("display_name");
    const auto page = server_.Call(&Stub::ListCompanies, request);
    EXPECT_EQ(page.reason(), "");
    std::vector<std::string> names;
    for (const auto& company : page->companies()) names.push_back(company.display_name());
    return names;
  }
  Reply<v1::CompanySummary> Summary(const std::string& company, const std::string& as_of = "") {
    v1::SummarizeCompanyRequest request;
    request.set_company(company);
    if (!as_of.empty()) request.mutable_read()->set_token(as_of);
    return server_.Call(&Stub::SummarizeCompany, request);
  }
  Reply<contacts::v1::Contact> CreateContact(const contacts::v1::Contact& contact) {
    contacts::v1::CreateContactRequest request;
    *request.mutable_contact() = contact;
    return server_.Call(&Contacts::CreateContact, request);
  }
  // Of these companies.
  contacts::v1::Contact ContactAt(const std::vector<std::string>& companies) {
    contacts::v1::Contact contact;
    contact.set_first_name("Ada");
    for (const std::string& company : companies) contact.add_companies()->set_company(company);
    return contact;
  }
  Reply<deals::v1::Deal> CreateDeal(const std::string& id, const std::string& company,
                                    const std::string& company_name = "") {
    deals::v1::CreateDealRequest request;
    request.set_deal_id(id);
    request.mutable_deal()->set_display_name(id);
    request.mutable_deal()->set_company(company);
    request.mutable_deal()->set_company_name(company_name);
    request.mutable_deal()->mutable_amount()->set_currency_code("EUR");
    request.mutable_deal()->mutable_amount()->set_units(100);
    return server_.Call(&Deals::CreateDeal, request);
  }
  Reply<deals::v1::Deal> UpdateDeal(const deals::v1::Deal& deal,
                                    const std::vector<std::string>& mask) {
    deals::v1::UpdateDealRequest request;
    *request.mutable_deal() = deal;
    for (const std::string& path : mask) request.mutable_update_mask()->add_paths(path);
    return server_.Call(&Deals::UpdateDeal, request);
  }

  testing::TestServer server_;
};

TEST_F(CompaniesServiceTest, KeepsTheRegisteredDomains) {
  const auto acme = Create(R"pb(
    display_name: "Acme"
    domains: "https://www.Shop.Acme.co.uk/about"
    domains: "BÜCHER.example"
  )pb");
  ASSERT_EQ(acme.reason(), "");
  EXPECT_THAT(acme->domains(), ElementsAre("acme.co.uk", "xn--bcher-kva.example"));
  for (const char* domain : {"acme.co.uk", "http://ACME.co.uk:80", "orders.acme.co.uk",
                             "bücher.example", "XN--BCHER-KVA.example."}) {
    EXPECT_THAT(Find(absl::StrCat("domain = \"", domain, "\"")), ElementsAre("Acme")) << domain;
  }
  for (const char* const none : {"co.uk", "not a domain", "localhost", "10.0.0.1"}) {
    v1::ListCompaniesRequest request;
    request.set_filter(absl::StrCat("domain = \"", none, "\""));
    const auto refused = server_.Call(&Stub::ListCompanies, request);
    EXPECT_EQ(refused.reason(), "INVALID_FILTER") << none;
    EXPECT_THAT(refused.status.error_message(), HasSubstr("can be no value: it must be"));
  }
  EXPECT_THAT(Find(R"(domain = "acme*")"), ElementsAre("Acme"));
}

TEST_F(CompaniesServiceTest, SaysWhatADomainIsInstead) {
  const auto refused = Create(R"pb(
    display_name: "Acme"
    domains: "co.uk"
    domains: "127.0.0.1"
    domains: "localhost"
    domains: "acme.com"
  )pb");
  EXPECT_EQ(refused.reason(), "INVALID_FIELD");
  EXPECT_THAT(refused.fields(),
              ElementsAre("company.domains[0]", "company.domains[1]", "company.domains[2]"));
  const auto violations = refused.detail<google::rpc::BadRequest>();
  EXPECT_THAT(violations.field_violations(0).description(), HasSubstr("public suffix"));
  EXPECT_THAT(violations.field_violations(1).description(), HasSubstr("IP address"));
  EXPECT_THAT(violations.field_violations(2).description(), HasSubstr("without a dot"));
}

TEST_F(CompaniesServiceTest, RefusesADomainOfAnother) {
  const std::string acme = NameOf(R"pb(display_name: "Acme" domains: "acme.com")pb");
  const auto refused =
      Create(R"pb(display_name: "Bolt" domains: "bolt.com" domains: "www.ACME.com")pb");
  EXPECT_EQ(refused.reason(), "DOMAIN_TAKEN");
  EXPECT_EQ(refused.metadata("company"), acme);
  EXPECT_EQ(refused.metadata("field"), "company.domains[1]");
  EXPECT_EQ(Update(NameOf(R"pb(display_name: "Bolt")pb"), R"pb(domains: "acme.com")pb").reason(),
            "DOMAIN_TAKEN");
  EXPECT_EQ(Create(R"pb(display_name: "C" domains: "c.com" domains: "www.c.com")pb").fields(),
            std::vector<std::string>{"company.domains[1]"});
}

TEST_F(CompaniesServiceTest, FreesTheDomainsOfADeletedOne) {
  const std::string acme = NameOf(R"pb(display_name: "Acme" domains: "acme.com")pb");
  EXPECT_EQ(Delete(acme), "");
  const std::string heir = NameOf(R"pb(display_name: "Heir" domains: "acme.com")pb");
  EXPECT_EQ(Undelete(acme).reason(), "DOMAIN_TAKEN");
  EXPECT_EQ(Delete(heir), "");
  EXPECT_EQ(Undelete(acme).reason(), "");
  EXPECT_THAT(Find(R"(domain = "acme.com")"), ElementsAre("Acme"));
}

TEST_F(CompaniesServiceTest, CompletesNumbersAddressesAndStage) {
  const auto acme = Create(R"pb(
    display_name: "Acme"
    phones { raw: "+49 30 901820" }
    emails { address: "office@acme.com" }
    emails { address: "orders@acme.com" primary: true }
  )pb");
  ASSERT_EQ(acme.reason(), "");
  EXPECT_EQ(acme->phones(0).e164(), "+4930901820");
  EXPECT_TRUE(acme->phones(0).primary());
  EXPECT_FALSE(acme->emails(0).primary());
  EXPECT_EQ(acme->lifecycle_stage(), contacts::v1::LEAD);
}

TEST_F(CompaniesServiceTest, NamesEverythingThatCannotBe) {
  const auto refused = Create(R"pb(
    display_name: "Acme"
    emails { address: "office@acme.com" primary: true }
    emails { address: "Office@ACME.com" primary: true }
    phones { raw: "+49 30 901820" primary: true }
    phones { raw: "+49 30 901821" primary: true }
    annual_revenue { currency_code: "EUR" units: -1 }
  )pb");
  EXPECT_THAT(refused.fields(),
              ElementsAre("company.emails[1].address", "company.emails[1].primary",
                          "company.phones[1].primary", "company.annual_revenue"));
}

TEST_F(CompaniesServiceTest, IsFoundByWordsOfItsNamesAndByItsParent) {
  const std::string holding = NameOf(R"pb(display_name: "Acme" legal_name: "Müller Holding AG")pb");
  v1::CreateCompanyRequest create;
  create.mutable_company()->set_display_name("Bolt");
  create.mutable_company()->set_parent_company(holding);
  const auto bolt = server_.Call(&Stub::CreateCompany, create);
  ASSERT_EQ(bolt.reason(), "");
  EXPECT_THAT(Find("mull"), ElementsAre("Acme"));
  EXPECT_THAT(Find(absl::StrCat("parent_company = \"", holding, "\"")), ElementsAre("Bolt"));
  EXPECT_EQ(Delete(holding), "");
  v1::GetCompanyRequest get;
  get.set_name(bolt->name());
  EXPECT_EQ(server_.Call(&Stub::GetCompany, get)->parent_company(), "");
}

TEST_F(CompaniesServiceTest, HasContactsThatAreFoundByIt) {
  const std::string acme = NameOf(R"pb(display_name: "Acme")pb");
  const std::string bolt = NameOf(R"pb(display_name: "Bolt")pb");
  const auto ada = CreateContact(ContactAt({acme, bolt}));
  ASSERT_EQ(ada.reason(), "");
  EXPECT_TRUE(ada->companies(0).primary());
  EXPECT_FALSE(ada->companies(1).primary());
  EXPECT_EQ(CreateContact(ContactAt({bolt})).reason(), "");
  contacts::v1::ListContactsRequest list;
  list.set_filter(absl::StrCat("companies.company = \"", acme, "\""));
  const auto listed = server_.Call(&Contacts::ListContacts, list);
  ASSERT_EQ(listed->contacts_size(), 1) << listed.reason();
  EXPECT_EQ(listed->contacts(0).name(), ada->name());
}

TEST_F(CompaniesServiceTest, RefusesContactsOfNoneAndTimesThatCannotBe) {
  const std::string acme = NameOf(R"pb(display_name: "Acme")pb");
  EXPECT_EQ(CreateContact(ContactAt({"companies/01J00000000000000000000000"})).reason(),
            "LINKED_RECORD_NOT_FOUND");
  auto contact = ContactAt({acme, acme, acme});
  *contact.mutable_companies(0) = Proto<contacts::v1::ContactCompany>(R"pb(
    primary: true
    start_date { year: 2024 month: 2 day: 30 }
  )pb");
  *contact.mutable_companies(1) = Proto<contacts::v1::ContactCompany>(R"pb(
    primary: true
    start_date { year: 2024 month: 2 day: 2 }
    end_date { year: 2024 month: 2 day: 1 }
  )pb");
  contact.mutable_companies(0)->set_company(acme);
  contact.mutable_companies(1)->set_company(acme);
  const auto fields = CreateContact(contact).fields();
  EXPECT_THAT(fields, ::testing::Contains("contact.companies[0].start_date"));
  contact.mutable_companies(0)->clear_start_date();
  EXPECT_THAT(CreateContact(contact).fields(),
              ElementsAre("contact.companies[1].primary", "contact.companies[1].end_date"));
}

TEST_F(CompaniesServiceTest, GivesADealTheNameItHad) {
  const std::string acme = NameOf(R"pb(display_name: "Acme")pb");
  const std::string bolt = NameOf(R"pb(display_name: "Bolt")pb");
  auto deal = CreateDeal("one", acme);
  ASSERT_EQ(deal.reason(), "");
  EXPECT_EQ(deal->company_name(), "Acme");
  EXPECT_EQ(CreateDeal("two", acme, "Acme of old")->company_name(), "Acme of old");

  EXPECT_EQ(Update(acme, R"pb(display_name: "Acme Group")pb").reason(), "");
  deals::v1::Deal change;
  change.set_name("deals/one");
  change.set_product("Crane");
  EXPECT_EQ(UpdateDeal(change, {"product"})->company_name(), "Acme");
  change.set_company(bolt);
  EXPECT_EQ(UpdateDeal(change, {"company"})->company_name(), "Bolt");
  change.clear_company();
  EXPECT_EQ(UpdateDeal(change, {"company"})->company_name(), "Bolt");
  EXPECT_EQ(UpdateDeal(change, {"company"})->company_name(), "Bolt");  // which changes nothing
  change.set_company(acme);
  change.set_company_name("Our Acme");
  EXPECT_EQ(UpdateDeal(change, {"company", "company_name"})->company_name(), "Our Acme");
  EXPECT_EQ(CreateDeal("three", "companies/01J00000000000000000000000").reason(),
            "LINKED_RECORD_NOT_FOUND");

  deals::v1::ListDealsRequest list;
  list.set_filter(absl::StrCat("company = \"", acme, "\""));
  EXPECT_EQ(server_.Call(&Deals::ListDeals, list)->deals_size(), 2);
}

TEST_F(CompaniesServiceTest, IsSummedUpAsOfAnyMoment) {
  const auto created = Create(R"pb(display_name: "Acme")pb");
  const std::string acme = created->name();
  auto left = ContactAt({acme});
  *left.mutable_companies(0)->mutable_end_date() =
      Proto<google::type::Date>("year: 2001 month: 1 day: 1");
  EXPECT_EQ(CreateContact(left).reason(), "");
  EXPECT_EQ(CreateContact(ContactAt({acme})).reason(), "");
  EXPECT_EQ(CreateDeal("one", acme).reason(), "");
  const auto open = CreateDeal("two", acme);
  deals::v1::WinDealRequest win;
  win.set_name("deals/one");
  const auto won = server_.Call(&Deals::WinDeal, win);
  ASSERT_EQ(won.reason(), "");

  const auto now = Summary(acme);
  ASSERT_EQ(now.reason(), "");
  EXPECT_EQ(now->company(), acme);
  EXPECT_EQ(now->display_name(), "Acme");
  EXPECT_EQ(now->contact_count(), 1);
  EXPECT_EQ(now->former_contact_count(), 1);
  EXPECT_EQ(now->open_deal_count(), 1);
  EXPECT_EQ(now->won_deal_count(), 1);
  ASSERT_EQ(now->amounts_size(), 1);
  EXPECT_EQ(now->amounts(0).open_amount().units(), 100);
  EXPECT_EQ(now->amounts(0).won_amount().units(), 100);
  EXPECT_EQ(FromTimestamp(now->last_activity_time()), FromTimestamp(won->update_time()));

  const auto then = Summary(acme, open.token);
  EXPECT_EQ(then->open_deal_count(), 2);
  EXPECT_EQ(then->amounts(0).open_amount().units(), 200);
  EXPECT_EQ(then->amounts(0).won_amount().units(), 0);
  EXPECT_EQ(Summary(acme, created.token)->contact_count(), 0);
  EXPECT_EQ(Summary("companies/01J00000000000000000000000").reason(), "COMPANY_NOT_FOUND");
}

TEST_F(CompaniesServiceTest, HasATimelineOfItsOwn) {
  const std::string acme = NameOf(R"pb(display_name: "Acme")pb");
  interactions::v1::RecordInteractionRequest record;
  record.set_parent(acme);
  record.mutable_interaction()->set_kind(interactions::v1::MEETING);
  record.mutable_interaction()->set_subject("At their fair");
  const auto visit = server_.Call(&Interactions::RecordInteraction, record);
  ASSERT_EQ(visit.reason(), "");
  record.set_parent(CreateContact(ContactAt({}))->name());
  record.mutable_interaction()->add_links(acme);
  EXPECT_EQ(server_.Call(&Interactions::RecordInteraction, record).reason(), "");
  record.set_parent("companies/01J00000000000000000000000");
  EXPECT_EQ(server_.Call(&Interactions::RecordInteraction, record).reason(),
            "LINKED_RECORD_NOT_FOUND");

  interactions::v1::ListTimelineRequest list;
  list.set_parent(acme);
  const auto timeline = server_.Call(&Interactions::ListTimeline, list);
  ASSERT_EQ(timeline.reason(), "");
  std::vector<std::string> types;
  for (const auto& entry : timeline->entries()) types.push_back(entry.type());
  EXPECT_THAT(types, ::testing::UnorderedElementsAre("interaction_recorded", "interaction_recorded",
                                                     "company_created"));
  interactions::v1::GetInteractionRequest get;
  get.set_name(visit->name());
  EXPECT_EQ(server_.Call(&Interactions::GetInteraction, get)->subject(), "At their fair");
}

}  // namespace
}  // namespace kith::companies
