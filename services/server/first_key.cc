#include "services/server/first_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"

namespace kith::server {
namespace {

absl::Status CannotBeWritten(const std::string& path, int error) {
  return absl::UnavailableError(absl::StrCat(path, " cannot be written: ", std::strerror(error)));
}

// So that a file just made in it keeps its name through a power cut.
bool SyncFolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int file = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = file >= 0 && fsync(file) == 0;
  if (file >= 0) close(file);
  return synced;
}

// Readable by this user only, and on disk when this returns.
absl::Status WriteSecret(const std::string& path, const std::string& text) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  const bool written = file >= 0 &&
                       write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                       fsync(file) == 0 && SyncFolderOf(path);
  const int error = errno;
  if (file >= 0) close(file);
  return written ? absl::OkStatus() : CannotBeWritten(path, error);
}

}  // namespace

FirstKeyFile::FirstKeyFile(const std::string& data_dir)
    : path_(data_dir + "/development.key"), unfinished_path_(path_ + ".new") {}

absl::Status FirstKeyFile::Begin() const { return WriteSecret(unfinished_path_, ""); }

bool FirstKeyFile::IsUnfinished() const {
  std::error_code error;
  return std::filesystem::exists(unfinished_path_, error);
}

absl::Status FirstKeyFile::Finish(const std::string& key) const {
  KITH_RETURN_IF_ERROR(WriteSecret(unfinished_path_, key + "\n"));
  const bool renamed =
      std::rename(unfinished_path_.c_str(), path_.c_str()) == 0 && SyncFolderOf(path_);
  return renamed ? absl::OkStatus() : CannotBeWritten(path_, errno);
}

}  // namespace kith::server
