// Reading: records, cursors in both directions, tags, positions by time and by sequence.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/eventstore/log/event_log_suite.h"

namespace kith::eventstore {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

template <class Place>
class Reading : public EventLogSuite<Place> {};
TYPED_TEST_SUITE(Reading, Places);

TYPED_TEST(Reading, ReadsNothingFromAnEmptyLog) {
  EXPECT_THAT(Drain(this->log_->ReadAll(Position(1), Direction::kForwards)), IsEmpty());
  EXPECT_THAT(Drain(this->log_->ReadAll(Position(), Direction::kBackwards)), IsEmpty());
  EXPECT_THAT(Drain(this->log_->ReadWorkspace(kWorkspace, Sequence(1), Direction::kForwards)),
              IsEmpty());
  EXPECT_THAT(Drain(this->log_->ReadTag(kWorkspace, TagOf("a"), Position())), IsEmpty());
  EXPECT_EQ(*this->log_->ReadAt(Position(1), ReadTier::kDisk), nullptr);
  EXPECT_EQ(this->log_->HeadOf(kWorkspace, "contacts/1", ReadTier::kDisk)->revision, Revision());
  EXPECT_EQ(*this->log_->PositionAt(this->clock_.Now(), ReadTier::kDisk), Position());
  EXPECT_EQ(*this->log_->PositionOf(kWorkspace, Sequence(1), ReadTier::kDisk), Position());
}

// The same answers from memory and, after reopening, from the engine.
TYPED_TEST(Reading, ReadsAStreamFromAnyRevisionInBothDirections) {
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

TYPED_TEST(Reading, ReadsAWorkspaceInOrderWithoutHoles) {
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
          EXPECT_EQ(*this->log_->PositionOf(workspace, Sequence(expected), ReadTier::kDisk),
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

TYPED_TEST(Reading, ReadsTheWholeLogInPieces) {
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

TYPED_TEST(Reading, PinsACursorAtTheHeadOfItsMaking) {
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

TYPED_TEST(Reading, ReadsTheEventsOfATag) {
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

TYPED_TEST(Reading, FindsThePositionAtATime) {
  const absl::Time start = this->clock_.Now();
  for (int i = 0; i < 5; ++i) {
    this->Write(AppendTo("contacts/1", 2));
    this->clock_.Advance(absl::Seconds(10));
  }
  for (int life = 0; life < 2; ++life) {
    EXPECT_EQ(*this->log_->PositionAt(start - absl::Microseconds(1), ReadTier::kDisk), Position());
    EXPECT_EQ(*this->log_->PositionAt(start, ReadTier::kDisk), Position(2));
    EXPECT_EQ(*this->log_->PositionAt(start + absl::Seconds(15), ReadTier::kDisk), Position(4));
    EXPECT_EQ(*this->log_->PositionAt(start + absl::Hours(1), ReadTier::kDisk), Position(10));
    EXPECT_EQ(*this->log_->PositionAt(absl::InfinitePast(), ReadTier::kDisk), Position());
    EXPECT_EQ(*this->log_->PositionAt(absl::InfiniteFuture(), ReadTier::kDisk), Position(10));
    this->Open();
  }
}

// An answer as of a time is the same for ever, however little the clock moves afterwards.
TYPED_TEST(Reading, RecordsNothingMoreAtATimeThatWasSettled) {
  this->Write(AppendTo("contacts/1", 2));
  const absl::Time now = this->clock_.Now();
  for (const absl::Duration step : {absl::ZeroDuration(), -absl::Hours(1)}) {
    const Position head = this->log_->head();
    const auto settled = this->log_->SettleAndWait(absl::InfiniteFuture());
    ASSERT_TRUE(settled.ok()) << settled.status();
    EXPECT_GE(*settled, now);
    EXPECT_EQ(*this->log_->PositionAt(*settled, ReadTier::kMemory), head);
    this->clock_.Advance(step);
    this->Write(AppendTo("contacts/1"));
    EXPECT_EQ(*this->log_->PositionAt(*settled, ReadTier::kMemory), head);
    EXPECT_EQ(*this->log_->PositionAt(absl::InfiniteFuture(), ReadTier::kMemory), head.Next());
    this->Open();
    EXPECT_EQ(*this->log_->PositionAt(*settled, ReadTier::kDisk), head);
  }
}

// Not even where the clock steps back while nothing runs: what is settled outlives the process.
TYPED_TEST(Reading, WhatWasSettledStaysSoWhenTheClockStepsBackBetweenTwoLives) {
  this->Write(AppendTo("contacts/1"));
  for (int life = 0; life < 3; ++life) {
    this->clock_.Advance(absl::Minutes(10));
    const Position head = this->log_->head();
    const auto settled = this->log_->SettleAndWait(absl::InfiniteFuture());
    ASSERT_TRUE(settled.ok()) << settled.status();
    this->log_.reset();
    this->clock_.Jump(-absl::Hours(1));
    this->Open();
    this->Write(AppendTo("contacts/1"));
    EXPECT_EQ(*this->log_->PositionAt(*settled, ReadTier::kDisk), head) << "life " << life;
  }
}

TYPED_TEST(Reading, FindsThePositionOfASequenceBeyondTheEnd) {
  this->Write(AppendTo("contacts/1", 2));
  this->Write(AppendTo("contacts/1", 2, WorkspaceId(8)));
  EXPECT_EQ(*this->log_->PositionOf(kWorkspace, Sequence(99), ReadTier::kDisk), Position(2));
  EXPECT_EQ(*this->log_->PositionOf(WorkspaceId(9), Sequence(1), ReadTier::kDisk), Position());
}

TYPED_TEST(Reading, KeepsItsStoreIdAcrossLives) {
  const std::string id(this->log_->store_id());
  EXPECT_EQ(id.size(), 16u);
  this->Open();
  EXPECT_EQ(std::string(this->log_->store_id()), id);
  EXPECT_EQ(this->log_->epoch(), 0u);
}

}  // namespace
}  // namespace kith::eventstore
