#include "services/runtime/commands/state_reader.h"

#include <utility>

#include "eventstore/base/status_macros.h"

namespace kith::runtime {
namespace {

using eventstore::ReadTier;
using eventstore::Record;
using eventstore::RecordedEvent;

// Names come from callers: the stream may be one of another kind, whose events the aggregate does
// not know. To the aggregate it is as if nothing had happened there.
bool IsOwn(const AggregateType& type, absl::string_view stream) {
  return eventstore::CategoryOf(stream) == type.category;
}

// Folds what follows `base` in a stream, up to position `last`. What was folded before its person
// was erased is not gone on from.
absl::StatusOr<Folded> FoldOn(const StateReader& reader, const AggregateType& type,
                              WorkspaceId workspace, absl::string_view stream, const Folded* base,
                              Position last, ReadTier tier) {
  const bool own = IsOwn(type, stream);
  const bool erased = reader.keys().IsDestroyed(workspace, stream);
  if (base != nullptr && base->erased != erased) base = nullptr;
  const Revision from = base == nullptr ? Revision(1) : base->revision.Next();
  const auto cursor =
      reader.log().ReadStream(workspace, stream, from, eventstore::Direction::kForwards, tier);
  std::shared_ptr<void> state = base == nullptr ? type.create() : type.copy(base->state.get());
  Revision revision = base == nullptr ? Revision() : base->revision;
  for (int events = 0;; ++events) {
    KITH_ASSIGN_OR_RETURN(std::shared_ptr<const Record> record, cursor->Next());
    if (record == nullptr || record->header.position > last) break;
    if (tier == ReadTier::kMemory && events == StateReader::kMemoryEventsMax) {
      return absl::UnavailableError("a long stream is folded on a pool");
    }
    KITH_ASSIGN_OR_RETURN(std::shared_ptr<const RecordedEvent> recorded,
                          reader.registry().Decode(std::move(record), reader.keys()));
    const eventstore::EventHeader& header = recorded->header();
    if (own) {
      type.evolve(state.get(), {*recorded->event, header.revision, header.occur_time,
                                header.record_time, recorded->erased});
    }
    revision = header.revision;
  }
  return Folded{std::move(state), revision, erased};
}

constexpr Position kNoLimit{~uint64_t{0}};

}  // namespace

absl::StatusOr<Folded> StateReader::Read(const AggregateType& type, WorkspaceId workspace,
                                         absl::string_view stream, ReadTier tier,
                                         Revision at_least) {
  const std::optional<StateCache::Found> found = cache_.Find(type, workspace, stream);
  if (found.has_value() && !found->outdated && found->folded.revision >= at_least &&
      found->folded.erased == keys_.IsDestroyed(workspace, stream)) {
    return found->folded;
  }
  const Folded* const base = found.has_value() ? &found->folded : nullptr;
  KITH_ASSIGN_OR_RETURN(Folded folded,
                        FoldOn(*this, type, workspace, stream, base, kNoLimit, tier));
  // An empty stream is not kept: names that do not exist are without number.
  if (folded.revision > Revision() && IsOwn(type, stream)) {
    cache_.Put(type, workspace, stream, folded);
  }
  return folded;
}

absl::StatusOr<Folded> StateReader::ReadCurrent(const AggregateType& type, WorkspaceId workspace,
                                                absl::string_view stream) {
  KITH_ASSIGN_OR_RETURN(Folded folded, Read(type, workspace, stream, ReadTier::kDisk));
  KITH_ASSIGN_OR_RETURN(const bool current,
                        IsCurrent(workspace, stream, folded.revision, ReadTier::kDisk));
  if (current) return folded;
  return Read(type, workspace, stream, ReadTier::kDisk);
}

absl::StatusOr<Folded> StateReader::ReadThrough(const AggregateType& type, WorkspaceId workspace,
                                                absl::string_view stream, Position last,
                                                ReadTier tier) const {
  return FoldOn(*this, type, workspace, stream, nullptr, last, tier);
}

absl::StatusOr<bool> StateReader::IsCurrent(WorkspaceId workspace, absl::string_view stream,
                                            Revision revision, ReadTier tier) {
  KITH_ASSIGN_OR_RETURN(const eventstore::StreamHead head, log_.HeadOf(workspace, stream, tier));
  if (head.revision == revision) return true;
  cache_.Outdate(workspace, stream);
  return false;
}

}  // namespace kith::runtime
