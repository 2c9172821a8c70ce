// NotThere: the refusal of a read about one resource, where nothing is to be read.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "services/runtime/calls/read_call.h"

namespace kith::runtime {

// `not_found`, which is the resource's own error, for a read of now. A read as of a moment is told
// whether that is before the resource's first event or after its deletion, and when the first event
// was recorded: this costs one read of the log, and may need the disk as other reads do. For
// callers that may read the resource. Any thread.
absl::Status NotThere(const ReadContext& context, absl::string_view name,
                      const absl::Status& not_found);
// The same where it is known which event came first.
absl::Status NotThere(const ReadContext& context, absl::string_view name,
                      const eventstore::EventHeader& first, const absl::Status& not_found);

}  // namespace kith::runtime
