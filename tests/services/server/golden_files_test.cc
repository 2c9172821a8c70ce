#include "tests/testing/golden_files.h"

#include <gtest/gtest.h>

#include <string>

namespace kith::testing {
namespace {

TEST(GoldenFiles, HexLinesComeBackAsTheyWere) {
  std::string bytes(100, 'x');
  bytes += std::string(1000, '\0') + "end";
  EXPECT_EQ(FromHexLines(ToHexLines(bytes)), bytes);
  EXPECT_EQ(FromSparseHexLines(ToSparseHexLines(bytes)), bytes);
  EXPECT_LT(ToSparseHexLines(bytes).size(), ToHexLines(bytes).size() / 4);
}

}  // namespace
}  // namespace kith::testing
