// The bytes of keys and values, as FORMAT.md gives them: a change here is a new format.
#include "eventstore/log/keys.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"

namespace kith::eventstore {
namespace {

std::string Hex(absl::string_view bytes) { return absl::BytesToHexString(bytes); }

TEST(Keys, AreTheBytesOfTheFormat) {
  const WorkspaceId workspace(7);
  Tag tag{};
  for (size_t i = 0; i < tag.size(); ++i) tag[i] = static_cast<uint8_t>(0xf0 + i);
  EXPECT_EQ(Hex(PositionKey(Position(258))), "0000000000000102");
  EXPECT_EQ(Hex(HeadKey(workspace, "a/1")), "00000007612f31");
  EXPECT_EQ(Hex(NumberedKey(StreamPrefix(workspace, "a/1"), 2)),
            "00000007612f31000000000000000002");
  EXPECT_EQ(Hex(NumberedKey(WorkspacePrefix(workspace), 3)), "000000070000000000000003");
  EXPECT_EQ(Hex(NumberedKey(TagPrefix(workspace, tag), 4)),
            "00000007f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff0000000000000004");
  EXPECT_EQ(Hex(RequestIndexKey(workspace, "m", "id")), "000000076d006964");
  EXPECT_EQ(Hex(TimeKey(absl::FromUnixMicros(1))), "8000000000000001");
  EXPECT_EQ(Hex(TimeKey(absl::FromUnixMicros(-1))), "7fffffffffffffff");
  EXPECT_EQ(TagPrefix(workspace, tag).size(), kTagPrefixBytes);
}

TEST(Keys, SortAsTheirNumbersDo) {
  EXPECT_LT(PositionKey(Position(255)), PositionKey(Position(256)));
  EXPECT_LT(TimeKey(absl::FromUnixSeconds(-5)), TimeKey(absl::FromUnixSeconds(5)));
  EXPECT_LT(TimeKey(absl::InfinitePast()), TimeKey(absl::FromUnixSeconds(0)));
}

TEST(Keys, GiveTheirNumbersBack) {
  EXPECT_EQ(NumberOfKey(NumberedKey("prefix", 99)), 99u);
  EXPECT_EQ(NumberOfKey("short"), std::nullopt);
  EXPECT_EQ(WorkspaceOfKey(NumberedKey(WorkspacePrefix(WorkspaceId(9)), 1)), WorkspaceId(9));
  EXPECT_EQ(WorkspaceOfKey("short"), std::nullopt);
}

TEST(Values, AreTheBytesOfTheFormat) {
  EXPECT_EQ(Hex(EncodeHead({Revision(1), Position(300)})), "01ac02");
  EXPECT_EQ(Hex(EncodeRun({9, Position(128), 2})), "800102");
  EXPECT_EQ(Hex(EncodePosition(Position(127))), "7f");
}

TEST(Values, ReadBackAsTheyWere) {
  const auto head = DecodeHead(EncodeHead({Revision(5), Position(~uint64_t{0})}));
  ASSERT_TRUE(head.has_value());
  EXPECT_EQ(head->revision, Revision(5));
  EXPECT_EQ(head->position, Position(~uint64_t{0}));
  const auto run = DecodeRun(4, EncodeRun({4, Position(10), 3}));
  ASSERT_TRUE(run.has_value());
  EXPECT_EQ(run->last_number(), 6u);
  EXPECT_EQ(run->last(), Position(12));
}

TEST(Values, AreRefusedWhenDamaged) {
  EXPECT_EQ(DecodePosition(""), std::nullopt);
  EXPECT_EQ(DecodePosition(absl::HexStringToBytes("80")), std::nullopt);    // cut short
  EXPECT_EQ(DecodePosition(absl::HexStringToBytes("0101")), std::nullopt);  // one too many
  EXPECT_EQ(DecodePosition(absl::HexStringToBytes("8100")), std::nullopt);  // not the shortest form
  EXPECT_EQ(DecodePosition(absl::HexStringToBytes("ffffffffffffffffff02")),
            std::nullopt);                                                 // beyond 64 bits
  EXPECT_FALSE(DecodeRun(1, absl::HexStringToBytes("0100")).has_value());  // a run of nothing
  EXPECT_FALSE(DecodeHead(absl::HexStringToBytes("01")).has_value());
}

}  // namespace
}  // namespace kith::eventstore
