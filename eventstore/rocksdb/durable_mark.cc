#include "eventstore/rocksdb/durable_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/rocksdb/checked_text.h"

namespace kith::eventstore {
namespace {

constexpr absl::string_view kFirstLine = "kith durable mark 1";

// What stands before the check line.
std::string Body(absl::string_view store_id, Position position) {
  return absl::StrCat(kFirstLine, "\nstore ", absl::BytesToHexString(store_id), "\nposition ",
                      position.value(), "\n");
}

absl::Status Failed(absl::string_view doing, const std::string& path) {
  return absl::UnavailableError(absl::StrCat("cannot ", doing, " ", path, ": ", strerror(errno)));
}

absl::Status Damaged(const std::string& path) {
  return absl::FailedPreconditionError(absl::StrCat(
      path, " is damaged or not a durable mark of Kith; if the log is whole, delete the file"));
}

absl::Status WriteAndSync(const std::string& path, const std::string& bytes) {
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return Failed("create", path);
  absl::Status status;
  if (write(file, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
      fsync(file) != 0) {
    status = Failed("write", path);
  }
  close(file);
  return status;
}

absl::Status SyncFolder(const std::string& path) {
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return Failed("open", path);
  const absl::Status status = fsync(folder) == 0 ? absl::OkStatus() : Failed("sync", path);
  close(folder);
  return status;
}

}  // namespace

std::string MarkPath(const std::string& data_dir) {
  return absl::StrCat(data_dir, "/durable.mark");
}

absl::StatusOr<Position> ReadDurableMark(const std::string& path, absl::string_view store_id) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return Position();
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  if (!file) return Failed("read", path);
  const std::string body = TakeCheckLine(content.str()).value_or("");
  const std::vector<absl::string_view> lines = absl::StrSplit(body, '\n');
  absl::string_view number = lines.size() == 4 ? lines[2] : "";
  uint64_t position = 0;
  if (lines[0] != kFirstLine || !absl::ConsumePrefix(&number, "position ") ||
      !absl::SimpleAtoi(number, &position)) {
    return Damaged(path);
  }
  if (!store_id.empty() && lines[1] != absl::StrCat("store ", absl::BytesToHexString(store_id))) {
    return absl::FailedPreconditionError(
        absl::StrCat(path,
                     " is the durable mark of another store than the log beside it: restore the "
                     "data directory from a backup, all of it"));
  }
  return Position(position);
}

absl::Status WriteDurableMark(const std::string& path, absl::string_view store_id,
                              Position position) {
  const std::string body = Body(store_id, position);
  const std::string fresh = absl::StrCat(path, ".new");
  KITH_RETURN_IF_ERROR(WriteAndSync(fresh, WithCheckLine(body)));
  if (rename(fresh.c_str(), path.c_str()) != 0) return Failed("rename", fresh);
  return SyncFolder(std::filesystem::path(path).parent_path().string());
}

}  // namespace kith::eventstore
