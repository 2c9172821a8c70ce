// Merging companies over a whole server: what is their own. What merging is to any resource is
// asked of contacts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kith/companies/v1/companies_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::companies {
namespace {

using ::kith::testing::Proto;
using ::kith::testing::Reply;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;
using Stub = v1::CompaniesService::Stub;
using Contacts = contacts::v1::ContactsService::Stub;
using Deals = deals::v1::DealsService::Stub;

class MergeCompanies : public ::testing::Test {
 protected:
  std::string Create(absl::string_view company) {
    v1::CreateCompanyRequest request;
    *request.mutable_company() = Proto<v1::Company>(company);
    const auto created = server_.Call(&Stub::CreateCompany, request);
    EXPECT_EQ(created.reason(), "");
    return created->name();
  }
  Reply<v1::Company> Update(const std::string& name, absl::string_view company) {
    v1::UpdateCompanyRequest request;
    *request.mutable_company() = Proto<v1::Company>(company);
    request.mutable_company()->set_name(name);
    return server_.Call(&Stub::UpdateCompany, request);
  }
  Reply<v1::Company> Get(const std::string& name) {
    v1::GetCompanyRequest request;
    request.set_name(name);
    return server_.Call(&Stub::GetCompany, request);
  }
  Reply<v1::Company> Merge(const std::string& survivor, const std::vector<std::string>& others) {
    v1::MergeCompaniesRequest request;
    request.set_name(survivor);
    for (const std::string& other : others) request.add_merged(other);
    return server_.Call(&Stub::MergeCompanies, request);
  }
  Reply<v1::Company> Unmerge(const std::string& name) {
    v1::UnmergeCompanyRequest request;
    request.set_name(name);
    return server_.Call(&Stub::UnmergeCompany, request);
  }
  void Employ(const std::string& first_name, const std::string& company) {
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name(first_name);
    request.mutable_contact()->add_companies()->set_company(company);
    EXPECT_EQ(server_.Call(&Contacts::CreateContact, request).reason(), "");
  }
  std::vector<std::string> PeopleOf(const std::string& company) {
    contacts::v1::ListContactsRequest request;
    request.set_filter(absl::StrCat("companies.company = \"", company, "\""));
    const auto page = server_.Call(&Contacts::ListContacts, request);
    EXPECT_EQ(page.reason(), "");
    std::vector<std::string> names;
    for (const auto& contact : page->contacts()) names.push_back(contact.display_name());
    return names;
  }
  void CreateDeal(const std::string& called, const std::string& company, int euros) {
    deals::v1::CreateDealRequest request;
    request.mutable_deal()->set_display_name(called);
    request.mutable_deal()->set_company(company);
    request.mutable_deal()->mutable_amount()->set_currency_code("EUR");
    request.mutable_deal()->mutable_amount()->set_units(euros);
    EXPECT_EQ(server_.Call(&Deals::CreateDeal, request).reason(), "");
  }
  v1::CompanySummary Summary(const std::string& company) {
    v1::SummarizeCompanyRequest request;
    request.set_company(company);
    const auto summary = server_.Call(&Stub::SummarizeCompany, request);
    EXPECT_EQ(summary.reason(), "");
    return summary.response;
  }
  std::string Delete(const std::string& name) {
    v1::DeleteCompanyRequest request;
    request.set_name(name);
    return server_.Call(&Stub::DeleteCompany, request).reason();
  }

  testing::TestServer server_;
};

TEST_F(MergeCompanies, HasThePeopleDomainsAndDealsOfAll) {
  const std::string acme =
      Create(R"pb(
        display_name: "Acme" domains: "acme.example" domains: "acme-shop.example")pb");
  const std::string old = Create(R"pb(display_name: "Acme Ltd" domains: "acme-ltd.example")pb");
  const std::string third = Create(R"pb(display_name: "ACME" domains: "acme3.example")pb");
  Employ("A", acme);
  Employ("B", old);
  Employ("C", third);
  CreateDeal("of acme", acme, 100);
  CreateDeal("of old", old, 20);
  const auto merged = Merge(acme, {old, third});
  ASSERT_EQ(merged.reason(), "");
  EXPECT_THAT(merged->domains(), ElementsAre("acme.example", "acme-shop.example",
                                             "acme-ltd.example", "acme3.example"));
  for (const std::string& name : {acme, old, third}) {
    EXPECT_THAT(PeopleOf(name), UnorderedElementsAre("A", "B", "C"));
    const v1::CompanySummary summary = Summary(name);
    EXPECT_EQ(summary.company(), acme);
    EXPECT_EQ(summary.contact_count(), 3);
    EXPECT_EQ(summary.open_deal_count(), 2);
    ASSERT_EQ(summary.amounts_size(), 1);
    EXPECT_EQ(summary.amounts(0).open_amount().units(), 120);
  }
  // A domain of one that was merged is the one's that stays.
  v1::CreateCompanyRequest taken;
  *taken.mutable_company() =
      Proto<v1::Company>(R"pb(display_name: "X" domains: "acme-ltd.example")pb");
  const auto refused = server_.Call(&Stub::CreateCompany, taken);
  EXPECT_EQ(refused.reason(), "DOMAIN_TAKEN");
  EXPECT_EQ(refused.metadata("company"), acme);

  ASSERT_EQ(Unmerge(old).reason(), "");
  EXPECT_EQ(Summary(old).contact_count(), 1);
  EXPECT_EQ(Summary(old).amounts(0).open_amount().units(), 20);
  EXPECT_EQ(Summary(acme).contact_count(), 2);
  EXPECT_THAT(PeopleOf(third), UnorderedElementsAre("A", "C"));
}

// What the one that stays gave up in the merge may be somebody else's by now.
TEST_F(MergeCompanies, GivesNoDomainBackThatAnotherTook) {
  const std::string acme = Create(R"pb(display_name: "Acme" domains: "acme.example")pb");
  const std::string old = Create(R"pb(display_name: "Old" domains: "old.example")pb");
  ASSERT_EQ(Merge(acme, {old}).reason(), "");
  // By the name of the one that was merged: it is said of both.
  v1::UpdateCompanyRequest update;
  update.mutable_company()->set_name(old);
  update.mutable_company()->add_domains("new.example");
  update.mutable_update_mask()->add_paths("domains");
  ASSERT_EQ(server_.Call(&Stub::UpdateCompany, update).reason(), "");
  const std::string another = Create(R"pb(display_name: "Another" domains: "acme.example")pb");
  EXPECT_EQ(Unmerge(old).reason(), "DOMAIN_TAKEN");
  ASSERT_EQ(Delete(another), "");
  EXPECT_EQ(Unmerge(old).reason(), "");
  EXPECT_THAT(Get(acme)->domains(), ElementsAre("acme.example"));
}

TEST_F(MergeCompanies, IsNeverItsOwnParent) {
  const std::string group = Create(R"pb(display_name: "Group")pb");
  const std::string acme =
      Create(absl::StrCat(R"pb(display_name: "Acme" parent_company: ")pb", group, "\""));
  const auto merged = Merge(acme, {group});
  ASSERT_EQ(merged.reason(), "");
  EXPECT_EQ(merged->parent_company(), "");
  // Nor by another name, or over others.
  const std::string part =
      Create(absl::StrCat(R"pb(display_name: "Part" parent_company: ")pb", group, "\""));
  const auto circle = Update(acme, absl::StrCat("parent_company: '", part, "'"));
  EXPECT_EQ(circle.reason(), "LINK_CYCLE");
  EXPECT_EQ(Get(part)->parent_company(), group);
}

TEST_F(MergeCompanies, RefusesAMergeThatWouldCloseACircle) {
  const std::string a = Create(R"pb(display_name: "A")pb");
  const std::string b = Create(absl::StrCat(R"pb(display_name: "B" parent_company: ")pb", a, "\""));
  const std::string c = Create(absl::StrCat(R"pb(display_name: "C" parent_company: ")pb", b, "\""));
  EXPECT_EQ(Merge(c, {a}).reason(), "LINK_CYCLE");
  EXPECT_EQ(Get(a)->name(), a);
}

TEST_F(MergeCompanies, IsDeletedUnderAllItsNames) {
  const std::string acme = Create(R"pb(display_name: "Acme")pb");
  const std::string old = Create(R"pb(display_name: "Acme Ltd")pb");
  const std::string part =
      Create(absl::StrCat(R"pb(display_name: "Part" parent_company: ")pb", old, "\""));
  ASSERT_EQ(Merge(acme, {old}).reason(), "");
  ASSERT_EQ(Delete(acme), "");
  EXPECT_EQ(Get(part)->parent_company(), "");
  EXPECT_EQ(Get(old).reason(), "COMPANY_NOT_FOUND");
}

}  // namespace
}  // namespace kith::companies
