// What is said of an interaction after it was recorded, over gRPC, in a whole server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "tests/services/interactions/interactions_fixture.h"

namespace kith::interactions {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using DealsStub = deals::v1::DealsService::Stub;

class AmendmentTest : public InteractionsServiceTest {
 protected:
  v1::Interaction RecordCall(const std::string& parent) {
    v1::RecordInteractionRequest request = Recording(parent, "About the offer");
    request.mutable_interaction()->set_body("She will think about it.");
    request.mutable_interaction()->set_outcome("held");
    return Record(request);
  }
  Reply<v1::Interaction> TryAmend(const v1::AmendInteractionRequest& request) {
    return server_.Call(&InteractionsStub::AmendInteraction, request);
  }
  // With the fields that are set in `values`.
  v1::Interaction Amend(const std::string& name, v1::Interaction values) {
    v1::AmendInteractionRequest request;
    *request.mutable_interaction() = std::move(values);
    request.mutable_interaction()->set_name(name);
    const auto reply = TryAmend(request);
    EXPECT_EQ(reply.reason(), "") << reply.status.error_message();
    server_.clock().Advance(absl::Seconds(1));
    return reply.response;
  }
  Reply<v1::Interaction> TryRedact(const std::string& name, const std::string& etag = "") {
    v1::RedactInteractionRequest request;
    request.set_name(name);
    request.set_etag(etag);
    request.set_reason("a card's number");
    return server_.Call(&InteractionsStub::RedactInteraction, request);
  }
  v1::Interaction GetAsOf(const std::string& name, const type::v1::ReadOptions& read) {
    v1::GetInteractionRequest request;
    request.set_name(name);
    *request.mutable_read() = read;
    const auto reply = TryGet(request);
    EXPECT_EQ(reply.reason(), "");
    return reply.response;
  }
  // The moment of the newest entry of a timeline.
  type::v1::ReadOptions Newest(const std::string& parent) {
    type::v1::ReadOptions read;
    read.set_sequence(List(parent).entries(0).sequence());
    return read;
  }
  std::vector<v1::InteractionRevision> Revisions(const std::string& name,
                                                 const std::string& field = "", int page_size = 0) {
    v1::ListInteractionRevisionsRequest request;
    request.set_name(name);
    request.set_field(field);
    request.set_page_size(page_size);
    std::vector<v1::InteractionRevision> revisions;
    do {
      const auto page = server_.Call(&InteractionsStub::ListInteractionRevisions, request);
      EXPECT_EQ(page.reason(), "");
      revisions.insert(revisions.end(), page->revisions().begin(), page->revisions().end());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return revisions;
  }
};

v1::Interaction Values(const std::string& subject) {
  v1::Interaction values;
  values.set_subject(subject);
  return values;
}

TEST_F(AmendmentTest, IsWhatIsReadFromThenOnAndNotBefore) {
  const std::string ada = CreateContact("Ada");
  const v1::Interaction recorded = RecordCall(ada);
  const type::v1::ReadOptions before = Newest(ada);
  v1::Interaction values = Values("About the second offer");
  values.set_kind(v1::MEETING);
  const v1::Interaction amended = Amend(recorded.name(), values);
  EXPECT_EQ(recorded.etag(), "1");
  EXPECT_EQ(amended.etag(), "2");
  EXPECT_FALSE(recorded.has_amend_time());
  EXPECT_TRUE(amended.has_amend_time());
  EXPECT_EQ(amended.kind(), v1::MEETING);
  EXPECT_EQ(amended.subject(), "About the second offer");
  EXPECT_EQ(amended.body(), "She will think about it.") << "what the mask leaves out stays";
  EXPECT_EQ(amended.outcome(), "held");
  EXPECT_EQ(amended.occur_time().DebugString(), recorded.occur_time().DebugString());
  EXPECT_EQ(amended.record_time().DebugString(), recorded.record_time().DebugString());

  EXPECT_EQ(Get(recorded.name()).DebugString(), amended.DebugString());
  EXPECT_EQ(GetAsOf(recorded.name(), before).DebugString(), recorded.DebugString());

  const v1::ListTimelineResponse timeline = List(ada);
  ASSERT_EQ(timeline.entries_size(), 2) << "an amendment is no entry of its own";
  EXPECT_EQ(timeline.entries(0).interaction().DebugString(), amended.DebugString());
  v1::ListTimelineRequest meetings;
  meetings.set_parent(ada);
  meetings.add_kinds(v1::MEETING);
  EXPECT_EQ(List(meetings).entries_size(), 1);
  *meetings.mutable_read() = before;
  EXPECT_EQ(List(meetings).entries_size(), 0);
}

TEST_F(AmendmentTest, FindsAnInteractionThatHappenedAtAnotherTimeAndUnderADeal) {
  deals::v1::CreateDealRequest deal;
  deal.set_deal_id("atlas");
  deal.mutable_deal()->set_display_name("Atlas");
  ASSERT_EQ(server_.Call(&DealsStub::CreateDeal, deal).reason(), "");
  v1::RecordInteractionRequest request = Recording("deals/atlas", "A visit");
  request.mutable_interaction()->mutable_occur_time()->set_seconds(1'500'000'000);
  const v1::Interaction recorded = Record(request);
  const v1::Interaction amended = Amend(recorded.name(), Values("A second visit"));
  EXPECT_EQ(amended.occur_time().seconds(), 1'500'000'000);
  EXPECT_EQ(Get(recorded.name()).subject(), "A second visit");
}

TEST_F(AmendmentTest, MovesItBetweenTimelinesWithItsLinks) {
  const std::string ada = CreateContact("Ada");
  const std::string grace = CreateContact("Grace");
  const std::string alan = CreateContact("Alan");
  deals::v1::CreateDealRequest create;
  create.set_deal_id("atlas");
  create.mutable_deal()->set_display_name("Atlas");
  ASSERT_EQ(server_.Call(&DealsStub::CreateDeal, create).reason(), "");
  server_.clock().Advance(absl::Hours(1));
  v1::RecordInteractionRequest request = Recording(ada, "Lunch");
  request.mutable_interaction()->add_links(grace);
  const v1::Interaction recorded = Record(request);
  const type::v1::ReadOptions before = Newest(ada);
  server_.clock().Advance(absl::Hours(1));

  v1::Interaction values;
  for (const std::string& link : {alan, ada, alan, std::string("deals/atlas")}) {
    values.add_links(link);
  }
  const v1::Interaction amended = Amend(recorded.name(), values);
  EXPECT_THAT(amended.links(), ElementsAre(alan, "deals/atlas"))
      << "each once, and not what it belongs to";
  EXPECT_THAT(Written(List(ada)), ElementsAre("Lunch", "contact_created"));
  EXPECT_THAT(Written(List(grace)), ElementsAre("contact_created"));
  EXPECT_THAT(Written(List(alan)), ElementsAre("Lunch", "contact_created"));
  EXPECT_THAT(Written(List("deals/atlas")), ElementsAre("Lunch", "deal_created"));
  v1::ListTimelineRequest then;
  then.set_parent(grace);
  *then.mutable_read() = before;
  EXPECT_THAT(Written(List(then)), ElementsAre("Lunch", "contact_created"));

  deals::v1::GetDealRequest deal;
  deal.set_name("deals/atlas");
  const auto atlas = server_.Call(&DealsStub::GetDeal, deal);
  EXPECT_EQ(atlas->last_activity_time().seconds(), recorded.occur_time().seconds())
      << "when it happened, not when it was said to be about the deal";

  values.clear_links();
  values.add_links("contacts/nobody");
  v1::AmendInteractionRequest nobody;
  *nobody.mutable_interaction() = values;
  nobody.mutable_interaction()->set_name(recorded.name());
  const auto refused = TryAmend(nobody);
  EXPECT_EQ(refused.reason(), "LINKED_RECORD_NOT_FOUND");
  EXPECT_THAT(refused.fields(), ElementsAre("interaction.links[0]"));
}

TEST_F(AmendmentTest, RepeatsNothingThatWasRedactedSince) {
  v1::RecordInteractionRequest recording = Recording(CreateContact("Ada"), "4111 1111");
  recording.set_request_id("recording");
  const v1::Interaction recorded = Record(recording);
  v1::AmendInteractionRequest amending;
  amending.mutable_interaction()->set_name(recorded.name());
  amending.mutable_interaction()->set_channel("sales@");
  amending.mutable_update_mask()->add_paths("channel");
  amending.set_request_id("amending");
  EXPECT_EQ(TryAmend(amending)->subject(), "4111 1111");
  ASSERT_EQ(TryRedact(recorded.name()).reason(), "");
  for (const auto& repeated : {TryRecord(recording), TryAmend(amending)}) {
    ASSERT_EQ(repeated.reason(), "");
    EXPECT_EQ(repeated->subject(), "");
    EXPECT_TRUE(repeated->redacted());
  }
}

TEST_F(AmendmentTest, ClearsWhatTheMaskNames) {
  const v1::Interaction recorded = RecordCall(CreateContact("Ada"));
  v1::AmendInteractionRequest request;
  request.mutable_interaction()->set_name(recorded.name());
  request.mutable_update_mask()->add_paths("outcome");
  request.mutable_update_mask()->add_paths("body");
  const auto amended = TryAmend(request);
  ASSERT_EQ(amended.reason(), "");
  EXPECT_EQ(amended->outcome(), "");
  EXPECT_EQ(amended->body(), "");
  EXPECT_EQ(amended->subject(), "About the offer");
  EXPECT_EQ(Get(recorded.name()).DebugString(), amended->DebugString());
}

TEST_F(AmendmentTest, RefusesWhatItCannotBe) {
  const v1::Interaction recorded = RecordCall(CreateContact("Ada"));
  const auto reason = [&](const std::string& path, const std::string& etag = "") {
    v1::AmendInteractionRequest request;
    request.mutable_interaction()->set_name(recorded.name());
    request.mutable_interaction()->set_etag(etag);
    request.mutable_update_mask()->add_paths(path);
    return TryAmend(request).reason();
  };
  EXPECT_EQ(reason("occur_time"), "INVALID_UPDATE_MASK");
  EXPECT_EQ(reason("record_time"), "INVALID_UPDATE_MASK");
  EXPECT_EQ(reason("redacted"), "INVALID_UPDATE_MASK");
  EXPECT_EQ(reason("colour"), "INVALID_UPDATE_MASK");
  EXPECT_EQ(reason("kind"), "INVALID_FIELD") << "it is required";
  EXPECT_EQ(reason("body", "7"), "ETAG_MISMATCH");
  EXPECT_EQ(reason("body", "1"), "");

  v1::AmendInteractionRequest request;
  request.mutable_interaction()->set_subject("of none");
  EXPECT_THAT(TryAmend(request).fields(), ElementsAre("interaction.name"));
  std::string other = recorded.name();
  other.back() = other.back() == '0' ? '1' : '0';
  request.mutable_interaction()->set_name(other);
  EXPECT_EQ(TryAmend(request).reason(), "INTERACTION_NOT_FOUND");
  request.mutable_interaction()->set_name("users/1");
  EXPECT_THAT(TryAmend(request).fields(), ElementsAre("interaction.name"));
}

// What another is called it cannot be, and what it is called no more another may be.
TEST_F(AmendmentTest, GivesUpAnExternalIdAndTakesAnother) {
  const std::string ada = CreateContact("Ada");
  const std::string one = RecordCall(ada).name();
  const std::string two = RecordCall(ada).name();
  const auto called = [](const std::string& external_id) {
    v1::Interaction values;
    values.set_external_id(external_id);
    return values;
  };
  Amend(one, called("mail:1"));
  v1::AmendInteractionRequest request;
  *request.mutable_interaction() = called("mail:1");
  request.mutable_interaction()->set_name(two);
  const auto refused = TryAmend(request);
  EXPECT_EQ(refused.reason(), "EXTERNAL_ID_TAKEN");
  EXPECT_EQ(refused.metadata("interaction"), one);
  v1::RecordInteractionRequest record = Recording(ada);
  record.mutable_interaction()->set_external_id("mail:1");
  EXPECT_EQ(TryRecord(record).reason(), "EXTERNAL_ID_TAKEN");
  // Its own it has already, whatever else is amended or taken away.
  v1::Interaction again = called("mail:1");
  again.set_outcome("no answer");
  EXPECT_EQ(Amend(one, again).external_id(), "mail:1");
  EXPECT_EQ(TryRedact(one).reason(), "");
  EXPECT_EQ(TryAmend(request).reason(), "EXTERNAL_ID_TAKEN");
  Amend(one, called("mail:2"));
  EXPECT_EQ(TryAmend(request).reason(), "");
  EXPECT_EQ(TryRecord(record).metadata("interaction"), two);
  Amend(two, called("mail:3"));
  EXPECT_EQ(TryRecord(record).reason(), "");
}

TEST_F(AmendmentTest, TakesEffectOnceHoweverOftenItIsAsked) {
  const v1::Interaction recorded = RecordCall(CreateContact("Ada"));
  v1::AmendInteractionRequest request;
  request.mutable_interaction()->set_name(recorded.name());
  request.mutable_interaction()->set_subject("Once");
  request.set_request_id("amend-1");
  const auto first = TryAmend(request);
  ASSERT_EQ(first.reason(), "");
  Amend(recorded.name(), Values("Twice"));
  EXPECT_EQ(TryAmend(request)->DebugString(), first->DebugString());
  EXPECT_EQ(Get(recorded.name()).subject(), "Twice");
  // What it is already is no change.
  EXPECT_EQ(Amend(recorded.name(), Values("Twice")).etag(), "3");
}

// Goal: one of many that amend the same reading wins, and whatever was just recorded is found,
// although its timeline may not have it yet.
TEST_F(AmendmentTest, IsMadeByOneOfManyWhoSawTheSame) {
  constexpr int kThreads = 8;
  constexpr int kRounds = 20;
  const std::string ada = CreateContact("Ada");
  for (int round = 0; round < kRounds; ++round) {
    const std::string name = TryRecord(Recording(ada))->name();
    std::atomic<int> won = 0;
    std::atomic<int> refused = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        v1::AmendInteractionRequest request;
        *request.mutable_interaction() = Values(absl::StrCat("by ", i));
        request.mutable_interaction()->set_name(name);
        request.mutable_interaction()->set_etag("1");
        const std::string reason = TryAmend(request).reason();
        if (reason.empty()) ++won;
        if (reason == "ETAG_MISMATCH") ++refused;
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(refused, kThreads - 1);
  }
}

TEST_F(AmendmentTest, StandsInTheHistoryOfTheInteraction) {
  const v1::Interaction recorded = RecordCall(CreateContact("Ada"));
  Amend(recorded.name(), Values("Second"));
  v1::Interaction values;
  values.set_outcome("no answer");
  Amend(recorded.name(), values);

  const std::vector<v1::InteractionRevision> all = Revisions(recorded.name());
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].revision().etag(), "3");
  EXPECT_THAT(all[0].revision().changed().paths(), ElementsAre("outcome"));
  EXPECT_EQ(all[0].before().outcome(), "held");
  EXPECT_EQ(all[0].after().outcome(), "no answer");
  EXPECT_EQ(all[1].revision().type(), "interaction_amended");
  EXPECT_EQ(all[1].before().subject(), "About the offer");
  EXPECT_EQ(all[1].after().subject(), "Second");
  EXPECT_EQ(all[2].revision().etag(), "1");
  EXPECT_EQ(all[2].revision().type(), "interaction_recorded");
  EXPECT_EQ(all[2].after().body(), "She will think about it.");
  EXPECT_NE(all[2].revision().actor(), "");

  EXPECT_EQ(Revisions(recorded.name(), "subject").size(), 2u);
  EXPECT_EQ(Revisions(recorded.name(), "", 1).size(), 3u) << "in pages of one";
  v1::ListInteractionRevisionsRequest request;
  request.set_name(recorded.name().substr(0, recorded.name().size() - 1) + "_");
  EXPECT_EQ(server_.Call(&InteractionsStub::ListInteractionRevisions, request).reason(),
            "INTERACTION_NOT_FOUND");
}

TEST_F(AmendmentTest, RedactsTheTextAsOfEveryMoment) {
  const std::string ada = CreateContact("Ada");
  const std::string grace = CreateContact("Grace");
  v1::RecordInteractionRequest request = Recording(ada, "4111 1111 1111 1111");
  request.mutable_interaction()->set_body("her card 4111");
  request.mutable_interaction()->set_channel("sales@");
  request.mutable_interaction()->add_links(grace);
  const v1::Interaction recorded = Record(request);
  const type::v1::ReadOptions first = Newest(ada);
  Amend(recorded.name(), Values("4111 again"));
  Record(Recording(ada, "Later"));
  v1::ListTimelineRequest paged;
  paged.set_parent(ada);
  paged.set_page_size(1);
  const v1::ListTimelineResponse page = List(paged);

  EXPECT_EQ(TryRedact(recorded.name(), "1").reason(), "ETAG_MISMATCH");
  const auto redacted = TryRedact(recorded.name(), "2");
  ASSERT_EQ(redacted.reason(), "");
  EXPECT_TRUE(redacted->redacted());
  EXPECT_EQ(redacted->subject(), "");
  EXPECT_EQ(redacted->channel(), "sales@") << "what is no text stays";
  EXPECT_EQ(redacted->etag(), "3");
  EXPECT_EQ(Get(recorded.name()).DebugString(), redacted->DebugString());

  paged.set_page_token(page.next_page_token());
  std::string told = List(paged).DebugString() + List(ada).DebugString() +
                     List(grace).DebugString() + GetAsOf(recorded.name(), first).DebugString();
  v1::ListTimelineRequest then;
  then.set_parent(ada);
  *then.mutable_read() = first;
  told += List(then).DebugString();
  v1::BatchGetInteractionsRequest batch;
  batch.add_names(recorded.name());
  *batch.mutable_read() = first;
  told += server_.Call(&InteractionsStub::BatchGetInteractions, batch)->DebugString();
  for (const auto& revision : Revisions(recorded.name())) told += revision.DebugString();
  EXPECT_EQ(told.find("4111"), std::string::npos) << told;
  EXPECT_TRUE(GetAsOf(recorded.name(), first).redacted());
  EXPECT_EQ(GetAsOf(recorded.name(), first).redact_reason(), "a card's number");
  for (const v1::ListTimelineResponse& timeline : {List(grace), List(then)}) {
    const auto& entry = *std::find_if(timeline.entries().begin(), timeline.entries().end(),
                                      [](const auto& one) { return one.has_interaction(); });
    EXPECT_TRUE(entry.redacted());
  }
  const std::vector<v1::InteractionRevision> revisions = Revisions(recorded.name());
  ASSERT_EQ(revisions.size(), 3u);
  EXPECT_FALSE(revisions[0].before().redacted());
  EXPECT_TRUE(revisions[0].after().redacted());
  EXPECT_EQ(revisions[0].after().redact_reason(), "a card's number");
  EXPECT_THAT(revisions[0].revision().changed().paths(), ::testing::Contains("redact_reason"));

  v1::AmendInteractionRequest amend;
  *amend.mutable_interaction() = Values("Anything");
  amend.mutable_interaction()->set_name(recorded.name());
  EXPECT_EQ(TryAmend(amend).reason(), "INTERACTION_REDACTED");
  EXPECT_EQ(TryRedact(recorded.name())->etag(), "3") << "it is so already";
}

// What is no text may go on to be wrong, and be corrected.
TEST_F(AmendmentTest, OfWhatIsRedactedKeepsItSo) {
  const std::string ada = CreateContact("Ada");
  const v1::Interaction recorded = RecordCall(ada);
  const type::v1::ReadOptions first = Newest(ada);
  ASSERT_EQ(TryRedact(recorded.name()).reason(), "");
  v1::Interaction values;
  values.set_outcome("no answer");
  values.set_subject("");
  const v1::Interaction amended = Amend(recorded.name(), values);
  EXPECT_EQ(amended.outcome(), "no answer");
  EXPECT_TRUE(amended.redacted());
  EXPECT_EQ(amended.redact_reason(), "a card's number");
  EXPECT_EQ(amended.etag(), "3");
  EXPECT_EQ(Get(recorded.name()).DebugString(), amended.DebugString());
  const v1::Interaction before = GetAsOf(recorded.name(), first);
  EXPECT_TRUE(before.redacted()) << "as of every moment";
  EXPECT_EQ(before.outcome(), "held");
  EXPECT_EQ(before.subject(), "");
  std::string told;
  for (const auto& revision : Revisions(recorded.name())) told += revision.DebugString();
  EXPECT_EQ(told.find("About the offer"), std::string::npos) << told;

  v1::AmendInteractionRequest amend;
  amend.mutable_interaction()->set_name(recorded.name());
  amend.mutable_interaction()->set_outcome("held");
  amend.mutable_interaction()->set_body("What was there");
  EXPECT_EQ(TryAmend(amend).reason(), "INTERACTION_REDACTED") << "with text among it";
  EXPECT_EQ(TryRedact(recorded.name())->etag(), "3") << "it is so already";
}

TEST_F(AmendmentTest, IsRedactedOnlyByWhoMayDoThat) {
  const v1::Interaction recorded = RecordCall(CreateContact("Ada"));
  v1::RedactInteractionRequest request;
  request.set_name(recorded.name());
  const auto refused = server_.CallWith(KeyGranting({"interactions.write", "interactions.read"}),
                                        &InteractionsStub::RedactInteraction, request);
  EXPECT_EQ(refused.status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(AmendmentTest, CannotBeOfAPersonWhoWasErased) {
  const std::string ada = CreateContact("Ada");
  const v1::Interaction recorded = RecordCall(ada);
  Amend(recorded.name(), Values("A secret"));
  ASSERT_TRUE(server_.keys().Destroy(server_.workspace(), ada).ok());
  const v1::Interaction erased = Get(recorded.name());
  EXPECT_TRUE(erased.erased());
  EXPECT_EQ(erased.subject(), "");
  EXPECT_EQ(erased.outcome(), "held");
  v1::AmendInteractionRequest amend;
  *amend.mutable_interaction() = Values("Another");
  amend.mutable_interaction()->set_name(recorded.name());
  EXPECT_EQ(TryAmend(amend).reason(), "INTERACTION_REDACTED");
}

TEST_F(AmendmentTest, IsToldWhereManyAreRead) {
  const std::string ada = CreateContact("Ada");
  const v1::Interaction one = RecordCall(ada);
  const v1::Interaction two = RecordCall(ada);
  Amend(two.name(), Values("Second"));
  v1::BatchGetInteractionsRequest request;
  request.add_names(two.name());
  request.add_names(ada + "/interactions/none");
  request.add_names(one.name());
  const auto batch = server_.Call(&InteractionsStub::BatchGetInteractions, request);
  ASSERT_EQ(batch.reason(), "");
  ASSERT_EQ(batch->interactions_size(), 2);
  EXPECT_EQ(batch->interactions(0).subject(), "Second");
  EXPECT_EQ(batch->interactions(1).DebugString(), one.DebugString());
  EXPECT_THAT(batch->missing(), ElementsAre(ada + "/interactions/none"));
  EXPECT_THAT(batch->left_out(), IsEmpty());
}

}  // namespace
}  // namespace kith::interactions
