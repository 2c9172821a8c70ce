// What every engine must give: one suite over the memory engine and RocksDB.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

#include "eventstore/log/engine.h"
#include "eventstore/seal/key_store.h"
#include "tests/eventstore/log/log_fixture.h"
#include "tests/eventstore/log/places.h"

namespace kith::eventstore {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Kind = StreamCondition::Kind;

template <class Place>
class EventLogConformance : public ::testing::Test {
 protected:
  EventLogConformance() { Open(); }

  void Open(EventLogOptions options = {}) {
    log_.reset();
    auto engine = place_.Open();
    ASSERT_TRUE(engine.ok()) << engine.status();
    auto log = OpenEventLog(*std::move(engine), *keys_, clock_, executor_, options);
    ASSERT_TRUE(log.ok()) << log.status();
    log_ = *std::move(log);
  }

  // Appends what must succeed.
  Appended Write(Append append) {
    const auto appended = log_->AppendAndWait(std::move(append));
    EXPECT_TRUE(appended.ok()) << appended.status();
    return appended.value_or(Appended());
  }
  absl::StatusCode Try(Append append) {
    return log_->AppendAndWait(std::move(append)).status().code();
  }

  Place place_;
  SeededRandom random_;
  std::unique_ptr<KeyStore> keys_ = NewMemoryKeyStore(random_);
  ManualClock clock_;
  PoolExecutor executor_;
  std::unique_ptr<EventLog> log_;
};

using Places = ::testing::Types<MemoryPlace, RocksPlace>;
TYPED_TEST_SUITE(EventLogConformance, Places);

// --- Appending ---

TYPED_TEST(EventLogConformance, NumbersWhatItAppends) {
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

TYPED_TEST(EventLogConformance, KeepsEveryFieldOfARecord) {
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

TYPED_TEST(EventLogConformance, AppendsToSeveralStreamsTogether) {
  Append append = AppendTo("contacts/1", 2);
  append.streams.push_back(AppendTo("deals/1", 1).streams[0]);
  EXPECT_EQ(this->Write(append).count, 3u);
  EXPECT_THAT(Drain(this->log_->ReadAll(Position(1), Direction::kForwards)),
              ElementsAre("contacts/1@1", "contacts/1@2", "deals/1@1"));
  // One stream's condition fails: none is written.
  EXPECT_EQ(this->Try(If(append, Kind::kAbsent, "deals/1")), absl::StatusCode::kAborted);
  EXPECT_EQ(this->log_->head(), Position(3));
}

TYPED_TEST(EventLogConformance, NeverLetsTheRecordTimeFall) {
  const absl::Time before = this->Write(AppendTo("contacts/1")).record_time;
  this->clock_.Advance(-absl::Hours(1));
  EXPECT_EQ(this->Write(AppendTo("contacts/1")).record_time, before);
  this->Open();
  EXPECT_EQ(this->Write(AppendTo("contacts/1")).record_time, before);
}

TYPED_TEST(EventLogConformance, CallsEveryCompletionOnce) {
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

TYPED_TEST(EventLogConformance, AnswersWhatIsInFlightWhenItCloses) {
  std::vector<PendingAppend> pending(100);
  for (PendingAppend& append : pending)
    this->log_->AppendAsync(AppendTo("contacts/1"), append.Done());
  this->log_.reset();
  for (PendingAppend& append : pending) EXPECT_TRUE(append.Get().ok());
  this->Open();
  EXPECT_EQ(this->log_->head(), Position(100));
}

// --- Limits ---

TYPED_TEST(EventLogConformance, RefusesWhatIsMalformed) {
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

TYPED_TEST(EventLogConformance, RefusesWhatIsTooLarge) {
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

// --- Conditions ---

TYPED_TEST(EventLogConformance, HoldsStreamsToTheirConditions) {
  this->Write(AppendTo("contacts/1", 2));
  struct Case {
    Kind kind;
    absl::string_view stream;
    uint64_t revision;
    bool holds;
  };
  const Case cases[] = {
      {Kind::kAny, "contacts/1", 0, true},         {Kind::kAny, "contacts/2", 0, true},
      {Kind::kAbsent, "contacts/1", 0, false},     {Kind::kAbsent, "contacts/2", 0, true},
      {Kind::kExists, "contacts/1", 0, true},      {Kind::kExists, "contacts/2", 0, false},
      {Kind::kAtRevision, "contacts/1", 2, true},  {Kind::kAtRevision, "contacts/1", 1, false},
      {Kind::kAtRevision, "contacts/1", 3, false}, {Kind::kAtRevision, "contacts/1", 0, false},
      {Kind::kAtRevision, "contacts/2", 0, true},  {Kind::kAtRevision, "contacts/2", 1, false},
  };
  for (const Case& c : cases) {
    const auto code = this->Try(If(AppendTo("notes/1"), c.kind, c.stream, c.revision));
    EXPECT_EQ(code, c.holds ? absl::StatusCode::kOk : absl::StatusCode::kAborted)
        << c.stream << " " << static_cast<int>(c.kind) << " " << c.revision;
  }
}

TYPED_TEST(EventLogConformance, KeepsWorkspacesApart) {
  const WorkspaceId other(8);
  Append tagged = AppendTo("contacts/1");
  tagged.streams[0].events[0].tags = {TagOf("ada@example.com")};
  this->Write(WithRequest(tagged, "r1"));
  Append same = tagged;
  same.workspace = other;
  same = IfNoneTagged(If(same, Kind::kAbsent, "contacts/1"), TagOf("ada@example.com"));
  EXPECT_FALSE(this->Write(WithRequest(same, "r1", "another")).repeated);
  EXPECT_EQ(this->log_->WorkspaceHead(other), Sequence(1));
}

TYPED_TEST(EventLogConformance, HoldsTagsToTheirConditions) {
  const Tag tag = TagOf("ada@example.com");
  Append claim = AppendTo("contacts/1");
  claim.streams[0].events[0].tags = {tag};
  this->Write(IfNoneTagged(claim, tag));
  EXPECT_EQ(this->Try(IfNoneTagged(AppendTo("contacts/2"), tag)), absl::StatusCode::kAborted);
  EXPECT_EQ(this->Try(IfNoneTagged(AppendTo("contacts/2"), tag, Position(1))),
            absl::StatusCode::kOk);
  EXPECT_EQ(this->Try(IfNoneTagged(AppendTo("contacts/2"), TagOf("bob@example.com"))),
            absl::StatusCode::kOk);
  this->Open();
  EXPECT_EQ(this->Try(IfNoneTagged(AppendTo("contacts/2"), tag)), absl::StatusCode::kAborted);
}

TYPED_TEST(EventLogConformance, ReportsAllFailedConditions) {
  Append first = AppendTo("contacts/1", 5);
  first.streams[0].events[4].tags = {TagOf("ada")};
  this->Write(first);
  Append append = If(AppendTo("contacts/2"), Kind::kAtRevision, "contacts/1", 3);
  append = If(If(append, Kind::kExists, "contacts/9"), Kind::kAbsent, "contacts/2");
  const auto answer = this->log_->AppendAndWait(IfNoneTagged(append, TagOf("ada"), Position(2)));
  ASSERT_EQ(answer.status().code(), absl::StatusCode::kAborted);
  const std::vector<Conflict> conflicts = ConflictsOf(answer.status());
  ASSERT_EQ(conflicts.size(), 3u);
  EXPECT_EQ(conflicts[0].stream, "contacts/1");
  EXPECT_EQ(conflicts[0].condition, "revision 3");
  EXPECT_EQ(conflicts[0].actual, "revision 5");
  EXPECT_EQ(conflicts[1].stream, "contacts/9");
  EXPECT_EQ(conflicts[1].condition, "exists");
  EXPECT_EQ(conflicts[1].actual, "absent");
  EXPECT_EQ(conflicts[2].stream, "");
  EXPECT_EQ(conflicts[2].condition, "no event with the tag after 2");
  EXPECT_EQ(conflicts[2].actual, "position 5");
  EXPECT_EQ(conflicts[2].tag, TagOf("ada"));
  EXPECT_THAT(ConflictsOf(absl::OkStatus()), IsEmpty());
}

// 16 threads want the same; in every round exactly one gets it.
TYPED_TEST(EventLogConformance, LetsExactlyOneOfSixteenWritersWin) {
  constexpr int kRounds = 40;
  constexpr int kWriters = 16;
  std::atomic<int> won_revision{0};
  std::atomic<int> won_tag{0};
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      for (int round = 0; round < kRounds; ++round) {
        const Append by_revision = If(AppendTo("contests/1"), Kind::kAtRevision, "contests/1",
                                      static_cast<uint64_t>(round));
        // Whoever loses has seen that the round is over; whoever is late loses as well.
        while (this->log_->HeadOf(kWorkspace, "contests/1", ReadTier::kDisk)->revision.value() <
               static_cast<uint64_t>(round)) {
        }
        if (this->log_->AppendAndWait(by_revision).ok()) ++won_revision;
        const Tag tag = TagOf(absl::StrCat("round ", round));
        Append by_tag = AppendTo(absl::StrCat("writers/", w));
        by_tag.streams[0].events[0].tags = {tag};
        if (this->log_->AppendAndWait(IfNoneTagged(by_tag, tag)).ok()) ++won_tag;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(won_revision, kRounds);
  EXPECT_EQ(won_tag, kRounds);
  EXPECT_EQ(this->log_->head(), Position(2 * kRounds));
}

// --- Requests ---

TYPED_TEST(EventLogConformance, RecognisesARequestThatAppended) {
  const Append request = WithRequest(AppendTo("contacts/1", 2), "r1");
  const Appended first = this->Write(request);
  for (int i = 0; i < 2; ++i) {
    this->clock_.Advance(absl::Minutes(1));
    const Appended again = this->Write(request);
    EXPECT_TRUE(again.repeated);
    EXPECT_EQ(again.first, first.first);
    EXPECT_EQ(again.count, 2u);
    EXPECT_EQ(again.first_sequence, first.first_sequence);
    EXPECT_EQ(again.record_time, first.record_time);
    this->Open();  // and once more in the next life
  }
  EXPECT_EQ(this->log_->head(), Position(2));
  const auto found =
      this->log_->FindRequest(kWorkspace, request.request.method, "r1", ReadTier::kDisk);
  ASSERT_TRUE(found.ok()) << found.status();
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->first, request.request);
  EXPECT_EQ((*found)->second.first, first.first);
  const auto missing =
      this->log_->FindRequest(kWorkspace, request.request.method, "r2", ReadTier::kDisk);
  EXPECT_TRUE(missing.ok() && !missing->has_value());
}

TYPED_TEST(EventLogConformance, RefusesARequestIdUsedForSomethingElse) {
  this->Write(WithRequest(AppendTo("contacts/1"), "r1", "one"));
  EXPECT_EQ(this->Try(WithRequest(AppendTo("contacts/1"), "r1", "two")),
            absl::StatusCode::kAlreadyExists);
  Append other_method = WithRequest(AppendTo("contacts/1"), "r1", "two");
  other_method.request.method = "kith.test.v1.Tests/Other";
  EXPECT_EQ(this->Try(other_method), absl::StatusCode::kOk);
}

TYPED_TEST(EventLogConformance, DecidesARejectedRequestAnew) {
  const Append request = WithRequest(If(AppendTo("contacts/2"), Kind::kExists, "contacts/1"), "r1");
  EXPECT_EQ(this->Try(request), absl::StatusCode::kAborted);
  this->Write(AppendTo("contacts/1"));
  EXPECT_FALSE(this->Write(request).repeated);
}

TYPED_TEST(EventLogConformance, AppendsARequestOnceHoweverOftenItIsSent) {
  std::vector<PendingAppend> pending(64);
  for (PendingAppend& append : pending) {
    this->log_->AppendAsync(WithRequest(AppendTo("contacts/1", 3), "r1"), append.Done());
  }
  int fresh = 0;
  for (PendingAppend& append : pending) {
    const auto answer = append.Get();
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->first, Position(1));
    fresh += answer->repeated ? 0 : 1;
  }
  EXPECT_EQ(fresh, 1);
  EXPECT_EQ(this->log_->head(), Position(3));
}

// --- Reading ---

TYPED_TEST(EventLogConformance, ReadsNothingFromAnEmptyLog) {
  EXPECT_THAT(Drain(this->log_->ReadAll(Position(1), Direction::kForwards)), IsEmpty());
  EXPECT_THAT(Drain(this->log_->ReadAll(Position(), Direction::kBackwards)), IsEmpty());
  EXPECT_THAT(Drain(this->log_->ReadWorkspace(kWorkspace, Sequence(1), Direction::kForwards)),
              IsEmpty());
  EXPECT_THAT(Drain(this->log_->ReadTag(kWorkspace, TagOf("a"), Position())), IsEmpty());
  EXPECT_EQ(*this->log_->ReadAt(Position(1), ReadTier::kDisk), nullptr);
  EXPECT_EQ(this->log_->HeadOf(kWorkspace, "contacts/1", ReadTier::kDisk)->revision, Revision());
  EXPECT_EQ(*this->log_->PositionAt(this->clock_.Now()), Position());
  EXPECT_EQ(*this->log_->PositionOf(kWorkspace, Sequence(1)), Position());
}

// The same answers from memory and, after reopening, from the engine.
TYPED_TEST(EventLogConformance, ReadsAStreamFromAnyRevisionInBothDirections) {
  this->Write(AppendTo("contacts/1", 3));
  this->Write(AppendTo("contacts/10", 1));  // a name that begins with another
  this->Write(AppendTo("contacts/1", 2));
  for (int life = 0; life < 2; ++life) {
    auto read = [&](uint64_t from, Direction direction) {
      return Drain(this->log_->ReadStream(kWorkspace, "contacts/1", Revision(from), direction,
                                          ReadTier::kDisk));
    };
    EXPECT_THAT(read(1, Direction::kForwards),
                ElementsAre("contacts/1@1", "contacts/1@2", "contacts/1@3", "contacts/1@4",
                            "contacts/1@5"));
    EXPECT_THAT(read(0, Direction::kForwards), ::testing::SizeIs(5));
    EXPECT_THAT(read(3, Direction::kForwards),
                ElementsAre("contacts/1@3", "contacts/1@4", "contacts/1@5"));
    EXPECT_THAT(read(5, Direction::kForwards), ElementsAre("contacts/1@5"));
    EXPECT_THAT(read(6, Direction::kForwards), IsEmpty());
    EXPECT_THAT(read(0, Direction::kBackwards),
                ElementsAre("contacts/1@5", "contacts/1@4", "contacts/1@3", "contacts/1@2",
                            "contacts/1@1"));
    EXPECT_THAT(read(4, Direction::kBackwards),
                ElementsAre("contacts/1@4", "contacts/1@3", "contacts/1@2", "contacts/1@1"));
    EXPECT_THAT(read(2, Direction::kBackwards), ElementsAre("contacts/1@2", "contacts/1@1"));
    EXPECT_THAT(read(99, Direction::kBackwards), ::testing::SizeIs(5));
    EXPECT_EQ(this->log_->HeadOf(kWorkspace, "contacts/1", ReadTier::kDisk)->revision, Revision(5));
    EXPECT_EQ(this->log_->HeadOf(kWorkspace, "contacts/1", ReadTier::kDisk)->position, Position(6));
    this->Open();
  }
}

TYPED_TEST(EventLogConformance, ReadsAWorkspaceInOrderWithoutHoles) {
  const WorkspaceId other(3);
  for (int i = 0; i < 30; ++i) {
    this->Write(AppendTo(absl::StrCat("contacts/", i), 1 + i % 3));
    this->Write(AppendTo(absl::StrCat("deals/", i), 2, other));
  }
  for (int life = 0; life < 2; ++life) {
    for (const WorkspaceId workspace : {kWorkspace, other}) {
      const Sequence head = this->log_->WorkspaceHead(workspace);
      EXPECT_EQ(head, Sequence(60));
      for (uint64_t from : {1, 2, 31, 60}) {
        auto cursor = this->log_->ReadWorkspace(workspace, Sequence(from), Direction::kForwards);
        uint64_t expected = from;
        for (auto record = *cursor->Next(); record != nullptr; record = *cursor->Next()) {
          EXPECT_EQ(record->header.workspace, workspace);
          EXPECT_EQ(record->header.sequence, Sequence(expected));
          EXPECT_EQ(*this->log_->PositionOf(workspace, Sequence(expected)),
                    record->header.position);
          ++expected;
        }
        EXPECT_EQ(expected, head.value() + 1);
      }
      auto backwards = this->log_->ReadWorkspace(workspace, Sequence(40), Direction::kBackwards);
      for (uint64_t expected = 40; expected > 0; --expected) {
        EXPECT_EQ((*backwards->Next())->header.sequence, Sequence(expected));
      }
      EXPECT_EQ(*backwards->Next(), nullptr);
    }
    this->Open();
  }
}

TYPED_TEST(EventLogConformance, ReadsTheWholeLogInPieces) {
  constexpr int kEvents = 3000;  // more than one piece of a cursor
  for (int i = 0; i < kEvents / 500; ++i) this->Write(AppendTo(absl::StrCat("contacts/", i), 500));
  for (int life = 0; life < 2; ++life) {
    uint64_t expected = 1;
    auto forwards = this->log_->ReadAll(Position(1), Direction::kForwards);
    for (auto record = *forwards->Next(); record != nullptr; record = *forwards->Next()) {
      EXPECT_EQ(record->header.position, Position(expected++));
    }
    EXPECT_EQ(expected, kEvents + 1u);
    auto backwards = this->log_->ReadAll(Position(), Direction::kBackwards);
    for (auto record = *backwards->Next(); record != nullptr; record = *backwards->Next()) {
      EXPECT_EQ(record->header.position, Position(--expected));
    }
    EXPECT_EQ(expected, 1u);
    this->Open();
  }
}

TYPED_TEST(EventLogConformance, PinsACursorAtTheHeadOfItsMaking) {
  this->Write(AppendTo("contacts/1"));
  auto all = this->log_->ReadAll(Position(1), Direction::kForwards);
  auto stream = this->log_->ReadStream(kWorkspace, "contacts/1", Revision(1), Direction::kForwards,
                                       ReadTier::kDisk);
  auto workspace = this->log_->ReadWorkspace(kWorkspace, Sequence(1), Direction::kForwards);
  this->Write(AppendTo("contacts/1"));
  EXPECT_THAT(Drain(std::move(all)), ElementsAre("contacts/1@1"));
  EXPECT_THAT(Drain(std::move(stream)), ElementsAre("contacts/1@1"));
  EXPECT_THAT(Drain(std::move(workspace)), ElementsAre("contacts/1@1"));
}

TYPED_TEST(EventLogConformance, ReadsTheEventsOfATag) {
  const Tag tag = TagOf("ada");
  for (int i = 0; i < 6; ++i) {
    Append append = AppendTo(absl::StrCat("contacts/", i));
    if (i % 2 == 0) append.streams[0].events[0].tags = {tag, TagOf("all")};
    this->Write(append);
  }
  EXPECT_THAT(Drain(this->log_->ReadTag(kWorkspace, tag, Position())),
              ElementsAre("contacts/0@1", "contacts/2@1", "contacts/4@1"));
  EXPECT_THAT(Drain(this->log_->ReadTag(kWorkspace, tag, Position(1))),
              ElementsAre("contacts/2@1", "contacts/4@1"));
  EXPECT_THAT(Drain(this->log_->ReadTag(WorkspaceId(8), tag, Position())), IsEmpty());
}

TYPED_TEST(EventLogConformance, FindsThePositionAtATime) {
  const absl::Time start = this->clock_.Now();
  for (int i = 0; i < 5; ++i) {
    this->Write(AppendTo("contacts/1", 2));
    this->clock_.Advance(absl::Seconds(10));
  }
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(*this->log_->PositionAt(start - absl::Microseconds(1)), Position());
    EXPECT_EQ(*this->log_->PositionAt(start), Position(2));
    EXPECT_EQ(*this->log_->PositionAt(start + absl::Seconds(15)), Position(4));
    EXPECT_EQ(*this->log_->PositionAt(start + absl::Hours(1)), Position(10));
    EXPECT_EQ(*this->log_->PositionAt(absl::InfinitePast()), Position());
    EXPECT_EQ(*this->log_->PositionAt(absl::InfiniteFuture()), Position(10));
    this->Open();
  }
}

TYPED_TEST(EventLogConformance, FindsThePositionOfASequenceBeyondTheEnd) {
  this->Write(AppendTo("contacts/1", 2));
  this->Write(AppendTo("contacts/1", 2, WorkspaceId(8)));
  EXPECT_EQ(*this->log_->PositionOf(kWorkspace, Sequence(99)), Position(2));
  EXPECT_EQ(*this->log_->PositionOf(WorkspaceId(9), Sequence(1)), Position());
}

TYPED_TEST(EventLogConformance, KeepsItsStoreIdAcrossLives) {
  const std::string id(this->log_->store_id());
  EXPECT_EQ(id.size(), 16u);
  this->Open();
  EXPECT_EQ(std::string(this->log_->store_id()), id);
  EXPECT_EQ(this->log_->epoch(), 0u);
}

// --- Following ---

TYPED_TEST(EventLogConformance, FollowsFromAnyPosition) {
  this->Write(AppendTo("contacts/1", 3));
  auto follower = this->log_->Follow(Position(1));
  EXPECT_EQ(follower->Poll(10)->size(), 2u);
  EXPECT_THAT(*follower->Poll(10), IsEmpty());
  this->Write(AppendTo("contacts/1", 3));
  EXPECT_TRUE(follower->Wait(absl::InfiniteDuration()));
  EXPECT_EQ(follower->Poll(2)->size(), 2u);
  const auto last = *follower->Poll(2);
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0]->header.position, Position(6));
}

TYPED_TEST(EventLogConformance, FeedsASlowFollowerFromDisk) {
  this->Open({.tail_records = 8});
  auto follower = this->log_->Follow(Position());
  for (int i = 0; i < 100; ++i) this->Write(AppendTo("contacts/1"));
  uint64_t expected = 1;
  for (auto records = *follower->Poll(7); !records.empty(); records = *follower->Poll(7)) {
    for (const auto& record : records) EXPECT_EQ(record->header.position, Position(expected++));
  }
  EXPECT_EQ(expected, 101u);
}

TYPED_TEST(EventLogConformance, WakesAFollowerOnce) {
  auto follower = this->log_->Follow(Position());
  struct {
    Mutex mutex;
    CondVar woken;
    int wakes KITH_GUARDED_BY(mutex) = 0;
  } state;
  auto wake = [&] {
    MutexLock lock(state.mutex);
    ++state.wakes;
    state.woken.NotifyAll();
  };
  auto wait_for = [&](int wakes) {
    MutexLock lock(state.mutex);
    while (state.wakes < wakes) state.woken.Wait(state.mutex);
    return state.wakes;
  };
  follower->Wake(wake);
  this->Write(AppendTo("contacts/1"));
  EXPECT_EQ(wait_for(1), 1);
  this->Write(AppendTo("contacts/1"));
  follower->Wake(wake);  // something is there already
  EXPECT_EQ(wait_for(2), 2);
  EXPECT_EQ(follower->Poll(10)->size(), 2u);
  follower->Wake(wake);
  follower.reset();
  this->Write(AppendTo("contacts/1"));
  EXPECT_EQ(wait_for(2), 2);
}

TYPED_TEST(EventLogConformance, EndsEveryWaitOfAClosedFollower) {
  auto follower = this->log_->Follow(Position());
  std::thread waiting([&] { EXPECT_FALSE(follower->Wait(absl::InfiniteDuration())); });
  follower->Close();
  waiting.join();
  EXPECT_FALSE(follower->Wait(absl::InfiniteDuration()));
}

// Four followers see every position once and in order while eight threads append.
TYPED_TEST(EventLogConformance, NeverSkipsAPositionForAFollower) {
  constexpr int kWriters = 8;
  constexpr int kAppends = 50;
  this->Open({.tail_records = 64});
  std::vector<std::thread> threads;
  for (int f = 0; f < 4; ++f) {
    threads.emplace_back([this] {
      auto follower = this->log_->Follow(Position());
      uint64_t expected = 1;
      while (expected <= kWriters * kAppends && follower->Wait(absl::InfiniteDuration())) {
        const auto records = follower->Poll(50);
        ASSERT_TRUE(records.ok()) << records.status();
        for (const auto& record : *records)
          ASSERT_EQ(record->header.position, Position(expected++));
      }
    });
  }
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([this, w] {
      for (int i = 0; i < kAppends; ++i) this->Write(AppendTo(absl::StrCat("contacts/", w)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(this->log_->WorkspaceHead(kWorkspace), Sequence(kWriters * kAppends));
}

}  // namespace
}  // namespace kith::eventstore
