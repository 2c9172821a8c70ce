#include "services/runtime/resources/not_known_yet.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/requests/retry.h"

namespace kith::runtime {
namespace {

constexpr size_t kEventsBehindMax = 10'000;

}  // namespace

absl::Status NotKnownYet(absl::string_view what) {
  return Error(type::v1::ERROR_VIEW_BEHIND,
               absl::StrCat(what, " is not known yet: a read model is behind. Try again."), {},
               RetryAfter(absl::Seconds(1)));
}

absl::Status CheckKnown(const eventstore::EventLog& log, Position known, absl::Time moment,
                        absl::string_view what) {
  KITH_ASSIGN_OR_RETURN(const Position wanted, log.PositionAt(moment, eventstore::ReadTier::kDisk));
  return known < wanted ? NotKnownYet(what) : absl::OkStatus();
}

absl::StatusOr<std::vector<std::string>> StreamsSince(const eventstore::EventLog& log,
                                                      WorkspaceId workspace, Position known,
                                                      absl::string_view what) {
  const auto cursor = log.ReadWorkspace(workspace, Sequence(), eventstore::Direction::kBackwards);
  std::vector<std::string> streams;
  for (size_t behind = 0;; ++behind) {
    KITH_ASSIGN_OR_RETURN(const auto record, cursor->Next());
    if (record == nullptr || record->header.position <= known) return streams;
    if (behind == kEventsBehindMax) return NotKnownYet(what);
    if (std::find(streams.begin(), streams.end(), record->header.stream) == streams.end()) {
      streams.push_back(record->header.stream);
    }
  }
}

}  // namespace kith::runtime
