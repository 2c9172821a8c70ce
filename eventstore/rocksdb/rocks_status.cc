#include "eventstore/rocksdb/rocks_status.h"

#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace kith::eventstore {

std::string TextOf(const rocksdb::Status& status) {
  std::string text = status.ToString();
  // RocksDB has no code for it.
  if (absl::StrContains(text, std::strerror(EMFILE))) {
    text += ": raise the limit of the process (LimitNOFILE, ulimit -n) and start it again";
  }
  return text;
}

absl::Status FromRocks(const rocksdb::Status& status, absl::string_view doing) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = absl::StrCat(doing, ": ", TextOf(status));
  return status.IsCorruption() ? absl::DataLossError(message) : absl::UnavailableError(message);
}

absl::Status CannotWrite(const rocksdb::Status& status, absl::string_view folder) {
  const std::string text = status.ToString();
  if (absl::StrContains(text, std::strerror(EROFS))) {
    return absl::UnavailableError(absl::StrCat(
        folder,
        " is on a disk that is mounted to be read only: a failing disk becomes that by itself, so "
        "see the system's log; then mount it to be written to; nothing was changed"));
  }
  return absl::UnavailableError(
      absl::StrCat(folder, " cannot be written to (", text,
                   "): give the directory and the files in it to this user; nothing was changed"));
}

absl::Status FromLock(const rocksdb::Status& status, absl::string_view folder) {
  if (status.ok()) return absl::OkStatus();
  // RocksDB has no code that tells the two apart.
  const std::string text = status.ToString();
  if (absl::StrContains(text, "While lock file") || absl::StrContains(text, "lock hold by")) {
    return absl::FailedPreconditionError(absl::StrCat(
        folder, " is in use by another process: stop that one first; nothing was changed"));
  }
  return CannotWrite(status, folder);
}

}  // namespace kith::eventstore
