// KeyUses: on which day each API key was last used, of every workspace. FORMAT.md, data/key_uses.
//
// No event: it is nothing that anybody did, and a read that wrote to the log would move the
// workspace's numbers, and fail where the disk is full. A file beside the log has a slot for each
// key that was ever used, written in place once a day and not synced: a power cut may lose the last
// of it. What cannot be read is as if it had not been, and what cannot be written is written the
// next day. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/strong_id.h"
#include "eventstore/log/types.h"
#include "eventstore/seal/key_file.h"
#include "services/runtime/admission/pools.h"

namespace kith::workspaces {

class KeyUses {
 public:
  // A workspace, and the id of a key there.
  using Key = std::pair<WorkspaceId, std::string>;

  // Reads the file, where there is one. Of an empty path everything is in memory alone. Writes in
  // `pool`, which has stopped when this goes.
  KeyUses(const std::string& path, runtime::Pool& pool);

  // The key with this id was used on that day, counted from 1970-01-01. From memory.
  void Note(WorkspaceId workspace, absl::string_view id, int64_t day) KITH_EXCLUDES(mutex_);
  // 0 where it was never used, as far as is known.
  int64_t LastDay(WorkspaceId workspace, absl::string_view id) const KITH_EXCLUDES(mutex_);

 private:
  struct Slot {
    uint64_t number = 0;
    int64_t day = 0;
  };

  void Load();
  // Writes the key's slot, as it is then.
  void Write(const Key& key) KITH_EXCLUDES(mutex_, file_mutex_);

  const std::string path_;
  runtime::Pool& pool_;
  mutable Mutex mutex_;
  std::map<Key, Slot> slots_ KITH_GUARDED_BY(mutex_);
  uint64_t next_ KITH_GUARDED_BY(mutex_) = 0;
  Mutex file_mutex_;  // taken before the other
  std::unique_ptr<eventstore::KeyFile> file_
      KITH_GUARDED_BY(file_mutex_);  // null while none is there
};

}  // namespace kith::workspaces
