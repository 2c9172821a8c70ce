#include "eventstore/rocksdb/wal_end.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "eventstore/base/crc32c.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/rocksdb/cut_file.h"
#include "eventstore/rocksdb/rocks_status.h"

namespace kith::eventstore {
namespace {

// A part of a record, within one block: checksum (4 bytes), length (2), kind (1), then the bytes.
// RocksDB's wiki, "Write Ahead Log File Format".
constexpr size_t kHeaderBytes = 7;
enum PartKind : uint8_t { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };

// A batch has its number (8) and how many entries it has (4), then those: log data has a tag, its
// length, and the bytes. The stamp is the first. RocksDB, db/write_batch.cc.
constexpr size_t kBatchHeaderBytes = 12;
constexpr absl::string_view kBeforeStamp("\x03\x10", 2);
static_assert(kWalStampBytes == 0x10);
constexpr size_t kStampEnd = kBatchHeaderBytes + kBeforeStamp.size() + kWalStampBytes;

struct Part {
  uint8_t kind = 0;
  absl::string_view content;

  size_t bytes() const { return kHeaderBytes + content.size(); }
  bool goes_on() const { return kind == kMiddle || kind == kLast; }
};

uint32_t LittleEndian(absl::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = bytes.size(); i > 0; --i) value = value << 8 | static_cast<uint8_t>(bytes[i - 1]);
  return value;
}

// The part that `bytes`, which end with the block, begin with; nullopt when it is damaged.
std::optional<Part> ReadPart(absl::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return std::nullopt;
  const size_t length = LittleEndian(bytes.substr(4, 2));
  if (kHeaderBytes + length > bytes.size()) return std::nullopt;
  const uint32_t sum = Crc32c(bytes.substr(kHeaderBytes - 1, 1 + length));
  const uint32_t masked = (sum >> 15 | sum << 17) + 0xa282ead8u;
  if (LittleEndian(bytes.substr(0, 4)) != masked) return std::nullopt;
  return Part{static_cast<uint8_t>(bytes[kHeaderBytes - 1]), bytes.substr(kHeaderBytes, length)};
}

// The stamp of a batch that begins so; empty when it has none.
absl::string_view StampOf(absl::string_view batch) {
  if (batch.size() < kStampEnd) return "";
  batch.remove_prefix(kBatchHeaderBytes);
  return absl::ConsumePrefix(&batch, kBeforeStamp) ? batch.substr(0, kWalStampBytes) : "";
}

absl::StatusOr<WalScan> Scan(rocksdb::Env* env, const std::string& path) {
  std::unique_ptr<rocksdb::SequentialFile> file;
  KITH_RETURN_IF_ERROR(
      FromRocks(env->NewSequentialFile(path, &file, rocksdb::EnvOptions()), "reading the log"));
  WalScan scan;
  std::string space(WalScan::kBlockBytes, '\0');
  for (;;) {
    rocksdb::Slice block;
    KITH_RETURN_IF_ERROR(
        FromRocks(file->Read(space.size(), &block, space.data()), "reading the log"));
    scan.Take(absl::string_view(block.data(), block.size()));
    if (block.size() < space.size()) return scan;
  }
}

// Paths by the numbers of the files, the newest first.
using Wals = std::map<uint64_t, std::string, std::greater<>>;

absl::StatusOr<Wals> ListWals(rocksdb::Env* env, const std::string& folder) {
  std::vector<std::string> names;
  KITH_RETURN_IF_ERROR(FromRocks(env->GetChildren(folder, &names), "reading the log"));
  Wals wals;
  for (const std::string& name : names) {
    absl::string_view digits = name;
    uint64_t number = 0;
    if (absl::ConsumeSuffix(&digits, ".log") && absl::SimpleAtoi(digits, &number)) {
      wals[number] = absl::StrCat(folder, "/", name);
    }
  }
  return wals;
}

// Whether what is not whole of a log was acknowledged.
bool IsDamaged(const WalScan& scan, uint64_t number, const std::optional<FileRecord>& record) {
  if (!record.has_value()) return scan.goes_on_after_damage();
  const auto known = record->wals.find(number);
  // A log is noted with its first sync, before anything in it is acknowledged.
  if (known == record->wals.end()) return false;
  return scan.goes_on_after_damage() || scan.whole_bytes() < known->second;
}

}  // namespace

void WalScan::Take(absl::string_view block) {
  const uint64_t begin = bytes_;
  bytes_ += block.size();
  if (damaged_) LookAtCutBeginnings(block);
  size_t at = 0;
  while (!damaged_ && at < block.size()) {
    // What is left of a block and too small for a header is not used.
    if (block.size() == kBlockBytes && block.size() - at < kHeaderBytes) return;
    const std::optional<Part> part = ReadPart(block.substr(at));
    damaged_ = !part.has_value() || part->goes_on() != in_record_;
    if (damaged_) break;
    if (begin + at == 0) stamp_ = std::string(StampOf(part->content));
    at += part->bytes();
    in_record_ = part->kind == kFirst || part->kind == kMiddle;
    if (!in_record_) whole_bytes_ = begin + at;
  }
  if (damaged_ && !goes_on_after_damage_) LookForBeginnings(block.substr(at));
}

// Where one begins nobody knows once a length is damaged: so everywhere is tried.
void WalScan::LookForBeginnings(absl::string_view rest) {
  for (; rest.size() >= kHeaderBytes && !goes_on_after_damage_; rest.remove_prefix(1)) {
    const auto kind = static_cast<uint8_t>(rest[kHeaderBytes - 1]);
    if (kind != kFull && kind != kFirst) continue;
    const std::optional<Part> part = ReadPart(rest);
    if (!part.has_value()) continue;
    goes_on_after_damage_ = stamp_.empty() || StampOf(part->content) == stamp_;
    // At the end of a block there may be no room for the stamp.
    const bool is_cut = kind == kFirst && part->bytes() == rest.size();
    if (is_cut && part->content.size() < kStampEnd) cut_beginnings_.emplace_back(part->content);
  }
}

void WalScan::LookAtCutBeginnings(absl::string_view block) {
  const std::optional<Part> part = ReadPart(block);
  for (std::string& beginning : std::exchange(cut_beginnings_, {})) {
    if (!part.has_value() || !part->goes_on()) return;
    absl::StrAppend(&beginning, part->content.substr(0, kStampEnd));
    goes_on_after_damage_ |= StampOf(beginning) == stamp_;
  }
}

absl::Status CutTornWalEnd(rocksdb::Env* env, const std::string& folder,
                           const std::optional<FileRecord>& record) {
  KITH_ASSIGN_OR_RETURN(const Wals wals, ListWals(env, folder));
  for (const auto& [number, path] : wals) {
    KITH_ASSIGN_OR_RETURN(const WalScan scan, Scan(env, path));
    if (IsDamaged(scan, number, record)) {
      return absl::DataLossError(absl::StrCat(path, " is damaged at byte ", scan.whole_bytes(),
                                              ": restore the data directory from a backup, all "
                                              "of it; nothing was changed"));
    }
    if (!scan.is_whole()) {
      KITH_RETURN_IF_ERROR(CutFile(path, scan.whole_bytes(), "a write that is not whole"));
    }
    // A log without records was begun by an opening that was cut short, or by a write that was
    // torn: the one before it may end torn as well, and was not written to since.
    if (scan.has_records()) return absl::OkStatus();
  }
  return absl::OkStatus();
}

}  // namespace kith::eventstore
