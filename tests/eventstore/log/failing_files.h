// A file system under RocksDB whose n-th writing operation fails, once: an append that writes half,
// a sync, a creation, a rename. For tests of what the log does then.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "rocksdb/env.h"
#include "rocksdb/file_system.h"

namespace kith::eventstore {

class FailingFiles final : public rocksdb::FileSystemWrapper {
 public:
  FailingFiles() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "FailingFiles"; }

  // The n-th operation from now fails: 1 is the next one, 0 none.
  void FailNth(int64_t n) { countdown_.store(n); }
  // Whether that has happened.
  bool Failed() const { return countdown_.load() < 0; }
  // Only operations on write-ahead logs count.
  void OnlyWals(bool only) { only_wals_.store(only); }

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* context) override {
    if (Counts(name) && Fails()) return Fault();
    const auto status = FileSystemWrapper::NewWritableFile(name, options, file, context);
    if (status.ok() && Counts(name)) *file = std::make_unique<File>(std::move(*file), *this);
    return status;
  }
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) override {
    if (Counts(to) && Fails()) return Fault();
    return FileSystemWrapper::RenameFile(from, to, options, context);
  }

 private:
  class File final : public rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<rocksdb::FSWritableFile> file, FailingFiles& files)
        : FSWritableFileOwnerWrapper(std::move(file)), files_(files) {}
    using FSWritableFileOwnerWrapper::Append;
    rocksdb::IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* context) override {
      if (files_.Fails()) {  // a short write: half of the bytes arrive
        (void)FSWritableFileOwnerWrapper::Append(rocksdb::Slice(data.data(), data.size() / 2),
                                                 options, context);
        return rocksdb::IOStatus::NoSpace("injected fault");
      }
      return FSWritableFileOwnerWrapper::Append(data, options, context);
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options,
                           rocksdb::IODebugContext* context) override {
      if (files_.Fails()) return Fault();
      return FSWritableFileOwnerWrapper::Sync(options, context);
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options,
                            rocksdb::IODebugContext* context) override {
      if (files_.Fails()) return Fault();
      return FSWritableFileOwnerWrapper::Fsync(options, context);
    }

   private:
    FailingFiles& files_;
  };

  static rocksdb::IOStatus Fault() { return rocksdb::IOStatus::IOError("injected fault"); }
  // The library's own diary, LOG, is none of the log's files.
  bool Counts(const std::string& name) const {
    if (only_wals_.load()) return name.ends_with(".log");
    return name.find("/LOG") == std::string::npos;
  }
  // Counts one operation.
  bool Fails() {
    int64_t left = countdown_.load();
    while (left > 0 && !countdown_.compare_exchange_weak(left, left == 1 ? -1 : left - 1)) {
    }
    return left == 1;
  }

  std::atomic<int64_t> countdown_{0};  // operations until the one that fails; -1 after it
  std::atomic<bool> only_wals_{false};
};

}  // namespace kith::eventstore
