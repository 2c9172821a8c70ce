#include "services/runtime/admission/watched_files.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"

namespace kith::runtime {
namespace {

constexpr size_t kFileBytesMax = 1 << 20;

// Empty where there is no such file.
std::vector<int64_t> EntryOf(const std::string& path) {
  struct stat entry {};
  if (stat(path.c_str(), &entry) != 0) return {};
  return {static_cast<int64_t>(entry.st_dev),
          static_cast<int64_t>(entry.st_ino),
          entry.st_size,
          entry.st_mtim.tv_sec,
          entry.st_mtim.tv_nsec,
          entry.st_ctim.tv_sec,
          entry.st_ctim.tv_nsec};
}

}  // namespace

WatchedFiles::WatchedFiles(std::vector<std::string> paths) : paths_(std::move(paths)) {}

bool WatchedFiles::Changed() {
  std::vector<std::vector<int64_t>> entries;
  entries.reserve(paths_.size());
  for (const std::string& path : paths_) entries.push_back(EntryOf(path));
  if (entries == entries_) return false;
  entries_ = std::move(entries);
  return true;
}

absl::StatusOr<std::string> WatchedFiles::Read(size_t number) const {
  const std::string& path = paths_[number];
  // A pipe would be waited for, and calls wait for this.
  struct stat entry {};
  if (stat(path.c_str(), &entry) == 0 && !S_ISREG(entry.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is no file that holds something"));
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " cannot be read: ", std::strerror(errno)));
  }
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.empty()) return absl::InvalidArgumentError(absl::StrCat(path, " is empty"));
  if (text.size() > kFileBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, " takes more than ", kFileBytesMax, " bytes"));
  }
  return text;
}

}  // namespace kith::runtime
