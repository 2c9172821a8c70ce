#include "services/server/restored_copy.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/keys.h"
#include "eventstore/log/record_codec.h"
#include "eventstore/rocksdb/checked_text.h"
#include "eventstore/rocksdb/durable_mark.h"

namespace kith::server {
namespace {

using policies::v1::RestoredCopy;

constexpr absl::string_view kHomeLine = "kith home 1";
constexpr absl::string_view kRestoredLine = "kith restored copy 1";
constexpr int64_t kNanosecondsASecond = 1'000'000'000;

absl::Status Failed(absl::string_view doing, const std::string& path) {
  return absl::UnavailableError(
      absl::StrCat("cannot ", doing, " ", path, ": ", std::strerror(errno)));
}

// What a copy of a directory does not have.
struct Place {
  uint64_t number = 0;   // in its file system
  int64_t birth_ns = 0;  // when it was made there; 0 where that is not told
};

absl::StatusOr<Place> PlaceOf(const std::string& path) {
  struct statx told = {};
  if (statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &told) != 0) {
    return Failed("look at", path);
  }
  Place place{told.stx_ino, 0};
  if ((told.stx_mask & STATX_BTIME) != 0) {
    place.birth_ns = told.stx_btime.tv_sec * kNanosecondsASecond + told.stx_btime.tv_nsec;
  }
  return place;
}

bool IsSame(const Place& a, const Place& b) {
  return a.number == b.number && (a.birth_ns == 0 || b.birth_ns == 0 || a.birth_ns == b.birth_ns);
}

// Nullopt where there is no such file.
absl::StatusOr<std::optional<std::string>> ReadFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return std::nullopt;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Failed("read", path);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

absl::Status SyncFolderOf(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int file = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return Failed("open", folder);
  const absl::Status status = fsync(file) == 0 ? absl::OkStatus() : Failed("sync", folder);
  close(file);
  return status;
}

// On disk when this returns.
absl::Status ReplaceFile(const std::string& path, const std::string& text) {
  const std::string fresh = absl::StrCat(path, ".new");
  const int file = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return Failed("create", fresh);
  absl::Status status;
  if (write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      fsync(file) != 0) {
    status = Failed("write", fresh);
  }
  close(file);
  KITH_RETURN_IF_ERROR(status);
  if (std::rename(fresh.c_str(), path.c_str()) != 0) return Failed("rename", fresh);
  return SyncFolderOf(path);
}

absl::Status RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return Failed("remove", path);
  return SyncFolderOf(path);
}

std::string HomeText(const Place& place) {
  return eventstore::WithCheckLine(
      absl::StrCat(kHomeLine, "\nlog ", place.number, " ", place.birth_ns, "\n"));
}

// Nullopt where it is damaged.
std::optional<Place> ParseHome(const std::string& text) {
  const std::string body = eventstore::TakeCheckLine(text).value_or("");
  const std::vector<std::string> lines = absl::StrSplit(body, '\n');
  if (lines.size() != 3 || lines[0] != kHomeLine) return std::nullopt;
  const std::vector<std::string> words = absl::StrSplit(lines[1], ' ');
  Place place;
  if (words.size() != 3 || words[0] != "log" || !absl::SimpleAtoi(words[1], &place.number) ||
      !absl::SimpleAtoi(words[2], &place.birth_ns)) {
    return std::nullopt;
  }
  return place;
}

std::string TimeText(const google::protobuf::Timestamp& time) {
  return absl::FormatTime(absl::RFC3339_full, FromTimestamp(time), absl::UTCTimeZone());
}

std::string MarkText(const RestoredCopy& copy) {
  return eventstore::WithCheckLine(absl::StrCat(
      kRestoredLine, "\nstore ", copy.store(), "\nevents ", copy.event_count(), "\nlast ",
      copy.has_last_event_time() ? TimeText(copy.last_event_time()) : "none", "\nnoticed ",
      TimeText(copy.notice_time()), "\n"));
}

bool ParseTimeText(absl::string_view text, google::protobuf::Timestamp* time) {
  absl::Time parsed;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &parsed, &error)) return false;
  *time = ToTimestamp(parsed);
  return true;
}

// Nullopt where it is damaged, or somebody made it by hand.
std::optional<RestoredCopy> ParseMark(const std::string& text) {
  const std::string body = eventstore::TakeCheckLine(text).value_or("");
  const std::vector<std::string> lines = absl::StrSplit(body, '\n');
  if (lines.size() != 6 || lines[0] != kRestoredLine) return std::nullopt;
  absl::string_view store = lines[1];
  absl::string_view events = lines[2];
  absl::string_view last = lines[3];
  absl::string_view noticed = lines[4];
  RestoredCopy copy;
  int64_t count = 0;
  if (!absl::ConsumePrefix(&store, "store ") || !absl::ConsumePrefix(&events, "events ") ||
      !absl::ConsumePrefix(&last, "last ") || !absl::ConsumePrefix(&noticed, "noticed ") ||
      !absl::SimpleAtoi(events, &count) || !ParseTimeText(noticed, copy.mutable_notice_time())) {
    return std::nullopt;
  }
  if (last != "none" && !ParseTimeText(last, copy.mutable_last_event_time())) return std::nullopt;
  copy.set_store(std::string(store));
  copy.set_event_count(count);
  return copy;
}

// As far as its last record can be read: whether the log is damaged is found by whoever reads it.
absl::StatusOr<RestoredCopy> Describe(const eventstore::Engine& log, absl::Time now) {
  RestoredCopy copy;
  copy.set_store(absl::BytesToHexString(log.store_id()));
  *copy.mutable_notice_time() = ToTimestamp(now);
  const std::string end = eventstore::PositionKey(Position(std::numeric_limits<uint64_t>::max()));
  KITH_RETURN_IF_ERROR(
      log.Scan({.table = eventstore::Table::kEvents,
                .prefix = "",
                .start = end,
                .direction = eventstore::Direction::kBackwards},
               eventstore::ReadTier::kDisk, [&](absl::string_view, absl::string_view record) {
                 const auto header = eventstore::DecodeRecordHeader(record);
                 if (!header.ok()) return false;
                 copy.set_event_count(static_cast<int64_t>(header->position.value()));
                 *copy.mutable_last_event_time() = ToTimestamp(header->record_time);
                 return false;
               }));
  return copy;
}

}  // namespace

absl::StatusOr<std::shared_ptr<runtime::PolicyHold>> HoldOfCopy(const std::string& data,
                                                                const eventstore::Engine& log,
                                                                absl::Time now) {
  const std::string home = absl::StrCat(data, "/home");
  const std::string mark = absl::StrCat(data, "/restored");
  KITH_ASSIGN_OR_RETURN(const Place here, PlaceOf(absl::StrCat(data, "/log")));
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> said, ReadFile(home));
  KITH_ASSIGN_OR_RETURN(const std::optional<std::string> marked, ReadFile(mark));
  const std::optional<Place> place = said.has_value() ? ParseHome(*said) : std::nullopt;
  const bool is_at_home = place.has_value() && IsSame(*place, here);
  std::optional<RestoredCopy> copy;
  if (marked.has_value()) copy = ParseMark(*marked);
  if (!copy.has_value()) {
    KITH_ASSIGN_OR_RETURN(RestoredCopy found, Describe(log, now));
    // Versions without `home` left a durable mark where they were stopped.
    std::error_code ignored;
    const bool is_alone =
        found.event_count() > 0 && !std::filesystem::exists(eventstore::MarkPath(data), ignored);
    if (marked.has_value() || (said.has_value() ? !is_at_home : is_alone)) {
      KITH_RETURN_IF_ERROR(ReplaceFile(mark, MarkText(found)));
      copy = std::move(found);
    }
  }
  // After the mark: where the process ends in between, it is found to be a copy once more.
  if (!is_at_home) KITH_RETURN_IF_ERROR(ReplaceFile(home, HomeText(here)));
  if (!copy.has_value()) return nullptr;
  return std::make_shared<runtime::PolicyHold>(*std::move(copy),
                                               [mark] { return RemoveFile(mark); });
}

}  // namespace kith::server
