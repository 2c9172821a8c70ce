// The records that older versions of Kith wrote, one of every event type, as bytes and as what they
// say: each must be read for ever as it was. A new event type needs a record too: run this test
// with KITH_UPDATE_GOLDEN=1, which writes those that are missing, and commit them. A record that is
// there is never written anew.
#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "eventstore/log/event_registry.h"
#include "eventstore/log/record_codec.h"
#include "eventstore/seal/slot_key_store.h"
#include "google/protobuf/text_format.h"
#include "services/runtime/server_builder.h"
#include "services/server/capabilities.inc"
#include "tests/testing/golden_files.h"
#include "tests/testing/seeded_random.h"

namespace kith::eventstore {
namespace {

using google::protobuf::Message;
using testing::FillMessage;
using testing::FromHexLines;
using testing::FromSparseHexLines;
using testing::GoldenFolder;
using testing::kGoldenPerson;
using testing::ReadTextFile;
using testing::ToHexLines;
using testing::ToSparseHexLines;
using testing::UpdatingGolden;
using testing::WriteTextFile;

constexpr WorkspaceId kWorkspace(1);

// What every capability registers.
const EventRegistry& Registered() {
  static const auto& builder = *[] {
    auto* const made = new runtime::ServerBuilder;
    RegisterCapabilities(*made);
    return made;
  }();
  return builder.registry();
}

class GoldenRecords : public ::testing::Test {
 protected:
  GoldenRecords() { OpenKeys(); }

  static std::string KeysPath() { return GoldenFolder() + "/keys.hex"; }
  static std::string RecordPath(absl::string_view category, absl::string_view type) {
    return absl::StrCat(GoldenFolder(), "/records/", category, ".", type, ".hex");
  }
  static std::string TextPath(absl::string_view category, absl::string_view type) {
    return absl::StrCat(GoldenFolder(), "/records/", category, ".", type, ".txt");
  }

  // The key file is golden too.
  void OpenKeys() {
    std::string bytes = FromSparseHexLines(ReadTextFile(KeysPath()));
    if (bytes.empty() && UpdatingGolden()) bytes = SlotKeyStore::NewFile(random_);
    std::unique_ptr<KeyFile> file = NewMemoryKeyFile(bytes);
    key_file_ = file.get();
    auto keys = SlotKeyStore::Open(std::move(file), random_,
                                   {.pool = {.keys = 8, .keys_min = 0, .fill_ahead = false},
                                    .cached_keys_max = KeyCache::kShards});
    ASSERT_TRUE(keys.ok()) << keys.status();
    keys_ = *std::move(keys);
  }

  // "contacts", 1: an event of this type with every field set.
  std::unique_ptr<Message> FilledEvent(absl::string_view category, EventType type) const {
    // The message with the oneof in which its own stands.
    const auto* const payload = registry_.MessageOf(category, type);
    for (int i = 0; i < payload->file()->message_type_count(); ++i) {
      const auto* const message = payload->file()->message_type(i);
      const auto* const field = message->FindFieldByNumber(static_cast<int>(type.value()));
      if (message->FindOneofByName("event") == nullptr || field == nullptr ||
          field->message_type() != payload) {
        continue;
      }
      std::unique_ptr<Message> event(
          google::protobuf::MessageFactory::generated_factory()->GetPrototype(message)->New());
      FillMessage(*event->GetReflection()->MutableMessage(event.get(), field));
      return event;
    }
    return nullptr;
  }

  static EventHeader HeaderFor(absl::string_view category, EventType type) {
    EventHeader header;
    header.position = Position(1'000'000 + type.value());
    header.workspace = kWorkspace;
    header.sequence = Sequence(70'000 + type.value());
    header.stream = category == "interactions"
                        ? absl::StrCat(kGoldenPerson, "/interactions")
                        : absl::StrCat(category, "/01ARZ3NDEKTSV4RRFFQ69G5FAV");
    header.revision = Revision(type.value());
    header.append_first = Position(1'000'000);
    header.append_count = type.value() + 1;
    header.type = type;
    header.record_time = absl::FromUnixMicros(1'700'000'000'123'456);
    header.occur_time = absl::FromUnixMicros(1'699'000'000'000'000);
    header.actor = "users/01ARZ3NDEKTSV4RRFFQ69G5FAW";
    header.request = {.method = "kith.golden.v1.Golden/Record", .id = "golden request"};
    header.correlation_id = "0af7651916cd43dd8448eb211c80319c";
    header.causation = Position(999'999);
    header.tags.resize(2);
    for (uint8_t i = 0; i < 16; ++i) {
      header.request.digest[i] = i + 1;
      header.tags[0][i] = i + 0x20;
      header.tags[1][i] = i + 0x40;
    }
    return header;
  }

  // What a record says, for people and for the comparison.
  std::string TextOf(const RecordedEvent& event, const Hash& leaf) const {
    const EventHeader& header = event.header();
    const auto hex = [](const auto& bytes) {
      return absl::BytesToHexString(
          absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    };
    std::string text =
        absl::StrCat("leaf ", hex(leaf), "\nposition ", header.position.value(), "\nworkspace ",
                     header.workspace.value(), "\nsequence ", header.sequence.value(), "\nstream ",
                     header.stream, "\nrevision ", header.revision.value(), "\nappend ",
                     header.append_first.value(), " + ", header.append_count, "\ntype ");
    absl::StrAppend(&text, header.type.value(), "\nrecorded ",
                    absl::FormatTime(header.record_time, absl::UTCTimeZone()), "\noccurred ",
                    absl::FormatTime(header.occur_time, absl::UTCTimeZone()), "\nactor ",
                    header.actor, "\nrequest ", header.request.method, " ", header.request.id, " ",
                    hex(header.request.digest), "\ncorrelation ", header.correlation_id,
                    "\ncausation ", header.causation.value());
    absl::StrAppend(&text, "\nflags ", header.flags);
    for (const Tag& tag : header.tags) absl::StrAppend(&text, "\ntag ", hex(tag));
    std::string event_text;
    google::protobuf::TextFormat::PrintToString(*event.event, &event_text);
    return absl::StrCat(text, "\n\n", event_text);
  }

  // Writes the record of a type as this version of Kith does.
  void WriteGolden(const std::string& category, EventType type) {
    const NewEvent encoded = registry_.Encode(category, *FilledEvent(category, type));
    std::vector<SealedPart> sealed;
    for (const PersonalPart& part : encoded.personal) {
      auto one = keys_->Seal(kWorkspace, part, ReadTier::kDisk);
      ASSERT_TRUE(one.ok()) << one.status();
      sealed.push_back(*std::move(one));
    }
    std::string bytes;
    const Hash leaf =
        AppendRecord(HeaderFor(category, type), EncodeBody(encoded.payload, sealed), &bytes);
    const auto decoded = registry_.Decode(std::make_shared<Record>(*DecodeRecord(bytes)), *keys_);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    const absl::string_view name = registry_.TypeName(category, type);
    WriteTextFile(RecordPath(category, name), ToHexLines(bytes));
    WriteTextFile(TextPath(category, name), TextOf(**decoded, leaf));
    WriteTextFile(KeysPath(), ToSparseHexLines(*key_file_->Read(0, *key_file_->Size())));
  }

  void CheckGolden(const std::string& category, const std::string& type_name) {
    const std::string bytes = FromHexLines(ReadTextFile(RecordPath(category, type_name)));
    const absl::StatusOr<Record> record = DecodeRecord(bytes);
    ASSERT_TRUE(record.ok()) << record.status();
    EXPECT_EQ(CategoryOf(record->header.stream), category);
    EXPECT_EQ(registry_.TypeName(category, record->header.type), type_name)
        << "an event type was renamed";

    std::string encoded;
    const Hash leaf =
        AppendRecord(record->header, EncodeBody(record->payload, record->sealed), &encoded);
    EXPECT_EQ(encoded, bytes) << "the record is no longer encoded as it was";
    EXPECT_EQ(*LeafHash(bytes), leaf);

    const auto decoded = registry_.Decode(std::make_shared<Record>(*record), *keys_);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_FALSE((*decoded)->erased);
    EXPECT_EQ(TextOf(**decoded, leaf), ReadTextFile(TextPath(category, type_name)));

    const NewEvent again = registry_.Encode(category, *(*decoded)->event);
    EXPECT_EQ(again.payload, record->payload) << "a field became personal, or ceased to be";
    ASSERT_EQ(again.personal.size(), record->sealed.size());
    for (size_t i = 0; i < again.personal.size(); ++i) {
      EXPECT_EQ(again.personal[i].subject, record->sealed[i].subject);
      EXPECT_EQ(again.personal[i].payload, **keys_->Unseal(kWorkspace, record->sealed[i]));
    }
  }

  const EventRegistry& registry_ = Registered();
  testing::SeededRandom random_{20};
  KeyFile* key_file_ = nullptr;  // owned by keys_
  std::unique_ptr<KeyStore> keys_;
};

TEST_F(GoldenRecords, ThereIsOneOfEveryEventType) {
  for (const std::string& category : registry_.Categories()) {
    for (const EventType type : registry_.TypesOf(category)) {
      const std::string path = RecordPath(category, registry_.TypeName(category, type));
      if (std::filesystem::exists(path)) continue;
      if (UpdatingGolden()) {
        WriteGolden(category, type);
      } else {
        ADD_FAILURE() << path
                      << " is missing: run this test with KITH_UPDATE_GOLDEN=1 and commit it.";
      }
    }
  }
}

TEST_F(GoldenRecords, AreReadForEver) {
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(GoldenFolder() + "/records")) {
    if (entry.path().extension() != ".hex") continue;
    const std::vector<std::string> name = absl::StrSplit(entry.path().stem().string(), '.');
    ASSERT_EQ(name.size(), 2u) << entry.path();
    SCOPED_TRACE(entry.path().string());
    CheckGolden(name[0], name[1]);
    ++checked;
  }
  EXPECT_GT(checked, 0);
}

}  // namespace
}  // namespace kith::eventstore
