#include "services/workflows/workflow_history.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/util/message_differencer.h"
#include "kith/messages/v1/message.pb.h"
#include "kith/workflows/v1/workflow_run_events.pb.h"
#include "projections/tables/resource_directory.h"
#include "projections/tables/touched_records.h"
#include "projections/workflows/active_workflows.h"
#include "projections/workflows/part_tables.h"
#include "services/runtime/reads/moments.h"

namespace kith::workflows {
namespace {

using eventstore::ReadTier;
using google::protobuf::Message;
using MessagePtr = std::unique_ptr<Message>;

constexpr absl::string_view kMessageRows = "message_directory";
constexpr absl::string_view kRuns = "workflowRuns";

}  // namespace

WorkflowHistory::WorkflowHistory(const runtime::Runtime& runtime,
                                 const std::vector<runtime::ResourceType>& resources,
                                 WorkspaceId workspace, Position end)
    : runtime_(runtime), resources_(resources), workspace_(workspace), end_(end) {
  for (const runtime::ResourceType& type : resources) {
    end_ = std::min(end_, runtime.views.Find(type.directory->name()).position());
  }
  end_ = std::min(end_, runtime.views.Find(kMessageRows).position());
}

WorkflowHistory::Rows WorkflowHistory::RowsOf(absl::string_view resource) const {
  if (resource == kMessages) {
    return {&projections::DirectoryRows<messages::v1::Message>().core(),
            &runtime_.views.Find(kMessageRows)};
  }
  for (const runtime::ResourceType& type : resources_) {
    if (type.rules->category != resource) continue;
    return {&type.directory->table(), &runtime_.views.Find(type.directory->name())};
  }
  return {nullptr, nullptr};
}

const projections::TableCore* WorkflowHistory::TableOf(absl::string_view resource) const {
  return RowsOf(resource).table;
}

absl::StatusOr<MessagePtr> WorkflowHistory::Read(const Rows& rows, absl::string_view name,
                                                 Position at) const {
  if (rows.table == nullptr || name.empty()) return MessagePtr();
  KITH_ASSIGN_OR_RETURN(const auto bytes, rows.table->Get(rows.view->At(std::min(at, end_)),
                                                          workspace_, name, ReadTier::kDisk));
  if (!bytes.has_value()) return MessagePtr();
  MessagePtr row(rows.table->declaration().row->New());
  if (!row->ParseFromString(*bytes)) return projections::MalformedRow();
  return row;
}

absl::StatusOr<MessagePtr> WorkflowHistory::RowAt(absl::string_view record, Position at) const {
  return Read(RowsOf(eventstore::CategoryOf(record)), record, at);
}

absl::StatusOr<Position> WorkflowHistory::PositionAt(absl::Time time) const {
  KITH_ASSIGN_OR_RETURN(const Position found, runtime_.log.PositionAt(time, ReadTier::kDisk));
  return std::min(found, end_);
}

absl::Status WorkflowHistory::AddRow(const Rows& rows, const eventstore::EventHeader& header,
                                     const std::string& name,
                                     std::vector<PastChange>& changes) const {
  KITH_ASSIGN_OR_RETURN(MessagePtr before, Read(rows, name, Position(header.position.value() - 1)));
  KITH_ASSIGN_OR_RETURN(MessagePtr after, Read(rows, name, header.position));
  if (before == nullptr && after == nullptr) return absl::OkStatus();
  using google::protobuf::util::MessageDifferencer;
  if (before != nullptr && after != nullptr && MessageDifferencer::Equals(*before, *after)) {
    return absl::OkStatus();
  }
  PastChange change{rows.table->declaration(), header,           name, name, {},
                    std::move(before),         std::move(after), ""};
  if (const auto* const message = dynamic_cast<const messages::v1::Message*>(change.after.get())) {
    change.record = message->contact();
    change.about = {message->contact(), message->deal()};
  }
  changes.push_back(std::move(change));
  return absl::OkStatus();
}

absl::StatusOr<std::vector<PastChange>> WorkflowHistory::ChangesBy(
    const eventstore::RecordedEvent& event, absl::string_view resource) const {
  std::vector<PastChange> changes;
  const eventstore::EventHeader& header = event.header();
  const absl::string_view category = eventstore::CategoryOf(header.stream);
  if (category == resource && resource == kInteractions) {
    auto interaction = projections::RecordedInteraction(event);
    if (!interaction.has_value()) return changes;
    std::vector<std::string> about = projections::TouchedRecords(event);
    const std::string record = absl::StartsWith(header.stream, "contacts/") ? about.front() : "";
    changes.push_back(
        {*PartTable(kInteractions), header, interaction->name(), record, std::move(about), nullptr,
         std::make_unique<interactions::v1::Interaction>(*std::move(interaction)), ""});
    return changes;
  }
  const Rows rows = RowsOf(resource);
  if (rows.table == nullptr) return changes;
  if (category == resource) {
    KITH_RETURN_IF_ERROR(AddRow(rows, header, header.stream, changes));
  } else if (category == kInteractions) {
    // It moves when something was last heard of the records that it is about.
    KITH_RETURN_IF_ERROR(
        projections::ForEachTouchedRecord(event, [&](absl::string_view record, absl::Time) {
          return eventstore::CategoryOf(record) == resource
                     ? AddRow(rows, header, std::string(record), changes)
                     : absl::OkStatus();
        }));
  }
  return changes;
}

absl::Status WorkflowHistory::ForEach(absl::string_view resource, Position from, absl::Time until,
                                      Visitor visit) {
  const auto takes = [&](absl::string_view category) {
    return category == resource || category == kInteractions || category == kRuns;
  };
  Position step;  // of the step that was taken last, the first of its append
  std::string step_of;
  return ForEachEvent(
      takes, from, until, [&](const eventstore::RecordedEvent& event) -> absl::StatusOr<bool> {
        const Position append = event.header().append_first;
        if (eventstore::CategoryOf(event.header().stream) == kRuns) {
          const auto& run = static_cast<const v1::WorkflowRunEvent&>(*event.event);
          step = append;
          step_of = run.workflow_run_advanced().workflow();
          return true;
        }
        KITH_ASSIGN_OR_RETURN(std::vector<PastChange> changes, ChangesBy(event, resource));
        for (PastChange& change : changes) {
          if (append == step) change.step_of = step_of;
          KITH_ASSIGN_OR_RETURN(const bool goes_on, visit(change));
          if (!goes_on) return false;
        }
        return true;
      });
}

absl::Status WorkflowHistory::ForEachCrossing(Position from, absl::Time until,
                                              CrossingVisitor visit) {
  const auto takes = [](absl::string_view category) { return category == kScores; };
  return ForEachEvent(
      takes, from, until, [&](const eventstore::RecordedEvent& event) -> absl::StatusOr<bool> {
        const auto& score = static_cast<const scoring_models::v1::ScoreEvent&>(*event.event);
        return score.has_score_threshold_crossed()
                   ? visit(score.score_threshold_crossed(), event.header())
                   : true;
      });
}

absl::Status WorkflowHistory::ForEachEvent(absl::FunctionRef<bool(absl::string_view)> takes,
                                           Position from, absl::Time until, EventVisitor visit) {
  KITH_ASSIGN_OR_RETURN(const Sequence known,
                        runtime::SequenceAt(runtime_.log, workspace_, from, ReadTier::kDisk));
  const auto cursor = runtime_.log.ReadWorkspace(workspace_, Sequence(known.value() + 1),
                                                 eventstore::Direction::kForwards);
  while (!is_out_of_events()) {
    KITH_ASSIGN_OR_RETURN(auto record, cursor->Next());
    if (record == nullptr || record->header.position > end_ || record->header.record_time > until) {
      return absl::OkStatus();
    }
    ++events_;
    if (!takes(eventstore::CategoryOf(record->header.stream))) continue;
    KITH_ASSIGN_OR_RETURN(const auto event, runtime_.registry.DecodeClear(std::move(record)));
    KITH_ASSIGN_OR_RETURN(const bool goes_on, visit(*event));
    if (!goes_on) return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::Status WorkflowHistory::ForEachRow(
    absl::string_view resource, Position at,
    absl::FunctionRef<bool(const std::string& name, const Message& row)> visit) {
  const Rows rows = RowsOf(resource);
  if (rows.table == nullptr) return absl::OkStatus();
  const MessagePtr row(rows.table->declaration().row->New());
  int looked_at = 0;
  return rows.table->Scan(rows.view->At(std::min(at, end_)), workspace_,
                          projections::KeyRange::Prefix(""), *row, [&] {
                            if (looked_at++ == kRowsMax) {
                              is_out_of_rows_ = true;
                              return false;
                            }
                            return visit(rows.table->declaration().key(*row), *row);
                          });
}

}  // namespace kith::workflows
