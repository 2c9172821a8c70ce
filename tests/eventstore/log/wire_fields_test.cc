#include "eventstore/log/wire_fields.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <vector>

#include "google/protobuf/unknown_field_set.h"

namespace kith::eventstore {
namespace {

TEST(ForEachWireField, TellsFieldsOfEveryWireTypeApart) {
  google::protobuf::UnknownFieldSet fields;
  fields.AddVarint(1, 300);
  fields.AddFixed32(2, 7);
  fields.AddFixed64(3, 8);
  fields.AddLengthDelimited(1000, "text");
  std::string bytes;
  ASSERT_TRUE(fields.SerializeToString(&bytes));
  std::vector<uint32_t> numbers;
  std::string together;
  EXPECT_TRUE(ForEachWireField(bytes, [&](uint32_t number, absl::string_view field) {
    numbers.push_back(number);
    together.append(field.data(), field.size());
  }));
  EXPECT_EQ(numbers, (std::vector<uint32_t>{1, 2, 3, 1000}));
  EXPECT_EQ(together, bytes);
}

TEST(ForEachWireField, FindsNothingInNothing) {
  EXPECT_TRUE(ForEachWireField("", [](uint32_t, absl::string_view) { FAIL(); }));
}

TEST(ForEachWireField, RefusesWhatIsNoMessage) {
  const auto ignore = [](uint32_t, absl::string_view) {};
  EXPECT_FALSE(ForEachWireField("\x08", ignore));  // a varint without its value
  EXPECT_FALSE(
      ForEachWireField("\x0a\x05"
                       "abc",
                       ignore));                           // a string cut short
  EXPECT_FALSE(ForEachWireField("\x0b\x0c", ignore));      // a group
  EXPECT_FALSE(ForEachWireField("\x0d\x01\x02", ignore));  // a fixed32 cut short
}

RC_GTEST_PROP(ForEachWireField, TakesGarbageWithoutCrashing, (const std::string& bytes)) {
  std::string together;
  const bool is_message = ForEachWireField(bytes, [&](uint32_t, absl::string_view field) {
    together.append(field.data(), field.size());
  });
  RC_ASSERT(bytes.compare(0, together.size(), together) == 0);
  RC_ASSERT(!is_message || together == bytes);
}

}  // namespace
}  // namespace kith::eventstore
