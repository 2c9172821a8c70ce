#include "tests/crash/lossy_files.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "rocksdb/system_clock.h"

namespace kith::eventstore {
namespace {

namespace fs = std::filesystem;
using rocksdb::IOStatus;

// What a disk writes whole or not at all is at least a sector; file systems write pages.
constexpr size_t kSectorBytes = 512;
constexpr size_t kPageBytes = 4096;

IOStatus PowerIsOff() { return IOStatus::IOError("the power is cut"); }
IOStatus Fault() { return IOStatus::IOError("injected fault"); }

std::string NameOf(const std::string& path) { return fs::path(path).filename().string(); }
std::string FolderOf(const std::string& path) { return fs::path(path).parent_path().string(); }

bool IsWal(absl::string_view name) { return absl::EndsWith(name, ".log"); }

std::string ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

size_t UpTo(size_t limit, std::mt19937_64& random) { return random() % (limit + 1); }

// Some pieces of the bytes from `synced` on are kept, some are zeros, some are garbage. A piece
// that begins in a synced sector keeps what was synced of it.
void Tear(size_t synced, std::string& bytes, std::mt19937_64& random) {
  const size_t piece = random() % 2 == 0 ? kSectorBytes : kPageBytes;
  for (size_t at = synced; at < bytes.size();) {
    const size_t end = std::min(bytes.size(), (at / piece + 1) * piece);
    const uint64_t fate = random() % 4;
    for (; at < end; ++at) {
      if (fate == 0) bytes[at] = '\0';
      if (fate == 1) bytes[at] = static_cast<char>(random());
    }
  }
}

class SleeplessClock final : public rocksdb::SystemClockWrapper {
 public:
  SleeplessClock() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  const char* Name() const override { return "SleeplessClock"; }
  void SleepForMicroseconds(int) override {}
};

}  // namespace

// A file being written. The model and the real file change under one lock, so that the cut falls
// between two operations.
class LossyFiles::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(std::unique_ptr<rocksdb::FSWritableFile> file, LossyFiles& files, std::shared_ptr<Node> node,
       bool is_wal)
      : FSWritableFileOwnerWrapper(std::move(file)),
        files_(files),
        node_(std::move(node)),
        is_wal_(is_wal) {}

  using FSWritableFileOwnerWrapper::Append;
  IOStatus Append(const rocksdb::Slice& data, const rocksdb::IOOptions& options,
                  rocksdb::IODebugContext* context) override {
    MutexLock lock(files_.mutex_);
    const IOStatus begun = files_.Begin();
    if (!begun.ok()) return begun;
    const bool fails = files_.Fails(is_wal_);
    const rocksdb::Slice written(data.data(), fails ? data.size() / 2 : data.size());
    node_->bytes.append(written.data(), written.size());
    const IOStatus status = FSWritableFileOwnerWrapper::Append(written, options, context);
    return fails ? IOStatus::NoSpace("injected fault") : status;
  }
  IOStatus Truncate(uint64_t size, const rocksdb::IOOptions& options,
                    rocksdb::IODebugContext* context) override {
    MutexLock lock(files_.mutex_);
    const IOStatus begun = files_.Begin();
    if (!begun.ok()) return begun;
    node_->bytes.resize(size);
    node_->synced = std::min(node_->synced, size_t{size});
    return FSWritableFileOwnerWrapper::Truncate(size, options, context);
  }
  IOStatus Sync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    MutexLock lock(files_.mutex_);
    const IOStatus begun = files_.Begin();
    if (!begun.ok()) return begun;
    if (files_.Fails(is_wal_)) {
      node_->sync_failed = true;
      return Fault();
    }
    // After a failed sync the kernel takes the pages for clean: they are readable, and never
    // written.
    if (!node_->sync_failed) node_->synced = node_->bytes.size();
    return IOStatus::OK();
  }
  IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* context) override {
    return Sync(options, context);
  }
  IOStatus RangeSync(uint64_t, uint64_t, const rocksdb::IOOptions&,
                     rocksdb::IODebugContext*) override {
    return IOStatus::OK();  // it promises nothing
  }

 private:
  LossyFiles& files_;
  const std::shared_ptr<Node> node_;
  const bool is_wal_;
};

class LossyFiles::Folder final : public rocksdb::FSDirectory {
 public:
  Folder(LossyFiles& files, std::shared_ptr<Node> node) : files_(files), node_(std::move(node)) {}

  IOStatus Fsync(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    MutexLock lock(files_.mutex_);
    const IOStatus begun = files_.Begin();
    if (!begun.ok()) return begun;
    if (files_.Fails(false)) return Fault();
    node_->on_disk = node_->entries;
    node_->changes.clear();
    return IOStatus::OK();
  }
  IOStatus Close(const rocksdb::IOOptions&, rocksdb::IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  LossyFiles& files_;
  const std::shared_ptr<Node> node_;
};

LossyFiles::LossyFiles(const std::string& root)
    : FileSystemWrapper(rocksdb::FileSystem::Default()), root_path_(root), root_(Scan(root)) {}

std::shared_ptr<LossyFiles::Node> LossyFiles::Scan(const std::string& path) {
  auto node = std::make_shared<Node>();
  node->is_folder = fs::is_directory(path);
  if (node->is_folder) {
    for (const auto& entry : fs::directory_iterator(path)) {
      node->entries[entry.path().filename().string()] = Scan(entry.path().string());
    }
    node->on_disk = node->entries;
  } else {
    node->bytes = ReadAll(path);
    node->synced = node->bytes.size();
  }
  return node;
}

void LossyFiles::CutPower() {
  MutexLock lock(mutex_);
  Cut();
}

void LossyFiles::CutPowerAt(int64_t n) {
  MutexLock lock(mutex_);
  cut_at_ = n == 0 ? 0 : operations_ + n;
}

void LossyFiles::FailAndCutPower(int64_t n, bool only_wals, int64_t cut_after) {
  MutexLock lock(mutex_);
  fails_in_ = n;
  only_wals_fail_ = only_wals;
  cut_after_ = cut_after;
}

void LossyFiles::WhenCut(std::function<void()> call) {
  MutexLock lock(mutex_);
  when_cut_ = std::move(call);
}

bool LossyFiles::PowerIsCut() const {
  MutexLock lock(mutex_);
  return is_cut_;
}

IOStatus LossyFiles::Begin() {
  if (is_cut_) return PowerIsOff();
  if (++operations_ != cut_at_) return IOStatus::OK();
  Cut();
  return PowerIsOff();
}

void LossyFiles::Cut() {
  if (is_cut_) return;
  is_cut_ = true;
  if (when_cut_) when_cut_();
}

bool LossyFiles::Fails(bool is_wal) {
  if (fails_in_ == 0 || (only_wals_fail_ && !is_wal) || --fails_in_ > 0) return false;
  cut_at_ = operations_ + cut_after_;
  return true;
}

std::shared_ptr<LossyFiles::Node> LossyFiles::Find(const std::string& path) const {
  const fs::path relative = fs::path(path).lexically_relative(root_path_);
  if (relative.empty() || *relative.begin() == "..") return nullptr;
  std::shared_ptr<Node> node = root_;
  for (const fs::path& name : relative) {
    if (name.empty() || name == ".") continue;
    const auto found = node->entries.find(name.string());
    if (found == node->entries.end()) return nullptr;
    node = found->second;
  }
  return node;
}

void LossyFiles::Make(const Change& change, Entries& entries) {
  if (!change.old_name.empty()) entries.erase(change.old_name);
  if (change.node == nullptr) {
    entries.erase(change.name);
  } else {
    entries[change.name] = change.node;
  }
}

void LossyFiles::Record(const std::string& path, Change change) {
  const std::shared_ptr<Node> folder = Find(FolderOf(path));
  if (folder == nullptr) return;
  Make(change, folder->entries);
  folder->changes.push_back(std::move(change));
}

IOStatus LossyFiles::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                     std::unique_ptr<rocksdb::FSWritableFile>* file,
                                     rocksdb::IODebugContext* context) {
  MutexLock lock(mutex_);
  const IOStatus begun = Begin();
  if (!begun.ok()) return begun;
  const IOStatus status = FileSystemWrapper::NewWritableFile(name, options, file, context);
  if (!status.ok()) return status;
  auto node = std::make_shared<Node>();
  Record(name, {.name = NameOf(name), .node = node});
  *file = std::make_unique<File>(std::move(*file), *this, std::move(node), IsWal(name));
  return status;
}

IOStatus LossyFiles::NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                  std::unique_ptr<rocksdb::FSDirectory>* folder,
                                  rocksdb::IODebugContext* context) {
  MutexLock lock(mutex_);
  const IOStatus status = FileSystemWrapper::NewDirectory(name, options, folder, context);
  if (!status.ok()) return status;
  // A folder above the disk's root is not ours.
  if (auto node = Find(name)) *folder = std::make_unique<Folder>(*this, std::move(node));
  return status;
}

IOStatus LossyFiles::CreateDir(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* context) {
  MutexLock lock(mutex_);
  const IOStatus begun = Begin();
  if (!begun.ok()) return begun;
  const IOStatus status = FileSystemWrapper::CreateDir(name, options, context);
  if (!status.ok()) return status;
  auto node = std::make_shared<Node>();
  node->is_folder = true;
  Record(name, {.name = NameOf(name), .node = std::move(node)});
  return status;
}

IOStatus LossyFiles::CreateDirIfMissing(const std::string& name, const rocksdb::IOOptions& options,
                                        rocksdb::IODebugContext* context) {
  // The real folder decides: what a program removed without us is gone all the same.
  return fs::is_directory(name) ? IOStatus::OK() : CreateDir(name, options, context);
}

IOStatus LossyFiles::DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                                rocksdb::IODebugContext* context) {
  MutexLock lock(mutex_);
  const IOStatus begun = Begin();
  if (!begun.ok()) return begun;
  const IOStatus status = FileSystemWrapper::DeleteFile(name, options, context);
  if (status.ok()) Record(name, {.name = NameOf(name)});
  return status;
}

IOStatus LossyFiles::RenameFile(const std::string& from, const std::string& to,
                                const rocksdb::IOOptions& options,
                                rocksdb::IODebugContext* context) {
  MutexLock lock(mutex_);
  const IOStatus begun = Begin();
  if (!begun.ok()) return begun;
  const IOStatus status = FileSystemWrapper::RenameFile(from, to, options, context);
  const std::shared_ptr<Node> node = Find(from);
  if (!status.ok() || node == nullptr) return status;  // the library's diary is not ours
  KITH_CHECK(FolderOf(from) == FolderOf(to));
  Record(to, {.name = NameOf(to), .node = node, .old_name = NameOf(from)});
  return status;
}

IOStatus LossyFiles::ReopenWritableFile(const std::string&, const rocksdb::FileOptions&,
                                        std::unique_ptr<rocksdb::FSWritableFile>*,
                                        rocksdb::IODebugContext*) {
  return IOStatus::NotSupported("ReopenWritableFile");
}

IOStatus LossyFiles::NewRandomRWFile(const std::string&, const rocksdb::FileOptions&,
                                     std::unique_ptr<rocksdb::FSRandomRWFile>*,
                                     rocksdb::IODebugContext*) {
  return IOStatus::NotSupported("NewRandomRWFile");
}

void LossyFiles::WriteRemains(const std::string& to, Remains remains,
                              std::mt19937_64& random) const {
  MutexLock lock(mutex_);
  KITH_CHECK(is_cut_);
  WriteFolder(*root_, to, remains, random);
}

void LossyFiles::WriteFolder(const Node& folder, const std::string& to, Remains remains,
                             std::mt19937_64& random) {
  Entries entries = folder.on_disk;
  const size_t changes = remains == Remains::kNothing ? 0 : UpTo(folder.changes.size(), random);
  for (size_t i = 0; i < changes; ++i) Make(folder.changes[i], entries);
  for (const auto& [name, node] : entries) {
    const std::string path = absl::StrCat(to, "/", name);
    if (node->is_folder) {
      fs::create_directory(path);
      WriteFolder(*node, path, remains, random);
    } else {
      std::ofstream(path, std::ios::binary) << BytesLeft(*node, remains, random);
    }
  }
}

std::string LossyFiles::BytesLeft(const Node& file, Remains remains, std::mt19937_64& random) {
  const size_t unsynced = file.bytes.size() - file.synced;
  switch (remains) {
    case Remains::kNothing:
      return file.bytes.substr(0, file.synced);
    case Remains::kSomeFromTheFront:
      return file.bytes.substr(0, file.synced + UpTo(unsynced, random));
    case Remains::kTornPages: {
      std::string bytes = file.bytes.substr(0, file.synced + UpTo(unsynced, random));
      if (random() % 2 == 0) bytes = file.bytes;
      Tear(file.synced, bytes, random);
      return bytes;
    }
  }
  KITH_UNREACHABLE();
}

LossyEnv::LossyEnv(const std::shared_ptr<LossyFiles>& files)
    : EnvWrapper(rocksdb::NewCompositeEnv(files)) {
  file_system_ = files;
  system_clock_ = std::make_shared<SleeplessClock>();
}

}  // namespace kith::eventstore
