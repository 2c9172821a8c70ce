#include "services/server/data_directory.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"

namespace kith::server {
namespace {

namespace fs = std::filesystem;

// What is never there without a log.
constexpr const char* kStandsOnTheLog[] = {"keys",     "durable.mark", "settled",         "views",
                                           "key_uses", "blobs",        "development.key", "home",
                                           "restored"};
// What is only made after the keys.
constexpr const char* kStandsOnTheKeys[] = {"durable.mark", "settled",         "views", "key_uses",
                                            "blobs",        "development.key", "home"};
// A log whose creation was cut short, and what a file system has at its root.
constexpr const char* kMayStandAlone[] = {"log.new", "lost+found"};

template <size_t count>
bool IsOneOf(const std::string& name, const char* const (&names)[count]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

absl::Status Unusable(const std::string& path, const std::error_code& error) {
  return absl::UnavailableError(absl::StrCat("the data directory ", path,
                                             " cannot be used: ", error.message(),
                                             ": name one with --data that this user may write to"));
}

// A directory without a log is new, if it is anything of ours.
absl::Status CheckNew(const std::string& path) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    const std::string name = entry.path().filename().string();
    if (IsOneOf(name, kStandsOnTheLog)) {
      return absl::DataLossError(absl::StrCat(
          path, " has no log any more, but ", name,
          ": restore the data directory from a backup, all of it; nothing was changed"));
    }
    if (!IsOneOf(name, kMayStandAlone)) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, " holds files that are not Kith's, such as ", name,
                       ": give --data a directory of its own; nothing was changed"));
    }
  }
  return error ? Unusable(path, error) : absl::OkStatus();
}

absl::Status KeyFileMissing(const std::string& path) {
  return absl::DataLossError(absl::StrCat(
      path, " has a log, but the key file ", path,
      "/keys is missing, without which nobody can read the personal fields of that log: restore "
      "it from its backup; no other was made"));
}

bool HasKeyFile(const std::string& path) {
  std::error_code error;
  return fs::exists(path + "/keys", error) || error;  // what cannot be looked at is not missing
}

}  // namespace

bool HasLog(const std::string& path) {
  std::error_code error;
  return fs::exists(path + "/log", error) || error;  // what cannot be looked at is not missing
}

absl::Status PrepareDataDirectory(const std::string& path) {
  std::error_code error;
  const bool is_made = fs::create_directories(path, error);
  if (error) return Unusable(path, error);
  if (is_made) {
    fs::permissions(path, fs::perms::owner_all, error);
    return error ? Unusable(path, error) : absl::OkStatus();
  }
  if (!HasLog(path)) return CheckNew(path);
  if (!HasKeyFile(path)) {
    for (const char* name : kStandsOnTheKeys) {
      if (fs::exists(path + "/" + name, error)) return KeyFileMissing(path);
    }
  }
  // Earlier versions made these readable to everybody; what is in them needs no change then.
  for (const char* name : {"/log", "/views"}) {
    std::error_code not_ours;  // then it is refused when it is opened
    fs::permissions(path + name, fs::perms::owner_all, not_ours);
  }
  return absl::OkStatus();
}

absl::Status CheckKeyFile(const std::string& path, const eventstore::Engine& log) {
  if (HasKeyFile(path)) return absl::OkStatus();
  bool has_events = false;
  KITH_RETURN_IF_ERROR(log.Scan({.table = eventstore::Table::kEvents, .prefix = "", .start = ""},
                                eventstore::ReadTier::kDisk,
                                [&](absl::string_view, absl::string_view) {
                                  has_events = true;
                                  return false;
                                }));
  return has_events ? KeyFileMissing(path) : absl::OkStatus();
}

}  // namespace kith::server
