#include "projections/store/recent_spans.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::projections {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Optional;

RecentSpans::Span Span(const std::string& entry, uint64_t from, uint64_t to) {
  return {entry, Position(from), Position(to)};
}

TEST(RecentSpans, HasWhatHeldAndHasEndedSince) {
  RecentSpans recent(1 << 20);
  recent.Add({Span("b", 1, 4), Span("a", 2, 5)}, Position(3), Position(6));
  recent.Add({Span("c", 5, 8)}, Position(6), Position(9));
  EXPECT_THAT(recent.HeldAt(Position(3), {}), Optional(ElementsAre("a", "b")));
  EXPECT_THAT(recent.HeldAt(Position(4), {}), Optional(ElementsAre("a")));
  EXPECT_THAT(recent.HeldAt(Position(5), {}), Optional(ElementsAre("c")));
  EXPECT_THAT(recent.HeldAt(Position(7), {}), Optional(ElementsAre("c")));
  EXPECT_THAT(recent.HeldAt(Position(8), {}), Optional(IsEmpty()));
}

TEST(RecentSpans, KeepsToTheRangeAndItsDirection) {
  RecentSpans recent(1 << 20);
  recent.Add({Span("b", 1, 3), Span("a", 1, 3), Span("c", 1, 3)}, Position(2), Position(3));
  EXPECT_THAT(recent.HeldAt(Position(2), {"a", "c"}), Optional(ElementsAre("a", "b")));
  EXPECT_THAT(recent.HeldAt(Position(2), {"b", "", eventstore::Direction::kBackwards}),
              Optional(ElementsAre("c", "b")));
}

TEST(RecentSpans, SaysWhatItCannotKnow) {
  RecentSpans recent(1 << 20);
  EXPECT_EQ(recent.HeldAt(Position(7), {}), std::nullopt) << "nothing was ever added";
  recent.Add({}, Position(6), Position(8));
  EXPECT_EQ(recent.HeldAt(Position(5), {}), std::nullopt) << "before the first that was added";
  EXPECT_THAT(recent.HeldAt(Position(6), {}), Optional(IsEmpty()));
}

TEST(RecentSpans, ForgetsWhatEndedLongestAgo) {
  const std::string large(1'000, 'x');
  RecentSpans recent(2'500);
  recent.Add({Span("a" + large, 1, 2)}, Position(1), Position(2));
  recent.Add({Span("b" + large, 1, 3)}, Position(2), Position(3));
  ASSERT_THAT(recent.HeldAt(Position(1), {}), Optional(ElementsAre("a" + large, "b" + large)));
  recent.Add({Span("c" + large, 1, 4)}, Position(3), Position(4));
  EXPECT_EQ(recent.HeldAt(Position(1), {}), std::nullopt);
  EXPECT_THAT(recent.HeldAt(Position(2), {}), Optional(ElementsAre("b" + large, "c" + large)));
  // More than there is room for.
  recent.Add({Span("d" + large, 1, 5), Span("e" + large, 1, 5), Span("f" + large, 1, 5)},
             Position(4), Position(5));
  EXPECT_EQ(recent.HeldAt(Position(4), {}), std::nullopt);
  EXPECT_THAT(recent.HeldAt(Position(5), {}), Optional(IsEmpty()));
}

}  // namespace
}  // namespace kith::projections
