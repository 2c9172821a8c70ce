#include "eventstore/rocksdb/recording_files.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/crc32c.h"

namespace kith::eventstore {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// A file whose bytes are counted, and the moment they are on disk noted. RocksDB appends to it,
// syncs and closes it from one thread at a time. What was written before a failed append or sync
// may be on disk or not, whatever later ones say: nothing is noted any more.
class RecordingFiles::CountedFile : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  using FSWritableFileOwnerWrapper::FSWritableFileOwnerWrapper;

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* context) override {
    return Count(data, FSWritableFileOwnerWrapper::Append(data, options, context));
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification,
                  IODebugContext* context) override {
    return Count(data, FSWritableFileOwnerWrapper::Append(data, options, verification, context));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
    return Synced(FSWritableFileOwnerWrapper::Sync(options, context));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
    return Synced(FSWritableFileOwnerWrapper::Fsync(options, context));
  }

 protected:
  // All that was appended is on disk.
  virtual IOStatus Note() = 0;
  virtual void Add(absl::string_view data) = 0;

 private:
  IOStatus Count(const rocksdb::Slice& data, const IOStatus& status) {
    failed_ |= !status.ok();
    if (!failed_) Add(absl::string_view(data.data(), data.size()));
    return status;
  }
  IOStatus Synced(const IOStatus& status) {
    failed_ |= !status.ok();
    return failed_ ? status : Note();
  }

  bool failed_ = false;
};

class RecordingFiles::ManifestFile final : public CountedFile {
 public:
  ManifestFile(std::unique_ptr<rocksdb::FSWritableFile> file, RecordingFiles& files,
               uint64_t number)
      : CountedFile(std::move(file)), files_(files), number_(number) {}

 private:
  void Add(absl::string_view data) override {
    written_.bytes += data.size();
    written_.crc = Crc32c(data, written_.crc);
  }
  IOStatus Note() override { return files_.NoteManifest(number_, written_); }

  RecordingFiles& files_;
  const uint64_t number_;
  FileRecord::Manifest written_;
};

class RecordingFiles::WalFile final : public CountedFile {
 public:
  WalFile(std::unique_ptr<rocksdb::FSWritableFile> file, RecordingFiles& files, uint64_t number)
      : CountedFile(std::move(file)), files_(files), number_(number) {}

  IOStatus Close(const IOOptions& options, IODebugContext* context) override {
    // The record may say less than there is: it is no failure of the file.
    if (synced_ > noted_) (void)files_.NoteWal(number_, synced_);
    return CountedFile::Close(options, context);
  }

 private:
  void Add(absl::string_view data) override { written_ += data.size(); }
  // With every append: writes only the first time.
  IOStatus Note() override {
    synced_ = written_;
    if (noted_ > 0) return IOStatus::OK();
    const IOStatus status = files_.NoteWal(number_, synced_);
    if (status.ok()) noted_ = synced_;
    return status;
  }

  RecordingFiles& files_;
  const uint64_t number_;
  uint64_t written_ = 0;
  uint64_t synced_ = 0;
  uint64_t noted_ = 0;
};

IOStatus RecordingFiles::NewWritableFile(const std::string& name,
                                         const rocksdb::FileOptions& options,
                                         std::unique_ptr<rocksdb::FSWritableFile>* file,
                                         IODebugContext* context) {
  const IOStatus status = FileSystemWrapper::NewWritableFile(name, options, file, context);
  if (!status.ok()) return status;
  if (const auto manifest = ManifestNumber(name)) {
    *file = std::make_unique<ManifestFile>(std::move(*file), *this, *manifest);
  } else if (const auto wal = WalNumber(name)) {
    *file = std::make_unique<WalFile>(std::move(*file), *this, *wal);
  }
  return status;
}

IOStatus RecordingFiles::DeleteFile(const std::string& name, const IOOptions& options,
                                    IODebugContext* context) {
  if (const auto wal = WalNumber(name)) {
    const IOStatus status = Update([&](FileRecord& record) { return record.wals.erase(*wal) > 0; });
    if (!status.ok()) return status;
  }
  return FileSystemWrapper::DeleteFile(name, options, context);
}

IOStatus RecordingFiles::NoteManifest(uint64_t number, const FileRecord::Manifest& manifest) {
  return Update([&](FileRecord& record) KITH_REQUIRES(mutex_) {
    if (record.manifests.count(number) == 0) ForgetManifests();
    record.manifests[number] = manifest;
    return true;
  });
}

IOStatus RecordingFiles::NoteWal(uint64_t number, uint64_t bytes) {
  // The file must be found again before it is missed.
  std::unique_ptr<rocksdb::FSDirectory> folder;
  IOStatus status = target()->NewDirectory(folder_, IOOptions(), &folder, nullptr);
  if (status.ok()) status = folder->Fsync(IOOptions(), nullptr);
  if (!status.ok()) return status;
  return Update([&](FileRecord& record) {
    uint64_t& noted = record.wals[number];
    return std::exchange(noted, std::max(noted, bytes)) < bytes;
  });
}

template <class Change>
IOStatus RecordingFiles::Update(Change change) {
  MutexLock lock(mutex_);
  FileRecord before = record_;
  if (!change(record_)) return IOStatus::OK();
  const IOStatus status = WriteFileRecord(*target(), folder_, record_);
  if (!status.ok()) record_ = std::move(before);
  return status;
}

void RecordingFiles::ForgetManifests() {
  std::erase_if(record_.manifests, [this](const auto& manifest) {
    const std::string path = absl::StrCat(folder_, "/", ManifestName(manifest.first));
    return target()->FileExists(path, IOOptions(), nullptr).IsNotFound();
  });
}

namespace {

class EnvWithFiles final : public rocksdb::EnvWrapper {
 public:
  EnvWithFiles(rocksdb::Env* env, const std::shared_ptr<rocksdb::FileSystem>& files)
      : EnvWrapper(env) {
    file_system_ = files;
    system_clock_ = env->GetSystemClock();
  }
  const char* Name() const override { return "EnvWithFiles"; }
};

}  // namespace

std::unique_ptr<rocksdb::Env> NewEnvWithFiles(rocksdb::Env* env,
                                              const std::shared_ptr<rocksdb::FileSystem>& files) {
  return std::make_unique<EnvWithFiles>(env, files);
}

}  // namespace kith::eventstore
