#include "eventstore/log/sequencer.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/log/clock_lag.h"
#include "eventstore/log/conditions.h"

namespace kith::eventstore {

void CommitGroup::Clear() {
  batch->Clear();
  records.clear();
  answers.clear();
  bytes = 0;
  workspace_runs.clear();
  leaf_hashes.clear();
}

void Sequencer::Reset(const LogState& state) {
  state_ = state;
  overlay_.Reset(state.head);
  clock_.Reset(state.last_record_time);
}

bool Sequencer::Decide(std::unique_ptr<PreparedAppend>& append, CommitGroup& group) {
  if (append->as_of < overlay_.floor()) return false;
  append->answer = DecideInto(group, *append);
  group.answers.push_back(std::move(append));
  return true;
}

absl::StatusOr<Appended> Sequencer::DecideInto(CommitGroup& group, PreparedAppend& append) {
  if (!append.request_key.empty()) {
    if (const Overlay::Request* known = overlay_.FindRequest(append.request_key)) {
      return AnswerKnownRequest(append.append.request, known->digest, known->appended);
    }
  }
  heads_.clear();
  for (const StreamFact& stream : append.streams) {
    const StreamHead* decided = overlay_.FindStream(stream.key);
    heads_.push_back(decided != nullptr ? *decided : stream.head);
  }
  if (absl::Status status = CheckConditions(append); !status.ok()) return status;
  return Number(group, append);
}

absl::Status Sequencer::CheckConditions(const PreparedAppend& append) const {
  std::vector<Conflict> conflicts;
  for (size_t i = 0; i < append.append.stream_conditions.size(); ++i) {
    const StreamCondition& condition = append.append.stream_conditions[i];
    const Revision actual = heads_[append.conditioned[i]].revision;
    if (!Holds(condition, actual)) conflicts.push_back(ConflictOf(condition, actual));
  }
  for (size_t i = 0; i < append.append.tag_conditions.size(); ++i) {
    const TagCondition& condition = append.append.tag_conditions[i];
    const Position lately = overlay_.LastTagged(append.append.workspace, condition.tag);
    const Position found = append.tagged[i].value() != 0 ? append.tagged[i] : lately;
    if (found > condition.after) conflicts.push_back(ConflictOf(condition, found));
  }
  return conflicts.empty() ? absl::OkStatus() : ConflictStatus(conflicts);
}

Appended Sequencer::Number(CommitGroup& group, PreparedAppend& append) {
  if (group.records.empty()) {
    // One time for the whole batch, so that one entry of `times` covers it.
    absl::Duration behind;
    group.record_time = clock_.BeginBatch(&behind);
    group.clock_lag = ClockLagFlags(behind);
  }
  const WorkspaceId workspace = append.append.workspace;
  const Sequence sequence = state_.workspaces[workspace].Next();
  const Appended appended{state_.head.Next(), static_cast<uint32_t>(append.records.size()),
                          sequence, group.record_time};
  size_t event = 0;
  for (size_t i = 0; i < append.append.streams.size(); ++i) {
    NumberStream(group, append, i, event, appended);
    event += append.append.streams[i].events.size();
  }
  KITH_CHECK(event == append.records.size());
  state_.workspaces[workspace] = Sequence(sequence.value() + appended.count - 1);
  ExtendWorkspaceRun(group, workspace, {sequence.value(), appended.first, appended.count});
  if (!append.request_key.empty()) {
    group.batch->Put(Table::kRequests, append.request_key, EncodePosition(appended.first));
    overlay_.SetRequest(std::move(append.request_key), {append.append.request.digest, appended});
  }
  group.bytes += append.bytes;
  append.bodies.clear();
  return appended;
}

void Sequencer::NumberStream(CommitGroup& group, PreparedAppend& append, size_t stream,
                             size_t first_event, const Appended& appended) {
  const size_t count = append.append.streams[stream].events.size();
  const size_t fact = append.written[stream];
  const Run run{heads_[fact].revision.value() + 1, state_.head.Next(), count};
  for (size_t i = 0; i < count; ++i) {
    const size_t event = first_event + i;
    EventHeader& header = append.records[event]->header;
    state_.head = state_.head.Next();
    header.position = state_.head;
    header.sequence = Sequence(appended.first_sequence.value() + event);
    header.revision = Revision(run.number + i);
    header.append_first = appended.first;
    header.record_time = appended.record_time;
    header.flags = group.clock_lag;
    Encode(group, *append.records[event], append.bodies[event]);
    group.records.push_back(append.records[event]);
  }
  const StreamHead head{Revision(run.last_number()), run.last()};
  std::string& key = append.streams[fact].key;
  group.batch->Put(Table::kHeads, key, EncodeHead(head));
  scratch_.assign(key).push_back('\0');
  group.batch->Put(Table::kStreams, NumberedKey(scratch_, run.number), EncodeRun(run));
  overlay_.SetStream(std::move(key), head);
}

void Sequencer::Encode(CommitGroup& group, const Record& record, const EncodedBody& body) {
  const EventHeader& header = record.header;
  scratch_.clear();
  const Hash leaf = AppendRecord(header, body, &scratch_);
  group.batch->Put(Table::kEvents, PositionKey(header.position), scratch_);
  group.leaf_hashes.append(reinterpret_cast<const char*>(leaf.data()), leaf.size());
  for (const Tag& tag : header.tags) {
    group.batch->Put(Table::kTags,
                     NumberedKey(TagPrefix(header.workspace, tag), header.position.value()), "");
    overlay_.SetTagged(header.workspace, tag, header.position);
  }
}

void Sequencer::ExtendWorkspaceRun(CommitGroup& group, WorkspaceId workspace, const Run& run) {
  if (!group.workspace_runs.empty() && group.workspace_runs.back().workspace == workspace) {
    group.workspace_runs.back().run.count +=
        run.count;  // nothing of another workspace stands between
  } else {
    group.workspace_runs.push_back({workspace, run});
  }
}

void Sequencer::Finish(CommitGroup& group) {
  if (group.records.empty()) return;  // only answers: nothing to write
  for (const auto& [workspace, run] : group.workspace_runs) {
    group.batch->Put(Table::kWorkspaces, NumberedKey(WorkspacePrefix(workspace), run.number),
                     EncodeRun(run));
  }
  const Position first = group.records.front()->header.position;
  const Position last = group.records.back()->header.position;
  group.batch->Put(Table::kTree, PositionKey(first), group.leaf_hashes);
  group.batch->Put(Table::kTimes, TimeKey(group.record_time), EncodePosition(last));
  overlay_.EndBatch(last);
}

}  // namespace kith::eventstore
