// Text for loads.
#include "services/cli/load/load_text.h"

#include <gtest/gtest.h>

#include <set>

#include "absl/strings/str_split.h"

namespace kith::cli {
namespace {

TEST(LoadText, IsAsLongAsWanted) {
  LoadText text(1);
  for (const size_t bytes : {0, 1, 30, 300, 5000}) EXPECT_EQ(text.Make(bytes).size(), bytes);
}

TEST(LoadText, IsTheSameForTheSameSeedOnly) {
  EXPECT_EQ(LoadText(7).Make(300), LoadText(7).Make(300));
  EXPECT_NE(LoadText(7).Make(300), LoadText(8).Make(300));
  LoadText text(7);
  EXPECT_NE(text.Make(300), text.Make(300));
}

// A store that compresses must not find it easier than what people write.
TEST(LoadText, HasManyWords) {
  const std::string text = LoadText(3).Make(30'000);
  const std::set<std::string> words = absl::StrSplit(text, ' ');
  EXPECT_GT(words.size(), 1000u);
}

}  // namespace
}  // namespace kith::cli
