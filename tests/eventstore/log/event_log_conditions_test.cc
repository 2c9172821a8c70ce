// Conditions of an append: streams, tags, races for one of them, and what is reported when they
// fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/eventstore/log/event_log_suite.h"

namespace kith::eventstore {
namespace {

using ::testing::IsEmpty;
using Kind = StreamCondition::Kind;

template <class Place>
class AppendConditions : public EventLogSuite<Place> {};
TYPED_TEST_SUITE(AppendConditions, Places);

TYPED_TEST(AppendConditions, HoldsStreamsToTheirConditions) {
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

TYPED_TEST(AppendConditions, KeepsWorkspacesApart) {
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

TYPED_TEST(AppendConditions, HoldsTagsToTheirConditions) {
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

TYPED_TEST(AppendConditions, ReportsAllFailedConditions) {
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
TYPED_TEST(AppendConditions, LetsExactlyOneOfSixteenWritersWin) {
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

}  // namespace
}  // namespace kith::eventstore
