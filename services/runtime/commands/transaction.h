// Transaction: one command's way through Transact. Made by Transact, ends with Command::Done and
// deletes itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/log/event_log.h"
#include "services/core/decision.h"
#include "services/core/id_pool.h"
#include "services/runtime/commands/hot_streams.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"
#include "services/runtime/commands/transact.h"

namespace kith::runtime {

// One thread at a time, though not always the same.
class Transaction {
 public:
  Transaction(Transact& transact, Command& command);

  void Begin() { Attempt(eventstore::ReadTier::kMemory); }

 private:
  using ReadTier = eventstore::ReadTier;

  // Loads and decides. On kMemory it moves to the pool when the disk is needed.
  void Attempt(ReadTier tier);
  // Whether what causes the command is an event of where it appends. Unavailable where that has to
  // be read from disk, on kMemory.
  absl::Status CheckCause(ReadTier tier) const;
  // A refusal, or nothing to do: is it a repeat, and was it decided on what is so now?
  void Settle(absl::Status verdict, const Loader& loader, ReadTier tier);
  absl::StatusOr<bool> IsOutdated(const Loader& loader, ReadTier tier);
  // `occurred` is what the decision was told, or said, where a change does not say otherwise: an id
  // that it drew may tell that time, too.
  void Append(Changes changes, const Loader& loader, absl::Time occurred);
  void Appended(absl::StatusOr<eventstore::Appended> appended);
  // Whether it is not its turn at a stream that it would write: then it has gone on elsewhere, or
  // ended.
  bool MustWait(const Changes& changes);
  // Tries again after it lost to others, at `stream` where it would have written one of those.
  void Retry(absl::string_view stream);
  // Where `place` is what became of it at the stream of this key; false where it goes on here.
  bool TakePlace(HotStreams::Place place);
  // Answers whose turn it is now, for the caller to let it go on; null where it had none, or nobody
  // waits.
  Transaction* LeaveTurn();
  // The same, and it goes on elsewhere: each of many that end without an append would stand on the
  // stack of the one before.
  void PassTurn();
  void TakeTurn(ReadTier tier);
  // The append stands: states are folded on, observers told, the reply made.
  void Conclude(const eventstore::Appended& appended);
  void FoldOn();
  // OK where the caller sees what the append that is repeated was about, as it was then; else
  // ERROR_REQUEST_ID_REUSED.
  absl::Status CheckSeen();
  // The request was answered before: the reply is made again from what it appended.
  void Replay(const eventstore::Appended& appended);
  absl::Status ReadBack(const eventstore::Appended& appended);
  void Observe() const;
  void Render();
  void End(absl::Status status);

  void OnPool(absl::AnyInvocable<void()> step);
  void Mark(CallPart part);
  absl::Status AppendError(const absl::Status& status) const;
  absl::Status Reused() const;

  Transact& transact_;
  Command& command_;
  WorkspaceId workspace_;
  IdPool ids_;
  int attempts_ = 0;
  bool cause_checked_ = false;
  std::string turn_;  // the key of the stream where it has its turn, or waits for it
  std::optional<Rendering> rendering_;
};

}  // namespace kith::runtime
