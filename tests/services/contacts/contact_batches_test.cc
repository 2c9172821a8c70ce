// Batches of contacts over gRPC, against a whole server over a log in memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/sessions/v1/sessions_service.grpc.pb.h"
#include "kith/users/v1/users_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/testing/decider_spec.h"
#include "tests/testing/test_server.h"

namespace kith::contacts {
namespace {

using ::kith::testing::Proto;
using ::kith::testing::Reply;
using ::testing::ElementsAre;
using ::testing::StartsWith;
using Stub = v1::ContactsService::Stub;

// Calls of one server, in few words.
class Contacts {
 public:
  Reply<v1::Contact> Create(absl::string_view contact) {
    v1::CreateContactRequest request;
    *request.mutable_contact() = Proto<v1::Contact>(contact);
    return server.Call(&Stub::CreateContact, request);
  }
  Reply<v1::Contact> Get(const std::string& name) {
    v1::GetContactRequest request;
    request.set_name(name);
    return server.Call(&Stub::GetContact, request);
  }
  Reply<v1::Contact> Update(const v1::UpdateContactRequest& request) {
    return server.Call(&Stub::UpdateContact, request);
  }
  Reply<google::protobuf::Empty> Delete(const std::string& name) {
    v1::DeleteContactRequest request;
    request.set_name(name);
    return server.Call(&Stub::DeleteContact, request);
  }
  Reply<v1::BatchCreateContactsResponse> Batch(const v1::BatchCreateContactsRequest& request) {
    return server.Call(&Stub::BatchCreateContacts, request);
  }
  Reply<v1::BatchUpdateContactsResponse> Batch(const v1::BatchUpdateContactsRequest& request) {
    return server.Call(&Stub::BatchUpdateContacts, request);
  }
  Reply<v1::BatchDeleteContactsResponse> Batch(const v1::BatchDeleteContactsRequest& request) {
    return server.Call(&Stub::BatchDeleteContacts, request);
  }
  void WantUniqueEmails() {
    const auto request = Proto<workspaces::v1::UpdateWorkspaceRequest>(R"pb(
      workspace { unique_contact_emails: true }
      update_mask { paths: "unique_contact_emails" })pb");
    ASSERT_EQ(
        server.Call(&workspaces::v1::WorkspacesService::Stub::UpdateWorkspace, request).reason(),
        "");
  }
  // "2 contact_updated" of each, the last one first.
  std::string RevisionsOf(const std::string& name) {
    v1::ListContactRevisionsRequest request;
    request.set_name(name);
    request.set_page_size(1'000);
    std::string all;
    const auto page = server.Call(&Stub::ListContactRevisions, request);
    EXPECT_EQ(page.reason(), "");
    for (const auto& one : page->revisions()) {
      absl::StrAppend(&all, one.revision().etag(), " ", one.revision().type(), " ",
                      absl::StrJoin(one.revision().changed().paths(), ","), "\n");
    }
    return all;
  }
  int Count() {
    v1::ListContactsRequest request;
    request.set_page_size(1'000);
    return server.Call(&Stub::ListContacts, request)->contacts_size();
  }

  testing::TestServer server;
};

v1::BatchCreateContactsRequest Creating(const std::vector<std::string>& contacts) {
  v1::BatchCreateContactsRequest batch;
  for (const std::string& contact : contacts) {
    *batch.add_requests()->mutable_contact() = Proto<v1::Contact>(contact);
  }
  return batch;
}
v1::BatchUpdateContactsRequest Updating(
    const std::vector<std::pair<std::string, std::string>>& contacts) {
  v1::BatchUpdateContactsRequest batch;
  for (const auto& [name, contact] : contacts) {
    v1::UpdateContactRequest& request = *batch.add_requests();
    *request.mutable_contact() = Proto<v1::Contact>(contact);
    request.mutable_contact()->set_name(name);
  }
  return batch;
}
class ContactBatchesTest : public ::testing::Test, public Contacts {};

std::string ReasonOf(const google::rpc::Status& status) {
  google::rpc::ErrorInfo info;
  return status.details_size() > 0 && status.details(0).UnpackTo(&info) ? info.reason() : "";
}

TEST_F(ContactBatchesTest, CreateManyInOneAppend) {
  v1::BatchCreateContactsRequest batch = Creating(
      {R"pb(first_name: "Ada")pb", R"pb(first_name: "Bea")pb", R"pb(first_name: "Cia")pb"});
  batch.set_request_id("batch-1");
  batch.mutable_requests(1)->mutable_occur_time()->set_seconds(1'700'000'000);
  const auto created = Batch(batch);
  ASSERT_EQ(created.reason(), "");
  ASSERT_EQ(created->contacts_size(), 3);
  EXPECT_EQ(created->failed_requests_size(), 0);
  std::set<std::string> names;
  for (const v1::Contact& contact : created->contacts()) {
    names.insert(contact.name());
    EXPECT_EQ(contact.etag(), "1");
    EXPECT_EQ(Get(contact.name())->SerializeAsString(), contact.SerializeAsString());
  }
  EXPECT_EQ(names.size(), 3u);
  EXPECT_EQ(created->contacts(0).first_name(), "Ada");
  EXPECT_EQ(created->contacts(2).first_name(), "Cia");
  EXPECT_EQ(created->contacts(1).create_time().seconds(), 1'700'000'000);
  v1::ListContactRevisionsRequest ask;
  ask.set_name(created->contacts(2).name());
  const auto revisions = server.Call(&Stub::ListContactRevisions, ask);
  EXPECT_EQ(revisions->revisions(0).revision().request_id(), "batch-1");
}

TEST_F(ContactBatchesTest, NameTheFieldOfARuleThatNoFieldCanState) {
  const auto refused =
      Batch(Creating({R"pb(first_name: "Ada")pb",
                      R"pb(emails { address: "a@example.org" primary: true }
                           emails { address: "b@example.org" primary: true })pb"}));
  EXPECT_EQ(refused.reason(), "INVALID_FIELD");
  EXPECT_THAT(refused.fields(), ElementsAre("requests[1].contact.emails[1].primary"));
  EXPECT_EQ(Count(), 0);
}

TEST_F(ContactBatchesTest, RefuseTheSameNewAddressTwice) {
  WantUniqueEmails();
  const auto refused = Batch(Creating({R"pb(emails { address: "ada@example.org" })pb",
                                       R"pb(emails { address: "bea@example.org" }
                                            emails { address: "ADA@example.org" })pb"}));
  EXPECT_EQ(refused.reason(), "EMAIL_TAKEN");
  EXPECT_EQ(refused.metadata("field"), "requests[1].contact.emails[1].address");
  EXPECT_THAT(refused.fields(), ElementsAre("requests[1]"));
  EXPECT_THAT(refused.status.error_message(), StartsWith("requests[1]: "));
  EXPECT_EQ(Count(), 0);
}

TEST_F(ContactBatchesTest, GiveAnAddressFromOneToAnother) {
  WantUniqueEmails();
  const std::string ada = Create(R"pb(emails { address: "x@example.org" })pb")->name();
  const std::string bea = Create(R"pb(first_name: "Bea")pb")->name();
  const std::string gives = R"pb(emails { address: "ada@example.org" })pb";
  const std::string takes = R"pb(emails { address: "x@example.org" })pb";
  EXPECT_EQ(Batch(Updating({{bea, takes}, {ada, gives}})).reason(), "EMAIL_TAKEN");
  const auto moved = Batch(Updating({{ada, gives}, {bea, takes}}));
  ASSERT_EQ(moved.reason(), "");
  EXPECT_EQ(moved->contacts(1).emails(0).address(), "x@example.org");
  EXPECT_EQ(Get(ada)->emails(0).address(), "ada@example.org");
}

// An etag is that of the moment at which its request is decided.
TEST_F(ContactBatchesTest, ChangeOneContactAgainAndAgain) {
  const std::string ada = Create(R"pb(first_name: "Ada")pb")->name();
  auto batch = Updating({{ada, R"pb(notes: "one" etag: "1")pb"},
                         {ada, R"pb(notes: "one")pb"},
                         {ada, R"pb(first_name: "Augusta" etag: "2")pb"}});
  const auto changed = Batch(batch);
  ASSERT_EQ(changed.reason(), "");
  ASSERT_EQ(changed->contacts_size(), 3);
  for (const v1::Contact& contact : changed->contacts()) {
    EXPECT_EQ(contact.SerializeAsString(), Get(ada)->SerializeAsString());
  }
  EXPECT_EQ(RevisionsOf(ada),
            "3 contact_updated first_name,display_name\n2 contact_updated notes\n"
            "1 contact_created first_name,display_name,lifecycle_stage\n");
  const auto refused = Batch(batch);
  EXPECT_EQ(refused.reason(), "ETAG_MISMATCH");
  EXPECT_EQ(refused.metadata("actual"), "3");
}

// Each unique address is a condition of the append.
TEST_F(ContactBatchesTest, AreRefusedWhereTheyStandOnMoreThanAnAppendMay) {
  WantUniqueEmails();
  std::vector<std::string> contacts;
  for (int i = 0; i < 60; ++i) {
    contacts.emplace_back();
    for (int j = 0; j < 20; ++j) {
      absl::StrAppend(&contacts.back(), "emails { address: 'a", i, "-", j, "@example.org' } ");
    }
  }
  EXPECT_EQ(Batch(Creating(contacts)).reason(), "INVALID_FIELD");
  EXPECT_EQ(Count(), 0);
  contacts.resize(40);
  EXPECT_EQ(Batch(Creating(contacts)).reason(), "");
}

TEST_F(ContactBatchesTest, TellTheNamesOfWhatAReplyHasNoRoomFor) {
  const std::string large =
      absl::StrCat("notes: '", std::string(16'000, 'n'), "' first_name: 'A' ");
  std::string addresses;
  for (int i = 0; i < 10; ++i) {
    absl::StrAppend(&addresses, "addresses { street: '", std::string(250, 's'), "' city: '",
                    std::string(120, 'c'), "' region: '", std::string(120, 'r'), "' } ");
  }
  for (int i = 0; i < 50; ++i) absl::StrAppend(&addresses, "tags: '", std::string(60, 't'), "' ");
  std::vector<std::pair<std::string, std::string>> all;
  for (int i = 0; i < 2; ++i) {
    const auto created = Batch(Creating(std::vector<std::string>(50, large + addresses)));
    ASSERT_EQ(created.reason(), "");
    ASSERT_EQ(created->contacts_size(), 50);
    for (const v1::Contact& contact : created->contacts()) {
      all.emplace_back(contact.name(), "source: 'x'");
    }
  }
  const auto changed = Batch(Updating(all));
  ASSERT_EQ(changed.reason(), "");
  ASSERT_GT(changed->left_out_size(), 0);
  ASSERT_EQ(changed->contacts_size() + changed->left_out_size(), 100);
  EXPECT_LT(changed->ByteSizeLong(), (2u << 20) + 100'000);
  for (int i = 0; i < changed->left_out_size(); ++i) {
    const size_t at = static_cast<size_t>(changed->contacts_size() + i);
    EXPECT_EQ(changed->left_out(i), all[at].first);
    EXPECT_EQ(Get(all[at].first)->source(), "x");
  }
}

// What took effect is answered as then, and what was refused is decided anew.
TEST_F(ContactBatchesTest, GoOnWhereTheyStopped) {
  WantUniqueEmails();
  const std::string holder = Create(R"pb(emails { address: "x@example.org" })pb")->name();
  v1::BatchCreateContactsRequest batch =
      Creating({R"pb(first_name: "Ada")pb", R"pb(emails { address: "x@example.org" })pb",
                R"pb(first_name: "Cia")pb"});
  batch.set_return_partial_success(true);
  batch.set_request_id("load-1");
  const auto first = Batch(batch);
  ASSERT_EQ(first->contacts_size(), 2);
  EXPECT_EQ(ReasonOf(first->failed_requests().at(1)), "EMAIL_TAKEN");
  const auto second = Batch(batch);
  ASSERT_EQ(second->contacts_size(), 2);
  EXPECT_EQ(second->contacts(1).SerializeAsString(), first->contacts(1).SerializeAsString());
  EXPECT_EQ(ReasonOf(second->failed_requests().at(1)), "EMAIL_TAKEN");
  server.Restart();
  ASSERT_EQ(Delete(holder).reason(), "");
  const auto again = Batch(batch);
  ASSERT_EQ(again->contacts_size(), 3);
  EXPECT_EQ(again->failed_requests_size(), 0);
  EXPECT_EQ(again->contacts(0).name(), first->contacts(0).name());
  EXPECT_EQ(again->contacts(2).name(), first->contacts(1).name());
  EXPECT_EQ(Count(), 3);
  batch.mutable_requests(0)->mutable_contact()->set_notes("another");
  EXPECT_EQ(ReasonOf(Batch(batch)->failed_requests().at(0)), "REQUEST_ID_REUSED");
}

TEST_F(ContactBatchesTest, CreateOneOfTwoWithTheSameNewAddress) {
  WantUniqueEmails();
  v1::BatchCreateContactsRequest batch = Creating({R"pb(emails { address: "ada@example.org" })pb",
                                                   R"pb(emails { address: "ADA@example.org" })pb"});
  batch.set_return_partial_success(true);
  const auto created = Batch(batch);
  ASSERT_EQ(created->contacts_size(), 1);
  ASSERT_EQ(created->failed_requests_size(), 1);
  EXPECT_EQ(ReasonOf(created->failed_requests().begin()->second), "EMAIL_TAKEN");
}

TEST_F(ContactBatchesTest, AreCalledOverASessionToo) {
  sessions::v1::RunSessionRequest message;
  auto* const call = message.add_calls();
  call->set_id(1);
  message.add_methods("kith.contacts.v1.ContactsService/BatchCreateContacts");
  call->set_request(
      Creating({R"pb(first_name: "Ada")pb", R"pb(first_name: "Bea")pb"}).SerializeAsString());
  const auto stub = sessions::v1::SessionsService::NewStub(server.channel());
  grpc::ClientContext context;
  context.AddMetadata("authorization", absl::StrCat("Bearer ", server.secret()));
  const auto stream = stub->RunSession(&context);
  ASSERT_TRUE(stream->Write(message));
  sessions::v1::RunSessionResponse answer;
  ASSERT_TRUE(stream->Read(&answer));
  v1::BatchCreateContactsResponse created;
  ASSERT_TRUE(created.ParseFromString(answer.outcomes(0).reply()));
  EXPECT_EQ(created.contacts_size(), 2);
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

// Goal: a batch is its requests one after another with nobody between: the same contacts, rows and
// revisions, and where it is refused, for the request and the reason that come first alone.
// Method: random histories, told to one server in batches and to another request by request.
class BatchesAndSingles {
 public:
  explicit BatchesAndSingles(uint32_t seed) : random_(seed) {
    for (Side* const side : {&batches_, &singles_}) side->Prepare();
  }

  void Run() {
    for (int round = 0; round < 12 && !refused_; ++round) {
      for (Side* const side : {&batches_, &singles_}) side->server.clock().Advance(absl::Hours(1));
      switch (batches_.names.empty() ? 0 : Pick(3)) {
        case 0:
          RunBatch<v1::BatchCreateContactsRequest>(&Stub::CreateContact, &BatchesAndSingles::Fill);
          break;
        case 1:
          RunBatch<v1::BatchUpdateContactsRequest>(&Stub::UpdateContact, &BatchesAndSingles::Fill);
          break;
        default:
          RunBatch<v1::BatchDeleteContactsRequest>(&Stub::DeleteContact, &BatchesAndSingles::Fill);
      }
      if (::testing::Test::HasFatalFailure()) return;
    }
  }

  int compared = 0;  // batches that were not refused

 private:
  struct Side : Contacts {
    void Prepare() {
      WantUniqueEmails();
      for (const char* const name : {"Moses", "Anna"}) {
        users::v1::CreateUserRequest request;
        request.mutable_user()->set_display_name(name);
        owners.push_back(server.Call(&users::v1::UsersService::Stub::CreateUser, request)->name());
      }
    }
    // Everything that can be read of them, without names.
    std::string Told() {
      std::string told = absl::StrCat(Count(), "\n");
      for (const std::string& name : names) {
        auto contact = Get(name);
        contact.response.clear_name();
        if (contact.response.owner() == owners[0]) contact.response.set_owner("first");
        if (contact.response.owner() == owners[1]) contact.response.set_owner("second");
        absl::StrAppend(&told, contact.reason(), contact.response.ShortDebugString(), "\n",
                        RevisionsOf(name));
      }
      return told;
    }
    void Learn(const v1::Contact& created) { names.push_back(created.name()); }
    void Learn(const google::protobuf::Empty&) {}

    std::vector<std::string> owners;
    std::vector<std::string> names;  // in the order of their creation
  };

  size_t Pick(size_t below) { return random_() % below; }

  // The same for both sides.
  void FillContact(v1::Contact* batched, v1::Contact* single) {
    const size_t owner = Pick(5);
    const std::string fields = absl::StrCat(
        Pick(2) == 0 ? absl::StrCat("emails { address: 'e", Pick(40), "@a.org' } ") : "",
        Pick(2) == 0 ? absl::StrCat("notes: 'n", Pick(3), "' ") : "", "first_name: 'F", Pick(4),
        "'");
    *batched = *single = Proto<v1::Contact>(fields);
    if (owner < 2) {
      batched->set_owner(batches_.owners[owner]);
      single->set_owner(singles_.owners[owner]);
    } else if (Pick(30) == 0) {
      batched->set_owner("users/nobody");
      single->set_owner("users/nobody");
    }
  }
  void Fill(v1::CreateContactRequest* batched, v1::CreateContactRequest* single) {
    FillContact(batched->mutable_contact(), single->mutable_contact());
  }
  void Fill(v1::UpdateContactRequest* batched, v1::UpdateContactRequest* single) {
    FillContact(batched->mutable_contact(), single->mutable_contact());
    const size_t which = Pick(batches_.names.size());
    batched->mutable_contact()->set_name(batches_.names[which]);
    single->mutable_contact()->set_name(singles_.names[which]);
  }
  void Fill(v1::DeleteContactRequest* batched, v1::DeleteContactRequest* single) {
    const size_t which = Pick(batches_.names.size());
    batched->set_name(batches_.names[which]);
    single->set_name(singles_.names[which]);
  }

  template <class Batch, class Single, class Answer>
  void RunBatch(grpc::Status (Stub::*call)(grpc::ClientContext*, const Single&, Answer*),
                void (BatchesAndSingles::*fill)(Single*, Single*)) {
    Batch batch;
    std::vector<Single> singles(Pick(6) + 1);
    for (Single& single : singles) (this->*fill)(batch.add_requests(), &single);
    const std::string before = batches_.Told();
    const auto together = batches_.Batch(batch);
    std::string alone;
    size_t done = 0;
    for (; done < singles.size() && alone.empty(); ++done) {
      const auto answer = singles_.server.Call(call, singles[done]);
      alone = answer.reason();
      if (alone.empty() && std::is_same_v<Batch, v1::BatchCreateContactsRequest>) {
        singles_.Learn(answer.response);
      }
    }
    ASSERT_EQ(together.reason(), alone);
    if (!alone.empty()) {  // the singles have gone further: this history ends
      refused_ = true;
      EXPECT_THAT(together.fields(),
                  ::testing::Contains(StartsWith(absl::StrCat("requests[", done - 1, "]"))));
      EXPECT_EQ(batches_.Told(), before);
      return;
    }
    ++compared;
    LearnAll(together.response);
    ASSERT_EQ(batches_.Told(), singles_.Told());
  }
  void LearnAll(const v1::BatchCreateContactsResponse& created) {
    for (const v1::Contact& contact : created.contacts()) batches_.Learn(contact);
  }
  template <class Other>
  void LearnAll(const Other&) {}

  std::mt19937 random_;
  Side batches_;
  Side singles_;
  bool refused_ = false;
};

TEST(ContactBatches, DoWhatTheirRequestsDoOneAfterAnother) {
  int compared = 0;
  for (uint32_t seed = 1; seed <= 15; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    BatchesAndSingles histories(seed);
    histories.Run();
    if (::testing::Test::HasFailure()) return;
    compared += histories.compared;
  }
  EXPECT_GT(compared, 40);
}

}  // namespace
}  // namespace kith::contacts
