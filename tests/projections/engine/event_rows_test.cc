#include "projections/engine/event_rows.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "absl/strings/str_cat.h"

namespace kith::projections {
namespace {

TEST(EventRows, HasTheLastOfEachKeyHoweverManyThereAre) {
  std::mt19937 random(1);
  EventRows rows;
  for (const int keys : {1, 3, 16, 17, 40, 500, 5}) {
    std::map<std::string, std::optional<std::string>> expected;
    for (int i = 0; i < 3 * keys; ++i) {
      const std::string key = absl::StrCat("deals/", random() % static_cast<unsigned>(keys));
      const auto known = expected.find(key);
      const EventRows::Row* const found = rows.Find(key);
      ASSERT_EQ(found != nullptr, known != expected.end());
      if (found != nullptr) {
        EXPECT_EQ(*found, known->second);
      }
      EventRows::Row row;
      if (random() % 4 > 0) row = absl::StrCat(i);
      rows.Put(key, row);
      expected[key] = row;
    }
    EXPECT_EQ(rows.rows().size(), expected.size());
    for (const EventRows::Written& written : rows.rows()) {
      EXPECT_EQ(written.row, expected.at(written.key)) << written.key;
    }
    rows.Clear();
    EXPECT_TRUE(rows.empty());
    EXPECT_EQ(rows.Find("deals/0"), nullptr);
  }
}

}  // namespace
}  // namespace kith::projections
