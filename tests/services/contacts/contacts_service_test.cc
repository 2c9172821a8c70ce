// Contacts over gRPC, against a whole server over a log in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::contacts {
namespace {

using ::kith::testing::Proto;
using ::kith::testing::Reply;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Stub = v1::ContactsService::Stub;

class ContactsServiceTest : public ::testing::Test {
 protected:
  Reply<v1::Contact> Create(absl::string_view contact, const std::string& request_id = "") {
    v1::CreateContactRequest request;
    *request.mutable_contact() = Proto<v1::Contact>(contact);
    request.set_request_id(request_id);
    return server_.Call(&Stub::CreateContact, request);
  }
  // The contact's present state; `as_of` is a token.
  Reply<v1::Contact> Get(const std::string& name, const std::string& as_of = "") {
    v1::GetContactRequest request;
    request.set_name(name);
    if (!as_of.empty()) request.mutable_read()->set_token(as_of);
    return server_.Call(&Stub::GetContact, request);
  }
  Reply<v1::Contact> Update(const std::string& name, absl::string_view contact) {
    v1::UpdateContactRequest request;
    *request.mutable_contact() = Proto<v1::Contact>(contact);
    request.mutable_contact()->set_name(name);
    return server_.Call(&Stub::UpdateContact, request);
  }
  Reply<google::protobuf::Empty> Delete(const std::string& name, const std::string& etag = "") {
    v1::DeleteContactRequest request;
    request.set_name(name);
    request.set_etag(etag);
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

TEST_F(ContactsServiceTest, AnswersACreatedContactAndReadsItBack) {
  const auto ada = Create(R"pb(
    first_name: "Ada"
    last_name: "Lovelace"
    emails { address: "ada@example.org" })pb");
  ASSERT_EQ(ada.reason(), "");
  EXPECT_EQ(ada->display_name(), "Ada Lovelace");
  EXPECT_EQ(ada->lifecycle_stage(), v1::LEAD);
  EXPECT_EQ(ada->etag(), "1");
  EXPECT_TRUE(ada->emails(0).primary());
  EXPECT_EQ(ada->create_time().seconds(), absl::ToUnixSeconds(server_.clock().Now()));

  const auto read = Get(ada->name());
  ASSERT_EQ(read.reason(), "");
  EXPECT_EQ(read->SerializeAsString(), ada->SerializeAsString());
  EXPECT_NE(read.token, "");
}

TEST_F(ContactsServiceTest, ReadsItsOwnWritesAtOnce) {
  const auto ada = Create(R"pb(first_name: "Ada")pb");
  for (int i = 0; i < 50; ++i) {
    const std::string notes = absl::StrCat("note ", i);
    ASSERT_EQ(Update(ada->name(), absl::StrCat("notes: '", notes, "'")).reason(), "");
    EXPECT_EQ(Get(ada->name())->notes(), notes);
  }
}

TEST_F(ContactsServiceTest, NamesEveryBrokenRuleAndWritesNothing) {
  const auto refused = Create(R"pb(
    emails { address: "not an address" }
    owner: "contacts/1"
    language: "!"
    website: "ftp://example.org")pb");
  EXPECT_EQ(refused.reason(), "INVALID_FIELD");
  EXPECT_THAT(refused.fields(),
              ::testing::UnorderedElementsAre("contact.emails[0].address", "contact.owner",
                                              "contact.language", "contact.website"));
  EXPECT_THAT(Find(""), IsEmpty());
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

TEST_F(ContactsServiceTest, RefusesAnOwnerWhoIsNobody) {
  const auto refused = Create(R"pb(first_name: "Ada" owner: "users/nobody")pb");
  EXPECT_EQ(refused.reason(), "LINKED_RECORD_NOT_FOUND");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(refused.fields(), ElementsAre("contact.owner"));
  EXPECT_EQ(refused.metadata("records"), "users/nobody");
}

TEST_F(ContactsServiceTest, TakesARequestOnceHoweverOftenItIsSent) {
  const auto first = Create(R"pb(first_name: "Ada")pb", "request-1");
  const auto again = Create(R"pb(first_name: "Ada")pb", "request-1");
  ASSERT_EQ(again.reason(), "");
  EXPECT_EQ(again->SerializeAsString(), first->SerializeAsString());
  EXPECT_THAT(Find(""), ElementsAre("Ada"));
  EXPECT_EQ(Create(R"pb(first_name: "Eve")pb", "request-1").reason(), "REQUEST_ID_REUSED");
}

TEST_F(ContactsServiceTest, AnswersARepeatedRequestAsItWasThen) {
  const auto first = Create(R"pb(first_name: "Ada")pb", "request-1");
  ASSERT_EQ(Update(first->name(), R"pb(first_name: "Augusta")pb").reason(), "");
  server_.Restart();
  EXPECT_EQ(Create(R"pb(first_name: "Ada")pb", "request-1")->SerializeAsString(),
            first->SerializeAsString());
}

TEST_F(ContactsServiceTest, ChangesOnlyWhileTheEtagIsThePresentOne) {
  const auto ada = Create(R"pb(first_name: "Ada")pb");
  ASSERT_EQ(Update(ada->name(), R"pb(etag: "1" last_name: "King")pb").reason(), "");
  const auto refused = Update(ada->name(), R"pb(etag: "1" last_name: "Lovelace")pb");
  EXPECT_EQ(refused.reason(), "ETAG_MISMATCH");
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::ABORTED);
  EXPECT_EQ(refused.metadata("expected"), "1");
  EXPECT_EQ(refused.metadata("actual"), "2");
  EXPECT_EQ(Get(ada->name())->last_name(), "King");
  EXPECT_EQ(Delete(ada->name(), "1").reason(), "ETAG_MISMATCH");
}

TEST_F(ContactsServiceTest, LeavesTheEtagWhereNothingChanges) {
  const auto ada = Create(R"pb(first_name: "Ada")pb");
  const auto same = Update(ada->name(), R"pb(first_name: "Ada")pb");
  ASSERT_EQ(same.reason(), "");
  EXPECT_EQ(same->etag(), "1");
}

TEST_F(ContactsServiceTest, RefusesAMaskOfFieldsThatCallersDoNotSet) {
  const auto ada = Create(R"pb(first_name: "Ada")pb");
  v1::UpdateContactRequest request;
  request.mutable_contact()->set_name(ada->name());
  request.mutable_update_mask()->add_paths("create_time");
  EXPECT_EQ(server_.Call(&Stub::UpdateContact, request).reason(), "INVALID_UPDATE_MASK");
}

TEST_F(ContactsServiceTest, DeletesAContactThatCanBeReadAsOfBefore) {
  const auto ada = Create(R"pb(first_name: "Ada")pb");
  const std::string before = Get(ada->name()).token;
  ASSERT_EQ(Delete(ada->name()).reason(), "");
  const auto gone = Get(ada->name());
  EXPECT_EQ(gone.reason(), "CONTACT_NOT_FOUND");
  EXPECT_EQ(gone.status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(gone.detail<google::rpc::ResourceInfo>().resource_name(), ada->name());
  EXPECT_EQ(Get(ada->name(), before)->first_name(), "Ada");
  EXPECT_EQ(Delete(ada->name()).reason(), "");
  EXPECT_EQ(Update(ada->name(), R"pb(first_name: "Eve")pb").reason(), "CONTACT_NOT_FOUND");
}

TEST_F(ContactsServiceTest, RefusesWhatIsNotThere) {
  const std::string name = "contacts/01J00000000000000000000000";
  EXPECT_EQ(Get(name).reason(), "CONTACT_NOT_FOUND");
  EXPECT_EQ(Update(name, R"pb(first_name: "Eve")pb").reason(), "CONTACT_NOT_FOUND");
  EXPECT_EQ(Delete(name).reason(), "CONTACT_NOT_FOUND");
  EXPECT_EQ(Get("people/1").reason(), "INVALID_FIELD");
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

TEST_F(ContactsServiceTest, PagesShowOneMoment) {
  for (const char* name : {"Ada", "Bob", "Cleo", "Dan"}) {
    ASSERT_EQ(Create(absl::StrCat("first_name: '", name, "'")).reason(), "");
  }
  v1::ListContactsRequest request;
  request.set_page_size(2);
  request.set_order_by("display_name");
  const auto first = List(request);
  ASSERT_EQ(first->contacts_size(), 2);
  EXPECT_EQ(first->contacts(1).first_name(), "Bob");

  // Between the pages one contact goes and another comes.
  v1::ListContactsRequest rest = request;
  rest.set_page_token(first->next_page_token());
  ASSERT_EQ(Create(R"pb(first_name: "Cain")pb").reason(), "");
  const auto second = List(rest);
  ASSERT_EQ(second.reason(), "");
  ASSERT_EQ(second->contacts_size(), 2);
  EXPECT_EQ(second->contacts(0).first_name(), "Cleo");
  EXPECT_EQ(second->contacts(1).first_name(), "Dan");
  EXPECT_EQ(second->next_page_token(), "");

  rest.set_filter("lifecycle_stage = LEAD");
  EXPECT_EQ(List(rest).reason(), "INVALID_PAGE_TOKEN");
}

TEST_F(ContactsServiceTest, RefusesFiltersItCannotRun) {
  v1::ListContactsRequest request;
  request.set_filter("shoe_size = 42");
  EXPECT_EQ(List(request).reason(), "INVALID_FILTER");
  request.set_filter("owner = ");
  EXPECT_EQ(List(request).reason(), "INVALID_FILTER");
}

TEST_F(ContactsServiceTest, AsksForCredentials) {
  v1::GetContactRequest request;
  request.set_name("contacts/1");
  EXPECT_EQ(server_.CallWith("", &Stub::GetContact, request).reason(), "UNAUTHENTICATED");
  EXPECT_EQ(server_.CallWith("wrong", &Stub::GetContact, request).reason(), "UNAUTHENTICATED");
}

// Without the person's key their personal fields are gone for ever, and the reply says so.
TEST_F(ContactsServiceTest, ShowsAnErasedContactWithoutItsPersonalFields) {
  const auto ada = Create(R"pb(first_name: "Ada" company_name: "Analytical")pb", "request-1");
  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), ada->name()).ok());
  server_.Restart(/*new_views=*/true);

  const auto erased = Get(ada->name());
  ASSERT_EQ(erased.reason(), "");
  EXPECT_TRUE(erased->erased());
  EXPECT_EQ(erased->display_name(), "");
  EXPECT_EQ(erased->company_name(), "Analytical");
  EXPECT_EQ(
      Create(R"pb(first_name: "Ada" company_name: "Analytical")pb", "request-1")->first_name(), "");
  // What is not personal can still change.
  const auto updated = Update(ada->name(), R"pb(company_name: "Engines")pb");
  ASSERT_EQ(updated.reason(), "");
  EXPECT_TRUE(updated->erased());
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
