#include "eventstore/log/record_codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "eventstore/base/bytes.h"
#include "eventstore/base/crc32c.h"
#include "eventstore/base/sha256.h"
#include "tests/testing/source_folder.h"

namespace kith::eventstore {
namespace {

// The example of FORMAT.md: every field is set, times before and after one another, one sealed
// part.
Record Example() {
  Record record;
  EventHeader& header = record.header;
  header.position = Position(70'001);
  header.workspace = WorkspaceId(2);
  header.sequence = Sequence(300);
  header.stream = "contacts/01ARZ3NDEKTSV4RRFFQ69G5FAV";
  header.revision = Revision(5);
  header.append_first = Position(70'000);
  header.append_count = 2;
  header.type = EventType(2);
  header.record_time = absl::FromUnixMicros(1'700'000'000'000'000);
  header.occur_time = absl::FromUnixMicros(1'699'999'999'000'000);
  header.actor = "users/7";
  header.request.method = "kith.contacts.v1.Contacts/UpdateContact";
  header.request.id = "r-1";
  header.correlation_id = "0af7651916cd43dd";
  header.causation = Position(69'999);
  header.flags = 0;
  header.tags.resize(1);
  for (uint8_t i = 0; i < 16; ++i) {
    header.request.digest[i] = 0x10 + i;
    header.tags[0][i] = 0x20 + i;
  }
  record.payload = "clear";
  SealedPart part{.subject = header.stream, .key_number = 9};
  for (uint8_t i = 0; i < 12; ++i) part.nonce[i] = 0x30 + i;
  part.ciphertext = "ciphertext and its tag";
  record.sealed.push_back(part);
  return record;
}

std::string Encode(const Record& record, Hash* leaf = nullptr) {
  std::string bytes;
  const Hash hash = AppendRecord(record.header, EncodeBody(record.payload, record.sealed), &bytes);
  if (leaf != nullptr) *leaf = hash;
  return bytes;
}

std::string WithChecksum(std::string content) {
  AppendFixed32(Crc32c(content), &content);
  return content;
}

bool Same(const EventHeader& a, const EventHeader& b) {
  return a.position == b.position && a.workspace == b.workspace && a.sequence == b.sequence &&
         a.stream == b.stream && a.revision == b.revision && a.append_first == b.append_first &&
         a.append_count == b.append_count && a.type == b.type && a.record_time == b.record_time &&
         a.occur_time == b.occur_time && a.actor == b.actor && a.on_behalf_of == b.on_behalf_of &&
         a.request == b.request && a.correlation_id == b.correlation_id &&
         a.causation == b.causation && a.flags == b.flags && a.tags == b.tags;
}

bool Same(const SealedPart& a, const SealedPart& b) {
  return a.subject == b.subject && a.key_number == b.key_number && a.nonce == b.nonce &&
         a.ciphertext == b.ciphertext;
}

bool Same(const Record& a, const Record& b) {
  return Same(a.header, b.header) && a.payload == b.payload &&
         std::equal(a.sealed.begin(), a.sealed.end(), b.sealed.begin(), b.sealed.end(),
                    [](const SealedPart& x, const SealedPart& y) { return Same(x, y); });
}

template <class T>
T Any() {
  return *rc::gen::arbitrary<T>();
}

// Numbers of every length, which arbitrary ones seldom are.
uint64_t AnyNumber() { return Any<uint64_t>() >> *rc::gen::inRange(0, 64); }

template <size_t size>
std::array<uint8_t, size> AnyBytes() {
  return *rc::gen::container<std::array<uint8_t, size>>(rc::gen::arbitrary<uint8_t>());
}

Record AnyRecord() {
  Record record;
  EventHeader& header = record.header;
  header.position = Position(AnyNumber());
  header.workspace = WorkspaceId(static_cast<uint32_t>(AnyNumber()));
  header.sequence = Sequence(AnyNumber());
  header.stream = Any<std::string>();
  header.revision = Revision(AnyNumber());
  header.append_first =
      Position(header.position.value() - std::min(header.position.value(), AnyNumber()));
  header.append_count = static_cast<uint32_t>(AnyNumber());
  header.type = EventType(static_cast<uint32_t>(AnyNumber()));
  header.record_time = absl::FromUnixMicros(Any<int64_t>());
  header.occur_time = absl::FromUnixMicros(Any<int64_t>());
  header.actor = Any<std::string>();
  header.on_behalf_of = Any<std::string>();
  header.request.method = Any<std::string>();
  header.request.id = Any<std::string>();
  if (Any<bool>()) header.request.digest = AnyBytes<16>();
  header.correlation_id = Any<std::string>();
  header.causation = Position(AnyNumber());
  header.flags = static_cast<uint32_t>(AnyNumber()) & ~1U;  // the lowest says that there is one
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) header.tags.push_back(AnyBytes<16>());
  record.payload = Any<std::string>();
  for (int i = *rc::gen::inRange(0, 3); i > 0; --i) {
    record.sealed.push_back({.subject = Any<std::string>(),
                             .key_number = AnyNumber(),
                             .nonce = AnyBytes<12>(),
                             .ciphertext = Any<std::string>()});
  }
  return record;
}

RC_GTEST_PROP(RecordCodec, RecordsComeBackAsTheyWere, ()) {
  const Record record = AnyRecord();
  Hash leaf;
  const std::string bytes = Encode(record, &leaf);
  const absl::StatusOr<Record> decoded = DecodeRecord(bytes);
  RC_ASSERT(decoded.ok());
  RC_ASSERT(Same(*decoded, record));
  const absl::StatusOr<EventHeader> header = DecodeRecordHeader(bytes);
  RC_ASSERT(header.ok());
  RC_ASSERT(Same(*header, record.header));
  const absl::StatusOr<Hash> stored_leaf = LeafHash(bytes);
  RC_ASSERT(stored_leaf.ok());
  RC_ASSERT(*stored_leaf == leaf);
}

// Whatever decodes is encoded as it was, so a record has one form, and nothing hides in it.
RC_GTEST_PROP(RecordCodec, WhatDecodesEncodesToTheSameBytes, ()) {
  std::string content = Encode(AnyRecord());
  content.resize(content.size() - 4);
  for (int changes = *rc::gen::inRange(1, 4); changes > 0; --changes) {
    content[*rc::gen::inRange<size_t>(0, content.size())] = static_cast<char>(Any<uint8_t>());
  }
  const std::string bytes = WithChecksum(content);
  const absl::StatusOr<Record> decoded = DecodeRecord(bytes);
  RC_TAG(decoded.ok() ? "decodes" : "refused");
  if (decoded.ok()) {
    RC_ASSERT(Encode(*decoded) == bytes);
    RC_ASSERT(LeafHash(bytes).ok());
  } else {
    RC_ASSERT(absl::IsDataLoss(decoded.status()) || absl::IsUnimplemented(decoded.status()));
    RC_ASSERT(!LeafHash(bytes).ok());
  }
}

RC_GTEST_PROP(RecordCodec, RefusesGarbageWithoutCrashing, (const std::string& garbage)) {
  RC_ASSERT(absl::IsDataLoss(DecodeRecord(garbage).status()));
  const std::string checked = WithChecksum("\x01" + garbage);
  const absl::StatusOr<Record> decoded = DecodeRecord(checked);
  if (decoded.ok()) RC_ASSERT(Encode(*decoded) == checked);
}

TEST(RecordCodec, NoticesEveryFlippedBit) {
  const std::string bytes = Encode(Example());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    ASSERT_TRUE(absl::IsDataLoss(DecodeRecord(flipped).status())) << "bit " << bit;
    ASSERT_TRUE(absl::IsDataLoss(DecodeRecordHeader(flipped).status())) << "bit " << bit;
    ASSERT_TRUE(absl::IsDataLoss(LeafHash(flipped).status())) << "bit " << bit;
  }
}

TEST(RecordCodec, NoticesEveryCut) {
  const std::string bytes = Encode(Example());
  for (size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_TRUE(absl::IsDataLoss(DecodeRecord(bytes.substr(0, size)).status())) << size;
    // Also where the cut record got a checksum that holds.
    if (size + 4 == bytes.size()) continue;
    ASSERT_FALSE(DecodeRecord(WithChecksum(bytes.substr(0, size))).ok()) << size;
  }
}

TEST(RecordCodec, SaysWhenAFormatIsNewerThanItKnows) {
  EXPECT_TRUE(absl::IsUnimplemented(DecodeRecord(WithChecksum("\x02 of the future")).status()));
  EXPECT_TRUE(absl::IsDataLoss(DecodeRecord(WithChecksum(std::string("\0past", 5))).status()));
}

TEST(RecordCodec, KeepsTimesAtTheEndsOfTheScale) {
  Record record = Example();
  record.header.record_time = absl::FromUnixMicros(std::numeric_limits<int64_t>::max());
  record.header.occur_time = absl::FromUnixMicros(std::numeric_limits<int64_t>::min());
  const absl::StatusOr<Record> decoded = DecodeRecord(Encode(record));
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(Same(*decoded, record));
}

TEST(RecordCodec, AppendsAfterWhatStandsThere) {
  std::string bytes = "before";
  const Record record = Example();
  AppendRecord(record.header, EncodeBody(record.payload, record.sealed), &bytes);
  EXPECT_EQ(bytes, "before" + Encode(record));
}

// A proof is checked without the payload or the sealed parts: their hashes are enough.
TEST(LeafHash, IsOverTheHeaderAndTheHashesOfTheRest) {
  const Record record = Example();
  Hash leaf;
  const std::string bytes = Encode(record, &leaf);
  const EncodedBody body = EncodeBody(record.payload, record.sealed);
  const absl::string_view header(bytes.data(), bytes.size() - body.bytes.size() - 4);
  EXPECT_EQ(body.payload_hash, Sha256::Of(record.payload));
  EXPECT_EQ(leaf, Sha256()
                      .Add(absl::string_view("\0", 1))
                      .Add(header)
                      .Add(body.payload_hash)
                      .Add(body.sealed_hash)
                      .Finish());
}

TEST(LeafHash, ChangesWithEveryPart) {
  const Record record = Example();
  Hash leaf;
  Encode(record, &leaf);
  const auto changed = [&](auto change) {
    Record other = record;
    change(other);
    Hash other_leaf;
    Encode(other, &other_leaf);
    return other_leaf != leaf;
  };
  EXPECT_TRUE(changed([](Record& r) { r.header.actor = "users/8"; }));
  EXPECT_TRUE(changed([](Record& r) { r.header.on_behalf_of = "users/8"; }));
  EXPECT_TRUE(changed([](Record& r) { r.payload += "!"; }));
  EXPECT_TRUE(changed([](Record& r) { r.sealed[0].ciphertext += "!"; }));
  EXPECT_TRUE(changed([](Record& r) { r.sealed.clear(); }));
}

// The bytes of the fenced block of FORMAT.md behind <!-- name -->: hex, with a remark behind # in
// some lines.
std::string BytesInFormatMd(const std::string& name) {
  std::ifstream file(testing::SourcePath("FORMAT.md"));
  std::string line;
  while (std::getline(file, line) && line != "<!-- " + name + " -->") {
  }
  std::getline(file, line);  // the fence
  std::string hex;
  while (std::getline(file, line) && line != "```") {
    for (const char c : line.substr(0, line.find('#'))) {
      if (c != ' ') hex += c;
    }
  }
  return absl::HexStringToBytes(hex);
}

// FORMAT.md promises these bytes for ever: a failure here means the format changed, or the document
// is wrong.
TEST(RecordCodec, EncodesTheExampleOfFormatMd) {
  Hash leaf;
  const std::string record = Encode(Example(), &leaf);
  EXPECT_EQ(absl::BytesToHexString(record), absl::BytesToHexString(BytesInFormatMd("record")));
  EXPECT_EQ(absl::BytesToHexString(
                absl::string_view(reinterpret_cast<const char*>(leaf.data()), leaf.size())),
            absl::BytesToHexString(BytesInFormatMd("leaf")));
}

}  // namespace
}  // namespace kith::eventstore
