// LossyFiles: the disk under RocksDB, which forgets what was not synced when the power is cut. It
// knows of every file how much of it a sync has put on disk, and of every folder which creations,
// renames and removals a sync of the folder has.
//
// It is as harsh as POSIX allows: syncing a file says nothing about its name, and what a failed
// sync has not put on disk no later sync does. The operations themselves go to real files, without
// any real sync. Thread-safe; outlives the database on it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "eventstore/base/mutex.h"
#include "rocksdb/env.h"
#include "rocksdb/file_system.h"

namespace kith::eventstore {

// What a power cut leaves of bytes that were not synced: none; some from the front; or pages of
// them here and there, with zeros or garbage between.
enum class Remains { kNothing, kSomeFromTheFront, kTornPages };

class LossyFiles final : public rocksdb::FileSystemWrapper {
 public:
  // The disk is the folder `root`; what is in it now is synced.
  explicit LossyFiles(const std::string& root);
  const char* Name() const override { return "LossyFiles"; }

  // Cuts the power, where it is not cut yet.
  void CutPower();
  // The n-th writing operation from now meets the power cut: it and all after it fail. 0 is none.
  void CutPowerAt(int64_t n);
  // The n-th append or sync from now fails (an append writes half), of write-ahead logs or of any
  // file and folder; and the power is cut at the `cut_after`-th operation after it.
  void FailAndCutPower(int64_t n, bool only_wals, int64_t cut_after);
  // Called at the cut, before anybody can notice it; must not call the files.
  void WhenCut(std::function<void()> call);
  bool PowerIsCut() const;

  // After the cut: writes what is on the disk into the folder `to`, which must be empty.
  void WriteRemains(const std::string& to, Remains remains, std::mt19937_64& random) const;

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* folder,
                                 rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus CreateDir(const std::string& name, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& name, const rocksdb::IOOptions& options,
                                       rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;
  // Files that would be written behind our back.
  rocksdb::IOStatus ReopenWritableFile(const std::string&, const rocksdb::FileOptions&,
                                       std::unique_ptr<rocksdb::FSWritableFile>*,
                                       rocksdb::IODebugContext*) override;
  rocksdb::IOStatus NewRandomRWFile(const std::string&, const rocksdb::FileOptions&,
                                    std::unique_ptr<rocksdb::FSRandomRWFile>*,
                                    rocksdb::IODebugContext*) override;

 private:
  class File;
  class Folder;
  struct Node;
  using Entries = std::map<std::string, std::shared_ptr<Node>>;
  // A name that came to be, or stopped being, something else; a rename is both at once.
  struct Change {
    std::string name;
    std::shared_ptr<Node> node;  // null when the name was removed
    std::string old_name;        // of a rename
  };
  // A file or a folder.
  struct Node {
    bool is_folder = false;
    std::string bytes;
    size_t synced = 0;
    bool sync_failed = false;
    Entries entries;  // as programs see them
    Entries on_disk;
    std::vector<Change> changes;  // since the folder was synced, in order
  };

  static std::shared_ptr<Node> Scan(const std::string& path);
  static void Make(const Change& change, Entries& entries);
  static void WriteFolder(const Node& folder, const std::string& to, Remains remains,
                          std::mt19937_64& random);
  static std::string BytesLeft(const Node& file, Remains remains, std::mt19937_64& random);

  void Cut() KITH_REQUIRES(mutex_);
  // Counts one writing operation; its error when the power is gone or goes now.
  rocksdb::IOStatus Begin() KITH_REQUIRES(mutex_);
  // Whether this append or sync is the one that fails.
  bool Fails(bool is_wal) KITH_REQUIRES(mutex_);
  // Null for what is not on this disk.
  std::shared_ptr<Node> Find(const std::string& path) const KITH_REQUIRES(mutex_);
  // Records a change of the folder that `path` is in. Nothing for what is not on this disk.
  void Record(const std::string& path, Change change) KITH_REQUIRES(mutex_);

  const std::string root_path_;
  mutable Mutex mutex_;
  const std::shared_ptr<Node> root_;
  int64_t operations_ KITH_GUARDED_BY(mutex_) = 0;
  int64_t cut_at_ KITH_GUARDED_BY(mutex_) = 0;    // the number of an operation; 0 for none
  int64_t fails_in_ KITH_GUARDED_BY(mutex_) = 0;  // appends and syncs until one fails; 0 for never
  bool only_wals_fail_ KITH_GUARDED_BY(mutex_) = false;
  int64_t cut_after_ KITH_GUARDED_BY(mutex_) = 0;
  bool is_cut_ KITH_GUARDED_BY(mutex_) = false;
  std::function<void()> when_cut_ KITH_GUARDED_BY(mutex_);
};

// The machine with another disk. After a failure RocksDB's background threads sleep for a second:
// these do not.
class LossyEnv final : public rocksdb::EnvWrapper {
 public:
  explicit LossyEnv(const std::shared_ptr<LossyFiles>& files);
  const char* Name() const override { return "LossyEnv"; }
};

}  // namespace kith::eventstore
