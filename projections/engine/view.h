// View: one projection's live generation, which a worker thread of the ViewStore keeps up with the
// log.
#pragma once

#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"
#include "projections/engine/view_snapshot.h"

namespace kith::projections {

// A stream whose events a view no longer folds, because one of them failed.
struct StaleEntity {
  WorkspaceId workspace;
  std::string stream;
  Position since;     // the event that failed
  std::string error;  // why
};

// How a view is doing, for health checks and operators.
struct ViewHealth {
  std::string view;
  int version = 0;
  Position position;  // everything up to here is folded
  Position flushed;   // a crash now would lose at most what follows, once the flush under way ends
  uint64_t lag = 0;   // how many positions of the log follow
  absl::Time moved;   // when the position last rose
  absl::Time polled;  // when the worker last looked for work: it is alive
  size_t stale_count = 0;
  std::vector<StaleEntity> stale;  // the first of them, by workspace and stream
  absl::Status status;             // not OK: the view has stopped and says why
};

// Thread-safe. Owned by the ViewStore.
class View {
 public:
  virtual ~View() = default;

  virtual absl::string_view name() const = 0;
  virtual int version() const = 0;

  // Everything up to here is folded and can be read.
  virtual Position position() const = 0;
  // Calls `done` once: OK when the view is at `position` or beyond, at once and on this thread when
  // it already is, otherwise on the executor. Unavailable when `deadline` passes first (the message
  // tells the lag), when the view has stopped, or when the store closes.
  virtual void WhenAt(Position position, absl::Time deadline,
                      absl::AnyInvocable<void(absl::Status)> done) = 0;
  // The view as of `position`, which is at most position().
  virtual ViewSnapshot At(Position position) const = 0;
  ViewSnapshot Latest() const { return At(position()); }

  // SHA-256 over every row, and every entry of a versioned index, as of `position`. Reads
  // everything: for tests and for comparing generations.
  virtual absl::StatusOr<std::string> Digest(Position position) const = 0;
  // The same over all that is kept of the view's indexes: since when entries are there, those of
  // current indexes too, and when others were. Two generations that stand at one position and rest
  // there have the same.
  virtual absl::StatusOr<std::string> IndexDigest() const = 0;
  virtual ViewHealth Health() const = 0;

  // Writes everything folded so far to disk, with its checkpoint, and waits for it.
  virtual absl::Status Flush() = 0;
};

}  // namespace kith::projections
