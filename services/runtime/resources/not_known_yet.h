// What a command does where a read model lacks the latest of the log: it looks at what was appended
// since, or says that something is not known yet. Any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/log/event_log.h"

namespace kith::runtime {

// ERROR_VIEW_BEHIND, which is tried again. `what` begins the sentence: "Whose the records are".
absl::Status NotKnownYet(absl::string_view what);

// That, where a read model at `known` lacks something that was recorded by `moment`, as one does
// that is folded anew after a crash. `moment` is past, or one under load would never have it. Reads
// from disk.
absl::Status CheckKnown(const eventstore::EventLog& log, Position known, absl::Time moment,
                        absl::string_view what);

// The streams of the workspace in which something happened after `known`, each once, the latest
// first. NotKnownYet as above, by the workspace's events.
absl::StatusOr<std::vector<std::string>> StreamsSince(const eventstore::EventLog& log,
                                                      WorkspaceId workspace, Position known,
                                                      absl::string_view what);

}  // namespace kith::runtime
