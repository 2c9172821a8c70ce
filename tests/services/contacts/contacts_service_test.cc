// Contacts over gRPC, against a whole server over a log in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "kith/companies/v1/companies_service.grpc.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::contacts {
namespace {

using ::kith::testing::Proto;
using ::kith::testing::Reply;
using ::testing::ElementsAre;
using Stub = v1::ContactsService::Stub;

class ContactsServiceTest : public ::testing::Test {
 protected:
  Reply<v1::Contact> Create(absl::string_view contact) {
    v1::CreateContactRequest request;
    *request.mutable_contact() = Proto<v1::Contact>(contact);
    return server_.Call(&Stub::CreateContact, request);
  }
  Reply<v1::Contact> Get(const std::string& name) {
    v1::GetContactRequest request;
    request.set_name(name);
    return server_.Call(&Stub::GetContact, request);
  }
  Reply<v1::Contact> Update(const std::string& name, absl::string_view contact) {
    v1::UpdateContactRequest request;
    *request.mutable_contact() = Proto<v1::Contact>(contact);
    request.mutable_contact()->set_name(name);
    return server_.Call(&Stub::UpdateContact, request);
  }
  Reply<google::protobuf::Empty> Delete(const std::string& name) {
    v1::DeleteContactRequest request;
    request.set_name(name);
    return server_.Call(&Stub::DeleteContact, request);
  }
  Reply<v1::ListContactsResponse> List(const v1::ListContactsRequest& request) {
    return server_.Call(&Stub::ListContacts, request);
  }
  // The display names a filter finds, by name.
  std::vector<std::string> Find(const std::string& filter) {
    v1::ListContactsRequest request;
    request.set_filter(filter);
    request.set_order_by("display_name");
    const auto page = List(request);
    EXPECT_EQ(page.reason(), "");
    std::vector<std::string> names;
    for (const auto& contact : page->contacts()) names.push_back(contact.display_name());
    return names;
  }
  void WantUniqueEmails() {
    const auto request = Proto<workspaces::v1::UpdateWorkspaceRequest>(R"pb(
      workspace { unique_contact_emails: true default_region: "DE" }
      update_mask { paths: "unique_contact_emails" paths: "default_region" })pb");
    const auto updated =
        server_.Call(&workspaces::v1::WorkspacesService::Stub::UpdateWorkspace, request);
    ASSERT_EQ(updated.reason(), "");
  }

  testing::TestServer server_;
};

TEST_F(ContactsServiceTest, ReadsItsOwnWritesAtOnce) {
  const auto ada = Create(R"pb(first_name: "Ada")pb");
  for (int i = 0; i < 50; ++i) {
    const std::string notes = absl::StrCat("note ", i);
    ASSERT_EQ(Update(ada->name(), absl::StrCat("notes: '", notes, "'")).reason(), "");
    EXPECT_EQ(Get(ada->name())->notes(), notes);
  }
}

// Goal: lists, cards and searches by company find a contact that says its company by a link alone;
// what somebody writes themselves stays, and so does what was when the company is renamed.
TEST_F(ContactsServiceTest, CallsTheCompanyAsItIsCalledWhenItIsLinked) {
  using Companies = companies::v1::CompaniesService::Stub;
  const auto company = [&](const std::string& called) {
    companies::v1::CreateCompanyRequest request;
    request.mutable_company()->set_display_name(called);
    return server_.Call(&Companies::CreateCompany, request)->name();
  };
  const std::string north = company("North");
  const std::string south = company("South");
  const auto linked = [](const std::string& name, absl::string_view more = "") {
    return absl::StrCat("companies { company: '", name, "' ", more, " }");
  };
  const auto ada = Create(absl::StrCat("first_name: 'Ada' last_name: 'King' ", linked(north)));
  ASSERT_EQ(ada.reason(), "") << ada.status.error_message();
  EXPECT_EQ(ada->company_name(), "North");
  EXPECT_EQ(
      Create(absl::StrCat("first_name: 'B' company_name: 'N.' ", linked(north)))->company_name(),
      "N.");
  EXPECT_THAT(Find("company_name = North"), ElementsAre("Ada King"));
  // Of several the primary one.
  EXPECT_EQ(Create(absl::StrCat("first_name: 'C' ", linked(north), linked(south, "primary: true")))
                ->company_name(),
            "South");
  companies::v1::UpdateCompanyRequest rename;
  rename.mutable_company()->set_name(north);
  rename.mutable_company()->set_display_name("Nord");
  ASSERT_EQ(server_.Call(&Companies::UpdateCompany, rename).reason(), "");
  EXPECT_EQ(Get(ada->name())->company_name(), "North");
  const auto beside =
      Update(ada->name(), absl::StrCat(linked(north, "primary: true"), linked(south)));
  EXPECT_EQ(beside->company_name(), "North") << "it began to belong to it before";
  const auto moved = Update(ada->name(), linked(south));
  EXPECT_EQ(moved->company_name(), "North") << "South it knew already";
  const auto west = company("West");
  EXPECT_EQ(Update(ada->name(), linked(west))->company_name(), "West");
  EXPECT_THAT(Find("company_name = West"), ElementsAre("Ada King"));
}

// Goal: an update may replace all that a contact claims: each is released and each claimed.
TEST_F(ContactsServiceTest, ReplacesAsManyAddressesAndIdsAsAContactMayHave) {
  const auto with = [](absl::string_view mark) {
    v1::Contact contact;
    for (int i = 0; i < 20; ++i) {
      contact.add_emails()->set_address(absl::StrCat(mark, i, "@example.org"));
      contact.add_external_ids()->set_system("erp");
      contact.mutable_external_ids(i)->set_id(absl::StrCat(mark, i));
    }
    return contact.ShortDebugString();
  };
  const auto ada = Create(with("old"));
  ASSERT_EQ(ada.reason(), "");
  const auto changed = Update(ada->name(), with("new"));
  EXPECT_EQ(changed.reason(), "");
  EXPECT_EQ(changed->emails(19).address(), "new19@example.org");
}

TEST_F(ContactsServiceTest, KeepsAddressesUniqueWhereTheWorkspaceWantsThem) {
  const auto ada = Create(R"pb(first_name: "Ada"
                               emails { address: "ada@example.org" })pb");
  // Claimed before the workspace wanted it; that holds all the same.
  WantUniqueEmails();
  const auto refused = Create(R"pb(first_name: "Eve"
                                   emails { address: "ADA@example.org" })pb");
  EXPECT_EQ(refused.reason(), "EMAIL_TAKEN");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(refused.metadata("contact"), ada->name());

  const auto bob = Create(R"pb(first_name: "Bob"
                               emails { address: "bob@example.org" })pb");
  EXPECT_EQ(Update(bob->name(), R"pb(emails { address: "ada@example.org" })pb").reason(),
            "EMAIL_TAKEN");

  // Given up by an update or a deletion, an address is free again.
  ASSERT_EQ(Update(ada->name(), R"pb(emails { address: "king@example.org" })pb").reason(), "");
  EXPECT_EQ(Update(bob->name(), R"pb(emails { address: "ada@example.org" })pb").reason(), "");
  ASSERT_EQ(Delete(bob->name()).reason(), "");
  EXPECT_EQ(Create(R"pb(emails { address: "ada@example.org" })pb").reason(), "");
}

TEST_F(ContactsServiceTest, GivesAnAddressToOneOfThoseWhoAskAtOnce) {
  WantUniqueEmails();
  constexpr int kRacers = 16;
  constexpr int kRounds = 10;
  for (int round = 0; round < kRounds; ++round) {
    const auto contact = absl::StrCat("emails { address: 'prize", round, "@example.org' }");
    std::atomic<int> won = 0;
    std::vector<std::thread> racers;
    for (int i = 0; i < kRacers; ++i) {
      racers.emplace_back([&] {
        const auto reply = Create(contact);
        won += reply.ok();
        EXPECT_TRUE(reply.ok() || reply.reason() == "EMAIL_TAKEN") << reply.reason();
      });
    }
    for (std::thread& racer : racers) racer.join();
    EXPECT_EQ(won, 1);
  }
}

TEST_F(ContactsServiceTest, LetsContactsShareAnAddressWhereTheWorkspaceDoesNotMind) {
  ASSERT_EQ(Create(R"pb(first_name: "Ada"
                        emails { address: "us@example.org" })pb")
                .reason(),
            "");
  ASSERT_EQ(Create(R"pb(first_name: "Bob"
                        emails { address: "us@example.org" })pb")
                .reason(),
            "");
  EXPECT_THAT(Find(R"(email = "us@example.org")"), ElementsAre("Ada", "Bob"));
}

TEST_F(ContactsServiceTest, FindsContactsByTheirNumbersInTheWorkspacesRegion) {
  WantUniqueEmails();
  ASSERT_EQ(Create(R"pb(first_name: "Ada"
                        phones { raw: "030 901820" })pb")
                .reason(),
            "");
  EXPECT_THAT(Find(R"(phone = "+49 30 901820")"), ElementsAre("Ada"));
}

// The index entries of an erased name stay until the views are folded anew. Between whom they
// stand, and under which filter they are found, must not tell the name.
TEST_F(ContactsServiceTest, KeepsTheErasedOutOfWhatWouldTellWhoTheyWere) {
  Create(R"pb(first_name: "Ada" lifecycle_stage: LEAD)pb");
  const auto bea = Create(R"pb(first_name: "Bea" lifecycle_stage: LEAD)pb");
  Create(R"pb(first_name: "Cleo" lifecycle_stage: LEAD)pb");
  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), bea->name()).ok());
  for (const char* query :
       {"order_by: 'display_name'", "order_by: 'display_name desc'",
        "order_by: 'create_time, display_name'", "filter: 'lifecycle_stage = LEAD'",
        "filter: 'lifecycle_stage = LEAD' order_by: 'display_name'",
        "filter: 'display_name >= Bea' order_by: 'create_time'", "filter: 'display_name = Bea'"}) {
    auto request = Proto<v1::ListContactsRequest>(query);
    request.set_page_size(1);
    do {
      const auto page = List(request);
      ASSERT_EQ(page.reason(), "") << query;
      ASSERT_LE(page->contacts_size(), 1);
      if (page->contacts_size() == 0) {
        EXPECT_EQ(page->next_page_token(), "") << "a gap tells the place: " << query;
      } else {
        EXPECT_NE(page->contacts(0).name(), bea->name()) << query;
      }
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
  }
  EXPECT_EQ(List(Proto<v1::ListContactsRequest>("order_by: 'create_time'"))->contacts_size(), 3);
  EXPECT_EQ(List(Proto<v1::ListContactsRequest>(""))->contacts_size(), 3);
}

// Each of them has what a field was and what it became.
TEST_F(ContactsServiceTest, EndsAPageOfRevisionsByItsBytes) {
  const std::string ada = Create(R"pb(first_name: "Ada")pb")->name();
  for (int i = 0; i < 80; ++i) {
    Update(ada,
           absl::StrCat("notes: '", std::string(16'000, static_cast<char>('a' + i % 20)), "'"));
  }
  v1::ListContactRevisionsRequest request;
  request.set_name(ada);
  request.set_page_size(1'000);
  int next = 81;
  int pages = 0;
  do {
    const auto page = server_.Call(&Stub::ListContactRevisions, request);
    ASSERT_EQ(page.reason(), "");
    EXPECT_LE(page->ByteSizeLong(), size_t{1'100'000});
    for (const v1::ContactRevision& one : page->revisions()) {
      EXPECT_EQ(one.revision().etag(), absl::StrCat(next--));
    }
    request.set_page_token(page->next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(next, 0);
  EXPECT_EQ(pages, 3);
}

}  // namespace
}  // namespace kith::contacts
