#include "eventstore/base/strong_id.h"

#include <gtest/gtest.h>

#include <sstream>
#include <type_traits>

#include "absl/container/flat_hash_set.h"

namespace kith {
namespace {

TEST(StrongId, IsNoOtherKindAndNoBareInteger) {
  static_assert(!std::is_convertible_v<Position, Sequence>);
  static_assert(!std::is_convertible_v<uint64_t, Position>);
  static_assert(!std::is_convertible_v<Position, uint64_t>);
  static_assert(std::is_trivially_copyable_v<Position> && sizeof(Position) == sizeof(uint64_t));
}

TEST(StrongId, ComparesHashesAndPrintsByItsValue) {
  EXPECT_LT(Position(1), Position(2));
  EXPECT_EQ(Position(1).Next(), Position(2));
  EXPECT_EQ(Position(), Position(0));
  EXPECT_EQ((absl::flat_hash_set<Position>{Position(1), Position(1), Position(2)}.size()), 2u);
  std::ostringstream out;
  out << Position(42);
  EXPECT_EQ(out.str(), "42");
}

}  // namespace
}  // namespace kith
