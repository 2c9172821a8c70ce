#include "eventstore/base/bytes.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <limits>
#include <string>

namespace kith {
namespace {

RC_GTEST_PROP(Bytes, VarintsComeBackAsTheyWere, (uint64_t random, uint8_t shift)) {
  const uint64_t value = random >> (shift % 64);
  std::string bytes;
  AppendVarint(value, &bytes);
  ByteReader reader(bytes);
  uint64_t read = 0;
  RC_ASSERT(reader.ReadVarint(&read));
  RC_ASSERT(read == value);
  RC_ASSERT(reader.done());
}

RC_GTEST_PROP(Bytes, ZigZagIsItsOwnInverse, (int64_t value)) {
  RC_ASSERT(UnZigZag(ZigZag(value)) == value);
}

TEST(Bytes, ZigZagKeepsSmallNumbersSmall) {
  EXPECT_EQ(ZigZag(0), 0u);
  EXPECT_EQ(ZigZag(-1), 1u);
  EXPECT_EQ(ZigZag(1), 2u);
  EXPECT_EQ(ZigZag(std::numeric_limits<int64_t>::min()), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(UnZigZag(std::numeric_limits<uint64_t>::max()), std::numeric_limits<int64_t>::min());
}

TEST(Bytes, FixedNumbersAreLittleEndian) {
  std::string bytes;
  AppendFixed32(0x01020304, &bytes);
  AppendFixed64(0x1112131415161718, &bytes);
  EXPECT_EQ(bytes, "\x04\x03\x02\x01\x18\x17\x16\x15\x14\x13\x12\x11");
  EXPECT_EQ(LoadFixed32(bytes.data()), 0x01020304u);
  EXPECT_EQ(LoadFixed64(bytes.data() + 4), 0x1112131415161718u);
}

TEST(ByteReader, RefusesAVarintLongerThanItNeedBe) {
  uint64_t value;
  EXPECT_FALSE(ByteReader(std::string("\x81\x00", 2)).ReadVarint(&value));
  EXPECT_FALSE(ByteReader(std::string("\x80\x00", 2)).ReadVarint(&value));
}

TEST(ByteReader, RefusesAVarintPast64Bits) {
  uint64_t value;
  std::string bytes(9, '\xff');
  EXPECT_TRUE(ByteReader(bytes + "\x01").ReadVarint(&value));
  EXPECT_EQ(value, std::numeric_limits<uint64_t>::max());
  EXPECT_FALSE(ByteReader(bytes + "\x02").ReadVarint(&value));
  EXPECT_FALSE(ByteReader(bytes + "\xff\x01").ReadVarint(&value));
}

TEST(ByteReader, RefusesANumberPast32BitsWhereOneIsWanted) {
  std::string bytes;
  AppendVarint(uint64_t{1} << 32, &bytes);
  uint32_t value;
  EXPECT_FALSE(ByteReader(bytes).ReadVarint(&value));
}

TEST(ByteReader, RefusesAStringLongerThanTheRest) {
  std::string bytes;
  AppendString("four", &bytes);
  bytes.pop_back();
  std::string value;
  EXPECT_FALSE(ByteReader(bytes).ReadString(&value));
  bytes.clear();
  AppendVarint(std::numeric_limits<uint64_t>::max(), &bytes);
  EXPECT_FALSE(ByteReader(bytes).ReadString(&value));
}

TEST(ByteReader, TakesNothingPastTheEnd) {
  ByteReader reader("");
  uint64_t number;
  uint8_t byte;
  absl::string_view text;
  EXPECT_FALSE(reader.ReadVarint(&number));
  EXPECT_FALSE(reader.ReadByte(&byte));
  EXPECT_FALSE(reader.ReadString(&text));
  EXPECT_TRUE(reader.done());
}

}  // namespace
}  // namespace kith
