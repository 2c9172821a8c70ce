// DryRunner: what one definition of a workflow would have done, told from what happened. It asks
// what the policies and the steps ask, of the records as they were.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/field_mask.pb.h"
#include "google/protobuf/message.h"
#include "kith/workflows/v1/dry_run.pb.h"
#include "kith/workflows/v1/workflow.pb.h"
#include "projections/workflows/active_workflows.h"
#include "services/core/business_time.h"
#include "services/core/collection.h"
#include "services/runtime/calls/method_table.h"
#include "services/workflows/workflow_history.h"

namespace kith::workflows {

// Lives for one read, on its thread. Borrows everything.
class DryRunner {
 public:
  struct Span {
    absl::Time start;
    absl::Time end;
    absl::TimeZone zone;  // the workspace's
    int runs_max = 0;
  };

  DryRunner(const v1::Workflow& workflow, const Span& span, const runtime::MethodTable& methods,
            const Collections& collections, WorkflowHistory& history);

  // In the order of time.
  absl::StatusOr<std::vector<v1::DryRun>> Run();
  // Until when everything is told; infinite where all of it is.
  absl::Time told_until() const { return told_until_; }

 private:
  // How far a run has come.
  struct Course {
    std::string record;
    absl::Time now;
    Position at;
    // What its requests have made of the record's fields, and whether more that is not known.
    std::shared_ptr<google::protobuf::Message> changed;
    google::protobuf::FieldMask mask;
    bool is_unknown = false;
    google::protobuf::RepeatedPtrField<v1::StepAnswer> answers;
    google::protobuf::RepeatedPtrField<std::string> links;
    // Of which its requests have made what is not known.
    std::set<std::string> named;
    v1::RunState state = v1::RUNNING;
    int steps = 0;
  };
  using Steps = google::protobuf::RepeatedPtrField<v1::DryRunStep>;

  absl::Status FollowChanges();
  absl::Status FollowScores();
  absl::Status FollowMoments();
  absl::Status FollowSchedule();
  // False where as many are told as may be.
  absl::StatusOr<bool> SetOff(const RunSubject& subject, absl::Time time, Position at,
                              int64_t sequence);

  // Takes the steps from this one on.
  absl::Status Take(std::string step, Course& course, Steps& told);
  // What one step leads to; empty: it ends there, or course.state says what it is.
  absl::StatusOr<std::string> TakeOne(const v1::WorkflowStep& step, Course& course,
                                      v1::DryRunStep& told);
  absl::StatusOr<std::string> TakeCall(const v1::WorkflowStep& step, Course& course,
                                       v1::DryRunStep& told);
  absl::StatusOr<std::string> TakeWait(const v1::WorkflowStep& step, Course& course,
                                       v1::DryRunStep& told);
  absl::StatusOr<std::string> TakeBranch(const v1::WorkflowStep& step, Course& course,
                                         v1::DryRunStep& told);
  absl::StatusOr<std::string> TakeAwait(const v1::WorkflowStep& step, Course& course,
                                        v1::DryRunStep& told);
  std::string Refuse(const std::string& reason, Course& course, v1::DryRunStep& told) const;
  // Behind all that happened before then.
  absl::StatusOr<Position> Before(absl::Time time) const;
  // The record as it was then, with what the run has made of it; null: it was not there.
  absl::StatusOr<std::unique_ptr<google::protobuf::Message>> RecordOf(const Course& course) const;
  void TakeChanges(const google::protobuf::Message& request,
                   const google::protobuf::MethodDescriptor& method,
                   const google::protobuf::Message* record, Course& course) const;
  absl::StatusOr<WorkCalendar> CalendarOf(const std::string& calendar, Position at) const;
  absl::StatusOr<bool> Holds(const std::string& condition, const std::string& record,
                             const google::protobuf::Message& row, absl::Time now) const;
  // It is at the time that it waited for; false where that is later than what is looked at.
  absl::StatusOr<bool> MoveTo(absl::Time time, Course& course, v1::DryRunStep& told) const;

  const v1::Workflow& workflow_;
  const Span span_;
  const runtime::MethodTable& methods_;
  const Collections& collections_;
  WorkflowHistory& history_;
  std::vector<v1::DryRun> runs_;
  size_t bytes_ = 0;
  absl::Time told_until_ = absl::InfiniteFuture();
};

}  // namespace kith::workflows
