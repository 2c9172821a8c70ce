#include "projections/engine/read_guard.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "kith/type/v1/errors.pb.h"

namespace kith::projections {

absl::Status ReadGuard::Look() const {
  if (rows_ <= limits_.rows && bytes_ <= limits_.bytes) return interrupted_();
  google::rpc::QuotaFailure quota;
  auto* const violation = quota.add_violations();
  violation->set_subject("read");
  violation->set_description(absl::StrCat("A read may look at ", limits_.rows, " rows and ",
                                          limits_.bytes >> 20, " MiB."));
  return Error(
      type::v1::ERROR_LIMIT_REACHED,
      "More would have to be looked at than a read may. Ask for less: a pipeline, an owner "
      "or a period.",
      {{"limit", "read"}}, quota);
}

}  // namespace kith::projections
