#include "services/runtime/loader.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/status_macros.h"
#include "services/runtime/state_reader.h"

namespace kith::runtime {

using eventstore::ReadTier;
using eventstore::StreamCondition;

absl::StatusOr<const void*> Loader::LoadState(const AggregateType& type, absl::string_view stream) {
  for (const LoadedState& known : states_) {
    if (known.type == &type && known.stream == stream) return known.folded.state.get();
  }
  absl::StatusOr<Folded> folded = reader_.Read(type, workspace_, stream, tier_);
  if (!folded.ok()) {
    if (tier_ == ReadTier::kMemory && absl::IsUnavailable(folded.status())) would_block_ = true;
    return std::move(folded).status();
  }
  const Revision* const known = RevisionOf(stream);
  if (known == nullptr || *known != folded->revision) {
    conditions_.push_back(
        {std::string(stream), StreamCondition::Kind::kAtRevision, folded->revision});
  }
  states_.push_back({&type, std::string(stream), *std::move(folded)});
  return states_.back().folded.state.get();
}

void Loader::ExpectAbsent(absl::string_view stream) {
  conditions_.push_back({std::string(stream), StreamCondition::Kind::kAbsent, Revision()});
}

void Loader::ExpectExists(absl::string_view stream) {
  conditions_.push_back({std::string(stream), StreamCondition::Kind::kExists, Revision()});
}

absl::StatusOr<std::vector<std::string>> Loader::StreamsTagged(absl::string_view purpose,
                                                               absl::string_view value) {
  if (tier_ == ReadTier::kMemory) {
    would_block_ = true;
    return absl::UnavailableError("tags are read from disk");
  }
  const eventstore::Tag tag = reader_.keys().Mac(workspace_, purpose, value);
  const Position read_through = reader_.log().head();
  const auto cursor = reader_.log().ReadTag(workspace_, tag, Position());
  std::vector<std::string> streams;
  while (true) {
    KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::Record> record, cursor->Next());
    if (record == nullptr) break;
    const std::string& stream = record->header.stream;
    if (std::find(streams.begin(), streams.end(), stream) == streams.end()) {
      streams.push_back(stream);
    }
  }
  tags_.push_back({tag, read_through});
  return streams;
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
