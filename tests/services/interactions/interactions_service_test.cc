// The capability over gRPC, in a whole server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "kith/contacts/v1/contact_events.pb.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/events/v1/events_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "tests/services/events/running_kithd.h"

namespace kith::interactions {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Result = v1::IngestInteractionsResponse::Result;

// The reason in the google.rpc.ErrorInfo of an error.
std::string ReasonIn(const google::rpc::Status& status) {
  google::rpc::ErrorInfo info;
  for (const google::protobuf::Any& detail : status.details()) {
    if (detail.UnpackTo(&info)) return info.reason();
  }
  return "";
}
std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status details;
  details.ParseFromString(status.error_details());
  return ReasonIn(details);
}

class InteractionsServiceTest : public ::testing::Test {
 protected:
  std::string CreateContact(const std::string& first_name) {
    contacts::v1::CreateContactRequest request;
    request.mutable_contact()->set_first_name(first_name);
    contacts::v1::Contact contact;
    const grpc::Status status = contacts_->CreateContact(kithd_.Context().get(), request, &contact);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return contact.name();
  }
  void DeleteContact(const std::string& name) {
    contacts::v1::DeleteContactRequest request;
    request.set_name(name);
    google::protobuf::Empty nothing;
    const grpc::Status status = contacts_->DeleteContact(kithd_.Context().get(), request, &nothing);
    EXPECT_TRUE(status.ok()) << status.error_message();
  }

  static v1::RecordInteractionRequest Recording(const std::string& parent,
                                                const std::string& subject = "Hello",
                                                v1::InteractionKind kind = v1::CALL) {
    v1::RecordInteractionRequest request;
    request.set_parent(parent);
    request.mutable_interaction()->set_kind(kind);
    request.mutable_interaction()->set_subject(subject);
    return request;
  }
  grpc::Status TryRecord(const v1::RecordInteractionRequest& request, v1::Interaction* response) {
    return interactions_->RecordInteraction(kithd_.Context().get(), request, response);
  }
  v1::Interaction Record(const v1::RecordInteractionRequest& request) {
    v1::Interaction interaction;
    const grpc::Status status = TryRecord(request, &interaction);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return interaction;
  }

  grpc::Status TryGet(const v1::GetInteractionRequest& request, v1::Interaction* response) {
    return interactions_->GetInteraction(kithd_.Context().get(), request, response);
  }
  v1::Interaction Get(const std::string& name) {
    v1::GetInteractionRequest request;
    request.set_name(name);
    v1::Interaction interaction;
    const grpc::Status status = TryGet(request, &interaction);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return interaction;
  }

  grpc::Status TryList(const v1::ListTimelineRequest& request, v1::ListTimelineResponse* response) {
    return interactions_->ListTimeline(kithd_.Context().get(), request, response);
  }
  v1::ListTimelineResponse List(const v1::ListTimelineRequest& request) {
    v1::ListTimelineResponse response;
    const grpc::Status status = TryList(request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response;
  }
  v1::ListTimelineResponse List(const std::string& parent) {
    v1::ListTimelineRequest request;
    request.set_parent(parent);
    return List(request);
  }
  // "contact_created", or the subject of an interaction.
  static std::vector<std::string> Written(const v1::ListTimelineResponse& timeline) {
    std::vector<std::string> entries;
    for (const v1::TimelineEntry& entry : timeline.entries()) {
      entries.push_back(entry.has_interaction() ? entry.interaction().subject() : entry.type());
    }
    return entries;
  }

  static void AddItem(const std::string& parent, const std::string& subject,
                      v1::IngestInteractionsRequest* message) {
    v1::IngestInteractionsRequest::Item& item = *message->add_items();
    item.set_parent(parent);
    item.mutable_interaction()->set_kind(v1::PAGE_VIEW);
    item.mutable_interaction()->set_subject(subject);
  }
  std::vector<Result> Ingest(const std::vector<v1::IngestInteractionsRequest>& messages) {
    v1::IngestInteractionsResponse response;
    const auto context = kithd_.Context();
    const auto writer = interactions_->IngestInteractions(context.get(), &response);
    for (const auto& message : messages) EXPECT_TRUE(writer->Write(message));
    writer->WritesDone();
    const grpc::Status status = writer->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return {response.results().begin(), response.results().end()};
  }

  testing::RunningKithd kithd_;
  std::unique_ptr<contacts::v1::ContactsService::Stub> contacts_ =
      kithd_.Stub<contacts::v1::ContactsService>();
  std::unique_ptr<v1::InteractionsService::Stub> interactions_ =
      kithd_.Stub<v1::InteractionsService>();
  std::unique_ptr<events::v1::EventsService::Stub> events_ =
      kithd_.Stub<events::v1::EventsService>();
};

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

TEST_F(InteractionsServiceTest, RecordsARepeatedRequestOnce) {
  const std::string ada = CreateContact("Ada");
  v1::RecordInteractionRequest request = Recording(ada);
  request.set_request_id("call-1");
  const v1::Interaction first = Record(request);
  EXPECT_EQ(Record(request).SerializeAsString(), first.SerializeAsString());
  EXPECT_THAT(Written(List(ada)), ElementsAre("Hello", "contact_created"));

  request.mutable_interaction()->set_subject("Something else");
  v1::Interaction unused;
  EXPECT_EQ(ReasonOf(TryRecord(request, &unused)), "REQUEST_ID_REUSED");
}

TEST_F(InteractionsServiceTest, RefusesWhatConcernsARecordThatIsNotThere) {
  v1::Interaction unused;
  const grpc::Status absent = TryRecord(Recording("contacts/nobody"), &unused);
  EXPECT_EQ(absent.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ReasonOf(absent), "LINKED_RECORD_NOT_FOUND");

  const std::string ada = CreateContact("Ada");
  v1::RecordInteractionRequest linked = Recording(ada);
  linked.mutable_interaction()->add_links("deals/none");
  EXPECT_EQ(ReasonOf(TryRecord(linked, &unused)), "LINKED_RECORD_NOT_FOUND");

  Record(Recording(ada));
  DeleteContact(ada);
  EXPECT_EQ(ReasonOf(TryRecord(Recording(ada), &unused)), "LINKED_RECORD_NOT_FOUND");
}

TEST_F(InteractionsServiceTest, RefusesWhatBreaksARuleOfAField) {
  const std::string ada = CreateContact("Ada");
  v1::RecordInteractionRequest no_kind = Recording(ada);
  no_kind.mutable_interaction()->clear_kind();
  v1::RecordInteractionRequest ahead = Recording(ada);
  *ahead.mutable_interaction()->mutable_occur_time() =
      ToTimestamp(SystemClock().Now() + absl::Minutes(6));
  v1::RecordInteractionRequest elsewhere = Recording("users/1");
  for (const auto& request : {no_kind, ahead, elsewhere}) {
    v1::Interaction unused;
    const grpc::Status status = TryRecord(request, &unused);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
    EXPECT_EQ(ReasonOf(status), "INVALID_FIELD");
  }
}

TEST_F(InteractionsServiceTest, FindsNoInteractionThatWasNotRecordedByThen) {
  const std::string name = Record(Recording(CreateContact("Ada"))).name();
  v1::GetInteractionRequest request;
  request.set_name(name);
  v1::Interaction unused;
  request.mutable_read()->set_sequence(1);
  EXPECT_EQ(ReasonOf(TryGet(request, &unused)), "INTERACTION_NOT_FOUND");
  request.clear_read();
  request.set_name(name.substr(0, name.size() - 1) + "_");
  EXPECT_EQ(ReasonOf(TryGet(request, &unused)), "INTERACTION_NOT_FOUND");
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
  v1::ListTimelineResponse unused;
  EXPECT_EQ(ReasonOf(TryList(request, &unused)), "INVALID_FIELD");
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
  v1::ListTimelineResponse unused;
  EXPECT_EQ(ReasonOf(TryList(request, &unused)), "LINKED_RECORD_NOT_FOUND");
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
  EXPECT_EQ(ReasonIn(results[1].status()), "LINKED_RECORD_NOT_FOUND");
  EXPECT_EQ(ReasonIn(results[2].status()), "INVALID_FIELD");
  EXPECT_EQ(Get(results[3].name()).subject(), "four");
  EXPECT_EQ(List(ada).entries_size(), 3);
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

// Goal: once a person's key is destroyed, no read answers what was personal, now or as of before.
TEST_F(InteractionsServiceTest, AnswersErasedEverywhereOnceTheKeyIsDestroyed) {
  const std::string ada = CreateContact("Ada");
  const std::string grace = CreateContact("Grace");
  v1::RecordInteractionRequest request = Recording(ada, "A secret");
  request.mutable_interaction()->set_channel("sales@");
  request.mutable_interaction()->add_links(grace);
  const std::string name = Record(request).name();
  const int64_t before = List(ada).entries(0).sequence();
  Record(Recording(grace, "Not hers"));
  ASSERT_TRUE(kithd_.keys().Destroy(testing::kDevelopment, ada).ok());

  for (const bool as_of_before : {false, true}) {
    type::v1::ReadOptions read;
    if (as_of_before) read.set_sequence(before);

    v1::GetInteractionRequest get;
    get.set_name(name);
    *get.mutable_read() = read;
    v1::Interaction interaction;
    ASSERT_TRUE(TryGet(get, &interaction).ok());
    EXPECT_TRUE(interaction.erased());
    EXPECT_EQ(interaction.subject(), "");
    EXPECT_EQ(interaction.channel(), "sales@") << "what is not personal stays";

    for (const std::string& record : {ada, grace}) {
      v1::ListTimelineRequest list;
      list.set_parent(record);
      *list.mutable_read() = read;
      const v1::ListTimelineResponse timeline = List(list);
      EXPECT_EQ(timeline.ShortDebugString().find("A secret"), std::string::npos);
      EXPECT_EQ(timeline.SerializeAsString().find(record == ada ? "Ada" : "A secret"),
                std::string::npos);
    }
  }
  EXPECT_TRUE(List(ada).entries(0).erased());
  EXPECT_EQ(List(grace).entries(0).interaction().subject(), "Not hers");

  contacts::v1::GetContactRequest get_contact;
  get_contact.set_name(ada);
  contacts::v1::Contact contact;
  ASSERT_TRUE(contacts_->GetContact(kithd_.Context().get(), get_contact, &contact).ok());
  EXPECT_TRUE(contact.erased()) << contact.ShortDebugString();
  EXPECT_EQ(contact.first_name(), "");
  get_contact.mutable_read()->set_sequence(before);
  ASSERT_TRUE(contacts_->GetContact(kithd_.Context().get(), get_contact, &contact).ok());
  EXPECT_EQ(contact.first_name(), "");
  contacts::v1::ListContactsRequest find;
  find.set_filter("display_name = \"Ada\"");
  contacts::v1::ListContactsResponse found;
  ASSERT_TRUE(contacts_->ListContacts(kithd_.Context().get(), find, &found).ok());
  EXPECT_EQ(found.contacts_size(), 0) << found.ShortDebugString();

  v1::Interaction unused;
  EXPECT_EQ(ReasonOf(TryRecord(Recording(ada, "One more"), &unused)), "PERSON_ERASED");

  const auto context = kithd_.Context();
  const auto reader = events_->ReadEvents(context.get(), {});
  events::v1::ReadEventsResponse response;
  int erased = 0;
  while (reader->Read(&response)) {
    EXPECT_EQ(response.SerializeAsString().find("A secret"), std::string::npos);
    for (const events::v1::Event& event : response.events()) erased += event.erased() ? 1 : 0;
  }
  EXPECT_EQ(erased, 2) << "the contact's creation and the interaction";
}

}  // namespace
}  // namespace kith::interactions
