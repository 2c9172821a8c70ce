// The capability over gRPC, in a whole server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/ulid.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "kith/workspaces/v1/workspaces_service.grpc.pb.h"
#include "tests/services/interactions/interactions_fixture.h"

namespace kith::interactions {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Result = v1::IngestInteractionsResponse::Result;

// --- RecordInteraction and GetInteraction ---

TEST_F(InteractionsServiceTest, AnswersWithWhatItRecordedAndReadsItBack) {
  const std::string ada = CreateContact("Ada");
  v1::RecordInteractionRequest request = Recording(ada, "About the offer");
  request.mutable_interaction()->set_body("She will think about it.");
  const v1::Interaction recorded = Record(request);
  EXPECT_TRUE(absl::StartsWith(recorded.name(), ada + "/interactions/"));
  EXPECT_EQ(recorded.subject(), "About the offer");
  EXPECT_EQ(recorded.body(), "She will think about it.");
  EXPECT_TRUE(recorded.has_occur_time());
  EXPECT_TRUE(recorded.has_record_time());
  EXPECT_EQ(Get(recorded.name()).SerializeAsString(), recorded.SerializeAsString());
}

TEST_F(InteractionsServiceTest, KeepsWhenItHappenedApartFromWhenItWasRecorded) {
  v1::RecordInteractionRequest request = Recording(CreateContact("Ada"));
  request.mutable_interaction()->mutable_occur_time()->set_seconds(1'600'000'000);
  const v1::Interaction recorded = Record(request);
  EXPECT_EQ(recorded.occur_time().seconds(), 1'600'000'000);
  EXPECT_GT(recorded.record_time().seconds(), 1'600'000'000);
  EXPECT_EQ(Get(recorded.name()).occur_time().seconds(), 1'600'000'000);
}

// Goal: whatever was acknowledged is found by the name that was told, also where no occur_time is
// sent. Method: a clock that tells another millisecond at every look.
TEST_F(InteractionsServiceTest, FindsWhatItRecordedHoweverLongRecordingTook) {
  const std::string ada = CreateContact("Ada");
  server_.clock().TickAtEveryRead(absl::Milliseconds(1));
  const v1::Interaction recorded = Record(Recording(ada));
  EXPECT_EQ(Get(recorded.name()).subject(), "Hello");
  EXPECT_EQ(TimeOfUlid(recorded.name().substr(recorded.name().size() - 26)),
            FromTimestamp(recorded.occur_time()));

  v1::IngestInteractionsRequest message;
  for (int i = 0; i < 20; ++i) AddItem(ada, absl::StrCat("visit ", i), &message);
  const std::vector<Result> results = Ingest({message});
  ASSERT_EQ(results.size(), 20u);
  for (size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(Get(results[i].name()).subject(), absl::StrCat("visit ", i));
  }
}

TEST_F(InteractionsServiceTest, RecordsARepeatedRequestOnce) {
  const std::string ada = CreateContact("Ada");
  v1::RecordInteractionRequest request = Recording(ada);
  request.set_request_id("call-1");
  const v1::Interaction first = Record(request);
  EXPECT_EQ(Record(request).SerializeAsString(), first.SerializeAsString());
  EXPECT_THAT(Written(List(ada)), ElementsAre("Hello", "contact_created"));

  request.mutable_interaction()->set_subject("Something else");
  EXPECT_EQ(TryRecord(request).reason(), "REQUEST_ID_REUSED");
}

TEST_F(InteractionsServiceTest, RefusesWhatConcernsARecordThatIsNotThere) {
  const auto absent = TryRecord(Recording("contacts/nobody"));
  EXPECT_EQ(absent.status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(absent.reason(), "LINKED_RECORD_NOT_FOUND");
  EXPECT_EQ(absent.metadata("name"), "contacts/nobody");

  const std::string ada = CreateContact("Ada");
  v1::RecordInteractionRequest linked = Recording(ada);
  linked.mutable_interaction()->add_links("deals/none");
  EXPECT_EQ(TryRecord(linked).reason(), "LINKED_RECORD_NOT_FOUND");

  Record(Recording(ada));
  DeleteContact(ada);
  EXPECT_EQ(TryRecord(Recording(ada)).reason(), "LINKED_RECORD_NOT_FOUND");
}

TEST_F(InteractionsServiceTest, RefusesWhatBreaksARuleOfAField) {
  const std::string ada = CreateContact("Ada");
  v1::RecordInteractionRequest no_kind = Recording(ada);
  no_kind.mutable_interaction()->clear_kind();
  v1::RecordInteractionRequest ahead = Recording(ada);
  *ahead.mutable_interaction()->mutable_occur_time() =
      ToTimestamp(server_.clock().Now() + absl::Minutes(6));
  v1::RecordInteractionRequest elsewhere = Recording("users/1");
  EXPECT_THAT(TryRecord(no_kind).fields(), ElementsAre("interaction.kind"));
  EXPECT_THAT(TryRecord(ahead).fields(), ElementsAre("interaction.occur_time"));
  EXPECT_THAT(TryRecord(elsewhere).fields(), ElementsAre("parent"));
  EXPECT_EQ(TryRecord(no_kind).status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(InteractionsServiceTest, FindsNoInteractionThatWasNotRecordedByThen) {
  const std::string name = Record(Recording(CreateContact("Ada"))).name();
  v1::GetInteractionRequest request;
  request.set_name(name);
  request.mutable_read()->set_sequence(1);
  const auto early = TryGet(request);
  EXPECT_EQ(early.reason(), "INTERACTION_NOT_FOUND");
  EXPECT_EQ(early.metadata("first_sequence"), "5");
  v1::ListInteractionRevisionsRequest history;
  history.set_name(name);
  history.mutable_read()->set_sequence(1);
  const auto revisions = server_.Call(&InteractionsStub::ListInteractionRevisions, history);
  EXPECT_EQ(revisions.reason(), "INTERACTION_NOT_FOUND");
  EXPECT_EQ(revisions.metadata("first_sequence"), "5");
  request.clear_read();
  request.set_name(name.substr(0, name.size() - 1) + "_");
  EXPECT_EQ(TryGet(request).reason(), "INTERACTION_NOT_FOUND");
}

// --- ListTimeline ---

TEST_F(InteractionsServiceTest, ListsInteractionsAndChangesNewestFirst) {
  const std::string ada = CreateContact("Ada");
  const std::string grace = CreateContact("Grace");
  v1::RecordInteractionRequest late = Recording(ada, "late");
  late.mutable_interaction()->mutable_occur_time()->set_seconds(1'600'000'000);
  Record(late);
  v1::RecordInteractionRequest both = Recording(ada, "both");
  both.mutable_interaction()->add_links(grace);
  Record(both);
  const v1::ListTimelineResponse timeline = List(ada);
  EXPECT_THAT(Written(timeline), ElementsAre("both", "contact_created", "late"));
  EXPECT_THAT(Written(List(grace)), ElementsAre("both", "contact_created"));

  EXPECT_EQ(List(grace).entries(0).record(), ada) << "which it happened to first";
  EXPECT_EQ(timeline.entries(0).type(), "interaction_recorded");
  EXPECT_NE(timeline.entries(0).actor(), "");
  EXPECT_GT(timeline.entries(0).sequence(), timeline.entries(1).sequence());
  contacts::v1::ContactCreated created;
  ASSERT_TRUE(timeline.entries(1).event().UnpackTo(&created));
  EXPECT_EQ(created.personal().first_name(), "Ada");
}

TEST_F(InteractionsServiceTest, ListsOnlyTheKindsAskedFor) {
  const std::string ada = CreateContact("Ada");
  Record(Recording(ada, "call", v1::CALL));
  Record(Recording(ada, "note", v1::NOTE));
  v1::ListTimelineRequest request;
  request.set_parent(ada);
  request.add_kinds(v1::NOTE);
  EXPECT_THAT(Written(List(request)), ElementsAre("note"));
  request.set_kinds(0, v1::PURCHASE);
  EXPECT_THAT(Written(List(request)), IsEmpty());
  request.set_kinds(0, v1::INTERACTION_KIND_UNSPECIFIED);
  EXPECT_EQ(TryList(request).reason(), "INVALID_FIELD");
}

TEST_F(InteractionsServiceTest, ListsPagesAsOfTheFirst) {
  const std::string ada = CreateContact("Ada");
  for (const char* subject : {"one", "two", "three"}) Record(Recording(ada, subject));
  v1::ListTimelineRequest request;
  request.set_parent(ada);
  request.set_page_size(2);
  const v1::ListTimelineResponse first = List(request);
  EXPECT_THAT(Written(first), ElementsAre("three", "two"));
  v1::RecordInteractionRequest meanwhile = Recording(ada, "meanwhile");
  *meanwhile.mutable_interaction()->mutable_occur_time() = first.entries(1).occur_time();
  Record(meanwhile);
  request.set_page_token(first.next_page_token());
  const v1::ListTimelineResponse second = List(request);
  EXPECT_THAT(Written(second), ElementsAre("one", "contact_created"));
  EXPECT_EQ(second.next_page_token(), "");
}

TEST_F(InteractionsServiceTest, ListsTheTimelineOfADeletedContactButOfNobody) {
  const std::string ada = CreateContact("Ada");
  DeleteContact(ada);
  EXPECT_THAT(Written(List(ada)), ElementsAre("contact_deleted", "contact_created"));
  v1::ListTimelineRequest request;
  request.set_parent("contacts/nobody");
  EXPECT_EQ(TryList(request).reason(), "LINKED_RECORD_NOT_FOUND");
}

TEST_F(InteractionsServiceTest, SaysWhenTheRecordOfATimelineCameIntoBeing) {
  v1::ListTimelineRequest request;
  request.set_parent(CreateContact("Ada"));
  request.mutable_read()->set_sequence(1);
  const auto early = TryList(request);
  EXPECT_EQ(early.reason(), "LINKED_RECORD_NOT_FOUND");
  EXPECT_EQ(early.metadata("first_sequence"), "4");
  const auto guest = server_.CallWith(KeyGranting({"interactions.read"}),
                                      &InteractionsStub::ListTimeline, request);
  EXPECT_EQ(guest.reason(), "LINKED_RECORD_NOT_FOUND");
  EXPECT_EQ(guest.metadata("first_sequence"), "") << "who may not read contacts is not told";
}

// --- External ids ---

// What one system calls something stands in the log once, wherever it is told.
TEST_F(InteractionsServiceTest, RecordsWhatHasAnExternalIdOnce) {
  const std::string ada = CreateContact("Ada");
  const std::string grace = CreateContact("Grace");
  v1::RecordInteractionRequest request = Recording(ada);
  request.mutable_interaction()->set_external_id("mail:1");
  request.set_request_id("first");
  const v1::Interaction first = Record(request);
  EXPECT_EQ(Record(request).name(), first.name()) << "a retry is no second one";
  for (const std::string& parent : {ada, grace}) {
    request.set_parent(parent);
    request.clear_request_id();
    const auto refused = TryRecord(request);
    EXPECT_EQ(refused.reason(), "EXTERNAL_ID_TAKEN");
    EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::ALREADY_EXISTS);
    EXPECT_EQ(refused.metadata("interaction"), first.name());
    EXPECT_EQ(refused.metadata("field"), "interaction.external_id");
    EXPECT_EQ(refused.detail<google::rpc::ResourceInfo>().resource_name(), first.name());
  }
  request.mutable_interaction()->set_external_id("mail:2");
  EXPECT_NE(Record(request).name(), first.name());
  request.mutable_interaction()->clear_external_id();
  EXPECT_NE(Record(request).name(), Record(request).name()) << "none is no id";
}

TEST_F(InteractionsServiceTest, IngestsWhatHasAnExternalIdOnce) {
  const std::string ada = CreateContact("Ada");
  v1::IngestInteractionsRequest message;
  for (const char* const id : {"mail:1", "mail:2", "mail:1"}) {
    AddItem(ada, id, &message);
    message.mutable_items()->rbegin()->mutable_interaction()->set_external_id(id);
  }
  const std::vector<Result> results = Ingest({message});
  ASSERT_EQ(results.size(), 3u);
  EXPECT_NE(results[1].name(), "");
  EXPECT_NE(results[0].name().empty(), results[2].name().empty()) << "one of the two";
  EXPECT_EQ(ReasonOf(results[results[0].name().empty() ? 0 : 2]), "EXTERNAL_ID_TAKEN");
  for (const Result& again : Ingest({message})) EXPECT_EQ(ReasonOf(again), "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(List(ada).entries_size(), 3);
}

// Goal: of those that tell of the same at once, one is recorded.
TEST_F(InteractionsServiceTest, RecordsOneOfManyWithTheSameExternalId) {
  constexpr int kCallers = 4;
  const std::string ada = CreateContact("Ada");
  for (int round = 0; round < 10; ++round) {
    std::vector<Reply<v1::Interaction>> replies(kCallers);
    std::vector<std::thread> callers;
    for (auto& reply : replies) {
      callers.emplace_back([&, round] {
        v1::RecordInteractionRequest request = Recording(ada);
        request.mutable_interaction()->set_external_id(absl::StrCat("mail:", round));
        reply = TryRecord(request);
      });
    }
    for (std::thread& caller : callers) caller.join();
    int recorded = 0;
    for (const auto& reply : replies) {
      if (reply.ok()) ++recorded;
      EXPECT_EQ(reply.reason(), reply.ok() ? "" : "EXTERNAL_ID_TAKEN");
    }
    EXPECT_EQ(recorded, 1);
  }
}

// --- IngestInteractions ---

TEST_F(InteractionsServiceTest, IngestsTheGoodAmongTheBadAndSaysWhatBecameOfEach) {
  const std::string ada = CreateContact("Ada");
  v1::IngestInteractionsRequest first, second;
  AddItem(ada, "one", &first);
  AddItem("contacts/nobody", "two", &first);
  AddItem(ada, "three", &first);
  first.mutable_items(2)->mutable_interaction()->clear_kind();
  AddItem(ada, "four", &second);
  const std::vector<Result> results = Ingest({first, second});
  ASSERT_EQ(results.size(), 4u);
  for (size_t i = 0; i < results.size(); ++i) {
    EXPECT_EQ(results[i].message_index(), i < 3 ? 0 : 1);
    EXPECT_EQ(results[i].item_index(), i < 3 ? static_cast<int>(i) : 0);
  }
  EXPECT_EQ(Get(results[0].name()).subject(), "one");
  EXPECT_EQ(results[1].name(), "");
  EXPECT_EQ(ReasonOf(results[1]), "LINKED_RECORD_NOT_FOUND");
  EXPECT_EQ(ReasonOf(results[2]), "INVALID_FIELD");
  EXPECT_EQ(Get(results[3].name()).subject(), "four");
  EXPECT_EQ(List(ada).entries_size(), 3);
}

TEST_F(InteractionsServiceTest, IngestsNothingMoreOnceTheKeyIsRevoked) {
  using Workspaces = workspaces::v1::WorkspacesService::Stub;
  const std::string ada = CreateContact("Ada");
  workspaces::v1::CreateApiKeyRequest create;
  create.mutable_api_key()->set_display_name("a guest's");
  create.mutable_api_key()->add_permissions("interactions.write");
  const auto guest = server_.Call(&Workspaces::CreateApiKey, create);
  ASSERT_EQ(guest.reason(), "");

  InteractionsStub stub(server_.channel());
  grpc::ClientContext context;
  context.AddMetadata("authorization", absl::StrCat("Bearer ", guest->secret()));
  v1::IngestInteractionsResponse response;
  const auto stream = stub.IngestInteractions(&context);
  v1::IngestInteractionsRequest message;
  AddItem(ada, "before", &message);
  ASSERT_TRUE(stream->Write(message));
  ASSERT_TRUE(stream->Read(&response));
  EXPECT_NE(response.results(0).name(), "");
  workspaces::v1::RevokeApiKeyRequest revoke;
  revoke.set_name(guest->api_key().name());
  EXPECT_EQ(server_.Call(&Workspaces::RevokeApiKey, revoke).reason(), "");
  stream->Write(message);
  stream->WritesDone();
  EXPECT_FALSE(stream->Read(&response));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(List(ada).entries_size(), 2);
}

TEST_F(InteractionsServiceTest, IngestsARepeatedMessageOnceAndDecidesItsRefusedItemsAnew) {
  const std::string ada = CreateContact("Ada");
  const std::string grace = CreateContact("Grace");
  v1::IngestInteractionsRequest message;
  message.set_request_id("import-7");
  AddItem(ada, "one", &message);
  AddItem(grace, "two", &message);
  AddItem(ada, "three", &message);
  message.mutable_items(1)->mutable_interaction()->clear_kind();
  const std::vector<Result> before = Ingest({message});
  message.mutable_items(1)->mutable_interaction()->set_kind(v1::NOTE);  // it was refused: no reuse
  const std::vector<Result> after = Ingest({message});
  ASSERT_EQ(after.size(), 3u);
  EXPECT_EQ(after[0].name(), before[0].name());
  EXPECT_EQ(before[1].name(), "");
  EXPECT_NE(after[1].name(), "");
  EXPECT_EQ(after[2].name(), before[2].name());
  EXPECT_THAT(Written(List(ada)), ElementsAre("three", "one", "contact_created"));
}

TEST_F(InteractionsServiceTest, IngestsManyMessagesOfManyItems) {
  const std::string ada = CreateContact("Ada");
  std::vector<v1::IngestInteractionsRequest> messages(6);
  for (auto& message : messages) {
    for (int i = 0; i < 500; ++i) AddItem(ada, absl::StrCat("view ", i), &message);
  }
  const std::vector<Result> results = Ingest(messages);
  ASSERT_EQ(results.size(), 3000u);
  for (const Result& result : results) ASSERT_NE(result.name(), "") << result.status().message();
  v1::ListTimelineRequest request;
  request.set_parent(ada);
  request.set_page_size(1000);
  int entries = 0;
  do {
    const v1::ListTimelineResponse page = List(request);
    entries += page.entries_size();
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_EQ(entries, 3001);
}

TEST_F(InteractionsServiceTest, IngestsNothingOfAStreamWithoutMessages) {
  EXPECT_THAT(Ingest({}), IsEmpty());
}

// --- Erasure ---

// Everything that ReadEvents answers.
std::vector<events::v1::Event> EventsOf(testing::TestServer& server) {
  events::v1::EventsService::Stub stub(server.channel());
  grpc::ClientContext context;
  context.AddMetadata("authorization", absl::StrCat("Bearer ", server.secret()));
  const auto reader = stub.ReadEvents(&context, {});
  std::vector<events::v1::Event> events;
  events::v1::ReadEventsResponse response;
  while (reader->Read(&response)) {
    events.insert(events.end(), response.events().begin(), response.events().end());
  }
  EXPECT_TRUE(reader->Finish().ok());
  return events;
}

TEST_F(InteractionsServiceTest, EndsAPageOfATimelineByItsBytes) {
  const std::string ada = CreateContact("Ada");
  constexpr int kInteractions = 7;
  for (int i = 0; i < kInteractions; ++i) {
    v1::RecordInteractionRequest request = Recording(ada, absl::StrCat(i));
    request.mutable_interaction()->set_body(std::string(256 << 10, 'x'));
    Record(request);
  }
  v1::ListTimelineRequest request;
  request.set_parent(ada);
  request.set_page_size(1'000);
  std::vector<std::string> written;
  int pages = 0;
  do {
    const v1::ListTimelineResponse page = List(request);
    EXPECT_LE(page.ByteSizeLong(), 1u << 20);
    EXPECT_GT(page.entries_size(), 0);
    for (const std::string& entry : Written(page)) written.push_back(entry);
    request.set_page_token(page.next_page_token());
    ++pages;
  } while (!request.page_token().empty());
  EXPECT_EQ(pages, 3);
  EXPECT_THAT(written, ElementsAre("6", "5", "4", "3", "2", "1", "0", "contact_created"));
}

// A contact's changes say who it is: only who may read contacts sees them, also those of its own
// timeline; and the same for deals.
TEST_F(InteractionsServiceTest, ShowsARecordsChangesOnlyToWhoMayReadTheRecord) {
  const std::string ada = CreateContact("Ada");
  Record(Recording(ada, "Hello"));
  deals::v1::CreateDealRequest deal;
  deal.set_deal_id("atlas");
  deal.mutable_deal()->set_display_name("Atlas");
  ASSERT_EQ(server_.Call(&deals::v1::DealsService::Stub::CreateDeal, deal).reason(), "");
  Record(Recording("deals/atlas", "An offer"));

  const auto entries = [&](const std::vector<std::string>& permissions, const std::string& parent) {
    v1::ListTimelineRequest request;
    request.set_parent(parent);
    const auto timeline =
        server_.CallWith(KeyGranting(permissions), &InteractionsStub::ListTimeline, request);
    EXPECT_EQ(timeline.reason(), "");
    return Written(timeline.response);
  };
  EXPECT_THAT(entries({"interactions.read"}, ada), ElementsAre("Hello"));
  EXPECT_THAT(entries({"interactions.read", "deals.read"}, ada), ElementsAre("Hello"));
  EXPECT_THAT(entries({"interactions.read", "contacts.read"}, ada),
              ElementsAre("Hello", "contact_created"));
  EXPECT_THAT(entries({"interactions.read", "contacts.read"}, "deals/atlas"),
              ElementsAre("An offer"));
  EXPECT_THAT(entries({"interactions.read", "deals.read"}, "deals/atlas"),
              ElementsAre("An offer", "deal_created"));
}

// Ada's key is destroyed, by hand, after an interaction with her that Grace has part in.
class ErasedPerson : public InteractionsServiceTest {
 protected:
  ErasedPerson() {
    v1::RecordInteractionRequest request = Recording(ada_, "A secret");
    request.mutable_interaction()->set_channel("sales@");
    request.mutable_interaction()->add_links(grace_);
    name_ = Record(request).name();
    before_.set_sequence(List(ada_).entries(0).sequence());
    Record(Recording(grace_, "Not hers"));
    EXPECT_TRUE(server_.keys().Destroy(server_.workspace(), ada_).ok());
  }

  const std::string ada_ = CreateContact("Ada");
  const std::string grace_ = CreateContact("Grace");
  std::string name_;
  type::v1::ReadOptions before_;  // as of when the key was there
};

TEST_F(ErasedPerson, HasInteractionsWithoutWhatWasPersonalNowAndAsOfBefore) {
  for (const type::v1::ReadOptions& read : {type::v1::ReadOptions(), before_}) {
    v1::GetInteractionRequest request;
    request.set_name(name_);
    *request.mutable_read() = read;
    const auto interaction = TryGet(request);
    ASSERT_EQ(interaction.reason(), "");
    EXPECT_TRUE(interaction->erased());
    EXPECT_EQ(interaction->subject(), "");
    EXPECT_EQ(interaction->channel(), "sales@") << "what is not personal stays";
  }
}

TEST_F(ErasedPerson, IsErasedInEveryTimelineNowAndAsOfBefore) {
  for (const type::v1::ReadOptions& read : {type::v1::ReadOptions(), before_}) {
    for (const std::string& record : {ada_, grace_}) {
      v1::ListTimelineRequest request;
      request.set_parent(record);
      *request.mutable_read() = read;
      const std::string bytes = List(request).SerializeAsString();
      EXPECT_EQ(bytes.find("A secret"), std::string::npos);
      if (record == ada_) {
        EXPECT_EQ(bytes.find("Ada"), std::string::npos);
      }
    }
  }
  const v1::ListTimelineResponse timeline = List(ada_);
  for (const v1::TimelineEntry& entry : timeline.entries()) EXPECT_TRUE(entry.erased());
  EXPECT_EQ(List(grace_).entries(0).interaction().subject(), "Not hers");
}

TEST_F(ErasedPerson, IsErasedInTheirContactNowAndAsOfBefore) {
  for (const type::v1::ReadOptions& read : {type::v1::ReadOptions(), before_}) {
    contacts::v1::GetContactRequest request;
    request.set_name(ada_);
    *request.mutable_read() = read;
    const auto contact = server_.Call(&ContactsStub::GetContact, request);
    ASSERT_EQ(contact.reason(), "");
    EXPECT_TRUE(contact->erased());
    EXPECT_EQ(contact->first_name(), "");
    EXPECT_EQ(contact->display_name(), "");
  }
}

TEST_F(ErasedPerson, IsListedButNotFoundByWhatWasPersonal) {
  contacts::v1::ListContactsRequest request;
  EXPECT_EQ(server_.Call(&ContactsStub::ListContacts, request)->contacts_size(), 2);
  request.set_filter("display_name = \"Ada\"");
  EXPECT_EQ(server_.Call(&ContactsStub::ListContacts, request)->contacts_size(), 0);
  request.set_filter("display_name = \"Grace\"");
  EXPECT_EQ(server_.Call(&ContactsStub::ListContacts, request)->contacts_size(), 1);
}

TEST_F(ErasedPerson, IsErasedInTheLog) {
  int erased = 0;
  for (const events::v1::Event& event : EventsOf(server_)) {
    EXPECT_EQ(event.payload().value().find("A secret"), std::string::npos);
    EXPECT_EQ(event.payload().value().find("Ada"), std::string::npos);
    erased += event.erased() ? 1 : 0;
  }
  EXPECT_EQ(erased, 2) << "the contact's creation and the interaction";
}

TEST_F(ErasedPerson, StaysErasedWhenTheServerStartsAgainAndFoldsAnew) {
  server_.Restart(/*new_views=*/true);
  EXPECT_TRUE(Get(name_).erased());
  contacts::v1::GetContactRequest request;
  request.set_name(ada_);
  EXPECT_TRUE(server_.Call(&ContactsStub::GetContact, request)->erased());
}

TEST_F(ErasedPerson, HasNothingPersonalRecordedAnyMore) {
  EXPECT_EQ(TryRecord(Recording(ada_, "One more")).reason(), "PERSON_ERASED");
  EXPECT_EQ(TryRecord(Recording(ada_, "")).reason(), "") << "nothing personal in it";
}

}  // namespace
}  // namespace kith::interactions
