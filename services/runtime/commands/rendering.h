// Rendering: what a reply to a command is made of: the states just after the append, and the events
// appended.
//
// The same for a command that appended now and for one that is a repeat: then everything is as of
// the first time. Where the command changed nothing, states are those of now and there are no
// events. One thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/check.h"
#include "eventstore/log/event_log.h"
#include "services/runtime/commands/loaded_state.h"

namespace kith::runtime {

class StateReader;

// One event of the command's append.
struct AppendedEvent {
  std::string stream;
  std::shared_ptr<const google::protobuf::Message> event;
  Revision revision;  // 0 where the command neither loaded the stream nor expected it absent
  absl::Time occur_time;
  absl::Time record_time;
  bool erased = false;

  RecordedMessage recorded() const { return {*event, revision, occur_time, record_time, erased}; }
};

class Rendering {
 public:
  // The state of `stream` after the append.
  template <class Aggregate>
  absl::StatusOr<const typename Aggregate::State*> Load(absl::string_view stream) {
    auto state = LoadState(kAggregateType<Aggregate>, stream);
    if (!state.ok()) return state.status();
    return static_cast<const typename Aggregate::State*>(*state);
  }
  // The state of the first stream of the aggregate's category that the command wrote; for commands
  // that always write. Of a list of such commands, each of which writes one stream of its own, the
  // one that OfItem says.
  template <class Aggregate>
  absl::StatusOr<const typename Aggregate::State*> LoadWritten() {
    return Load<Aggregate>(WrittenStream(Aggregate::kCategory));
  }
  // The same for an aggregate without its C++ types. The name of a record that was merged into
  // another then means that one.
  absl::StatusOr<const void*> LoadState(const AggregateType& type, absl::string_view stream);
  absl::StatusOr<const void*> LoadWrittenState(const AggregateType& type) {
    return LoadState(type, WrittenStream(type.category));
  }

  // The states, after the append, of the streams that had events claiming or releasing a value by
  // then, each once, in the order of the last of these.
  absl::StatusOr<std::vector<const void*>> LoadTaggedStates(const AggregateType& type,
                                                            absl::string_view purpose,
                                                            absl::string_view value);
  void OfItem(size_t index) { item_ = index; }

  // As Loader::NeedDisk.
  absl::Status NeedDisk();

  // In the order of the append.
  const std::vector<AppendedEvent>& events() const { return events_; }
  // Event number `index`, which is of a stream of EventMessage's category. For facts, which have no
  // state.
  template <class EventMessage>
  Recorded<EventMessage> Event(size_t index) const {
    KITH_CHECK(index < events_.size());
    const AppendedEvent& at = events_[index];
    KITH_CHECK(at.event->GetDescriptor() == EventMessage::descriptor());
    return {static_cast<const EventMessage&>(*at.event), at.revision, at.occur_time, at.record_time,
            at.erased};
  }

  // The request had been answered before.
  bool repeated() const { return repeated_; }
  // The last event of the append; 0 where the command changed nothing.
  Position last() const { return last_; }
  // What the decision gave to Changes::WithSecret; empty when repeated.
  const std::string& secret() const { return secret_; }
  WorkspaceId workspace() const { return workspace_; }

 private:
  friend class Transaction;
  Rendering(StateReader& reader, WorkspaceId workspace, eventstore::ReadTier tier)
      : reader_(reader), workspace_(workspace), tier_(tier) {}

  absl::StatusOr<const void*> LoadItself(const AggregateType& type, absl::string_view stream);
  absl::StatusOr<Folded> ReadState(const AggregateType& type, absl::string_view stream);
  absl::string_view WrittenStream(absl::string_view category) const;

  StateReader& reader_;
  const WorkspaceId workspace_;
  eventstore::ReadTier tier_;
  bool would_block_ = false;
  bool repeated_ = false;
  size_t item_ = 0;
  Position last_;  // of the append; 0 when nothing was appended
  std::string secret_;
  std::vector<AppendedEvent> events_;
  std::vector<LoadedState> states_;
};

}  // namespace kith::runtime
