#include "eventstore/rocksdb/durable_mark.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
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

namespace kith::eventstore {
namespace {

constexpr absl::string_view kFirstLine = "kith durable mark 1";

// The first three lines; the fourth is their check value.
std::string Body(absl::string_view store_id, Position position) {
  return absl::StrCat(kFirstLine, "\nstore ", absl::BytesToHexString(store_id), "\nposition ",
                      position.value(), "\n");
}

std::string CheckLine(absl::string_view body) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest);
  const absl::string_view first_half(reinterpret_cast<const char*>(digest), sizeof(digest) / 2);
  return absl::StrCat("check ", absl::BytesToHexString(first_half), "\n");
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

absl::StatusOr<Position> ReadDurableMark(const std::string& path, absl::string_view store_id) {
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return Position();
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  if (!file) return Failed("read", path);
  const std::string text = content.str();
  const std::vector<absl::string_view> lines = absl::StrSplit(text, '\n');
  absl::string_view number = lines.size() == 5 ? lines[2] : "";
  uint64_t position = 0;
  if (lines[0] != kFirstLine || !absl::ConsumePrefix(&number, "position ") ||
      !absl::SimpleAtoi(number, &position) ||
      absl::StrCat(lines[3], "\n") !=
          CheckLine(absl::StrCat(lines[0], "\n", lines[1], "\n", lines[2], "\n"))) {
    return Damaged(path);
  }
  if (lines[1] != absl::StrCat("store ", absl::BytesToHexString(store_id))) {
    return absl::FailedPreconditionError(
        absl::StrCat(path,
                     " is the durable mark of another store: data/log was replaced; delete the "
                     "file if that was meant"));
  }
  return Position(position);
}

absl::Status WriteDurableMark(const std::string& path, absl::string_view store_id,
                              Position position) {
  const std::string body = Body(store_id, position);
  const std::string fresh = absl::StrCat(path, ".new");
  KITH_RETURN_IF_ERROR(WriteAndSync(fresh, absl::StrCat(body, CheckLine(body))));
  if (rename(fresh.c_str(), path.c_str()) != 0) return Failed("rename", fresh);
  return SyncFolder(std::filesystem::path(path).parent_path().string());
}

}  // namespace kith::eventstore
