// The durable mark: a small file beside the log that says how far the log is known to reach. It is
// written when the log is closed; a log that ends before its mark has lost events. Text, so that an
// operator can read it. FORMAT.md.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"

namespace kith::eventstore {

std::string MarkPath(const std::string& data_dir);

// Position 0 when there is no file. FailedPrecondition when it is not a mark, or that of another
// store than `store_id`; an empty one is any.
absl::StatusOr<Position> ReadDurableMark(const std::string& path, absl::string_view store_id);

// Replaces the file; on disk when this returns. Unavailable when it cannot be written.
absl::Status WriteDurableMark(const std::string& path, absl::string_view store_id,
                              Position position);

}  // namespace kith::eventstore
