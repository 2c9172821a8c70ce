#include "services/meetings/calendar.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/meetings/v1/meetings_errors.pb.h"
#include "kith/meetings/v1/meetings_service.pb.h"
#include "kith/tasks/v1/tasks_service.pb.h"
#include "projections/meetings/meeting_directory.h"
#include "services/core/date.h"
#include "services/core/icalendar.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/meetings/calendar_event.h"
#include "services/runtime/calls/part_read.h"

namespace kith::meetings {
namespace {

using runtime::Caller;
using runtime::ReadContext;
using tasks::v1::Task;

constexpr absl::string_view kPolicy = "policies/calendar";
// How much of it is told, before and after the moment of the read, and of each at most.
constexpr absl::Duration kBefore = absl::Hours(24 * 90);
constexpr absl::Duration kAfter = absl::Hours(24 * 366);
constexpr int kToldMax = 1'000;

// The method that takes such a request.
template <class Request>
const runtime::UnaryMethod& ListOf(const runtime::MethodTable& methods) {
  const auto* const list = methods.FindUnary(runtime::MethodOf<Request>().name);
  KITH_CHECK(list != nullptr);
  return *list;
}

std::string Literal(absl::Time time) {
  return absl::StrCat("\"", absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone()), "\"");
}

bool HasDeclined(const std::string& user, const v1::Meeting& meeting) {
  if (meeting.owner() == user) return false;
  return std::any_of(meeting.attendees().begin(), meeting.attendees().end(), [&](const auto& one) {
    return one.attendee() == user && one.answer() == v1::DECLINED;
  });
}

CalendarTaskState StateOf(const Task& task) {
  switch (task.state()) {
    case tasks::v1::IN_PROGRESS:
      return CalendarTaskState::kInProgress;
    case tasks::v1::DONE:
      return CalendarTaskState::kDone;
    case tasks::v1::CANCELLED:
      return CalendarTaskState::kCancelled;
    default:
      return CalendarTaskState::kOpen;
  }
}

// As RFC 5545 has it: 1 is the highest, 5 the usual.
int PriorityOf(const Task& task) {
  switch (task.priority()) {
    case tasks::v1::LOW:
      return 9;
    case tasks::v1::HIGH:
      return 3;
    case tasks::v1::URGENT:
      return 1;
    default:
      return 0;
  }
}

CalendarTask TaskOf(const Task& task) {
  CalendarTask told;
  told.uid = absl::StrCat(IdOf(task.name()), "@kith");
  // A task counts its changes by its revision.
  if (!absl::SimpleAtoi(task.etag(), &told.sequence)) told.sequence = 0;
  told.changed = FromTimestamp(task.update_time());
  told.due = FromTimestamp(task.due_time());
  told.is_all_day = task.has_due_date();
  if (told.is_all_day) {
    const auto& day = task.due_date();
    told.due_day = absl::CivilDay(day.year(), day.month(), day.day());
  }
  told.state = StateOf(task);
  told.done = FromTimestamp(task.close_time());
  told.priority = PriorityOf(task);
  told.summary = task.display_name();
  told.description = task.description();
  return told;
}

// The caller with all that their roles grant: what they call with may grant this one method only.
absl::StatusOr<std::shared_ptr<const Caller>> InFull(const ReadContext& context) {
  if (context.caller.member == nullptr) {
    return Reject(v1::MEETINGS_ERROR_NO_USER,
                  "The caller is no user, whose calendar it could be. Call with credentials of "
                  "theirs, or on behalf of them.");
  }
  auto kith = context.authorizer.CallerOfPolicy(context.workspace(), kPolicy);
  if (kith == nullptr) return absl::UnavailableError("the workspace is not there");
  return context.authorizer.OnBehalfOf(std::move(kith), context.caller.member->user);
}

// What ListMeetings and ListTasks tell the user of the time.
class Calendar {
 public:
  // Borrows both.
  Calendar(const runtime::MethodTable& methods, const ReadContext& context)
      : methods_(methods),
        context_(context),
        from_(Literal(context.read_time - kBefore)),
        until_(Literal(context.read_time + kAfter)),
        user_(context.caller.member->user) {}

  absl::StatusOr<std::vector<CalendarEvent>> Meetings() const {
    v1::ListMeetingsRequest asked;
    asked.set_filter(absl::StrCat("(owner = \"", user_, "\" OR attendee = \"", user_,
                                  "\") end_time > ", from_, " start_time < ", until_));
    asked.set_order_by("start_time");
    v1::ListMeetingsResponse listed;
    KITH_RETURN_IF_ERROR(List(asked, &listed));
    std::vector<CalendarEvent> told;
    for (const v1::Meeting& meeting : listed.meetings()) {
      if (!HasDeclined(user_, meeting)) told.push_back(EventOf(meeting));
    }
    return told;
  }

  absl::StatusOr<std::vector<CalendarTask>> Tasks() const {
    tasks::v1::ListTasksRequest asked;
    asked.set_filter(
        absl::StrCat("owner = \"", user_, "\" due_time > ", from_, " due_time < ", until_));
    asked.set_order_by("due_time");
    tasks::v1::ListTasksResponse listed;
    KITH_RETURN_IF_ERROR(List(asked, &listed));
    std::vector<CalendarTask> told;
    for (const Task& task : listed.tasks()) told.push_back(TaskOf(task));
    return told;
  }

 private:
  // Nothing where their roles do not let them.
  template <class Request, class Response>
  absl::Status List(Request& asked, Response* listed) const {
    if (!context_.caller.grants.Contain(runtime::MethodOf<Request>().permission)) {
      return absl::OkStatus();
    }
    asked.set_page_size(kToldMax);
    return runtime::ReadPart(context_, ListOf<Request>(methods_), asked, listed);
  }

  const runtime::MethodTable& methods_;
  const ReadContext& context_;
  const std::string from_;
  const std::string until_;
  const std::string user_;
};

absl::Status GetCalendar(const runtime::MethodTable& methods, const ReadContext& context,
                         v1::Calendar* response) {
  KITH_ASSIGN_OR_RETURN(const std::shared_ptr<const Caller> caller, InFull(context));
  const ReadContext theirs{*caller,       context.authorizer, context.log,  context.snapshots,
                           context.tier,  context.read_time,  context.keys, "",
                           context.as_of, context.views};
  const Calendar calendar(methods, theirs);
  KITH_ASSIGN_OR_RETURN(const std::vector<CalendarEvent> meetings, calendar.Meetings());
  KITH_ASSIGN_OR_RETURN(const std::vector<CalendarTask> tasks, calendar.Tasks());
  response->set_content_type("text/calendar; charset=utf-8");
  response->set_content(PublishedCalendar("Kith", meetings, tasks));
  return absl::OkStatus();
}

// Those that the lists are of.
runtime::ReadViews ViewsOf(const runtime::MethodTable& methods) {
  runtime::ReadViews views = ListOf<v1::ListMeetingsRequest>(methods).views();
  for (auto* const view : ListOf<tasks::v1::ListTasksRequest>(methods).views()) {
    views.push_back(view);
  }
  return views;
}

}  // namespace

void BindCalendar(runtime::MethodTable& methods) {
  methods.Read(
      runtime::MethodOf<v1::GetCalendarRequest>(), MeetingDirectory::kName,
      runtime::ReadKind::kScan,
      [&methods](const ReadContext& context, const google::protobuf::Message&,
                 google::protobuf::Message* response) {
        return GetCalendar(methods, context, static_cast<v1::Calendar*>(response));
      },
      [&methods](const google::protobuf::Message&) { return ViewsOf(methods); });
}

}  // namespace kith::meetings
