// Sequencer: decides appends one after the other: checks their conditions and request ids, numbers
// their events, and encodes them into the batch that will be written. Reads no disk.
//
// Used by one thread at a time (the committer hands the role over). What it has decided counts for
// everything after it, long before it is on disk: answers leave only with the batch, in order.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "eventstore/log/engine.h"
#include "eventstore/log/overlay.h"
#include "eventstore/log/prepared_append.h"
#include "eventstore/log/record_clock.h"

namespace kith::eventstore {

// Where the log stands: what numbering needs to go on from.
struct LogState {
  Position head;
  absl::Time last_record_time = absl::InfinitePast();
  WorkspaceHeads workspaces;
};

// Appends that are written together, with one fsync.
struct CommitGroup {
  explicit CommitGroup(std::unique_ptr<EngineBatch> empty_batch) : batch(std::move(empty_batch)) {}

  bool empty() const { return answers.empty(); }
  void Clear();

  std::unique_ptr<EngineBatch> batch;
  std::vector<std::shared_ptr<const Record>> records;
  std::vector<std::unique_ptr<PreparedAppend>>
      answers;  // decided, answered once the batch is on disk
  size_t bytes = 0;

  // Index entries that cover the whole batch; the sequencer writes them when the group is finished.
  struct WorkspaceRun {
    WorkspaceId workspace;
    Run run;
  };
  std::vector<WorkspaceRun> workspace_runs;
  std::string leaf_hashes;
  absl::Time record_time;
  uint32_t clock_lag = 0;  // flags that say how far the clock is behind it
};

class Sequencer {
 public:
  // Borrows the clock.
  Sequencer(RecordClock& clock, size_t overlay_batches)
      : clock_(clock), overlay_(overlay_batches) {}

  // Forgets everything decided, as does the clock, and goes on from `state`.
  void Reset(const LogState& state);

  // Decides `append` and puts it into the group. False when it was prepared too long ago: it is
  // left untouched.
  bool Decide(std::unique_ptr<PreparedAppend>& append, CommitGroup& group);
  // Completes the group's batch; nothing is decided into it afterwards.
  void Finish(CommitGroup& group);

 private:
  absl::StatusOr<Appended> DecideInto(CommitGroup& group, PreparedAppend& append);
  absl::Status CheckConditions(const PreparedAppend& append) const;
  Appended Number(CommitGroup& group, PreparedAppend& append);
  void NumberStream(CommitGroup& group, PreparedAppend& append, size_t stream, size_t first_event,
                    const Appended& appended);
  void Encode(CommitGroup& group, const Record& record, const EncodedBody& body);
  void ExtendWorkspaceRun(CommitGroup& group, WorkspaceId workspace, const Run& run);

  RecordClock& clock_;
  Overlay overlay_;
  LogState state_;                 // head: the last position decided
  std::vector<StreamHead> heads_;  // of the append being decided
  std::string scratch_;
};

}  // namespace kith::eventstore
