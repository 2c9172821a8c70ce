// Moments: where in the log past moments are, as reads name them.
//
// What is asked as of a moment is asked as of it again: a report reads its lists and boards all as
// of one. The past never changes, so an answer that was found once is kept in memory; finding it
// takes three look-ups in the log.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/base/mutex.h"
#include "eventstore/log/event_log.h"

namespace kith::runtime {

struct Moment {
  Position position;
  Sequence sequence;       // the workspace's last event at or before it; 0 when there is none
  absl::Time record_time;  // of the event there; 1970 before the first
};

// Thread-safe. Every answer: Unavailable when the tier is kMemory and it needs the disk, DataLoss
// where the log is damaged.
class Moments {
 public:
  // Borrows the log.
  explicit Moments(const eventstore::EventLog& log);

  const eventstore::EventLog& log() const { return log_; }

  // `position` is not beyond the log's head.
  absl::StatusOr<Moment> At(WorkspaceId workspace, Position position,
                            eventstore::ReadTier tier) const;
  // After the workspace's event of this number, or before its first; it has one of this number.
  absl::StatusOr<Moment> At(WorkspaceId workspace, Sequence sequence,
                            eventstore::ReadTier tier) const;
  // `time` is settled.
  absl::StatusOr<Moment> At(WorkspaceId workspace, absl::Time time,
                            eventstore::ReadTier tier) const;

 private:
  enum class By { kNothing, kPosition, kSequence, kTime };
  struct Name {
    By by = By::kNothing;
    WorkspaceId workspace;
    uint64_t number = 0;
    absl::Time time;

    friend bool operator==(const Name&, const Name&) = default;
    template <class H>
    friend H AbslHashValue(H state, const Name& name) {
      return H::combine(std::move(state), name.by, name.workspace, name.number, name.time);
    }
  };
  struct Known {
    Name name;
    Moment moment;
  };

  std::optional<Moment> Recall(const Name& name) const KITH_EXCLUDES(mutex_);
  Moment Keep(const Name& name, const Moment& moment) const KITH_EXCLUDES(mutex_);
  absl::StatusOr<Moment> Read(WorkspaceId workspace, Position position,
                              eventstore::ReadTier tier) const;

  const eventstore::EventLog& log_;
  mutable Mutex mutex_;
  // By the hash of the name, each in the place of another.
  mutable std::vector<Known> known_ KITH_GUARDED_BY(mutex_);
};

struct Heads {
  Position head;
  Sequence sequence;  // the workspace's last event at or before it
};

// Both of one moment.
Heads HeadsOf(const eventstore::EventLog& log, WorkspaceId workspace);

// The workspace's last event at or before `position`; 0 when there is none. Unavailable when the
// tier is kMemory and the answer needs the disk.
absl::StatusOr<Sequence> SequenceAt(const eventstore::EventLog& log, WorkspaceId workspace,
                                    Position position, eventstore::ReadTier tier);

}  // namespace kith::runtime
