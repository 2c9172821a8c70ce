#include "services/core/decider.h"

#include "absl/strings/str_cat.h"
#include "services/core/reject.h"

namespace kith {

std::string EtagOf(Revision revision) { return absl::StrCat(revision.value()); }

absl::Status CheckEtag(absl::string_view sent, absl::string_view actual) {
  if (sent.empty() || sent == actual) return absl::OkStatus();
  return Reject(type::v1::ERROR_ETAG_MISMATCH,
                "The resource changed meanwhile. Read it again and decide anew.",
                {{"expected", std::string(sent)}, {"actual", std::string(actual)}});
}

}  // namespace kith
