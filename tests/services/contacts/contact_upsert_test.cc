// Updates of contacts that find them by their external ids, or create them, over gRPC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::contacts {
namespace {

using ::kith::testing::Proto;
using ::kith::testing::Reply;
using ::testing::ElementsAre;
using Stub = v1::ContactsService::Stub;

class UpsertContactTest : public ::testing::Test {
 protected:
  static v1::UpdateContactRequest Upserting(absl::string_view contact,
                                            const std::string& request_id = "") {
    v1::UpdateContactRequest request;
    *request.mutable_contact() = Proto<v1::Contact>(contact);
    request.set_allow_missing(true);
    request.set_request_id(request_id);
    return request;
  }
  Reply<v1::Contact> Update(const v1::UpdateContactRequest& request) {
    return server_.Call(&Stub::UpdateContact, request);
  }
  Reply<v1::Contact> Upsert(absl::string_view contact, const std::string& request_id = "") {
    return Update(Upserting(contact, request_id));
  }
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
  void Delete(const std::string& name) {
    v1::DeleteContactRequest request;
    request.set_name(name);
    ASSERT_EQ(server_.Call(&Stub::DeleteContact, request).reason(), "");
  }
  Reply<v1::Contact> Undelete(const std::string& name) {
    v1::UndeleteContactRequest request;
    request.set_name(name);
    return server_.Call(&Stub::UndeleteContact, request);
  }
  int Count() {
    return server_.Call(&Stub::ListContacts, v1::ListContactsRequest())->contacts_size();
  }

  testing::TestServer server_;
};

TEST_F(UpsertContactTest, KeepsExternalIdsUnlessTheMaskNamesThem) {
  const std::string ada = Create(R"pb(
                            first_name: "Ada"
                            external_ids { system: "erp" id: "7" }
                            external_ids { system: "crm" id: "1" })pb")
                              ->name();
  auto request = Upserting(R"pb(notes: "n"
                                external_ids { system: "crm" id: "1" })pb");
  EXPECT_EQ(Update(request)->external_ids_size(), 2);
  request.mutable_update_mask()->add_paths("external_ids");
  EXPECT_EQ(Update(request)->external_ids_size(), 1);
  EXPECT_EQ(Get(ada)->external_ids(0).system(), "crm");
}

TEST_F(UpsertContactTest, RefusesWhatIsAboutSeveral) {
  const std::string ada = Create(R"pb(first_name: "Ada"
                                      external_ids { system: "erp" id: "7" })pb")
                              ->name();
  const std::string bea = Create(R"pb(first_name: "Bea"
                                      external_ids { system: "erp" id: "8" })pb")
                              ->name();
  const auto two = Upsert(R"pb(
    notes: "n"
    external_ids { system: "erp" id: "7" }
    external_ids { system: "erp" id: "8" })pb");
  EXPECT_EQ(two.reason(), "MATCHES_SEVERAL");
  EXPECT_EQ(two.metadata("names"), absl::StrCat(ada, ",", bea));
  const auto named =
      Upsert(absl::StrCat("name: '", ada, "' notes: 'n' external_ids { system: 'erp' id: '8' }"));
  EXPECT_EQ(named.reason(), "MATCHES_SEVERAL");
  EXPECT_EQ(named.detail<google::rpc::PreconditionFailure>().violations(1).subject(), bea);
  EXPECT_EQ(Upsert(absl::StrCat("name: '", ada,
                                "' notes: 'n' external_ids { system: 'erp' "
                                "id: '7' }"))
                .reason(),
            "");
}

TEST_F(UpsertContactTest, SaysThatTheOneThereWasIsDeleted) {
  const std::string ada = Create(R"pb(first_name: "Ada"
                                      external_ids { system: "erp" id: "7" })pb")
                              ->name();
  Delete(ada);
  const std::string by_id = R"pb(notes: "n"
                                 external_ids { system: "erp" id: "7" })pb";
  const auto refused = Upsert(by_id);
  EXPECT_EQ(refused.reason(), "MATCHES_DELETED");
  EXPECT_EQ(refused.metadata("name"), ada);
  EXPECT_EQ(Upsert(absl::StrCat("name: '", ada, "' notes: 'n'")).reason(), "MATCHES_DELETED");
  // Its id is free for one that is created on purpose, and then it cannot come back.
  const std::string bea = Create(R"pb(first_name: "Bea"
                                      external_ids { system: "erp" id: "7" })pb")
                              ->name();
  EXPECT_EQ(Upsert(by_id)->name(), bea);
  const auto back = Undelete(ada);
  EXPECT_EQ(back.reason(), "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(back.metadata("contact"), bea);
}

TEST_F(UpsertContactTest, RefusesWhatIdentifiesNothing) {
  EXPECT_THAT(Upsert(R"pb(first_name: "Ada")pb").fields(), ElementsAre("contact.external_ids"));
  EXPECT_EQ(Upsert(R"pb(name: "contacts/01J00000000000000000000000" first_name: "Ada")pb").reason(),
            "CONTACT_NOT_FOUND");
  auto plain = Upserting(R"pb(notes: "n"
                              external_ids { system: "erp" id: "7" })pb");
  plain.set_allow_missing(false);
  EXPECT_THAT(Update(plain).fields(), ElementsAre("contact.name"));
  // What is created keeps the rules of what is created.
  EXPECT_THAT(Upsert(R"pb(notes: "n"
                          external_ids { system: "erp" id: "7" })pb")
                  .fields(),
              ElementsAre("contact"));
  EXPECT_EQ(Upsert(R"pb(first_name: "A"
                        etag: "1"
                        external_ids { system: "erp" id: "7" })pb")
                .reason(),
            "ETAG_MISMATCH");
  EXPECT_EQ(Count(), 0);
}

TEST_F(UpsertContactTest, GivesNoExternalIdToTwo) {
  ASSERT_EQ(Create(R"pb(first_name: "Ada"
                        external_ids { system: "erp" id: "7" })pb")
                .reason(),
            "");
  const auto refused = Create(R"pb(first_name: "Bea"
                                   external_ids { system: "erp" id: "7" })pb");
  EXPECT_EQ(refused.reason(), "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(refused.metadata("field"), "contact.external_ids[0]");
  EXPECT_EQ(Count(), 1);
}

TEST_F(UpsertContactTest, IsAnsweredAgainAsTheFirstTime) {
  const std::string first = R"pb(first_name: "Ada"
                                 external_ids { system: "erp" id: "7" })pb";
  const std::string second = R"pb(notes: "n"
                                  external_ids { system: "erp" id: "7" })pb";
  const auto created = Upsert(first, "one");
  const auto changed = Upsert(second, "two");
  // Another has the id by now.
  Delete(created->name());
  ASSERT_EQ(Create(R"pb(first_name: "Bea"
                        external_ids { system: "erp" id: "7" })pb")
                .reason(),
            "");
  for (const bool restarted : {false, true}) {
    if (restarted) server_.Restart();
    EXPECT_EQ(Upsert(first, "one")->SerializeAsString(), created->SerializeAsString());
    EXPECT_EQ(Upsert(second, "two")->SerializeAsString(), changed->SerializeAsString());
  }
  // What identified somebody may be erased since.
  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), created->name()).ok());
  const auto erased = Upsert(first, "one");
  EXPECT_EQ(erased->name(), created->name());
  EXPECT_TRUE(erased->erased());
}

TEST_F(UpsertContactTest, ComesInBatches) {
  v1::BatchUpdateContactsRequest batch;
  for (const char* const contact : {R"pb(first_name: "Ada"
                                         external_ids { system: "erp" id: "7" })pb",
                                    R"pb(first_name: "Bea"
                                         external_ids { system: "erp" id: "8" })pb",
                                    R"pb(notes: "n"
                                         external_ids { system: "erp" id: "7" })pb"}) {
    *batch.add_requests() = Upserting(contact);
  }
  batch.set_request_id("all");
  const auto all = server_.Call(&Stub::BatchUpdateContacts, batch);
  ASSERT_EQ(all.reason(), "");
  ASSERT_EQ(all->contacts_size(), 3);
  EXPECT_EQ(all->contacts(0).SerializeAsString(), all->contacts(2).SerializeAsString());
  EXPECT_EQ(all->contacts(1).first_name(), "Bea");
  EXPECT_EQ(all->contacts(2).notes(), "n");
  EXPECT_EQ(server_.Call(&Stub::BatchUpdateContacts, batch)->SerializeAsString(),
            all->SerializeAsString());
  EXPECT_EQ(Count(), 2);

  // Each by itself, those for one external id in their order.
  batch.set_request_id("each");
  batch.set_return_partial_success(true);
  batch.clear_requests();
  for (int i = 0; i < 60; ++i) {
    *batch.add_requests() = Upserting(
        absl::StrCat("first_name: 'N", i, "' external_ids { system: 'crm' id: '", i % 3, "' }"));
  }
  const auto each = server_.Call(&Stub::BatchUpdateContacts, batch);
  ASSERT_EQ(each->contacts_size(), 60);
  EXPECT_EQ(each->failed_requests_size(), 0);
  EXPECT_EQ(Get(each->contacts(59).name())->first_name(), "N59");
  EXPECT_EQ(Get(each->contacts(0).name())->etag(), "20");
  EXPECT_EQ(Count(), 5);
}

}  // namespace
}  // namespace kith::contacts
