// Transact: runs commands: load states, decide, append on condition that nothing changed meanwhile,
// fold, render.
//
// Promised: an appended command is acknowledged after its events are durable, folded into the
// cached states and told to the observers. A command with the id of a request that appended before
// is answered as it was then, also while the first is in flight and after a restart; with other
// content it is ERROR_REQUEST_ID_REUSED. A refused command, or one that changed nothing, leaves no
// trace and is decided anew. A refusal is never given on outdated states.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "eventstore/base/ulid.h"
#include "eventstore/log/event_log.h"
#include "eventstore/log/event_registry.h"
#include "eventstore/seal/key_store.h"
#include "services/core/decision.h"
#include "services/runtime/admission/authorizer.h"
#include "services/runtime/admission/pools.h"
#include "services/runtime/commands/hot_streams.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/owned_type.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/commands/state_cache.h"
#include "services/runtime/commands/state_reader.h"
#include "services/runtime/requests/call_parts.h"

namespace kith::runtime {

// Who commands, when, and as which request.
struct Origin {
  std::shared_ptr<const Caller> caller;
  absl::Time occurred = absl::InfinitePast();  // infinite past: when it is decided
  absl::Duration deadline =
      absl::InfiniteDuration();    // no attempt begins after it; as Clock::Elapsed
  eventstore::RequestKey request;  // an empty id: no protection against repetition
  std::string correlation_id;
  Position causation;
};

// One command on its way. Its owner keeps it alive until Done. The calls come one after another, on
// any thread.
class Command {
 public:
  virtual ~Command() = default;

  virtual const Origin& origin() const = 0;
  // Where it appends; asked at every attempt.
  virtual WorkspaceId Workspace() { return origin().caller->workspace; }
  // Pure but for the loads; called once per attempt.
  virtual Decision Decide(Loader& load, const CommandContext& context) = 0;
  // Makes the reply; may be called again when a load would have blocked.
  virtual absl::Status Render(Rendering& after) = 0;
  // Where its time is noted; null: nowhere.
  virtual CallParts* parts() { return nullptr; }
  // The end: exactly once, last. The reply stands when the status is OK.
  virtual void Done(absl::Status status) = 0;
};

struct TransactOptions {
  int attempts_max = 16;              // decisions of one command before ERROR_CONFLICT
  size_t cached_states_max = 65'536;  // folded states kept in memory
};

// Thread-safe. Lives until the log has told every append's outcome and the pools have stopped.
class Transact {
 public:
  // Called with every event of a category that a command appended, before the command is
  // acknowledged; also with those of a repeated command. From any thread, and not always in the
  // order of the log: compare revisions.
  using Observer = std::function<void(WorkspaceId, const AppendedEvent&)>;

  // Borrows everything; all of it outlives this object.
  struct Environment {
    eventstore::EventLog& log;
    const eventstore::EventRegistry& registry;
    eventstore::KeyStore& keys;
    const Clock& clock;
    Random& random;
    UlidGenerator& ulids;
    Pools& pools;
  };
  Transact(const Environment& environment, const TransactOptions& options);

  // Runs a command. For any thread: it waits for no disk, but where the pool of keys for new people
  // is empty (see key_store.h). Done may be called before this returns.
  void Start(Command& command);

  // Runs a command from inside the process and waits for it. `render` may be empty. Not on a gRPC
  // thread, nor on one of the pools'.
  absl::Status RunAndWait(const Origin& origin, WorkspaceId workspace,
                          absl::FunctionRef<Decision(Loader&, const CommandContext&)> decide,
                          const std::function<absl::Status(Rendering&)>& render = nullptr);

  // While the process starts, before the first command of a caller: what records have an owner.
  void SetOwnedTypes(OwnedTypes owned) { owned_ = std::move(owned); }
  // While the process starts, before the first command.
  void Observe(absl::string_view category, Observer observer);

  // The folded state of a stream as it is now, reading what is not cached from disk. The name of a
  // record that was merged into another means that one.
  template <class Aggregate>
  absl::StatusOr<std::shared_ptr<const typename Aggregate::State>> Fold(WorkspaceId workspace,
                                                                        absl::string_view stream) {
    auto folded = FoldMeant(kAggregateType<Aggregate>, workspace, stream);
    if (!folded.ok()) return folded.status();
    return std::static_pointer_cast<const typename Aggregate::State>(folded->state);
  }

  // Whether the caller may see the record as it is now, and has the permission for it; true where
  // there is none. For what is told with a record and has no owner itself. Reads what is not cached
  // from disk.
  absl::StatusOr<bool> Sees(const Caller& caller, absl::string_view record,
                            absl::string_view permission);

 private:
  friend class Transaction;

  absl::StatusOr<Folded> FoldMeant(const AggregateType& type, WorkspaceId workspace,
                                   absl::string_view stream);

  Environment environment_;
  const TransactOptions options_;
  StateCache cache_;
  StateReader states_;
  HotStreams hot_streams_;
  OwnedTypes owned_;
  std::vector<std::pair<std::string, Observer>> observers_;
};

}  // namespace kith::runtime
