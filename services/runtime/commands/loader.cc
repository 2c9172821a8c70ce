#include "services/runtime/commands/loader.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/commands/state_reader.h"

namespace kith::runtime {
namespace {

// "contacts/01J…" of "contacts/01J…/interactions".
absl::string_view RecordOf(absl::string_view stream) {
  const size_t id = stream.find('/');
  return id == stream.npos ? stream : stream.substr(0, stream.find('/', id + 1));
}

bool HasClaim(const Change& change, absl::string_view purpose, absl::string_view value) {
  return std::any_of(change.claims.begin(), change.claims.end(), [&](const Claim& claim) {
    return claim.purpose == purpose && claim.value == value;
  });
}

}  // namespace

using eventstore::ReadTier;
using eventstore::StreamCondition;

absl::StatusOr<const void*> Loader::LoadState(const AggregateType& type, absl::string_view stream) {
  const absl::string_view category = eventstore::CategoryOf(stream);
  if (const OwnedType* const owned = FindBounded(category)) {
    KITH_ASSIGN_OR_RETURN(const void* const record, LoadAny(*owned->aggregate, stream));
    if (Hides(category, record)) return Keep(type.create());
  }
  return LoadAny(type, stream);
}

absl::StatusOr<bool> Loader::Sees(absl::string_view record, absl::string_view permission) {
  const auto owned = owned_.find(eventstore::CategoryOf(record));
  if (owned == owned_.end()) return true;
  const RecordAccess& access = owned->second.access;
  if (!access.IsBounded(caller_, permission)) return true;
  KITH_ASSIGN_OR_RETURN(const void* const state, LoadAny(*owned->second.aggregate, record));
  const Revision* const known = RevisionOf(record);
  return known == nullptr || *known == Revision() ||
         access.MayRead(caller_, owned->second.record(state), permission);
}

const OwnedType* Loader::FindBounded(absl::string_view category) const {
  if (caller_.member == nullptr) return nullptr;
  const auto owned = owned_.find(category);
  if (owned == owned_.end()) return nullptr;
  return owned->second.access.IsBounded(caller_) ? &owned->second : nullptr;
}

bool Loader::Hides(absl::string_view category, const void* state) const {
  const OwnedType* const owned = FindBounded(category);
  return owned != nullptr && !owned->access.MayRead(caller_, owned->record(state));
}

absl::Status Loader::CheckReach(absl::string_view permission, const Changes& changes) {
  if (Reach(caller_, permission).is_everything()) return absl::OkStatus();
  const auto resource_of = [](absl::string_view of) { return of.substr(0, of.find('.')); };
  for (const Change& change : changes.list()) {
    if (change.is_consequence) continue;
    const absl::string_view record = RecordOf(change.stream);
    const auto owned = owned_.find(eventstore::CategoryOf(record));
    if (owned == owned_.end()) continue;
    const bool is_record = record == change.stream;
    const absl::string_view resource = is_record
                                           ? resource_of(owned->second.access.read_permission())
                                           : eventstore::CategoryOf(change.stream);
    if (resource != resource_of(permission)) continue;
    const Revision* const known = RevisionOf(record);
    const bool is_new = known == nullptr || *known == Revision();
    if (is_record && is_new) continue;  // it comes into being
    KITH_ASSIGN_OR_RETURN(const void* const state, LoadAny(*owned->second.aggregate, record));
    const RecordAccess& access = owned->second.access;
    if (access.MayWrite(caller_, permission, owned->second.record(state), *change.event)) continue;
    return OutOfReach(permission, record);
  }
  return absl::OkStatus();
}

absl::StatusOr<const void*> Loader::LoadAny(const AggregateType& type, absl::string_view stream) {
  KITH_ASSIGN_OR_RETURN(const void* state, LoadItself(type, stream));
  // What was merged never leads back to itself.
  for (absl::string_view next = type.merged_into(state); !next.empty();
       next = type.merged_into(state)) {
    KITH_ASSIGN_OR_RETURN(state, LoadItself(type, std::string(next)));
  }
  return state;
}

absl::StatusOr<Loader::StreamEvents> Loader::EventsOf(absl::string_view stream) {
  KITH_CHECK(assumed_ == nullptr);
  KITH_RETURN_IF_ERROR(NeedDisk());
  const Revision* const known = RevisionOf(stream);
  KITH_CHECK(known != nullptr);
  if (known->value() > kStreamEventsMax) {
    return Error(type::v1::ERROR_MERGE_TOO_LARGE,
                 absl::StrCat(stream, " has ", known->value(), " revisions, and of more than ",
                              kStreamEventsMax, " nothing is taken out."),
                 {{"field", "revisions"},
                  {"size", absl::StrCat(known->value())},
                  {"most", absl::StrCat(kStreamEventsMax)}});
  }
  const auto cursor = reader_.log().ReadStream(workspace_, stream, Revision(1),
                                               eventstore::Direction::kForwards, ReadTier::kDisk);
  StreamEvents events;
  while (events.size() < known->value()) {
    KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::Record> record, cursor->Next());
    if (record == nullptr) break;
    KITH_ASSIGN_OR_RETURN(auto event, reader_.registry().Decode(std::move(record), reader_.keys()));
    events.push_back(std::move(event));
  }
  return events;
}

absl::StatusOr<const void*> Loader::LoadItself(const AggregateType& type,
                                               absl::string_view stream) {
  KITH_ASSIGN_OR_RETURN(const Folded* folded, Fold(type, stream, Revision()));
  const Revision* const known = RevisionOf(stream);
  if (known == nullptr || *known != folded->revision) {
    conditions_.push_back(
        {std::string(stream), StreamCondition::Kind::kAtRevision, folded->revision});
  }
  return WithAssumed(type, stream, *folded);
}

absl::StatusOr<const Folded*> Loader::Fold(const AggregateType& type, absl::string_view stream,
                                           Revision at_least) {
  for (const LoadedState& known : states_) {
    if (known.type == &type && known.stream == stream) return &known.folded;
  }
  const Revision* const expected = assumed_ == nullptr ? nullptr : RevisionOf(stream);
  if (expected != nullptr && *expected == Revision()) {  // there is nothing to read
    states_.push_back({&type, std::string(stream), {type.create(), Revision()}});
    return &states_.back().folded;
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
  KITH_CHECK(!IsAssumed(stream));
  conditions_.push_back({std::string(stream), StreamCondition::Kind::kAbsent, Revision()});
}

void Loader::ExpectExists(absl::string_view stream) {
  if (IsAssumed(stream)) return;
  conditions_.push_back({std::string(stream), StreamCondition::Kind::kExists, Revision()});
}

absl::StatusOr<std::vector<const void*>> Loader::LoadTaggedStates(const AggregateType& type,
                                                                  absl::string_view purpose,
                                                                  absl::string_view value) {
  KITH_ASSIGN_OR_RETURN(const std::vector<TaggedStream> streams,
                        LoadTagged(purpose, value, Position()));
  std::vector<const void*> states;
  for (const TaggedStream& at : streams) {
    KITH_ASSIGN_OR_RETURN(const Folded* folded, Fold(type, at.stream, at.last));
    states.push_back(WithAssumed(type, at.stream, *folded));
  }
  return states;
}

absl::StatusOr<std::vector<std::string>> Loader::StreamsTagged(absl::string_view purpose,
                                                               absl::string_view value,
                                                               Position after) {
  KITH_ASSIGN_OR_RETURN(std::vector<TaggedStream> streams, LoadTagged(purpose, value, after));
  std::vector<std::string> names;
  for (TaggedStream& at : streams) names.push_back(std::move(at.stream));
  return names;
}

absl::StatusOr<std::vector<Loader::TaggedStream>> Loader::LoadTagged(absl::string_view purpose,
                                                                     absl::string_view value,
                                                                     Position after) {
  KITH_ASSIGN_OR_RETURN(const eventstore::Tag tag, Watch(purpose, value));
  KITH_ASSIGN_OR_RETURN(std::vector<TaggedStream> streams, ReadTag(tag, after));
  if (assumed_ != nullptr) AddAssumed(purpose, value, streams);
  return streams;
}

absl::StatusOr<eventstore::Tag> Loader::Watch(absl::string_view purpose, absl::string_view value) {
  KITH_RETURN_IF_ERROR(NeedDisk());
  const eventstore::Tag tag = reader_.keys().Mac(workspace_, purpose, value);
  // Taken before anything is read.
  const Position read_through = reader_.log().head();
  const bool is_known = std::any_of(tags_.begin(), tags_.end(),
                                    [&](const auto& condition) { return condition.tag == tag; });
  if (!is_known) tags_.push_back({tag, read_through});
  return tag;
}

absl::StatusOr<Loader::TaggedEvents> Loader::EventsTagged(absl::string_view purpose,
                                                          absl::string_view value) {
  KITH_ASSIGN_OR_RETURN(const eventstore::Tag tag, Watch(purpose, value));
  const auto cursor = reader_.log().ReadTag(workspace_, tag, Position());
  TaggedEvents events;
  while (true) {
    KITH_ASSIGN_OR_RETURN(std::shared_ptr<const eventstore::Record> record, cursor->Next());
    if (record == nullptr) break;
    KITH_ASSIGN_OR_RETURN(auto event, reader_.registry().DecodeClear(std::move(record)));
    events.emplace_back(event, event->event.get());
  }
  if (assumed_ == nullptr) return events;
  for (const Change& change : assumed_->changes) {
    if (!HasClaim(change, purpose, value)) continue;
    std::shared_ptr<google::protobuf::Message> event(change.event->New());
    event->CopyFrom(*change.event);
    events.push_back(std::move(event));
  }
  return events;
}

absl::Status Loader::NeedDisk() {
  if (tier_ != ReadTier::kMemory) return absl::OkStatus();
  would_block_ = true;
  return absl::UnavailableError("this is read from disk");
}

void Loader::Assume(Changes changes, const CommandContext& context) {
  KITH_CHECK(changes.secret().empty());  // of many there is no one reply to tell it
  if (assumed_ == nullptr) assumed_ = std::make_unique<Assumed>();
  assumed_->now = context.now;
  const absl::Time occurred = changes.occurred().value_or(context.occurred);
  std::vector<Change> list = std::move(changes).TakeList();
  for (Change& change : list) {
    if (!change.occurred.has_value()) change.occurred = occurred;
    for (AssumedState& state : assumed_->states) {
      if (state.stream == change.stream) Evolve(change, state);
    }
    assumed_->changes.push_back(std::move(change));
  }
}

Changes Loader::TakeAssumed() {
  Changes all;
  if (assumed_ == nullptr) return all;
  for (Change& change : assumed_->changes) all = std::move(all).Add(std::move(change));
  assumed_.reset();
  return all;
}

void Loader::Evolve(const Change& change, AssumedState& state) const {
  state.revision = state.revision.Next();
  // A stream of another kind is empty to the aggregate, as in StateReader.
  if (eventstore::CategoryOf(change.stream) != state.type->category) return;
  state.type->evolve(state.state.get(),
                     {*change.event, state.revision, *change.occurred, assumed_->now, false});
}

const void* Loader::WithAssumed(const AggregateType& type, absl::string_view stream,
                                const Folded& base) {
  if (assumed_ == nullptr) return base.state.get();
  for (const AssumedState& known : assumed_->states) {
    if (known.type == &type && known.stream == stream) return known.state.get();
  }
  if (!IsAssumed(stream)) return base.state.get();
  AssumedState state{&type, std::string(stream), type.copy(base.state.get()), base.revision};
  for (const Change& change : assumed_->changes) {
    if (change.stream == stream) Evolve(change, state);
  }
  assumed_->states.push_back(std::move(state));
  return assumed_->states.back().state.get();
}

bool Loader::IsAssumed(absl::string_view stream) const {
  return assumed_ != nullptr &&
         std::any_of(assumed_->changes.begin(), assumed_->changes.end(),
                     [&](const Change& change) { return change.stream == stream; });
}

void Loader::AddAssumed(absl::string_view purpose, absl::string_view value,
                        std::vector<TaggedStream>& streams) const {
  for (const Change& change : assumed_->changes) {
    if (!HasClaim(change, purpose, value)) continue;
    const bool is_new = std::none_of(streams.begin(), streams.end(),
                                     [&](const auto& at) { return at.stream == change.stream; });
    if (is_new) streams.push_back({change.stream, Revision()});
  }
}

absl::StatusOr<std::vector<Loader::TaggedStream>> Loader::ReadTag(const eventstore::Tag& tag,
                                                                  Position after) const {
  const auto cursor = reader_.log().ReadTag(workspace_, tag, after);
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
