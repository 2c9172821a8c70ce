// RecordingFiles: the file system under the log's database, which keeps the FileRecord.
//
// An edit of the manifest counts as synced once the record says so, and only then does RocksDB act
// on it; a write-ahead log is noted with its first sync and when it is closed, and struck out
// before it is deleted. An append costs nothing more, but for the first of each write-ahead log.
// Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "eventstore/base/mutex.h"
#include "eventstore/rocksdb/file_record.h"
#include "rocksdb/env.h"
#include "rocksdb/file_system.h"

namespace kith::eventstore {

class RecordingFiles final : public rocksdb::FileSystemWrapper {
 public:
  // For the database in `folder`, whose record was `record` when it was opened.
  RecordingFiles(const std::shared_ptr<rocksdb::FileSystem>& files, const std::string& folder,
                 const FileRecord& record)
      : FileSystemWrapper(files), folder_(folder), record_(record) {}
  const char* Name() const override { return "RecordingFiles"; }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override;

 private:
  class CountedFile;
  class ManifestFile;
  class WalFile;

  rocksdb::IOStatus NoteManifest(uint64_t number, const FileRecord::Manifest& manifest);
  // `bytes` of it are on disk.
  rocksdb::IOStatus NoteWal(uint64_t number, uint64_t bytes);
  // Writes the record after `change`, which is undone when that fails.
  template <class Change>
  rocksdb::IOStatus Update(Change change) KITH_EXCLUDES(mutex_);
  // Forgets manifests whose files are gone.
  void ForgetManifests() KITH_REQUIRES(mutex_);

  const std::string folder_;
  Mutex mutex_;
  FileRecord record_ KITH_GUARDED_BY(mutex_);
};

// A machine like `env`, with these files.
std::unique_ptr<rocksdb::Env> NewEnvWithFiles(rocksdb::Env* env,
                                              const std::shared_ptr<rocksdb::FileSystem>& files);

}  // namespace kith::eventstore
