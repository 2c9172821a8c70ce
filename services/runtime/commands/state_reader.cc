#include "services/runtime/commands/state_reader.h"

#include <utility>

#include "eventstore/base/check.h"
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

// A state, and the stream up to which event it is folded.
class StreamFold {
 public:
  StreamFold(const StateReader& reader, const AggregateType& type, bool own, const Folded* base)
      : reader_(reader),
        type_(type),
        own_(own),
        state_(base == nullptr ? type.create() : type.copy(base->state.get())),
        revision_(base == nullptr ? Revision() : base->revision) {}

  absl::Status Add(std::shared_ptr<const Record> record) {
    KITH_ASSIGN_OR_RETURN(std::shared_ptr<const RecordedEvent> recorded,
                          reader_.registry().Decode(std::move(record), reader_.keys()));
    const eventstore::EventHeader& header = recorded->header();
    if (own_) {
      type_.evolve(state_.get(), {*recorded->event, header.revision, header.occur_time,
                                  header.record_time, recorded->erased});
    }
    revision_ = header.revision;
    return absl::OkStatus();
  }
  Folded Take(bool erased) { return {std::move(state_), revision_, erased}; }

 private:
  const StateReader& reader_;
  const AggregateType& type_;
  const bool own_;
  std::shared_ptr<void> state_;
  Revision revision_;
};

// Folds what follows `base` in a stream, up to position `last`. What was folded before its person
// was erased is not gone on from.
absl::StatusOr<Folded> FoldOn(const StateReader& reader, const AggregateType& type,
                              WorkspaceId workspace, absl::string_view stream, const Folded* base,
                              Position last, ReadTier tier) {
  const bool erased = reader.keys().IsDestroyed(workspace, stream);
  if (base != nullptr && base->erased != erased) base = nullptr;
  const Revision from = base == nullptr ? Revision(1) : base->revision.Next();
  // Nothing follows in most streams that are asked for, or one event: the head says so, and where
  // that is, without looking for the stream's place among all.
  KITH_ASSIGN_OR_RETURN(const eventstore::StreamHead head,
                        reader.log().HeadOf(workspace, stream, tier));
  const bool is_last = head.revision == from;
  if (head.revision < from || (is_last && head.position > last)) {
    return base == nullptr ? Folded{type.create(), Revision(), erased} : *base;
  }
  StreamFold fold(reader, type, IsOwn(type, stream), base);
  if (is_last) {
    KITH_ASSIGN_OR_RETURN(std::shared_ptr<const Record> record,
                          reader.log().ReadAt(head.position, tier));
    KITH_CHECK(record != nullptr && record->header.stream == stream);
    KITH_RETURN_IF_ERROR(fold.Add(std::move(record)));
    return fold.Take(erased);
  }
  const auto cursor =
      reader.log().ReadStream(workspace, stream, from, eventstore::Direction::kForwards, tier);
  for (int events = 0;; ++events) {
    KITH_ASSIGN_OR_RETURN(std::shared_ptr<const Record> record, cursor->Next());
    if (record == nullptr || record->header.position > last) break;
    if (tier == ReadTier::kMemory && events == StateReader::kMemoryEventsMax) {
      return absl::UnavailableError("a long stream is folded on a pool");
    }
    KITH_RETURN_IF_ERROR(fold.Add(std::move(record)));
  }
  return fold.Take(erased);
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
