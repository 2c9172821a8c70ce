#include "services/workflows/dry_run.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/failure.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/util/json_util.h"
#include "kith/business_calendars/v1/business_calendar.pb.h"
#include "kith/options/v1/options.pb.h"
#include "projections/tables/row_filter.h"
#include "projections/workflows/awaiting_runs.h"
#include "projections/workflows/moment_timers.h"
#include "projections/workflows/record_moment.h"
#include "projections/workflows/score_triggers.h"
#include "projections/workflows/time_span.h"
#include "services/core/resource_name.h"
#include "services/core/update_mask.h"
#include "services/core/work_calendar.h"
#include "services/workflows/step_request.h"
#include "services/workflows/workflow.h"
#include "services/workflows/workflow_fields.h"
#include "services/workflows/workflow_run.h"

namespace kith::workflows {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::Message;
using MessagePtr = std::unique_ptr<Message>;

// Of one run, on all its ways.
constexpr int kStepsMax = 200;
constexpr size_t kBytesMax = 2 << 20;
constexpr int kRecordsDefault = 100;
// What a run is called that is none.
constexpr char kRunName[] = "workflowRuns/dry-run";

std::string TextIn(const Message& message, const std::string& name) {
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->is_repeated() ||
      field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) {
    return "";
  }
  return message.GetReflection()->GetString(message, field);
}

// The message of that type in a request; null where it has none.
const Message* PartOf(const Message& request, const google::protobuf::Descriptor& type) {
  for (int i = 0; i < request.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* const field = request.GetDescriptor()->field(i);
    if (field->message_type() != &type || field->is_repeated()) continue;
    return &request.GetReflection()->GetMessage(request, field);
  }
  return nullptr;
}

// What a step would have answered: the record that its request names, or one that is called by the
// step: "deals/offer".
std::string AnswerOf(const google::protobuf::MethodDescriptor& method, const Message& request,
                     const std::string& step) {
  const std::string& pattern =
      method.output_type()->options().GetExtension(options::v1::resource).pattern();
  if (pattern.empty()) return "";
  const Message* const part = PartOf(request, *method.output_type());
  for (const std::string& name :
       {TextIn(request, "name"), part == nullptr ? std::string() : TextIn(*part, "name")}) {
    if (ResourcePattern(pattern).Matches(name)) return name;
  }
  std::vector<std::string> segments = absl::StrSplit(pattern, '/');
  for (size_t i = 1; i < segments.size(); i += 2) segments[i] = step;
  return absl::StrJoin(segments, "/");
}

}  // namespace

DryRunner::DryRunner(const v1::Workflow& workflow, const Span& span,
                     const runtime::MethodTable& methods, const Collections& collections,
                     WorkflowHistory& history)
    : workflow_(workflow),
      span_(span),
      methods_(methods),
      collections_(collections),
      history_(history) {}

absl::StatusOr<std::vector<v1::DryRun>> DryRunner::Run() {
  const v1::WorkflowTrigger& trigger = workflow_.trigger();
  if (trigger.has_schedule()) {
    KITH_RETURN_IF_ERROR(FollowSchedule());
  } else if (trigger.has_record_time()) {
    KITH_RETURN_IF_ERROR(FollowMoments());
  } else if (trigger.has_score_reached()) {
    KITH_RETURN_IF_ERROR(FollowScores());
  } else if (!trigger.resource().empty()) {
    KITH_RETURN_IF_ERROR(FollowChanges());
  }
  return std::move(runs_);
}

absl::Status DryRunner::FollowChanges() {
  const v1::WorkflowTrigger& trigger = workflow_.trigger();
  KITH_ASSIGN_OR_RETURN(const Position start, Before(span_.start));
  absl::Time last = span_.start;
  KITH_RETURN_IF_ERROR(history_.ForEach(
      trigger.resource(), start, span_.end, [&](const PastChange& change) -> absl::StatusOr<bool> {
        const eventstore::EventHeader& header = change.header;
        last = header.record_time;
        const bool is_own = !change.step_of.empty() && change.step_of == workflow_.name();
        if (change.after == nullptr || change.record.empty() || is_own ||
            !IsSetOff(trigger, change.table, change.before.get(), *change.after,
                      header.occur_time)) {
          return true;
        }
        const RunSubject subject =
            change.about.empty() ? RunSubject{change.record} : SubjectOf(change.about);
        return SetOff(subject, header.record_time, header.position,
                      static_cast<int64_t>(header.sequence.value()));
      }));
  if (history_.is_out_of_events()) told_until_ = std::min(told_until_, last);
  return absl::OkStatus();
}

absl::Status DryRunner::FollowScores() {
  const v1::WorkflowTrigger& trigger = workflow_.trigger();
  KITH_ASSIGN_OR_RETURN(const Position start, Before(span_.start));
  absl::Time last = span_.start;
  KITH_RETURN_IF_ERROR(history_.ForEachCrossing(
      start, span_.end,
      [&](const scoring_models::v1::ScoreThresholdCrossed& crossed,
          const eventstore::EventHeader& header) -> absl::StatusOr<bool> {
        last = header.record_time;
        if (!IsReached(trigger, crossed)) return true;
        KITH_ASSIGN_OR_RETURN(const auto row, history_.RowAt(crossed.record(), header.position));
        if (row == nullptr) return true;
        bool holds = trigger.condition().empty();
        if (!holds) {
          KITH_ASSIGN_OR_RETURN(
              holds, Holds(trigger.condition(), crossed.record(), *row, header.record_time));
        }
        if (!holds) return true;
        return SetOff({crossed.record()}, header.record_time, header.position,
                      static_cast<int64_t>(header.sequence.value()));
      }));
  if (history_.is_out_of_events()) told_until_ = std::min(told_until_, last);
  return absl::OkStatus();
}

absl::Status DryRunner::FollowMoments() {
  const v1::WorkflowTrigger& trigger = workflow_.trigger();
  KITH_ASSIGN_OR_RETURN(const Position start, Before(span_.start));
  const auto* const table = history_.TableOf(trigger.resource());
  if (table == nullptr) return absl::OkStatus();
  // As it was when the time that is looked at begins.
  KITH_ASSIGN_OR_RETURN(const WorkCalendar calendar,
                        CalendarOf(trigger.record_time().business_calendar(), start));
  struct Moment {
    absl::Time time;
    Position set_at;
  };
  std::map<std::string, Moment> due;
  std::set<std::pair<absl::Time, std::string>> queue;
  std::set<std::pair<absl::Time, std::string>> fired;
  const auto set = [&](const std::string& record, std::optional<absl::Time> time, Position at) {
    const auto known = due.find(record);
    if (known != due.end()) {
      queue.erase({known->second.time, record});
      due.erase(known);
    }
    if (!time.has_value()) return;
    due.emplace(record, Moment{*time, at});
    queue.emplace(*time, record);
  };
  if (trigger.record_time().existing_records()) {
    KITH_RETURN_IF_ERROR(history_.ForEachRow(
        trigger.resource(), start, [&](const std::string& name, const Message& row) {
          const auto time = DueOf(trigger, table->declaration(), &row, calendar);
          if (time.has_value() && *time >= span_.start) set(name, time, start);
          return true;
        }));
  }
  const auto fire = [&](absl::Time until) -> absl::StatusOr<bool> {
    while (!queue.empty() && queue.begin()->first <= until) {
      const auto [time, record] = *queue.begin();
      // What was recorded while the clock was set back stands behind what was at that time.
      const Position set_at = due.at(record).set_at;
      set(record, std::nullopt, set_at);
      if (!fired.emplace(time, record).second) continue;
      KITH_ASSIGN_OR_RETURN(const Position at, history_.PositionAt(time));
      KITH_ASSIGN_OR_RETURN(const bool goes_on, SetOff({record}, time, std::max(at, set_at), 0));
      if (!goes_on) return false;
    }
    return true;
  };
  absl::Time last = span_.start;
  bool goes_on = true;
  KITH_RETURN_IF_ERROR(history_.ForEach(
      trigger.resource(), start, span_.end, [&](const PastChange& change) -> absl::StatusOr<bool> {
        last = change.header.record_time;
        KITH_ASSIGN_OR_RETURN(goes_on, fire(last));
        if (!goes_on) return false;
        const auto before = DueOf(trigger, change.table, change.before.get(), calendar);
        const auto after = DueOf(trigger, change.table, change.after.get(), calendar);
        if (before == after) return true;
        set(change.name,
            after.has_value() && IsToCome(*after, change.header) ? after : std::nullopt,
            change.header.position);
        return true;
      }));
  if (history_.is_out_of_events()) {
    told_until_ = std::min(told_until_, last);
    return absl::OkStatus();
  }
  return goes_on ? fire(span_.end).status() : absl::OkStatus();
}

absl::Status DryRunner::FollowSchedule() {
  const v1::WorkflowTrigger& trigger = workflow_.trigger();
  const int most =
      trigger.schedule().max_records() == 0 ? kRecordsDefault : trigger.schedule().max_records();
  absl::Time time = span_.start - absl::Microseconds(1);
  while (const auto next = NextTime(trigger.schedule(), time, span_.zone)) {
    if (*next > span_.end) return absl::OkStatus();
    time = *next;
    KITH_ASSIGN_OR_RETURN(const Position at, history_.PositionAt(time));
    std::vector<std::string> records;
    if (trigger.resource().empty()) records.emplace_back();
    const auto* const table = history_.TableOf(trigger.resource());
    KITH_RETURN_IF_ERROR(history_.ForEachRow(
        trigger.resource(), at, [&](const std::string& name, const Message& row) {
          if (projections::RowHolds(table->declaration(), trigger.condition(), row, time)) {
            records.push_back(name);
          }
          return records.size() < static_cast<size_t>(most);
        }));
    for (const std::string& record : records) {
      KITH_ASSIGN_OR_RETURN(const bool goes_on, SetOff({record}, time, at, 0));
      if (!goes_on) return absl::OkStatus();
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> DryRunner::SetOff(const RunSubject& subject, absl::Time time, Position at,
                                       int64_t sequence) {
  if (runs_.size() == static_cast<size_t>(span_.runs_max) || bytes_ >= kBytesMax) {
    told_until_ = std::min(told_until_, time);
    return false;
  }
  v1::DryRun& run = runs_.emplace_back();
  run.set_record(subject.record);
  *run.mutable_time() = ToTimestamp(time);
  run.set_sequence(sequence);
  Course course;
  course.record = subject.record;
  course.links.Assign(subject.links.begin(), subject.links.end());
  course.now = time;
  course.at = at;
  if (!workflow_.steps().empty()) {
    KITH_RETURN_IF_ERROR(Take(workflow_.steps(0).id(), course, *run.mutable_steps()));
  } else {
    course.state = v1::DONE;
  }
  run.set_state(course.state);
  bytes_ += run.ByteSizeLong();
  return true;
}

absl::Status DryRunner::Take(std::string step, Course& course, Steps& told) {
  while (course.state == v1::RUNNING) {
    const v1::WorkflowStep* const found = FindStep(workflow_.steps(), step);
    if (step.empty() || found == nullptr) {
      course.state = v1::DONE;
      return absl::OkStatus();
    }
    if (course.steps++ == kStepsMax) return absl::OkStatus();
    v1::DryRunStep& one = *told.Add();
    one.set_step(step);
    *one.mutable_time() = ToTimestamp(course.now);
    KITH_ASSIGN_OR_RETURN(step, TakeOne(*found, course, one));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> DryRunner::TakeOne(const v1::WorkflowStep& step, Course& course,
                                               v1::DryRunStep& told) {
  switch (step.action_case()) {
    case v1::WorkflowStep::kCall:
      return TakeCall(step, course, told);
    case v1::WorkflowStep::kWait:
      return TakeWait(step, course, told);
    case v1::WorkflowStep::kBranch:
      return TakeBranch(step, course, told);
    case v1::WorkflowStep::kAwait:
      return TakeAwait(step, course, told);
    default:
      return std::string();
  }
}

std::string DryRunner::Refuse(const std::string& reason, Course& course,
                              v1::DryRunStep& told) const {
  told.set_reason(reason);
  course.state = v1::FAILED;
  return "";
}

absl::StatusOr<Position> DryRunner::Before(absl::Time time) const {
  return history_.PositionAt(time - absl::Microseconds(1));
}

absl::StatusOr<MessagePtr> DryRunner::RecordOf(const Course& course) const {
  KITH_ASSIGN_OR_RETURN(MessagePtr record, history_.RowAt(course.record, course.at));
  if (record != nullptr && course.changed != nullptr) {
    ApplyFields(*course.changed, course.mask, record.get());
  }
  return record;
}

absl::StatusOr<std::string> DryRunner::TakeCall(const v1::WorkflowStep& step, Course& course,
                                                v1::DryRunStep& told) {
  told.set_method(step.call().method());
  const runtime::BoundMethod* const bound = methods_.FindCommand(step.call().method());
  if (bound == nullptr || !WhyNoStep(*bound->method().descriptor).empty()) {
    return Refuse("NO_SUCH_METHOD", course, told);
  }
  const runtime::Method& method = bound->method();
  told.set_method(method.name);
  KITH_ASSIGN_OR_RETURN(const MessagePtr record, RecordOf(course));
  const auto request = MakeStepRequest(step.call().request(), *method.descriptor,
                                       {record.get(), kRunName, workflow_.name(), course.answers,
                                        course.links, course.now, span_.zone});
  if (!request.ok()) return Refuse("INVALID_REQUEST", course, told);
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  if (google::protobuf::util::MessageToJsonString(**request, &json, options).ok()) {
    told.set_request(std::move(json));
  }
  const absl::Status checked = method.Check(**request);
  if (!checked.ok()) return Refuse(ReasonOf(checked), course, told);
  TakeChanges(**request, *method.descriptor, record.get(), course);
  const std::string answer = AnswerOf(*method.descriptor, **request, step.id());
  if (!answer.empty()) {
    const auto known = std::find_if(course.answers.begin(), course.answers.end(),
                                    [&](const auto& one) { return one.step() == step.id(); });
    v1::StepAnswer& kept = known == course.answers.end() ? *course.answers.Add() : *known;
    kept.set_step(step.id());
    kept.set_name(answer);
  }
  return NextOf(workflow_.steps(), step);
}

void DryRunner::TakeChanges(const Message& request,
                            const google::protobuf::MethodDescriptor& method, const Message* record,
                            Course& course) const {
  const Message* const answer = PartOf(request, *method.output_type());
  course.named.insert(answer == nullptr ? TextIn(request, "name") : TextIn(*answer, "name"));
  if (record == nullptr) return;
  const Message* const wanted = PartOf(request, *record->GetDescriptor());
  const bool is_update = wanted != nullptr && absl::StartsWith(method.name(), "Update") &&
                         TextIn(*wanted, "name") == course.record;
  if (!is_update) {
    // A command of its own makes of the record what only that knows.
    course.is_unknown = course.is_unknown || TextIn(request, "name") == course.record;
    return;
  }
  const Message* const mask = PartOf(request, *FieldMask::descriptor());
  const auto changed = ChangedFields(
      *record, *wanted, mask == nullptr ? FieldMask() : static_cast<const FieldMask&>(*mask));
  if (!changed.ok()) return;
  std::shared_ptr<Message> all(record->New());
  if (course.changed != nullptr) all->CopyFrom(*course.changed);
  ApplyFields(*wanted, *changed, all.get());
  course.changed = std::move(all);
  course.mask.MergeFrom(*changed);
}

absl::StatusOr<WorkCalendar> DryRunner::CalendarOf(const std::string& calendar, Position at) const {
  if (calendar.empty()) return Weekdays(span_.zone);
  KITH_ASSIGN_OR_RETURN(const MessagePtr row, history_.RowAt(calendar, at));
  if (row == nullptr) return Weekdays(span_.zone);
  return WorkCalendarOf(static_cast<const business_calendars::v1::BusinessCalendar&>(*row));
}

absl::StatusOr<bool> DryRunner::MoveTo(absl::Time time, Course& course,
                                       v1::DryRunStep& told) const {
  if (time > course.now) *told.mutable_wait_until_time() = ToTimestamp(time);
  if (time > span_.end) {
    course.state = v1::WAITING;
    return false;
  }
  course.now = std::max(course.now, time);
  KITH_ASSIGN_OR_RETURN(const Position at, history_.PositionAt(course.now));
  course.at = std::max(course.at, at);
  return true;
}

absl::StatusOr<std::string> DryRunner::TakeWait(const v1::WorkflowStep& step, Course& course,
                                                v1::DryRunStep& told) {
  KITH_ASSIGN_OR_RETURN(const MessagePtr record, RecordOf(course));
  KITH_ASSIGN_OR_RETURN(const WorkCalendar calendar,
                        CalendarOf(step.wait().business_calendar(), course.at));
  const auto until = WaitTime(step.wait(), record.get(), course.now, calendar);
  if (absl::IsNotFound(until.status())) return std::string();
  if (!until.ok()) return Refuse("BEYOND_TWENTY_YEARS", course, told);
  KITH_ASSIGN_OR_RETURN(const bool is_there, MoveTo(*until, course, told));
  return is_there ? NextOf(workflow_.steps(), step) : "";
}

absl::StatusOr<bool> DryRunner::Holds(const std::string& condition, const std::string& record,
                                      const Message& row, absl::Time now) const {
  const auto collection = std::find_if(
      collections_.begin(), collections_.end(),
      [&](const Collection& one) { return one.name == eventstore::CategoryOf(record); });
  if (collection == collections_.end()) return false;
  return collection->holds(condition, row, now, span_.zone);
}

absl::StatusOr<std::string> DryRunner::TakeBranch(const v1::WorkflowStep& step, Course& course,
                                                  v1::DryRunStep& told) {
  const std::string next = NextOf(workflow_.steps(), step);
  const std::string& of = step.branch().of();
  const std::string name = of.empty() ? course.record : LinkOf(course.links, of);
  KITH_ASSIGN_OR_RETURN(const MessagePtr record,
                        of.empty() ? RecordOf(course) : history_.RowAt(name, course.at));
  const bool is_unknown =
      of.empty() ? course.is_unknown : !name.empty() && course.named.contains(name);
  if (is_unknown) {
    for (const bool held : {true, false}) {
      v1::DryRunWay& way = *told.add_ways();
      way.set_held(held);
      Course own = course;
      KITH_RETURN_IF_ERROR(
          Take(held ? next : step.branch().otherwise(), own, *way.mutable_steps()));
      course.steps = own.steps;
    }
    course.state = v1::DONE;
    return std::string();
  }
  bool is_so = false;
  if (record != nullptr) {
    const auto held = Holds(step.branch().condition(), name, *record, course.now);
    if (!held.ok()) return Refuse(ReasonOf(held.status()), course, told);
    is_so = *held;
  }
  told.set_held(is_so);
  return is_so ? next : step.branch().otherwise();
}

absl::StatusOr<std::string> DryRunner::TakeAwait(const v1::WorkflowStep& step, Course& course,
                                                 v1::DryRunStep& told) {
  const v1::AwaitStep& await = step.await();
  const std::string next = NextOf(workflow_.steps(), step);
  KITH_ASSIGN_OR_RETURN(const MessagePtr record, RecordOf(course));
  if (record == nullptr) return std::string();
  const v1::AwaitedChange awaited = AwaitedBy(await, course.record, *record);
  if (awaited.record().empty()) return await.otherwise();
  if (IsOfState(awaited)) {
    KITH_ASSIGN_OR_RETURN(const MessagePtr now, awaited.record() == course.record
                                                    ? RecordOf(course)
                                                    : history_.RowAt(awaited.record(), course.at));
    if (now != nullptr) {
      KITH_ASSIGN_OR_RETURN(const bool is_so,
                            Holds(awaited.condition(), awaited.record(), *now, course.now));
      if (is_so) {
        told.set_happened_to(awaited.record());
        return next;
      }
    }
  }
  KITH_ASSIGN_OR_RETURN(const WorkCalendar calendar,
                        CalendarOf(await.business_calendar(), course.at));
  KITH_ASSIGN_OR_RETURN(const TimeSpan timeout, ParseTimeSpan(await.timeout()));
  const auto until = Add(course.now, timeout, calendar);
  if (!until.has_value()) return Refuse("BEYOND_TWENTY_YEARS", course, told);
  std::optional<absl::Time> happened;
  KITH_RETURN_IF_ERROR(history_.ForEach(awaited.resource(), course.at, std::min(*until, span_.end),
                                        [&](const PastChange& change) -> absl::StatusOr<bool> {
                                          if (change.after == nullptr ||
                                              !IsAwaited(awaited,
                                                         {change.table, change.name, change.about,
                                                          change.before.get(), *change.after},
                                                         change.header.occur_time)) {
                                            return true;
                                          }
                                          happened = change.header.record_time;
                                          course.at = change.header.position;
                                          told.set_happened_to(change.name);
                                          return false;
                                        }));
  if (happened.has_value()) {
    course.now = std::max(course.now, *happened);
    return next;
  }
  if (history_.is_out_of_events()) {
    told_until_ = std::min(told_until_, course.now);
    return std::string();
  }
  KITH_ASSIGN_OR_RETURN(const bool is_there, MoveTo(*until, course, told));
  return is_there ? await.otherwise() : "";
}

}  // namespace kith::workflows
