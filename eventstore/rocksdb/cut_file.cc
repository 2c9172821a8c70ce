#include "eventstore/rocksdb/cut_file.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "eventstore/base/log.h"

namespace kith::eventstore {

absl::Status CutFile(const std::string& path, uint64_t bytes, absl::string_view what) {
  std::error_code error;
  const uint64_t before = std::filesystem::file_size(path, error);
  if (!error) std::filesystem::resize_file(path, bytes, error);
  if (error)
    return absl::UnavailableError(absl::StrCat("cannot cut ", path, ": ", error.message()));
  Log(LogLevel::kWarning, "the torn end of a file of the log was cut off",
      {{"file", path}, {"what", what}}, {{"bytes", before - bytes}, {"left", bytes}});
  return absl::OkStatus();
}

}  // namespace kith::eventstore
