#include "services/tasks/agenda.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "kith/leads/v1/leads_service.pb.h"
#include "kith/meetings/v1/meetings_service.pb.h"
#include "kith/tasks/v1/tasks_errors.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "kith/users/v1/user.pb.h"
#include "projections/tables/page_limits.h"
#include "projections/tasks/task_directory.h"
#include "services/core/date.h"
#include "services/core/reject.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/calls/part_read.h"
#include "services/runtime/requests/validate.h"
#include "services/runtime/resources/not_there.h"
#include "services/runtime/resources/visibility.h"

namespace kith::tasks {
namespace {

using google::protobuf::RepeatedPtrField;
using projections::Expression;
using runtime::ReadContext;

constexpr int kDaysUsual = 7;
// Of somebody's open deals, and of their leads, so many are looked at.
constexpr int kOpenMax = 1'000;

// Whose agenda it is: their name, and the zone that their days are of.
struct Whose {
  std::string user;
  std::string zone_name;
  absl::TimeZone zone;
};

absl::StatusOr<Whose> FindWhose(const ReadContext& context, const v1::QueryAgendaRequest& request) {
  Whose whose{request.user(), "UTC", absl::UTCTimeZone()};
  const bool is_user = context.caller.member != nullptr;
  if (whose.user.empty() && is_user) whose.user = context.caller.member->user;
  if (whose.user.empty()) {
    return runtime::ViolationError("user", "is required of a caller who is no user");
  }
  KITH_ASSIGN_OR_RETURN(const std::optional<users::v1::User> user,
                        projections::DirectoryRows<users::v1::User>().Get(
                            context.view(1), context.workspace(), whose.user, context.tier));
  if (!user.has_value()) {
    return runtime::NotThere(
        context, whose.user,
        RejectResource(v1::TASKS_ERROR_USER_NOT_FOUND,
                       "There is no such user, or they were deleted. Check the name.", whose.user));
  }
  KITH_ASSIGN_OR_RETURN(const auto settings, context.SettingsThen());
  for (const std::string& name : {user->time_zone(), settings->time_zone}) {
    const std::optional<absl::TimeZone> zone = TimeZoneOf(name);
    if (name.empty() || !zone.has_value()) continue;
    whose.zone_name = name;
    whose.zone = *zone;
    break;
  }
  return whose;
}

std::string Literal(absl::Time time) {
  return absl::StrCat("\"", absl::FormatTime(absl::RFC3339_full, time, absl::UTCTimeZone()), "\"");
}

// The user's tasks that are still to be done and are due as `when` says, as far as the caller sees
// them.
class DueTasks {
 public:
  DueTasks(const ReadContext& context, const v1::QueryAgendaRequest& request,
           const std::string& user)
      : context_(context), page_size_(request.page_size()) {
    of_user_ = absl::StrCat("owner = \"", user, "\" state in (OPEN, IN_PROGRESS) ");
    if (runtime::Reach(context.caller, "tasks.read").Covers(user)) return;
    within_ = runtime::SharedWith(*context.caller.member);
  }

  // True where there are more of them.
  absl::StatusOr<bool> List(const std::string& when, RepeatedPtrField<v1::Task>* tasks) const {
    const std::string filter = absl::StrCat(of_user_, when);
    const projections::ListQuery query{.filter = filter,
                                       .order_by = "due_time",
                                       .page_size = page_size_,
                                       .within = within_.has_value() ? &*within_ : nullptr};
    KITH_ASSIGN_OR_RETURN(const std::string more,
                          TaskDirectory::Tasks().List(context_.view(0), context_.workspace(), query,
                                                      [&] { return tasks->Add(); }));
    return !more.empty();
  }

 private:
  const ReadContext& context_;
  const int page_size_;
  std::string of_user_;
  std::optional<Expression> within_;  // null: the caller sees all of them
};

// The method that takes such a request.
template <class Request>
const runtime::UnaryMethod& ListOf(const runtime::MethodTable& methods) {
  const auto* const list = methods.FindUnary(runtime::MethodOf<Request>().name);
  KITH_CHECK(list != nullptr);
  return *list;
}

bool HasDeclined(const std::string& user, const meetings::v1::Meeting& meeting) {
  if (meeting.owner() == user) return false;
  return std::any_of(meeting.attendees().begin(), meeting.attendees().end(), [&](const auto& one) {
    return one.attendee() == user && one.answer() == meetings::v1::DECLINED;
  });
}

// What ListMeetings tells the caller of those that are not over and begin before `end`.
absl::Status ListMeetings(const runtime::MethodTable& methods, const ReadContext& context,
                          const v1::QueryAgendaRequest& request, const std::string& user,
                          absl::Time end, v1::Agenda* response) {
  const runtime::Method& method = runtime::MethodOf<meetings::v1::ListMeetingsRequest>();
  const auto& list = ListOf<meetings::v1::ListMeetingsRequest>(methods);
  if (!context.caller.grants.Contain(method.permission)) return absl::OkStatus();
  meetings::v1::ListMeetingsRequest asked;
  asked.set_filter(absl::StrCat("(owner = \"", user, "\" OR attendee = \"", user,
                                "\") state = SCHEDULED end_time > ", Literal(context.read_time),
                                " start_time < ", Literal(end)));
  asked.set_order_by("start_time");
  asked.set_page_size(request.page_size());
  meetings::v1::ListMeetingsResponse listed;
  KITH_RETURN_IF_ERROR(runtime::ReadPart(context, list, asked, &listed));
  for (meetings::v1::Meeting& meeting : *listed.mutable_meetings()) {
    if (!HasDeclined(user, meeting)) *response->add_meetings() = std::move(meeting);
  }
  response->set_more_meetings(!listed.next_page_token().empty());
  return absl::OkStatus();
}

// Whether a task about the record is still to be done, whoever may see it. `index` finds those
// about such a record by it and their state.
absl::StatusOr<bool> HasTask(const ReadContext& context, uint8_t index, const std::string& record) {
  bool has = false;
  for (const v1::TaskState state : {v1::OPEN, v1::IN_PROGRESS}) {
    KITH_RETURN_IF_ERROR(TaskDirectory::Tasks().ScanIndex(
        context.view(0), context.workspace(), index,
        projections::KeyRange::Prefix(projections::KeyOf(record, state)), [&](const v1::Task&) {
          has = true;
          return false;
        }));
    if (has) break;
  }
  return has;
}

// Puts those of `listed` into `told` that have no such task; true where there may be more.
template <class Record>
absl::StatusOr<bool> AddWithoutTask(const ReadContext& context,
                                    const v1::QueryAgendaRequest& request, uint8_t index,
                                    RepeatedPtrField<Record>& listed,
                                    RepeatedPtrField<Record>* told) {
  KITH_ASSIGN_OR_RETURN(const size_t most, projections::PageSizeOf(request.page_size()));
  projections::PageRoom room(most);
  for (Record& record : listed) {
    KITH_ASSIGN_OR_RETURN(const bool has, HasTask(context, index, record.name()));
    if (has) continue;
    if (!room.Take(record.ByteSizeLong())) return true;
    *told->Add() = std::move(record);
  }
  return false;
}

absl::Status AddDealsWithoutTask(const runtime::MethodTable& methods, const ReadContext& context,
                                 const v1::QueryAgendaRequest& request, const std::string& user,
                                 v1::Agenda* response) {
  const auto& list = ListOf<deals::v1::ListDealsRequest>(methods);
  deals::v1::ListDealsRequest asked;
  asked.set_filter(absl::StrCat("owner = \"", user, "\" AND status = OPEN"));
  asked.set_page_size(kOpenMax);
  deals::v1::ListDealsResponse deals;
  const absl::Status listed = runtime::ReadPart(context, list, asked, &deals);
  if (IsError(listed, type::v1::ERROR_PERMISSION_DENIED)) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(listed);
  KITH_ASSIGN_OR_RETURN(
      const bool more,
      AddWithoutTask(context, request, TaskDirectory::kByDealAndState, *deals.mutable_deals(),
                     response->mutable_deals_without_task()));
  response->set_more_deals_without_task(more || !deals.next_page_token().empty());
  return absl::OkStatus();
}

absl::Status AddLeadsWithoutTask(const runtime::MethodTable& methods, const ReadContext& context,
                                 const v1::QueryAgendaRequest& request, const std::string& user,
                                 v1::Agenda* response) {
  const auto& list = ListOf<leads::v1::ListLeadsRequest>(methods);
  leads::v1::ListLeadsRequest asked;
  asked.set_filter(
      absl::StrCat("owner = \"", user,
                   "\" status in (NEW, ASSIGNED, CONTACTED, NURTURING, QUALIFIED, RECYCLED)"));
  asked.set_order_by("create_time");
  asked.set_page_size(kOpenMax);
  leads::v1::ListLeadsResponse leads;
  const absl::Status listed = runtime::ReadPart(context, list, asked, &leads);
  if (IsError(listed, type::v1::ERROR_PERMISSION_DENIED)) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(listed);
  KITH_ASSIGN_OR_RETURN(
      const bool more,
      AddWithoutTask(context, request, TaskDirectory::kByLeadAndState, *leads.mutable_leads(),
                     response->mutable_leads_without_task()));
  response->set_more_leads_without_task(more || !leads.next_page_token().empty());
  return absl::OkStatus();
}

}  // namespace

runtime::ReadViews ViewsOfAgenda(const runtime::MethodTable& methods) {
  runtime::ReadViews views = ListOf<deals::v1::ListDealsRequest>(methods).views();
  for (const auto* const list : {&ListOf<meetings::v1::ListMeetingsRequest>(methods),
                                 &ListOf<leads::v1::ListLeadsRequest>(methods)}) {
    views.insert(views.end(), list->views().begin(), list->views().end());
  }
  return views;
}

absl::Status QueryAgenda(const runtime::MethodTable& methods, const ReadContext& context,
                         const v1::QueryAgendaRequest& request, v1::Agenda* response) {
  KITH_ASSIGN_OR_RETURN(const Whose whose, FindWhose(context, request));
  const absl::Time now = context.read_time;
  const absl::CivilDay today = absl::ToCivilDay(now, whose.zone);
  const int days = request.days() == 0 ? kDaysUsual : request.days();
  const absl::Time end_of_today = TimeOf(absl::CivilSecond(today + 1), whose.zone);
  const absl::Time end_of_upcoming = TimeOf(absl::CivilSecond(today + 1 + days), whose.zone);
  response->set_user(whose.user);
  response->set_time_zone(whose.zone_name);
  *response->mutable_date() = DateOf(today);
  *response->mutable_read_time() = ToTimestamp(now);
  const DueTasks due(context, request, whose.user);
  KITH_ASSIGN_OR_RETURN(const bool more_overdue, due.List(absl::StrCat("due_time < ", Literal(now)),
                                                          response->mutable_overdue()));
  KITH_ASSIGN_OR_RETURN(
      const bool more_today,
      due.List(absl::StrCat("due_time >= ", Literal(now), " due_time <= ", Literal(end_of_today)),
               response->mutable_today()));
  KITH_ASSIGN_OR_RETURN(const bool more_upcoming,
                        due.List(absl::StrCat("due_time > ", Literal(end_of_today),
                                              " due_time <= ", Literal(end_of_upcoming)),
                                 response->mutable_upcoming()));
  response->set_more_overdue(more_overdue);
  response->set_more_today(more_today);
  response->set_more_upcoming(more_upcoming);
  KITH_RETURN_IF_ERROR(AddDealsWithoutTask(methods, context, request, whose.user, response));
  KITH_RETURN_IF_ERROR(AddLeadsWithoutTask(methods, context, request, whose.user, response));
  return ListMeetings(methods, context, request, whose.user, end_of_upcoming, response);
}

}  // namespace kith::tasks
