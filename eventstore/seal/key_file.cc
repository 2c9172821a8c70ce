#include "eventstore/seal/key_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status_macros.h"

namespace kith::eventstore {
namespace {

absl::Status Failed(absl::string_view what, const std::string& path, int error) {
  const std::string message =
      absl::StrCat(path, ": cannot ", what, ": ", std::strerror(error), ".");
  return error == ENOENT ? absl::NotFoundError(message) : absl::UnavailableError(message);
}

// A file descriptor, closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_;
};

class DiskKeyFile final : public KeyFile {
 public:
  DiskKeyFile(std::string path, Descriptor descriptor)
      : path_(std::move(path)), descriptor_(std::move(descriptor)) {}

  absl::StatusOr<uint64_t> Size() const override {
    struct stat info;
    if (::fstat(descriptor_.get(), &info) != 0) return Failed("look at it", path_, errno);
    return static_cast<uint64_t>(info.st_size);
  }

  absl::StatusOr<std::string> Read(uint64_t offset, size_t size) const override {
    std::string bytes(size, '\0');
    for (size_t done = 0; done < size;) {
      const ssize_t count = ::pread(descriptor_.get(), bytes.data() + done, size - done,
                                    static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return Failed("read", path_, errno);
      if (count == 0) return absl::OutOfRangeError(absl::StrCat(path_, " is cut short."));
      done += static_cast<size_t>(count);
    }
    return bytes;
  }

  absl::Status Write(uint64_t offset, absl::string_view bytes) override {
    for (size_t done = 0; done < bytes.size();) {
      const ssize_t count = ::pwrite(descriptor_.get(), bytes.data() + done, bytes.size() - done,
                                     static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return Failed("write", path_, errno);
      done += static_cast<size_t>(count);
    }
    return absl::OkStatus();
  }

  absl::Status Sync() override {
    if (::fdatasync(descriptor_.get()) != 0) return Failed("sync", path_, errno);
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  const Descriptor descriptor_;
};

class MemoryKeyFile final : public KeyFile {
 public:
  explicit MemoryKeyFile(std::string bytes) : bytes_(std::move(bytes)) {}

  absl::StatusOr<uint64_t> Size() const override {
    MutexLock lock(mutex_);
    return bytes_.size();
  }
  absl::StatusOr<std::string> Read(uint64_t offset, size_t size) const override {
    MutexLock lock(mutex_);
    if (offset > bytes_.size() || bytes_.size() - offset < size) {
      return absl::OutOfRangeError("The key file is cut short.");
    }
    return bytes_.substr(offset, size);
  }
  absl::Status Write(uint64_t offset, absl::string_view bytes) override {
    MutexLock lock(mutex_);
    if (bytes_.size() < offset + bytes.size()) bytes_.resize(offset + bytes.size(), '\0');
    std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<ptrdiff_t>(offset));
    return absl::OkStatus();
  }
  absl::Status Sync() override { return absl::OkStatus(); }

 private:
  mutable Mutex mutex_;
  std::string bytes_ KITH_GUARDED_BY(mutex_);
};

}  // namespace

absl::Status SyncFolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.valid() || ::fsync(descriptor.get()) != 0)
    return Failed("sync the folder", folder, errno);
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<KeyFile>> OpenKeyFile(const std::string& path) {
  Descriptor descriptor(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!descriptor.valid()) return Failed("open", path, errno);
  return std::make_unique<DiskKeyFile>(path, std::move(descriptor));
}

absl::Status CreateKeyFile(const std::string& path, absl::string_view bytes) {
  const std::string unfinished = absl::StrCat(path, ".new");
  ::unlink(unfinished.c_str());  // left by a crash, if at all
  {
    Descriptor descriptor(::open(unfinished.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!descriptor.valid()) return Failed("create", unfinished, errno);
    DiskKeyFile file(unfinished, std::move(descriptor));
    KITH_RETURN_IF_ERROR(file.Write(0, bytes));
    KITH_RETURN_IF_ERROR(file.Sync());
  }
  if (::rename(unfinished.c_str(), path.c_str()) != 0) return Failed("create", path, errno);
  return SyncFolderOf(path);
}

std::unique_ptr<KeyFile> NewMemoryKeyFile(std::string bytes) {
  return std::make_unique<MemoryKeyFile>(std::move(bytes));
}

}  // namespace kith::eventstore
