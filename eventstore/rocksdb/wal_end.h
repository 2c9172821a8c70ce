// The end of the write-ahead log after a power cut.
//
// The last write may be there in parts: pages reach a disk in any order, and those that did not are
// zeros. RocksDB takes that for damage in the middle of its log, and conversely takes some damage
// in the middle for the end. What tells them apart is that each batch is synced before the next one
// is written: so only the last record of the newest log can be torn, and a record that is damaged
// although whole ones follow was acknowledged. FORMAT.md, data/log.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "rocksdb/env.h"

namespace kith::eventstore {

// Cuts a torn record off the newest write-ahead log in the database's folder. Doing it twice, or
// losing it in another power cut, does no harm. DataLoss, and nothing changed, when the log is
// damaged before its end, or within the bytes that are known to have been synced (`synced`, by the
// number of the file); Unavailable when it cannot be read or cut. The caller holds the database's
// lock.
absl::Status CutTornWalEnd(rocksdb::Env* env, const std::string& folder,
                           const std::map<uint64_t, uint64_t>& synced);

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
  // A record begins, undamaged, after one that is damaged.
  bool goes_on_after_damage() const { return goes_on_after_damage_; }

 private:
  uint64_t bytes_ = 0;
  uint64_t whole_bytes_ = 0;
  bool in_record_ = false;  // the parts of a record that spans blocks were whole so far
  bool damaged_ = false;
  bool goes_on_after_damage_ = false;
};

}  // namespace kith::eventstore
