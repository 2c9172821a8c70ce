#include "eventstore/rocksdb/rocks_status.h"

#include "absl/strings/str_cat.h"

namespace kith::eventstore {

absl::Status FromRocks(const rocksdb::Status& status, absl::string_view doing) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = absl::StrCat(doing, ": ", status.ToString());
  return status.IsCorruption() ? absl::DataLossError(message) : absl::UnavailableError(message);
}

}  // namespace kith::eventstore
