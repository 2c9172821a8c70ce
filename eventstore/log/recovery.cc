#include "eventstore/log/recovery.h"

#include <algorithm>
#include <limits>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/log/log_reader.h"

namespace kith::eventstore {
namespace {

// Records verified at the end of the log: what a crash may have touched is far less.
constexpr uint64_t kVerifiedRecords = 64;

// Recovery runs before there is a tail: this one stands where the log stands and runs nothing.
class NoExecutor final : public Executor {
 public:
  void Run(absl::AnyInvocable<void()>) override {}
};

absl::Status Disagree(Position position, absl::string_view what) {
  return absl::DataLossError(absl::StrCat("position ", position.value(), ": ", what,
                                          "; restore the data directory from a backup, all of it"));
}

absl::StatusOr<WorkspaceHeads> LoadWorkspaceHeads(const Engine& engine) {
  WorkspaceHeads heads;
  bool damaged = false;
  // From the last workspace to the first: the entry before a workspace's prefix is the last run of
  // the one before it.
  std::string start =
      NumberedKey(WorkspacePrefix(WorkspaceId(std::numeric_limits<uint32_t>::max())),
                  std::numeric_limits<uint64_t>::max());
  for (bool found = true; found && !damaged;) {
    found = false;
    KITH_RETURN_IF_ERROR(
        engine.Scan({Table::kWorkspaces, "", start, Direction::kBackwards}, ReadTier::kDisk,
                    [&](absl::string_view key, absl::string_view value) {
                      const auto workspace = WorkspaceOfKey(key);
                      const auto run = DecodeRun(NumberOfKey(key).value_or(0), value);
                      damaged = !workspace.has_value() || !run.has_value();
                      if (damaged) return false;
                      heads[*workspace] = Sequence(run->last_number());
                      start = WorkspacePrefix(*workspace);
                      found = true;
                      return false;
                    }));
  }
  if (damaged)
    return absl::DataLossError("the log's table workspaces holds an entry that is damaged");
  return heads;
}

// One of the last records against the indexes.
absl::Status VerifyIndexes(const Engine& engine, const LogReader& reader,
                           const EventHeader& header) {
  const std::string key = HeadKey(header.workspace, header.stream);
  KITH_ASSIGN_OR_RETURN(const StreamHead head, reader.HeadOf(key, ReadTier::kDisk));
  if (head.revision < header.revision || head.position < header.position) {
    return Disagree(header.position, "the head of its stream is older than the record");
  }
  KITH_ASSIGN_OR_RETURN(const auto bytes,
                        engine.Get(Table::kEvents, PositionKey(header.position), ReadTier::kDisk));
  KITH_ASSIGN_OR_RETURN(const Hash stored, LeafHash(bytes.value_or("")));
  KITH_ASSIGN_OR_RETURN(const Hash expected, reader.LeafHashAt(header.position));
  if (stored != expected)
    return Disagree(header.position, "the record's hash is not the one in the tree");
  return absl::OkStatus();
}

absl::Status VerifyTail(const Engine& engine, const LogReader& reader, LogState& state) {
  const uint64_t last = state.head.value();
  const Position first(last > kVerifiedRecords ? last - kVerifiedRecords + 1 : 1);
  absl::flat_hash_set<std::string> seen_streams;
  absl::flat_hash_set<WorkspaceId> seen_workspaces;
  Records records;
  for (Position next = first; next <= state.head;) {
    KITH_ASSIGN_OR_RETURN(const Records piece, reader.ReadRange(next, state.head, ReadTier::kDisk));
    next = piece.back()->header.position.Next();
    records.insert(records.end(), piece.begin(), piece.end());
  }
  const EventHeader& end = records.back()->header;
  if (end.append_first.value() + end.append_count != last + 1) {
    return Disagree(end.position, "the last append is not whole");
  }
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    const EventHeader& header = (*record)->header;
    KITH_RETURN_IF_ERROR(VerifyIndexes(engine, reader, header));
    if (seen_workspaces.insert(header.workspace).second &&
        state.workspaces[header.workspace] != header.sequence) {
      return Disagree(header.position,
                      "the sequence of its workspace does not end with the record");
    }
  }
  state.last_record_time = end.record_time;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LogState> LoadLogState(const Engine& engine) {
  NoExecutor executor;
  Tail tail(executor, 1, 0);
  const LogReader reader(engine, tail);
  LogState state;
  KITH_ASSIGN_OR_RETURN(state.head, reader.LastStored());
  KITH_ASSIGN_OR_RETURN(const Position mark, engine.ReadMark());
  if (state.head < mark) {
    return absl::DataLossError(absl::StrCat(
        "the log ends at position ", state.head.value(), ", but events up to position ",
        mark.value(), " were durable: positions ", state.head.value() + 1, " to ", mark.value(),
        " are missing; restore the data directory from a backup, all of it"));
  }
  KITH_ASSIGN_OR_RETURN(state.workspaces, LoadWorkspaceHeads(engine));
  if (state.head.value() == 0) {
    if (state.workspaces.empty()) return state;
    return absl::DataLossError(
        "the log's events are missing, but its indexes are not; restore the data directory "
        "from a backup, all of it");
  }
  tail.Reset(state.head, state.workspaces);
  KITH_RETURN_IF_ERROR(VerifyTail(engine, reader, state));
  return state;
}

absl::Status RecoverKeys(const Engine& engine, const LogState& state, KeyStore& keys) {
  NoExecutor executor;
  Tail tail(executor, 1, 0);
  tail.Reset(state.head, state.workspaces);
  const LogReader reader(engine, tail);
  const Position mark = keys.recovery_mark();
  if (mark > state.head) {
    return absl::DataLossError(absl::StrCat(
        "data/keys has seen the log up to position ", mark.value(), ", but the log ends at ",
        state.head.value(),
        ": they do not belong together, or the log lost its end; restore the data directory from a "
        "backup, all of it"));
  }
  for (Position next = mark.Next(); next <= state.head;) {
    KITH_ASSIGN_OR_RETURN(const Records piece, reader.ReadRange(next, state.head, ReadTier::kDisk));
    for (const auto& record : piece) {
      for (const SealedPart& part : record->sealed) {
        KITH_RETURN_IF_ERROR(keys.Recover(record->header.workspace, part));
      }
    }
    next = piece.back()->header.position.Next();
  }
  return mark < state.head ? keys.Checkpoint(state.head) : absl::OkStatus();
}

}  // namespace kith::eventstore
