// The end of the write-ahead log after a power cut.
//
// The last write may be there in parts: pages reach a disk in any order, and those that did not are
// zeros. RocksDB takes that for damage in the middle of its log, and conversely takes some damage
// in the middle for the end. What tells them apart is that each batch is synced before the next one
// is written: so only the last record of the newest log can be torn, and a record that is damaged
// although whole ones follow was acknowledged. Bytes in a payload may look like a record, though:
// what follows counts only where it has the stamp of the log's first record. FORMAT.md, data/log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "eventstore/rocksdb/file_record.h"
#include "rocksdb/env.h"

namespace kith::eventstore {

// The stamp: random bytes, drawn when a log is opened, that each of its batches begins with as
// RocksDB's "log data", which stands in the write-ahead log and nowhere else. No caller learns
// them.
inline constexpr size_t kWalStampBytes = 16;

// Cuts a torn record off the newest write-ahead log in the database's folder, and logs how much
// that was. Doing it twice, or losing it in another power cut, does no harm. DataLoss, and nothing
// changed, when the log is damaged before its end, or within the bytes that `record` knows to have
// been synced; a log that it does not know holds nothing acknowledged. A folder without a record,
// of an earlier version, has nullopt. Unavailable when a file cannot be read or cut. The caller
// holds the database's lock.
absl::Status CutTornWalEnd(rocksdb::Env* env, const std::string& folder,
                           const std::optional<FileRecord>& record);

// How much of a write-ahead log is whole. Blocks of kBlockBytes are taken in order, the last one
// may be shorter. One thread.
class WalScan {
 public:
  static constexpr size_t kBlockBytes = 32 << 10;

  void Take(absl::string_view block);

  // Where the last whole record ends.
  uint64_t whole_bytes() const { return whole_bytes_; }
  bool is_whole() const { return whole_bytes_ == bytes_; }
  bool has_records() const { return whole_bytes_ > 0; }
  // A record begins, undamaged, after one that is damaged. Of a log whose first record has no stamp
  // or is damaged, anything counts that looks like one.
  bool goes_on_after_damage() const { return goes_on_after_damage_; }

 private:
  // What looks like the beginning of a record, anywhere in `rest`, which ends with its block.
  void LookForBeginnings(absl::string_view rest);
  // The same for those that the block before has only the first bytes of.
  void LookAtCutBeginnings(absl::string_view block);

  uint64_t bytes_ = 0;
  uint64_t whole_bytes_ = 0;
  bool in_record_ = false;  // the parts of a record that spans blocks were whole so far
  bool damaged_ = false;
  std::string stamp_;                        // empty: none is known
  std::vector<std::string> cut_beginnings_;  // what the last block had of them
  bool goes_on_after_damage_ = false;
};

}  // namespace kith::eventstore
