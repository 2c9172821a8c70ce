#include "services/runtime/loader.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "eventstore/base/status_macros.h"
#include "services/runtime/state_reader.h"

namespace kith::runtime {

using eventstore::ReadTier;
using eventstore::StreamCondition;

absl::StatusOr<const void*> Loader::LoadState(const AggregateType& type, absl::string_view stream) {
  KITH_ASSIGN_OR_RETURN(const Folded* folded, Fold(type, stream, Revision()));
  const Revision* const known = RevisionOf(stream);
  if (known == nullptr || *known != folded->revision) {
    conditions_.push_back(
        {std::string(stream), StreamCondition::Kind::kAtRevision, folded->revision});
  }
  return folded->state.get();
}

absl::StatusOr<const Folded*> Loader::Fold(const AggregateType& type, absl::string_view stream,
                                           Revision at_least) {
  for (const LoadedState& known : states_) {
    if (known.type == &type && known.stream == stream) return &known.folded;
  }
  absl::StatusOr<Folded> folded = reader_.Read(type, workspace_, stream, tier_, at_least);
  if (!folded.ok()) {
    if (tier_ == ReadTier::kMemory && absl::IsUnavailable(folded.status())) would_block_ = true;
    return std::move(folded).status();
  }
  states_.push_back({&type, std::string(stream), *std::move(folded)});
  return &states_.back().folded;
}

void Loader::ExpectAbsent(absl::string_view stream) {
  conditions_.push_back({std::string(stream), StreamCondition::Kind::kAbsent, Revision()});
}

void Loader::ExpectExists(absl::string_view stream) {
  conditions_.push_back({std::string(stream), StreamCondition::Kind::kExists, Revision()});
}

absl::StatusOr<std::vector<const void*>> Loader::LoadTaggedStates(const AggregateType& type,
                                                                  absl::string_view purpose,
                                                                  absl::string_view value) {
  if (tier_ == ReadTier::kMemory) {
    would_block_ = true;
    return absl::UnavailableError("tags are read from disk");
  }
  const eventstore::Tag tag = reader_.keys().Mac(workspace_, purpose, value);
  const Position read_through = reader_.log().head();
  KITH_ASSIGN_OR_RETURN(const std::vector<TaggedStream> streams, StreamsTagged(tag));
  std::vector<const void*> states;
  for (const TaggedStream& at : streams) {
    KITH_ASSIGN_OR_RETURN(const Folded* folded, Fold(type, at.stream, at.last));
    states.push_back(folded->state.get());
  }
  tags_.push_back({tag, read_through});
  return states;
}

absl::StatusOr<std::vector<Loader::TaggedStream>> Loader::StreamsTagged(
    const eventstore::Tag& tag) const {
  const auto cursor = reader_.log().ReadTag(workspace_, tag, Position());
  std::vector<TaggedStream> streams;
  absl::flat_hash_map<std::string, size_t> places;  // in `streams`
  while (true) {
    KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::Record> record, cursor->Next());
    if (record == nullptr) return streams;
    const auto [place, is_new] = places.try_emplace(record->header.stream, streams.size());
    if (is_new) streams.push_back({record->header.stream, Revision()});
    streams[place->second].last = record->header.revision;
  }
}

const Revision* Loader::RevisionOf(absl::string_view stream) const {
  for (const StreamCondition& condition : conditions_) {
    if (condition.stream == stream && condition.kind != StreamCondition::Kind::kExists) {
      return &condition.revision;
    }
  }
  return nullptr;
}

}  // namespace kith::runtime
