#include "projections/tables/page_limits.h"

#include <gtest/gtest.h>

#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::projections {
namespace {

TEST(PageSizeOf, IsBounded) {
  EXPECT_EQ(*PageSizeOf(0), 50u);
  EXPECT_EQ(*PageSizeOf(7), 7u);
  EXPECT_EQ(*PageSizeOf(5'000), 1'000u);
  EXPECT_TRUE(IsError(PageSizeOf(-1).status(), type::v1::ERROR_INVALID_FIELD));
}

TEST(PageRoom, EndsByRows) {
  PageRoom room(2);
  EXPECT_TRUE(room.Take(1));
  EXPECT_TRUE(room.Take(1));
  EXPECT_FALSE(room.Take(1));
}

TEST(PageRoom, EndsByBytes) {
  PageRoom room(100);
  EXPECT_TRUE(room.Take(kPageBytesMax - 1));
  EXPECT_TRUE(room.Take(1));
  EXPECT_FALSE(room.Take(1));
}

TEST(PageRoom, HasRoomForOneRowOfAnySize) {
  PageRoom room(100);
  EXPECT_TRUE(room.Take(5 * kPageBytesMax));
  EXPECT_FALSE(room.Take(1));
}

}  // namespace
}  // namespace kith::projections
