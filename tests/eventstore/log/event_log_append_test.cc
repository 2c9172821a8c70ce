// Appending: numbering, atomicity, completions, limits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/eventstore/log/event_log_suite.h"

namespace kith::eventstore {
namespace {

using ::testing::ElementsAre;
using Kind = StreamCondition::Kind;

template <class Place>
class Appending : public EventLogSuite<Place> {};
TYPED_TEST_SUITE(Appending, Places);

TYPED_TEST(Appending, NumbersWhatItAppends) {
  const Appended first = this->Write(AppendTo("contacts/1", 2));
  EXPECT_EQ(first.first, Position(1));
  EXPECT_EQ(first.count, 2u);
  EXPECT_EQ(first.first_sequence, Sequence(1));
  EXPECT_EQ(first.record_time, this->clock_.Now());
  EXPECT_FALSE(first.repeated);
  EXPECT_EQ(this->Write(AppendTo("contacts/2")).first, Position(3));
  EXPECT_EQ(this->log_->head(), Position(3));
  EXPECT_EQ(this->log_->WorkspaceHead(kWorkspace), Sequence(3));
}

TYPED_TEST(Appending, KeepsEveryFieldOfARecord) {
  Append append = WithRequest(AppendTo("contacts/1"), "request-1");
  append.correlation_id = "trace-1";
  append.causation = Position(99);
  append.streams[0].events[0] = Event("clear", {TagOf("a"), TagOf("b")});
  append.streams[0].events[0].type = EventType(12);
  append.streams[0].events[0].personal = {{"contacts/1", "secret"}};
  this->Write(append);
  this->Open();  // so that the record comes from the engine, not from memory
  const auto record = this->log_->ReadAt(Position(1), ReadTier::kDisk);
  ASSERT_TRUE(record.ok()) << record.status();
  const EventHeader& header = (*record)->header;
  EXPECT_EQ(header.workspace, kWorkspace);
  EXPECT_EQ(header.sequence, Sequence(1));
  EXPECT_EQ(header.stream, "contacts/1");
  EXPECT_EQ(header.revision, Revision(1));
  EXPECT_EQ(header.append_first, Position(1));
  EXPECT_EQ(header.append_count, 1u);
  EXPECT_EQ(header.type, EventType(12));
  EXPECT_EQ(header.record_time, this->clock_.Now());
  EXPECT_EQ(header.occur_time, absl::FromUnixSeconds(1'600'000'000));
  EXPECT_EQ(header.actor, "users/ada");
  EXPECT_EQ(header.request, append.request);
  EXPECT_EQ(header.correlation_id, "trace-1");
  EXPECT_EQ(header.causation, Position(99));
  EXPECT_THAT(header.tags, ElementsAre(TagOf("a"), TagOf("b")));
  EXPECT_EQ((*record)->payload, "clear");
  ASSERT_EQ((*record)->sealed.size(), 1u);
  const auto opened = this->keys_->Unseal(kWorkspace, (*record)->sealed[0]);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(*opened, "secret");
}

TYPED_TEST(Appending, AppendsToSeveralStreamsTogether) {
  Append append = AppendTo("contacts/1", 2);
  append.streams.push_back(AppendTo("deals/1", 1).streams[0]);
  EXPECT_EQ(this->Write(append).count, 3u);
  EXPECT_THAT(Drain(this->log_->ReadAll(Position(1), Direction::kForwards)),
              ElementsAre("contacts/1@1", "contacts/1@2", "deals/1@1"));
  // One stream's condition fails: none is written.
  EXPECT_EQ(this->Try(If(append, Kind::kAbsent, "deals/1")), absl::StatusCode::kAborted);
  EXPECT_EQ(this->log_->head(), Position(3));
}

TYPED_TEST(Appending, NeverLetsTheRecordTimeFall) {
  const absl::Time before = this->Write(AppendTo("contacts/1")).record_time;
  this->clock_.Jump(-absl::Hours(1));
  EXPECT_EQ(this->Write(AppendTo("contacts/1")).record_time, before);
  this->Open();
  EXPECT_EQ(this->Write(AppendTo("contacts/1")).record_time, before);
}

TYPED_TEST(Appending, CallsEveryCompletionOnce) {
  std::vector<PendingAppend> pending(200);
  for (size_t i = 0; i < pending.size(); ++i) {
    // Every third fails.
    Append append = AppendTo(absl::StrCat("contacts/", i));
    if (i % 3 == 0) append = If(append, Kind::kExists, "contacts/none");
    this->log_->AppendAsync(std::move(append), pending[i].Done());
  }
  for (size_t i = 0; i < pending.size(); ++i) EXPECT_EQ(pending[i].Get().ok(), i % 3 != 0);
  this->log_.reset();
  for (PendingAppend& append : pending) EXPECT_EQ(append.answers(), 1u);
}

TYPED_TEST(Appending, AnswersWhatIsInFlightWhenItCloses) {
  std::vector<PendingAppend> pending(100);
  for (PendingAppend& append : pending)
    this->log_->AppendAsync(AppendTo("contacts/1"), append.Done());
  this->log_.reset();
  for (PendingAppend& append : pending) EXPECT_TRUE(append.Get().ok());
  this->Open();
  EXPECT_EQ(this->log_->head(), Position(100));
}

TYPED_TEST(Appending, RefusesWhatIsMalformed) {
  std::vector<Append> malformed(10, AppendTo("contacts/1"));
  malformed[0].workspace = WorkspaceId();
  malformed[1].streams.clear();
  malformed[2].streams[0].events.clear();
  malformed[3].streams[0].stream = "";
  malformed[4].streams[0].stream = std::string("contacts/\0", 10);
  malformed[5].streams.push_back(malformed[5].streams[0]);
  malformed[6].streams[0].events[0].type = EventType();
  malformed[7].request.id = std::string(2000, 'x');
  malformed[8].request = {"", "id", {}};
  malformed[9].streams[0].events[0].occur_time = absl::InfiniteFuture();
  for (const Append& append : malformed)
    EXPECT_EQ(this->Try(append), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(this->log_->head(), Position());
}

TYPED_TEST(Appending, RefusesWhatIsTooLarge) {
  EXPECT_EQ(this->Try(AppendTo("contacts/1", kAppendEventsMax + 1)),
            absl::StatusCode::kInvalidArgument);
  Append large = AppendTo("contacts/1");
  large.streams[0].events[0].payload = std::string(kEventBytesMax + 1, 'x');
  EXPECT_EQ(this->Try(large), absl::StatusCode::kInvalidArgument);
  Append many = AppendTo("contacts/1", 5);
  for (NewEvent& event : many.streams[0].events) event.payload = std::string(kEventBytesMax, 'x');
  EXPECT_EQ(this->Try(many), absl::StatusCode::kInvalidArgument);
  many.streams[0].events.pop_back();
  EXPECT_EQ(this->Try(many), absl::StatusCode::kOk);
  EXPECT_EQ(this->Try(AppendTo("contacts/2", kAppendEventsMax)), absl::StatusCode::kOk);
}

}  // namespace
}  // namespace kith::eventstore
