// StrongId: an integer that is one kind of thing, so that a position is never passed where a
// revision is meant.
#pragma once

#include <cstdint>
#include <functional>
#include <ostream>
#include <utility>

namespace kith {

template <class Kind, class Integer>
class StrongId {
 public:
  using ValueType = Integer;

  constexpr StrongId() = default;
  constexpr explicit StrongId(Integer value) : value_(value) {}

  constexpr Integer value() const { return value_; }
  constexpr StrongId Next() const { return StrongId(value_ + 1); }

  friend constexpr auto operator<=>(StrongId, StrongId) = default;
  template <class H>
  friend H AbslHashValue(H hash, StrongId id) {
    return H::combine(std::move(hash), id.value_);
  }
  friend std::ostream& operator<<(std::ostream& out, StrongId id) { return out << id.value_; }

 private:
  Integer value_ = 0;
};

// A tenant: 1, 2, 3 … in the order of creation; workspaces/7 on the wire. 0 is no workspace.
using WorkspaceId = StrongId<struct WorkspaceIdKind, uint32_t>;
// Where an event stands in the log of this store: 1, 2, 3 … without holes; 0 is before the first
// event.
using Position = StrongId<struct PositionKind, uint64_t>;
// Where an event stands among the events of its workspace: 1, 2, 3 … without holes.
using Sequence = StrongId<struct SequenceKind, uint64_t>;
// Where an event stands in its stream: 1, 2, 3 …; the revision of a stream is that of its last
// event, 0 when empty. A resource's etag is the revision of its stream.
using Revision = StrongId<struct RevisionKind, uint64_t>;
// The field number of the event in the `event` oneof of its category's event message.
using EventType = StrongId<struct EventTypeKind, uint32_t>;

}  // namespace kith
