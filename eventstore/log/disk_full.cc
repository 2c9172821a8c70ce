#include "eventstore/log/disk_full.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "kith/type/v1/errors.pb.h"

namespace kith {
namespace {

constexpr int kRetrySeconds = 10;  // somebody has to make room first

}  // namespace

absl::Status DiskFull(uint64_t free_bytes, uint64_t needed_bytes) {
  google::rpc::QuotaFailure quota;
  auto* violation = quota.add_violations();
  violation->set_subject("disk");
  violation->set_description("The disk of the server's data directory is nearly full.");
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(kRetrySeconds);
  return Error(type::v1::ERROR_LIMIT_REACHED,
               absl::StrCat("The disk of the server's data directory is full: ", free_bytes >> 20,
                            " MiB are free, and changes need ", needed_bytes >> 20,
                            " MiB. Reads go on. Make room there, then try again."),
               {{"limit", "disk"},
                {"free_bytes", absl::StrCat(free_bytes)},
                {"needed_bytes", absl::StrCat(needed_bytes)}},
               quota, retry);
}

}  // namespace kith
