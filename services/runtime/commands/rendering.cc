#include "services/runtime/commands/rendering.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "services/runtime/commands/state_reader.h"

namespace kith::runtime {

using eventstore::ReadTier;

absl::StatusOr<const void*> Rendering::LoadState(const AggregateType& type,
                                                 absl::string_view stream) {
  KITH_ASSIGN_OR_RETURN(const void* state, LoadItself(type, stream));
  for (absl::string_view next = type.merged_into(state); !next.empty();
       next = type.merged_into(state)) {
    KITH_ASSIGN_OR_RETURN(state, LoadItself(type, std::string(next)));
  }
  return state;
}

absl::StatusOr<const void*> Rendering::LoadItself(const AggregateType& type,
                                                  absl::string_view stream) {
  for (const LoadedState& known : states_) {
    if (known.type == &type && known.stream == stream) return known.folded.state.get();
  }
  absl::StatusOr<Folded> folded = ReadState(type, stream);
  if (!folded.ok()) {
    if (tier_ == ReadTier::kMemory && absl::IsUnavailable(folded.status())) would_block_ = true;
    return std::move(folded).status();
  }
  states_.push_back({&type, std::string(stream), *std::move(folded)});
  return states_.back().folded.state.get();
}

absl::StatusOr<std::vector<const void*>> Rendering::LoadTaggedStates(const AggregateType& type,
                                                                     absl::string_view purpose,
                                                                     absl::string_view value) {
  KITH_RETURN_IF_ERROR(NeedDisk());
  const auto cursor =
      reader_.log().ReadTag(workspace_, reader_.keys().Mac(workspace_, purpose, value), Position());
  std::vector<std::string> streams;
  while (true) {
    KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::Record> record, cursor->Next());
    const bool is_later =
        record != nullptr && last_ != Position() && record->header.position > last_;
    if (record == nullptr || is_later) break;
    streams.erase(std::remove(streams.begin(), streams.end(), record->header.stream),
                  streams.end());
    streams.push_back(record->header.stream);
  }
  std::vector<const void*> states;
  for (const std::string& stream : streams) {
    KITH_ASSIGN_OR_RETURN(const void* const state, LoadState(type, stream));
    states.push_back(state);
  }
  return states;
}

absl::Status Rendering::NeedDisk() {
  if (tier_ != ReadTier::kMemory) return absl::OkStatus();
  would_block_ = true;
  return absl::UnavailableError("this is read from disk");
}

absl::StatusOr<Folded> Rendering::ReadState(const AggregateType& type, absl::string_view stream) {
  if (last_ == Position()) return reader_.Read(type, workspace_, stream, tier_);
  // A stream that this append began is folded from what was appended.
  std::shared_ptr<void> state;
  Revision revision;
  for (const AppendedEvent& event : events_) {
    if (event.stream != stream) continue;
    if (state == nullptr && event.revision != Revision(1)) break;
    if (state == nullptr) state = type.create();
    type.evolve(state.get(), event.recorded());
    revision = event.revision;
  }
  if (state == nullptr) return reader_.ReadThrough(type, workspace_, stream, last_, tier_);
  Folded folded{std::move(state), revision};
  reader_.cache().Put(type, workspace_, stream, folded);
  return folded;
}

absl::string_view Rendering::WrittenStream(absl::string_view category) const {
  // The events of one stream stand together.
  size_t streams = 0;
  absl::string_view last;
  for (const AppendedEvent& at : events_) {
    if (at.stream == last || eventstore::CategoryOf(at.stream) != category) continue;
    last = at.stream;
    if (streams++ == item_) return last;
  }
  KITH_UNREACHABLE();
}

}  // namespace kith::runtime
