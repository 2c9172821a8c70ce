#include "eventstore/seal/key_slot.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/testing/seeded_random.h"

namespace kith::eventstore {
namespace {

SecretKey DrawKey(Random& random) {
  SecretKey key;
  random.Fill(key.data(), kKeyBytes);
  return key;
}

// Every flip of one bit of `bytes` must leave `decodes` false.
template <class Decodes>
void ExpectEveryFlipNoticed(const std::string& bytes, Decodes decodes) {
  ASSERT_TRUE(decodes(bytes));
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    ASSERT_FALSE(decodes(flipped)) << "bit " << bit;
  }
}

class KeySlotTest : public ::testing::Test {
 protected:
  // A slot holding `key_` wrapped by `wrapping_`.
  KeySlot Wrapped(SlotNumber number) {
    KeySlot slot{.state = SlotState::kSubject,
                 .workspace = WorkspaceId(2),
                 .subject = SubjectHashOf(WorkspaceId(2), "contacts/a")};
    Wrap(number, wrapping_, key_, Nonce{5}, &slot);
    return slot;
  }

  testing::SeededRandom random_{1};
  const SecretKey wrapping_ = DrawKey(random_);
  const SecretKey key_ = DrawKey(random_);
};

TEST_F(KeySlotTest, ComesBackWithItsKey) {
  const SlotNumber number(17);
  const std::string bytes = EncodeSlot(number, Wrapped(number));
  ASSERT_EQ(bytes.size(), kSlotBytes);
  const std::optional<KeySlot> slot = DecodeSlot(number, bytes);
  ASSERT_TRUE(slot.has_value());
  EXPECT_EQ(slot->state, SlotState::kSubject);
  EXPECT_EQ(slot->workspace, WorkspaceId(2));
  EXPECT_EQ(slot->subject, SubjectHashOf(WorkspaceId(2), "contacts/a"));
  const std::optional<SecretKey> key = Unwrap(number, wrapping_, *slot);
  ASSERT_TRUE(key.has_value());
  EXPECT_EQ(key->view(), key_.view());
}

TEST_F(KeySlotTest, HoldsNoKeyInTheClear) {
  EXPECT_EQ(EncodeSlot(SlotNumber(1), Wrapped(SlotNumber(1))).find(std::string(key_.view())),
            std::string::npos);
}

TEST_F(KeySlotTest, IsNoSlotInAnothersPlace) {
  const std::string bytes = EncodeSlot(SlotNumber(1), Wrapped(SlotNumber(1)));
  EXPECT_TRUE(DecodeSlot(SlotNumber(1), bytes).has_value());
  EXPECT_FALSE(DecodeSlot(SlotNumber(2), bytes).has_value());
}

TEST_F(KeySlotTest, KeepsItsKeyFromAnotherPlaceOrPerson) {
  const KeySlot slot = Wrapped(SlotNumber(1));
  EXPECT_FALSE(Unwrap(SlotNumber(2), wrapping_, slot).has_value());
  EXPECT_FALSE(Unwrap(SlotNumber(1), key_, slot).has_value());
  KeySlot other = slot;
  other.subject = SubjectHashOf(WorkspaceId(2), "contacts/b");
  EXPECT_FALSE(Unwrap(SlotNumber(1), wrapping_, other).has_value());
  other = slot;
  other.workspace = WorkspaceId(3);
  EXPECT_FALSE(Unwrap(SlotNumber(1), wrapping_, other).has_value());
}

TEST_F(KeySlotTest, NoticesEveryFlippedBit) {
  const SlotNumber number(3);
  ExpectEveryFlipNoticed(EncodeSlot(number, Wrapped(number)), [&](const std::string& bytes) {
    return DecodeSlot(number, bytes).has_value();
  });
  ExpectEveryFlipNoticed(EncodeKeyFileHeader(key_), [](const std::string& bytes) {
    return DecodeKeyFileHeader(bytes).has_value();
  });
  ExpectEveryFlipNoticed(
      EncodeMark({.serial = 1, .through = Position(2), .last_written = SlotNumber(3)}),
      [](const std::string& bytes) { return DecodeMark(bytes).has_value(); });
}

TEST_F(KeySlotTest, NeverStandsAcrossADiskSector) {
  for (uint32_t number = 1; number < 100; ++number) {
    const uint64_t offset = SlotOffset(SlotNumber(number));
    EXPECT_EQ(offset / 512, (offset + kSlotBytes - 1) / 512);
  }
}

TEST(SubjectHash, TellsPeopleAndWorkspacesApart) {
  EXPECT_NE(SubjectHashOf(WorkspaceId(1), "contacts/a"),
            SubjectHashOf(WorkspaceId(1), "contacts/b"));
  EXPECT_NE(SubjectHashOf(WorkspaceId(1), "contacts/a"),
            SubjectHashOf(WorkspaceId(2), "contacts/a"));
}

TEST(KeyFileMark, ComesBackAsItWasAndTakesTurns) {
  const std::optional<KeyFileMark> mark = DecodeMark(
      EncodeMark({.serial = 8, .through = Position(70'000), .last_written = SlotNumber(4096)}));
  ASSERT_TRUE(mark.has_value());
  EXPECT_EQ(mark->serial, 8u);
  EXPECT_EQ(mark->through, Position(70'000));
  EXPECT_EQ(mark->last_written, SlotNumber(4096));
  EXPECT_NE(MarkOffset(8), MarkOffset(9));
  EXPECT_EQ(MarkOffset(8), MarkOffset(10));
}

}  // namespace
}  // namespace kith::eventstore
