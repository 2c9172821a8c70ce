// WorkflowHistory: what happened, as triggers and steps of workflows see it, told once more from
// the log and from the rows of then.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/log/event_registry.h"
#include "google/protobuf/message.h"
#include "kith/scoring_models/v1/score_events.pb.h"
#include "projections/tables/table_core.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::workflows {

// What became of a row by an event.
struct PastChange {
  const projections::TableDeclaration& table;
  const eventstore::EventHeader& header;
  std::string name;
  std::string record;              // that a run would be about; empty: none
  std::vector<std::string> about;  // as Occurrence has it
  std::unique_ptr<const google::protobuf::Message> before;  // null: it was not there
  std::unique_ptr<const google::protobuf::Message> after;   // null: it is not there
  std::string step_of;  // the workflow whose step it is; empty: none
};

// Lives for one read, on its thread. Borrows what it is made of.
class WorkflowHistory {
 public:
  // Of so many events it looks at no further one, and of so many records of one moment.
  static constexpr int kEventsMax = 20'000;
  static constexpr int kRowsMax = 10'000;

  // Up to `end`, where the views are that far.
  WorkflowHistory(const runtime::Runtime& runtime,
                  const std::vector<runtime::ResourceType>& resources, WorkspaceId workspace,
                  Position end);

  // What happened to a resource after `from`, up to `until`; false ends the walk.
  using Visitor = absl::FunctionRef<absl::StatusOr<bool>(const PastChange& change)>;
  absl::Status ForEach(absl::string_view resource, Position from, absl::Time until, Visitor visit);

  // And which thresholds scores reached, whatever records they are of.
  using CrossingVisitor = absl::FunctionRef<absl::StatusOr<bool>(
      const scoring_models::v1::ScoreThresholdCrossed& crossed,
      const eventstore::EventHeader& header)>;
  absl::Status ForEachCrossing(Position from, absl::Time until, CrossingVisitor visit);

  // The position of then, and the record as it was there; null: it was not.
  absl::StatusOr<Position> PositionAt(absl::Time time) const;
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> RowAt(absl::string_view record,
                                                                   Position at) const;
  // The records of a resource as they were, in the order of their names; false ends the walk.
  absl::Status ForEachRow(
      absl::string_view resource, Position at,
      absl::FunctionRef<bool(const std::string& name, const google::protobuf::Message& row)> visit);
  // Its fields; null of what has no rows.
  const projections::TableCore* TableOf(absl::string_view resource) const;

  Position end() const { return end_; }
  int events_looked_at() const { return events_; }
  bool is_out_of_events() const { return events_ >= kEventsMax; }
  bool is_out_of_rows() const { return is_out_of_rows_; }

 private:
  struct Rows {
    const projections::TableCore* table;
    const projections::View* view;
  };

  // The events of categories that it takes; false ends the walk.
  using EventVisitor = absl::FunctionRef<absl::StatusOr<bool>(const eventstore::RecordedEvent&)>;
  absl::Status ForEachEvent(absl::FunctionRef<bool(absl::string_view category)> takes,
                            Position from, absl::Time until, EventVisitor visit);
  // The rows of a resource; those of none where it has none.
  Rows RowsOf(absl::string_view resource) const;
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> Read(const Rows& rows,
                                                                  absl::string_view name,
                                                                  Position at) const;
  // What an event made of rows of the resource.
  absl::StatusOr<std::vector<PastChange>> ChangesBy(const eventstore::RecordedEvent& event,
                                                    absl::string_view resource) const;
  absl::Status AddRow(const Rows& rows, const eventstore::EventHeader& header,
                      const std::string& name, std::vector<PastChange>& changes) const;

  const runtime::Runtime& runtime_;
  const std::vector<runtime::ResourceType>& resources_;
  const WorkspaceId workspace_;
  Position end_;
  int events_ = 0;
  bool is_out_of_rows_ = false;
};

}  // namespace kith::workflows
