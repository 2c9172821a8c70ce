// View: one projection's live generation, which a lane of the ViewStore keeps up with the
// log.
#pragma once

#include <optional>
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

enum class ViewState {
  kLive,      // it keeps up with the log
  kBuilding,  // it is far behind, being new or changed: `progress` says how far it has come
  kStopped,   // an error keeps it where it is: `status` says which
  kLate,      // it was live, and lacks what the log has had for long: it hangs, or is too slow
};
// "live", "building", "stopped", "late": for metrics and log lines.
absl::string_view NameOf(ViewState state);

// How far a view that is being built has come. Of shares and times only, so that callers may be
// told: no position says how much others write.
struct BuildProgress {
  int percent = 0;                     // of the log as it is now, rounded down
  double events_per_second = 0;        // since the building began; 0 while it is not known
  std::optional<absl::Duration> left;  // at this rate; nullopt while it is not known

  // "43 %, about 20 s": for people.
  std::string Text() const;
};

// How a view is doing, for health checks and operators.
struct ViewHealth {
  std::string view;
  int version = 0;
  ViewState state = ViewState::kLive;
  BuildProgress progress;  // 100 % unless it is being built
  Position position;       // everything up to here is folded
  Position flushed;  // a crash now would lose at most what follows, once the flush under way ends
  uint64_t lag = 0;  // how many positions of the log follow
  absl::Duration since_moved;   // since the position last rose
  absl::Duration since_polled;  // since its lane last looked for work: it is alive
  size_t stale_count = 0;
  std::vector<StaleEntity> stale;  // the first of them, by workspace and stream
  absl::Status status;             // not OK: why the view stands still
};

// What the operator of a view should hear about at once: it is in another state now, or a stream of
// it went stale.
struct ViewNotice {
  std::string view;  // empty: all of them
  ViewState state = ViewState::kLive;
  bool is_error = false;  // something is wrong; else it is as it should be
  std::string text;       // one sentence for the log, without personal data
};

// Thread-safe. Owned by the ViewStore.
class View {
 public:
  virtual ~View() = default;

  virtual absl::string_view name() const = 0;
  virtual int version() const = 0;

  // Everything up to here is folded and can be read.
  virtual Position position() const = 0;
  // What WhenAt waits for is there.
  virtual bool IsAt(Position position) const = 0;
  // Calls `done` once: OK when the view is at `position` or beyond, at once and on this thread when
  // it already is, otherwise on the executor. Unavailable when the clock's Elapsed reaches
  // `deadline` first (the message tells the lag), when the view has stopped, or when the store
  // closes. DataLoss when it cannot get there, because the log is damaged.
  virtual void WhenAt(Position position, absl::Duration deadline,
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
