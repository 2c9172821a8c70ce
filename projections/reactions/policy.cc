#include "projections/reactions/policy.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/policies/v1/policy_events.pb.h"
#include "kith/workspaces/v1/workspace_events.pb.h"
#include "projections/reactions/pending_reactions.h"
#include "projections/store/key_codec.h"
#include "projections/tables/table.h"

namespace kith::projections {
namespace {

using policies::v1::PendingReaction;
using policies::v1::PolicyEvent;

constexpr absl::string_view kCategory = "policies";
constexpr absl::string_view kMethodPrefix = "policy/";
constexpr absl::string_view kWorkspaces = "workspaces";
constexpr char kStarted[] = "started";  // the key of the one row of a workspace
// What the entries of the queue begin with; the view has no index of a table of this number.
constexpr char kQueue = static_cast<char>(kReactionTable);

const Table<PendingReaction>& Pending() {
  static const auto& table = *new Table<PendingReaction>(
      TableBuilder<PendingReaction>(kReactionTable)
          .Key([](const PendingReaction& row) -> const std::string& { return row.reaction(); })
          .Build());
  return table;
}

// A row where the policy is there.
const Table<policies::v1::StartedPolicy>& Started() {
  static const auto& table = *new Table<policies::v1::StartedPolicy>(
      TableBuilder<policies::v1::StartedPolicy>(kStartedTable)
          .Key([](const policies::v1::StartedPolicy& row) -> const std::string& {
            return row.name();
          })
          .Build());
  return table;
}

absl::Status Start(ViewBatch& batch, WorkspaceId workspace) {
  policies::v1::StartedPolicy row;
  row.set_name(kStarted);
  return Started().Put(batch, workspace, row);
}

absl::Time DueOf(const PendingReaction& row) {
  return row.has_due_time() ? FromTimestamp(row.due_time()) : absl::InfinitePast();
}

std::string QueuePrefix(absl::Time due) {
  std::string prefix(1, kQueue);
  AppendTimeKey(due, &prefix);
  return prefix;
}

std::string EntryOf(WorkspaceId workspace, const PendingReaction& row) {
  std::string entry = QueuePrefix(DueOf(row));
  AppendUnsignedKey(row.position(), &entry);
  AppendUnsignedKey(static_cast<uint64_t>(row.number()), &entry);
  AppendUnsignedKey(workspace.value(), &entry);
  AppendStringKey(row.reaction(), &entry);
  return entry;
}

// The workspace and the name in an entry; false where it is malformed.
bool ParseEntry(absl::string_view entry, WorkspaceId* workspace, std::string* reaction) {
  entry.remove_prefix(1);
  uint64_t number = 0;
  if (!SkipKeyComponent(FieldType::kTime, &entry) ||
      !SkipKeyComponent(FieldType::kUnsigned, &entry) ||
      !SkipKeyComponent(FieldType::kUnsigned, &entry) || !TakeUnsignedKey(&entry, &number)) {
    return false;
  }
  *workspace = WorkspaceId(static_cast<uint32_t>(number));
  return TakeStringKey(&entry, reaction);
}

// Puts the row in place of `before`, with its place in the queue. Null: there is none.
void Put(ViewBatch& batch, WorkspaceId workspace, const PendingReaction* before,
         const PendingReaction& row) {
  if (before != nullptr && !before->is_parked()) {
    batch.RemoveEntry(IndexKind::kCurrent, EntryOf(workspace, *before));
  }
  if (!row.is_parked()) batch.AddEntry(IndexKind::kCurrent, EntryOf(workspace, row));
  Pending().Set(batch, workspace, row);
}

// One that is there.
void Remove(ViewBatch& batch, WorkspaceId workspace, const PendingReaction& row) {
  if (!row.is_parked()) batch.RemoveEntry(IndexKind::kCurrent, EntryOf(workspace, row));
  Pending().Erase(batch, workspace, row.reaction());
}

// The reaction that a policy's own event speaks of; nullopt where it is gone, or is another one by
// now: a timer that was set anew.
absl::StatusOr<std::optional<PendingReaction>> Find(ViewBatch& batch, WorkspaceId workspace,
                                                    absl::string_view name, int64_t sequence) {
  KITH_ASSIGN_OR_RETURN(auto row, Pending().Get(batch, workspace, name));
  if (row.has_value() && row->sequence() != sequence) row.reset();
  return row;
}

absl::Status Settle(ViewBatch& batch, WorkspaceId workspace, absl::string_view name,
                    int64_t sequence) {
  KITH_ASSIGN_OR_RETURN(const auto row, Find(batch, workspace, name, sequence));
  if (row.has_value()) Remove(batch, workspace, *row);
  return absl::OkStatus();
}

// Out of the queue, or back to its place there, before what follows in its stream.
absl::Status SetParked(ViewBatch& batch, WorkspaceId workspace, absl::string_view name,
                       int64_t sequence, bool is_parked) {
  KITH_ASSIGN_OR_RETURN(const auto row, Find(batch, workspace, name, sequence));
  if (!row.has_value()) return absl::OkStatus();
  PendingReaction moved = *row;
  moved.set_is_parked(is_parked);
  Put(batch, workspace, &*row, moved);
  return absl::OkStatus();
}

absl::Status FoldOwn(const eventstore::RecordedEvent& recorded, ViewBatch& batch) {
  const auto& event = static_cast<const PolicyEvent&>(*recorded.event);
  const WorkspaceId workspace = recorded.header().workspace;
  switch (event.event_case()) {
    case PolicyEvent::kPolicyProgressed:
      for (const auto& outcome : event.policy_progressed().outcomes()) {
        KITH_RETURN_IF_ERROR(Settle(batch, workspace, outcome.reaction(), outcome.sequence()));
      }
      return absl::OkStatus();
    case PolicyEvent::kReactionParked: {
      const auto& parked = event.reaction_parked().parked();
      return SetParked(batch, workspace, parked.reaction(), parked.sequence(), true);
    }
    case PolicyEvent::kReactionRetried: {
      const auto& retried = event.reaction_retried();
      return SetParked(batch, workspace, retried.reaction(), retried.sequence(), false);
    }
    case PolicyEvent::kReactionSkipped: {
      const auto& skipped = event.reaction_skipped();
      return Settle(batch, workspace, skipped.reaction(), skipped.sequence());
    }
    case PolicyEvent::kPolicyResumed:
      return Start(batch, workspace);
    default:
      return absl::OkStatus();
  }
}

void Write(const google::protobuf::Message& request, policies::v1::ReactionRequest& row) {
  row.set_type(std::string(request.GetTypeName()));
  request.SerializeToString(row.mutable_request());
}

absl::Status Malformed() {
  return absl::DataLossError("an entry of pending reactions is malformed");
}

}  // namespace

PendingReaction Reactions::NewReaction(std::string name, const Terms& terms) {
  const eventstore::EventHeader& header = event_.header();
  PendingReaction row;
  row.set_reaction(std::move(name));
  row.set_stream(terms.subject.empty() ? header.stream : std::string(terms.subject));
  row.set_position(header.position.value());
  row.set_sequence(static_cast<int64_t>(header.sequence.value()));
  row.set_number(count_++);
  row.set_depth(std::max(ReactionDepth(header) + (terms.continues ? 0 : 1), 1));
  row.set_on_behalf_of(std::string(terms.on_behalf_of));
  if (terms.otherwise != nullptr) Write(*terms.otherwise, *row.mutable_otherwise());
  row.set_correlation_id(header.correlation_id);
  *row.mutable_record_time() = ToTimestamp(header.record_time);
  return row;
}

absl::StatusOr<bool> Reactions::IsStarted() {
  if (since_ == 0) return true;
  KITH_ASSIGN_OR_RETURN(const auto row,
                        Started().GetShared(batch_, event_.header().workspace, kStarted));
  return row != nullptr;
}

absl::Status Reactions::Add(const std::vector<const google::protobuf::Message*>& requests,
                            const Terms& terms) {
  if (count_ == kReactionsMax)
    return absl::ResourceExhaustedError("too many reactions to an event");
  KITH_ASSIGN_OR_RETURN(const bool is_started, IsStarted());
  if (!is_started) return absl::OkStatus();
  PendingReaction row = NewReaction(ReactionName(event_.header().sequence, count_), terms);
  for (const auto* const request : requests) Write(*request, *row.add_requests());
  // The name is of this event alone.
  Put(batch_, event_.header().workspace, nullptr, row);
  return absl::OkStatus();
}

absl::Status Reactions::Set(absl::string_view timer, absl::Time due,
                            const google::protobuf::Message& request, const Terms& terms) {
  if (count_ == kReactionsMax) return absl::ResourceExhaustedError("too many timers of an event");
  KITH_ASSIGN_OR_RETURN(const bool is_started, IsStarted());
  if (!is_started) return absl::OkStatus();
  const WorkspaceId workspace = event_.header().workspace;
  KITH_ASSIGN_OR_RETURN(const auto before, Pending().Get(batch_, workspace, timer));
  PendingReaction row = NewReaction(std::string(timer), terms);
  *row.mutable_due_time() = ToTimestamp(due);
  Write(request, *row.add_requests());
  Put(batch_, workspace, before.has_value() ? &*before : nullptr, row);
  return absl::OkStatus();
}

absl::Status Reactions::Cancel(absl::string_view timer) {
  const WorkspaceId workspace = event_.header().workspace;
  KITH_ASSIGN_OR_RETURN(const auto row, Pending().Get(batch_, workspace, timer));
  if (row.has_value()) Remove(batch_, workspace, *row);
  return absl::OkStatus();
}

std::string Policy::ResourceName() const { return absl::StrCat(kCategory, "/", name_); }

std::vector<std::string> Policy::categories() const {
  std::vector<std::string> taken = Follows();
  const bool has_workspaces = std::find(taken.begin(), taken.end(), kWorkspaces) != taken.end();
  if (since_ > 0 && !has_workspaces) taken.emplace_back(kWorkspaces);
  taken.emplace_back(kCategory);
  return taken;
}

bool Policy::Wants(const eventstore::RecordedEvent& event) const {
  if (eventstore::CategoryOf(event.header().stream) == kWorkspaces) {
    const std::vector<std::string> taken = Follows();
    if (std::find(taken.begin(), taken.end(), kWorkspaces) == taken.end()) return false;
  }
  return Concerns(event);
}

bool Policy::Takes(const eventstore::RecordedEvent& event) const {
  const std::string& stream = event.header().stream;
  const absl::string_view category = eventstore::CategoryOf(stream);
  if (category == kCategory) return stream == ResourceName();
  const bool begins = category == kWorkspaces && event.header().revision == Revision(1);
  return (begins && since_ > 0) || Wants(event);
}

absl::Status Policy::Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const {
  const absl::string_view category = eventstore::CategoryOf(event.header().stream);
  if (category == kCategory) return FoldOwn(event, batch);
  if (category == kWorkspaces) {
    const auto& happened = static_cast<const workspaces::v1::WorkspaceEvent&>(*event.event);
    if (since_ > 0 && happened.has_workspace_created() &&
        happened.workspace_created().policy_generation() >= since_) {
      KITH_RETURN_IF_ERROR(Start(batch, event.header().workspace));
    }
    if (!Wants(event)) return absl::OkStatus();
  }
  Reactions reactions(event, batch, since_);
  return React(event, batch, reactions);
}

std::string PolicyMethod(absl::string_view policy) { return absl::StrCat(kMethodPrefix, policy); }

std::string ReactionName(Sequence sequence, int number) {
  return absl::StrCat(sequence.value(), "/", number);
}

absl::StatusOr<std::optional<PendingReaction>> FindReaction(const ViewSnapshot& snapshot,
                                                            WorkspaceId workspace,
                                                            absl::string_view name) {
  return Pending().Get(snapshot, workspace, name, eventstore::ReadTier::kDisk);
}

absl::StatusOr<bool> IsPending(ViewBatch& batch, WorkspaceId workspace, absl::string_view name) {
  KITH_ASSIGN_OR_RETURN(const auto row, Pending().Get(batch, workspace, name));
  return row.has_value();
}

std::string ReactionRequestId(const PendingReaction& reaction) {
  return absl::StrCat(reaction.sequence(), "/", reaction.number(), "/", reaction.depth());
}

int ReactionDepth(const eventstore::EventHeader& header) {
  absl::string_view id = header.request.id;
  if (!absl::StartsWith(header.request.method, kMethodPrefix)) return 0;
  int depth = 0;
  return absl::SimpleAtoi(id.substr(id.rfind('/') + 1), &depth) ? depth : 0;
}

namespace {

// Visits the reactions whose places lie in `range`.
absl::Status Scan(const ViewSnapshot& snapshot, const KeyRange& range, ReactionVisitor visit) {
  absl::Status found;
  KITH_RETURN_IF_ERROR(snapshot.ScanCurrentEntries(range, [&](absl::string_view entry) {
    WorkspaceId workspace;
    std::string name;
    if (!ParseEntry(entry, &workspace, &name)) {
      found = Malformed();
      return false;
    }
    const auto row = Pending().Get(snapshot, workspace, name, eventstore::ReadTier::kDisk);
    if (!row.ok()) {
      found = row.status();
      return false;
    }
    // Entries may be newer than the rows: what the snapshot does not have yet comes again.
    if (!row->has_value() || EntryOf(workspace, **row) != entry) return true;
    return visit(entry, workspace, **row);
  }));
  return found;
}

}  // namespace

absl::Status ScanAtOnce(const ViewSnapshot& snapshot, absl::string_view from,
                        ReactionVisitor visit) {
  KeyRange range = KeyRange::Prefix(QueuePrefix(absl::InfinitePast()));
  if (!from.empty()) range.from = std::string(from) + '\0';
  return Scan(snapshot, range, visit);
}

absl::Status ScanDue(const ViewSnapshot& snapshot, absl::Time until, ReactionVisitor visit) {
  KeyRange range = KeyRange::Prefix(std::string(1, kQueue));
  range.from = PrefixEnd(QueuePrefix(absl::InfinitePast()));
  range.to = QueuePrefix(until + absl::Microseconds(1));
  return Scan(snapshot, range, visit);
}

absl::StatusOr<absl::Time> NextDue(const ViewSnapshot& snapshot, absl::Time after) {
  absl::Time next = absl::InfiniteFuture();
  KeyRange range = KeyRange::Prefix(std::string(1, kQueue));
  range.from = QueuePrefix(after + absl::Microseconds(1));
  KITH_RETURN_IF_ERROR(
      Scan(snapshot, range, [&](absl::string_view, WorkspaceId, const PendingReaction& reaction) {
        next = FromTimestamp(reaction.due_time());
        return false;
      }));
  return next;
}

}  // namespace kith::projections
