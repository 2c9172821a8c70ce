#include "services/runtime/reads/moments.h"

#include "absl/hash/hash.h"
#include "eventstore/base/status_macros.h"

namespace kith::runtime {
namespace {

using eventstore::EventLog;
using eventstore::ReadTier;

// 64 KiB of memory; a report has one moment, a page token has another.
constexpr size_t kKnownMoments = 1024;

}  // namespace

Moments::Moments(const EventLog& log) : log_(log), known_(kKnownMoments) {}

absl::StatusOr<Moment> Moments::At(WorkspaceId workspace, Position position, ReadTier tier) const {
  const Name name{By::kPosition, workspace, position.value(), {}};
  if (const auto known = Recall(name); known.has_value()) return *known;
  KITH_ASSIGN_OR_RETURN(const Moment moment, Read(workspace, position, tier));
  return Keep(name, moment);
}

absl::StatusOr<Moment> Moments::At(WorkspaceId workspace, Sequence sequence, ReadTier tier) const {
  const Name name{By::kSequence, workspace, sequence.value(), {}};
  if (const auto known = Recall(name); known.has_value()) return *known;
  KITH_ASSIGN_OR_RETURN(const Position position, log_.PositionOf(workspace, sequence, tier));
  KITH_ASSIGN_OR_RETURN(const Moment moment, Read(workspace, position, tier));
  return Keep(name, moment);
}

absl::StatusOr<Moment> Moments::At(WorkspaceId workspace, absl::Time time, ReadTier tier) const {
  const Name name{By::kTime, workspace, 0, time};
  if (const auto known = Recall(name); known.has_value()) return *known;
  KITH_ASSIGN_OR_RETURN(const Position position, log_.PositionAt(time, tier));
  KITH_ASSIGN_OR_RETURN(const Moment moment, Read(workspace, position, tier));
  return Keep(name, moment);
}

absl::StatusOr<Moment> Moments::Read(WorkspaceId workspace, Position position,
                                     ReadTier tier) const {
  Moment moment{position, Sequence(), absl::UnixEpoch()};
  if (position == Position()) return moment;
  KITH_ASSIGN_OR_RETURN(const auto record, log_.ReadAt(position, tier));
  if (record != nullptr) moment.record_time = record->header.record_time;
  if (record != nullptr && record->header.workspace == workspace) {
    moment.sequence = record->header.sequence;
  } else {
    KITH_ASSIGN_OR_RETURN(moment.sequence, SequenceAt(log_, workspace, position, tier));
  }
  return moment;
}

std::optional<Moment> Moments::Recall(const Name& name) const {
  const size_t place = absl::HashOf(name) % kKnownMoments;
  MutexLock lock(mutex_);
  const Known& known = known_[place];
  return known.name == name ? std::optional(known.moment) : std::nullopt;
}

Moment Moments::Keep(const Name& name, const Moment& moment) const {
  const size_t place = absl::HashOf(name) % kKnownMoments;
  MutexLock lock(mutex_);
  known_[place] = {name, moment};
  return moment;
}

Heads HeadsOf(const EventLog& log, WorkspaceId workspace) {
  // A commit between the two reads is noticed by the log's head having moved.
  while (true) {
    const Position head = log.head();
    const Sequence sequence = log.WorkspaceHead(workspace);
    if (log.head() == head) return {head, sequence};
  }
}

absl::StatusOr<Sequence> SequenceAt(const EventLog& log, WorkspaceId workspace, Position position,
                                    ReadTier tier) {
  const Heads heads = HeadsOf(log, workspace);
  if (position >= heads.head || heads.sequence == Sequence()) return heads.sequence;
  // Mostly the event there is one of the workspace, and says so itself.
  KITH_ASSIGN_OR_RETURN(const auto record, log.ReadAt(position, tier));
  if (record != nullptr && record->header.workspace == workspace) return record->header.sequence;
  if (tier == ReadTier::kMemory) {
    return absl::UnavailableError("the position is not in memory");
  }
  // The positions of a workspace's events rise with their sequence: the last one at or before
  // `position` is found by halving.
  uint64_t low = 0;
  uint64_t high = heads.sequence.value();
  while (low < high) {
    const uint64_t middle = high - (high - low) / 2;
    KITH_ASSIGN_OR_RETURN(const Position at,
                          log.PositionOf(workspace, Sequence(middle), ReadTier::kDisk));
    if (at <= position) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return Sequence(low);
}

}  // namespace kith::runtime
