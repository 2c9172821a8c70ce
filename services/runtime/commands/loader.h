// Loader: how a command gets the facts it is decided on. Whatever is loaded becomes a condition of
// the append, so a decision holds exactly when nothing it stood on changed meanwhile.
//
// A record that the caller may not see is to them as one that never was; so Load has it, and what
// goes on behind a command's back has LoadAny. The name of one that was merged into another means
// that one: its state is answered, and both are conditions. So no command knows of merging but
// those that merge.
//
// Lives for one attempt at one command; one thread at a time. On a gRPC thread it reads memory
// only: a load that would touch the disk answers an error, which the command returns as any other,
// and the command is run again on a pool.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "services/core/decision.h"
#include "services/runtime/admission/authorizer.h"
#include "services/runtime/commands/loaded_state.h"
#include "services/runtime/commands/owned_type.h"

namespace kith::runtime {

class StateReader;

class Loader {
 public:
  // Borrows them all.
  Loader(StateReader& reader, const Caller& caller, const OwnedTypes& owned, WorkspaceId workspace,
         eventstore::ReadTier tier)
      : reader_(reader), caller_(caller), owned_(owned), workspace_(workspace), tier_(tier) {}
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // The state of a stream, default-constructed where it is empty or hidden from the caller. The
  // append happens only if the stream is still at this revision. The state lives as long as the
  // loader.
  template <class Aggregate>
  absl::StatusOr<const typename Aggregate::State*> Load(absl::string_view stream) {
    auto state = LoadState(kAggregateType<Aggregate>, stream);
    if (!state.ok()) return state.status();
    return static_cast<const typename Aggregate::State*>(*state);
  }

  // The stream must be empty; nothing is read. For resources whose id was just drawn.
  void ExpectAbsent(absl::string_view stream);
  // The stream must have an event; nothing is read. For facts about an aggregate that is never
  // deleted.
  void ExpectExists(absl::string_view stream);

  // The states of the streams that have events claiming or releasing a value, oldest first, each
  // once; whether one still holds it is for its state to say. The append happens only if no further
  // event with this claim was appended. The states are as new as those events and no condition of
  // their own: what else happened in those streams does not matter, and they may be of any number.
  template <class Aggregate>
  absl::StatusOr<std::vector<const typename Aggregate::State*>> LoadTagged(
      absl::string_view purpose, absl::string_view value) {
    auto loaded = LoadTaggedStates(kAggregateType<Aggregate>, purpose, value);
    if (!loaded.ok()) return std::move(loaded).status();
    std::vector<const typename Aggregate::State*> states;
    for (const void* state : *loaded) {
      states.push_back(static_cast<const typename Aggregate::State*>(state));
    }
    return states;
  }

  // The names alone, of streams that had such events after a position. They may have had others of
  // them before.
  absl::StatusOr<std::vector<std::string>> StreamsTagged(absl::string_view purpose,
                                                         absl::string_view value, Position after);

  // The events themselves, the category's event messages, oldest first and without personal fields,
  // for what has no state. Those that are assumed are whole.
  using TaggedEvents = std::vector<std::shared_ptr<const google::protobuf::Message>>;
  absl::StatusOr<TaggedEvents> EventsTagged(absl::string_view purpose, absl::string_view value);

  // The same for an aggregate without its C++ types.
  absl::StatusOr<const void*> LoadState(const AggregateType& type, absl::string_view stream);
  // Whoever calls.
  absl::StatusOr<const void*> LoadAny(const AggregateType& type, absl::string_view stream);
  // The same of the stream itself, also where it is that of a record that was merged into another.
  absl::StatusOr<const void*> LoadItself(const AggregateType& type, absl::string_view stream);
  // The events of a stream whose state was loaded, up to that. ERROR_MERGE_TOO_LARGE where there
  // are more than kStreamEventsMax. For commands that assume nothing.
  static constexpr size_t kStreamEventsMax = 10'000;
  using StreamEvents = std::vector<std::shared_ptr<const eventstore::RecordedEvent>>;
  absl::StatusOr<StreamEvents> EventsOf(absl::string_view stream);
  // Whether a state of a category's own aggregate is that of a record that the caller may not see.
  bool Hides(absl::string_view category, const void* state) const;
  // Whether the caller may see the record, and has the permission for it; true where there is none.
  absl::StatusOr<bool> Sees(absl::string_view record, absl::string_view permission);
  // Until the loader ends.
  const void* Keep(std::shared_ptr<const void> state) {
    return kept_.emplace_back(std::move(state)).get();
  }
  // ERROR_PERMISSION_DENIED where the changes are also to records of the permission's resource that
  // the caller sees, but does not have it for. What stands under a record, as interactions do, is
  // whose that is.
  absl::Status CheckReach(absl::string_view permission, const Changes& changes);
  absl::StatusOr<std::vector<const void*>> LoadTaggedStates(const AggregateType& type,
                                                            absl::string_view purpose,
                                                            absl::string_view value);

  // For a command that reads what no stream's state tells, which is no condition of its own: OK on
  // a pool, else the error to return. Then it is run again on one.
  absl::Status NeedDisk();

  // For commands that are decided one after another and appended together: from now on everything
  // is loaded as these changes, after those assumed before, make it. What was loaded until now is
  // not to be looked at any more.
  void Assume(Changes changes, const CommandContext& context);
  // All that was assumed, in order, each event with the time it happened; nothing is assumed then.
  // Once, at the end of the commands: of one that is itself among others, all that they made is
  // what it decides, and is assumed again.
  Changes TakeAssumed();

  // What was loaded shows that this attempt is of no use: where the command is refused, and is no
  // repeat, it is decided again instead.
  void DecideAgain() { again_ = true; }

  // True when something had to be read from disk and was not.
  bool would_block() const { return would_block_; }
  bool again() const { return again_; }
  const std::vector<eventstore::StreamCondition>& stream_conditions() const { return conditions_; }
  const std::vector<eventstore::TagCondition>& tag_conditions() const { return tags_; }
  // The revision a stream was found or expected at; null when neither.
  const Revision* RevisionOf(absl::string_view stream) const;
  const std::vector<LoadedState>& states() const { return states_; }
  WorkspaceId workspace() const { return workspace_; }
  const Caller& caller() const { return caller_; }

 private:
  // A stream with events of a tag, and the last revision of these.
  struct TaggedStream {
    std::string stream;
    Revision last;
  };

  // A state with what is assumed of its stream.
  struct AssumedState {
    const AggregateType* type;
    std::string stream;
    std::shared_ptr<void> state;
    Revision revision;
  };
  struct Assumed {
    absl::Time now;
    std::vector<Change> changes;
    std::vector<AssumedState> states;  // of streams that change, where they were loaded since
  };

  // Its hash, after which no further event with this claim may come.
  absl::StatusOr<eventstore::Tag> Watch(absl::string_view purpose, absl::string_view value);
  // With the condition that none follow.
  absl::StatusOr<std::vector<TaggedStream>> LoadTagged(absl::string_view purpose,
                                                       absl::string_view value, Position after);
  absl::StatusOr<std::vector<TaggedStream>> ReadTag(const eventstore::Tag& tag,
                                                    Position after) const;
  // Those whose assumed events claim or release the value, at the end where they are new.
  void AddAssumed(absl::string_view purpose, absl::string_view value,
                  std::vector<TaggedStream>& streams) const;
  bool IsAssumed(absl::string_view stream) const;
  void Evolve(const Change& change, AssumedState& state) const;
  // The state that a fold of the log becomes.
  const void* WithAssumed(const AggregateType& type, absl::string_view stream, const Folded& base);
  // Without a condition; null where the status says why.
  absl::StatusOr<const Folded*> Fold(const AggregateType& type, absl::string_view stream,
                                     Revision at_least);

  // Null where the caller sees all records of the category, or they have no owner.
  const OwnedType* FindBounded(absl::string_view category) const;

  StateReader& reader_;
  const Caller& caller_;
  const OwnedTypes& owned_;
  const WorkspaceId workspace_;
  const eventstore::ReadTier tier_;
  bool would_block_ = false;
  bool again_ = false;
  std::vector<LoadedState> states_;
  std::vector<eventstore::StreamCondition> conditions_;
  std::vector<eventstore::TagCondition> tags_;
  std::unique_ptr<Assumed> assumed_;  // null for who decides one command
  std::vector<std::shared_ptr<const void>> kept_;
};

}  // namespace kith::runtime
