#include "services/interactions/timeline_reader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "eventstore/base/error.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/companies/v1/company.pb.h"
#include "kith/contacts/v1/contact.pb.h"
#include "kith/contacts/v1/contacts_service.pb.h"
#include "kith/interactions/v1/interactions_errors.pb.h"
#include "kith/meetings/v1/meetings_service.pb.h"
#include "kith/messages/v1/messages_service.pb.h"
#include "kith/visitors/v1/visitor_events.pb.h"
#include "kith/visitors/v1/visitors_errors.pb.h"
#include "kith/visitors/v1/visitors_service.pb.h"
#include "projections/interactions/timeline.h"
#include "projections/tables/merged_names.h"
#include "projections/tables/page_limits.h"
#include "services/core/date.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/core/secrets.h"
#include "services/interactions/amendment.h"
#include "services/runtime/admission/reach.h"
#include "services/runtime/calls/batch_call.h"
#include "services/runtime/calls/part_read.h"
#include "services/runtime/calls/read_permission.h"
#include "services/runtime/requests/method.h"
#include "services/runtime/requests/validate.h"
#include "services/runtime/resources/not_there.h"
#include "services/runtime/resources/owned_records.h"

namespace kith::interactions {
namespace {

// How many entries of a timeline are counted.
constexpr size_t kCountedEntriesMax = 10'000;
// Of the people of a company so many are looked at, for pages of so many, and of the timeline of
// each so many entries are counted, however many people there are.
constexpr int kPeopleMax = 200;
constexpr int kPeoplePageMax = 200;
constexpr size_t kCountedOfEachMin = 100;
constexpr absl::string_view kListContacts = "kith.contacts.v1.ContactsService/ListContacts";
constexpr absl::string_view kMessages = "messages";
constexpr absl::string_view kMeetings = "meetings";
constexpr absl::string_view kVisitors = "visitors";
constexpr absl::string_view kGetVisit = "kith.visitors.v1.VisitorsService/GetVisit";

// The member that is set in a category's event message.
const google::protobuf::Message& MemberOf(const google::protobuf::Message& event) {
  const google::protobuf::Reflection& reflection = *event.GetReflection();
  const auto* const oneof = event.GetDescriptor()->FindOneofByName("event");
  return reflection.GetMessage(event, reflection.GetOneofFieldDescriptor(event, oneof));
}

absl::Status NoSuchRecord(const std::string& name) {
  return RejectResource(v1::INTERACTIONS_ERROR_LINKED_RECORD_NOT_FOUND,
                        absl::StrCat("There is no ", name, "."), name);
}

contacts::v1::ListContactsRequest PeopleRequest(absl::string_view company) {
  contacts::v1::ListContactsRequest request;
  request.set_filter(absl::StrCat("companies.company = \"", company, "\""));
  request.set_page_size(kPeopleMax);
  return request;
}

// Whether the contact is of the company, which has these names, on this day.
bool BelongsTo(const contacts::v1::Contact& contact, const std::vector<std::string>& company,
               absl::CivilDay day) {
  return std::any_of(contact.companies().begin(), contact.companies().end(),
                     [&](const contacts::v1::ContactCompany& one) {
                       const bool is_over = one.has_end_date() && CivilDayOf(one.end_date()) < day;
                       return !is_over && std::find(company.begin(), company.end(),
                                                    one.company()) != company.end();
                     });
}

void Tell(const projections::KindCounts& counts, v1::TimelineSummary* response) {
  for (const projections::KindCount& each : counts.kinds) {
    v1::InteractionCount& told = *response->add_kinds();
    told.set_kind(each.kind);
    told.set_count(each.count);
    *told.mutable_last_occur_time() = ToTimestamp(each.last);
  }
  response->set_counts_are_at_least(counts.at_least);
}

}  // namespace

absl::StatusOr<std::optional<v1::Interaction>> TimelineReader::Find(
    const runtime::ReadContext& context, const std::string& name) const {
  KITH_ASSIGN_OR_RETURN(std::optional<v1::Interaction> interaction,
                        interactions_.Find(context.view(), context.workspace(), name));
  if (!interaction.has_value()) return interaction;
  KITH_RETURN_IF_ERROR(HideRedacted(context, *interaction));
  KITH_ASSIGN_OR_RETURN(const bool is_seen, Sees(context, *interaction));
  if (!is_seen) interaction.reset();
  return interaction;
}

absl::StatusOr<bool> TimelineReader::Sees(const runtime::ReadContext& context,
                                          const v1::Interaction& interaction) const {
  return AnySeen(interaction, [&](absl::string_view record) {
    return runtime_.owned->Sees(context, record, ReadPermission());
  });
}

absl::Status TimelineReader::HideRedacted(const runtime::ReadContext& context,
                                          v1::Interaction& interaction) const {
  const bool is_past = context.as_of || !context.page_token.empty();
  if (!is_past || interaction.redacted()) return absl::OkStatus();
  return interactions_.HideRedacted(context.workspace(), interaction);
}

absl::Status TimelineReader::Get(const runtime::ReadContext& context,
                                 const v1::GetInteractionRequest& request,
                                 v1::Interaction* response) const {
  KITH_ASSIGN_OR_RETURN(std::optional<v1::Interaction> found, Find(context, request.name()));
  if (!found.has_value()) return interactions_.NotThere(context, request.name());
  *response = *std::move(found);
  return absl::OkStatus();
}

absl::Status TimelineReader::BatchGet(const runtime::ReadContext& context,
                                      const v1::BatchGetInteractionsRequest& request,
                                      v1::BatchGetInteractionsResponse* response) const {
  size_t bytes = 0;
  for (const std::string& name : request.names()) {
    if (bytes >= runtime::kBatchBytesMax) {
      response->add_left_out(name);
      continue;
    }
    KITH_ASSIGN_OR_RETURN(std::optional<v1::Interaction> found, Find(context, name));
    if (!found.has_value()) {
      response->add_missing(name);
      continue;
    }
    bytes += found->ByteSizeLong();
    *response->add_interactions() = *std::move(found);
  }
  return absl::OkStatus();
}

runtime::ReadViews TimelineReader::ViewsFor(absl::string_view parent) const {
  if (absl::StartsWith(parent, "contacts/")) return {&contacts_};
  if (absl::StartsWith(parent, "companies/")) return {&companies_};
  return {};
}

absl::StatusOr<std::vector<std::string>> TimelineReader::NamesOf(
    const runtime::ReadContext& context, const std::string& parent) const {
  static const auto& contact_names =
      *new projections::MergedNames(contacts::v1::Contact::default_instance());
  static const auto& company_names =
      *new projections::MergedNames(companies::v1::Company::default_instance());
  const runtime::ReadViews views = ViewsFor(parent);
  if (views.empty()) return std::vector<std::string>{parent};
  return (views.front() == &contacts_ ? contact_names : company_names)
      .AllOf(context.SnapshotOf(*views.front()), context.workspace(), parent,
             eventstore::ReadTier::kDisk);
}

absl::Status TimelineReader::CheckParent(const runtime::ReadContext& context,
                                         const std::string& name) const {
  const std::string& permission = ReadPermission();
  KITH_ASSIGN_OR_RETURN(const bool is_read, runtime_.owned->Sees(context, name, permission));
  if (is_read) return absl::OkStatus();
  const absl::string_view reading =
      runtime::ReadPermissionOf(methods_, eventstore::CategoryOf(name));
  KITH_ASSIGN_OR_RETURN(const bool is_seen, runtime_.owned->Sees(context, name, reading));
  return is_seen ? runtime::OutOfReach(permission, name) : NoSuchRecord(name);
}

absl::Status TimelineReader::List(const runtime::ReadContext& context,
                                  const v1::ListTimelineRequest& request,
                                  v1::ListTimelineResponse* response) const {
  KITH_RETURN_IF_ERROR(CheckParent(context, request.parent()));
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesOf(context, request.parent()));
  projections::TimelineQuery query = {.workspace = context.workspace(),
                                      .records = names,
                                      .page_size = request.page_size(),
                                      .page_token = context.page_token};
  query.changes = ReadsKind(context, request.parent());
  KITH_ASSIGN_OR_RETURN(query.messages, ReadsMessages(context, request.parent()));
  for (const int kind : request.kinds()) {
    if (kind == v1::INTERACTION_KIND_UNSPECIFIED) {
      return runtime::ViolationError("kinds", "must name kinds of interaction");
    }
    query.kinds.push_back(static_cast<v1::InteractionKind>(kind));
  }

  projections::PageRoom room(projections::kPageSizeMax);
  const std::string& of_meetings = runtime::MethodOf<meetings::v1::GetMeetingRequest>().permission;
  query.meetings = context.caller.grants.Contain(of_meetings);
  const std::string& of_visits = runtime::MethodOf<visitors::v1::GetVisitRequest>().permission;
  KITH_ASSIGN_OR_RETURN(query.visits, ReadsOthers(context, request.parent(), of_visits));
  const auto take = [&](const projections::TimelineEvent& at) -> absl::StatusOr<bool> {
    v1::TimelineEntry entry;
    const absl::Status rendered = RenderEntry(context, at, &entry);
    // It is somebody's whom the caller does not see.
    if (IsError(rendered, visitors::v1::VISITORS_ERROR_VISIT_NOT_FOUND)) return true;
    KITH_RETURN_IF_ERROR(rendered);
    if (eventstore::CategoryOf(entry.record()) == kMeetings) {
      KITH_ASSIGN_OR_RETURN(const bool is_seen,
                            runtime_.owned->Sees(context, entry.record(), of_meetings));
      if (!is_seen) return true;
    }
    if (!room.Take(entry.ByteSizeLong())) return false;
    *response->add_entries() = std::move(entry);
    return true;
  };
  KITH_ASSIGN_OR_RETURN(*response->mutable_next_page_token(),
                        projections::ListTimeline(context.view(), query, take));
  return response->entries().empty() && context.page_token.empty()
             ? CheckKnown(context, request.parent(), names, query.changes)
             : absl::OkStatus();
}

absl::Status TimelineReader::Summarize(const runtime::ReadContext& context,
                                       const v1::SummarizeTimelineRequest& request,
                                       v1::TimelineSummary* response) const {
  KITH_RETURN_IF_ERROR(CheckParent(context, request.parent()));
  KITH_ASSIGN_OR_RETURN(const bool reads_messages, ReadsMessages(context, request.parent()));
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesOf(context, request.parent()));
  KITH_ASSIGN_OR_RETURN(const projections::KindCounts counts,
                        projections::CountKinds(context.view(), context.workspace(), names,
                                                kCountedEntriesMax, reads_messages));
  Tell(counts, response);
  return counts.kinds.empty()
             ? CheckKnown(context, request.parent(), names, ReadsKind(context, request.parent()))
             : absl::OkStatus();
}

runtime::ReadViews TimelineReader::ViewsForPeople(absl::string_view company) const {
  const runtime::UnaryMethod& list = *methods_.FindUnary(kListContacts);
  runtime::ReadViews views = {&companies_, &contacts_};
  for (const runtime::ReadViews& more :
       {list.views(), list.further_views(PeopleRequest(company))}) {
    for (projections::View* const view : more) {
      if (std::find(views.begin(), views.end(), view) == views.end()) views.push_back(view);
    }
  }
  return views;
}

absl::StatusOr<TimelineReader::People> TimelineReader::PeopleOf(const runtime::ReadContext& context,
                                                                const std::string& company) const {
  const absl::string_view reading =
      runtime::ReadPermissionOf(methods_, eventstore::CategoryOf(company));
  KITH_ASSIGN_OR_RETURN(const bool is_seen, runtime_.owned->Sees(context, company, reading));
  if (!is_seen) return NoSuchRecord(company);
  KITH_ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesOf(context, company));
  KITH_RETURN_IF_ERROR(CheckKnown(context, company, names, ReadsKind(context, company)));
  contacts::v1::ListContactsResponse listed;
  KITH_RETURN_IF_ERROR(runtime::ReadPart(context, *methods_.FindUnary(kListContacts),
                                         PeopleRequest(company), &listed));
  KITH_ASSIGN_OR_RETURN(const auto settings, context.SettingsThen());
  const absl::TimeZone zone = TimeZoneOf(settings->time_zone).value_or(absl::UTCTimeZone());
  const absl::CivilDay day = absl::ToCivilDay(context.read_time, zone);
  People people;
  people.are_all = listed.next_page_token().empty();
  for (const contacts::v1::Contact& contact : listed.contacts()) {
    if (!BelongsTo(contact, names, day)) continue;
    KITH_ASSIGN_OR_RETURN(const bool is_read,
                          runtime_.owned->Sees(context, contact.name(), ReadPermission()));
    if (!is_read) continue;
    KITH_ASSIGN_OR_RETURN(const std::vector<std::string> all, NamesOf(context, contact.name()));
    people.names.insert(people.names.end(), all.begin(), all.end());
  }
  return people;
}

absl::Status TimelineReader::ListOfPeople(const runtime::ReadContext& context,
                                          const v1::ListPeopleTimelineRequest& request,
                                          v1::ListTimelineResponse* response) const {
  KITH_ASSIGN_OR_RETURN(People people, PeopleOf(context, request.parent()));
  if (people.names.empty()) return absl::OkStatus();
  const projections::TimelineQuery query = {
      .workspace = context.workspace(),
      .records = std::move(people.names),
      .changes = false,
      .messages = false,
      .meetings = false,
      .visits = false,
      .page_size = std::min(request.page_size(), kPeoplePageMax),
      .page_token = context.page_token};
  projections::PageRoom room(projections::kPageSizeMax);
  const auto take = [&](const projections::TimelineEvent& at) -> absl::StatusOr<bool> {
    v1::TimelineEntry entry;
    KITH_RETURN_IF_ERROR(RenderEntry(context, at, &entry));
    if (!room.Take(entry.ByteSizeLong())) return false;
    *response->add_entries() = std::move(entry);
    return true;
  };
  KITH_ASSIGN_OR_RETURN(*response->mutable_next_page_token(),
                        projections::ListTimeline(context.view(), query, take));
  return absl::OkStatus();
}

absl::Status TimelineReader::SummarizeOfPeople(const runtime::ReadContext& context,
                                               const v1::SummarizePeopleTimelineRequest& request,
                                               v1::TimelineSummary* response) const {
  KITH_ASSIGN_OR_RETURN(const People people, PeopleOf(context, request.parent()));
  projections::KindCounts counts;
  if (!people.names.empty()) {
    const size_t of_each = std::max(kCountedEntriesMax / people.names.size(), kCountedOfEachMin);
    KITH_ASSIGN_OR_RETURN(
        counts, projections::CountKinds(context.view(), context.workspace(), people.names, of_each,
                                        /*messages=*/false));
  }
  counts.at_least = counts.at_least || !people.are_all;
  Tell(counts, response);
  return absl::OkStatus();
}

bool TimelineReader::ReadsKind(const runtime::ReadContext& context,
                               absl::string_view parent) const {
  return context.caller.grants.Contain(
      runtime::ReadPermissionOf(methods_, eventstore::CategoryOf(parent)));
}

absl::StatusOr<bool> TimelineReader::ReadsMessages(const runtime::ReadContext& context,
                                                   const std::string& parent) const {
  return ReadsOthers(context, parent,
                     runtime::MethodOf<messages::v1::GetMessageRequest>().permission);
}

absl::StatusOr<bool> TimelineReader::ReadsOthers(const runtime::ReadContext& context,
                                                 const std::string& parent,
                                                 const std::string& permission) const {
  if (!context.caller.grants.Contain(permission)) return false;
  return runtime_.owned->Sees(context, parent, permission);
}

absl::Status TimelineReader::RenderVisit(const runtime::ReadContext& context,
                                         const visitors::v1::VisitorPagesViewed& begun,
                                         v1::TimelineEntry* entry) const {
  visitors::v1::GetVisitRequest get;
  get.set_name(absl::StrCat(begun.name(), "/visits/", begun.visit()));
  get.set_detail(visitors::v1::VISIT_DETAIL_BASIC);
  KITH_RETURN_IF_ERROR(
      runtime::ReadPart(context, *methods_.FindUnary(kGetVisit), get, entry->mutable_visit()));
  entry->set_erased(entry->visit().erased());
  return absl::OkStatus();
}

absl::Status TimelineReader::CheckKnown(const runtime::ReadContext& context,
                                        const std::string& parent,
                                        const std::vector<std::string>& names, bool is_told) const {
  KITH_ASSIGN_OR_RETURN(const bool known,
                        projections::HasTimeline(context.view(), context.workspace(), names));
  if (known) return absl::OkStatus();
  absl::Status unknown = NoSuchRecord(parent);
  return is_told ? runtime::NotThere(context, parent, unknown) : unknown;
}

absl::Status TimelineReader::RenderEntry(const runtime::ReadContext& context,
                                         const projections::TimelineEvent& at,
                                         v1::TimelineEntry* entry) const {
  KITH_ASSIGN_OR_RETURN(const RecordedEventPtr event, interactions_.EventAt(at.recorded));
  const eventstore::EventHeader& header = event->header();
  const absl::string_view category = eventstore::CategoryOf(header.stream);
  *entry->mutable_occur_time() = ToTimestamp(header.occur_time);
  *entry->mutable_record_time() = ToTimestamp(header.record_time);
  entry->set_sequence(static_cast<int64_t>(header.sequence.value()));
  entry->set_type(std::string(registry_.TypeName(category, header.type)));
  entry->set_actor(header.actor);
  entry->set_on_behalf_of(header.on_behalf_of);
  if (category == kInteractions) {
    entry->set_record(std::string(absl::StripSuffix(header.stream, "/interactions")));
    KITH_ASSIGN_OR_RETURN(*entry->mutable_interaction(), interactions_.Render(*event, at.amended));
    KITH_RETURN_IF_ERROR(HideRedacted(context, *entry->mutable_interaction()));
    entry->set_erased(entry->interaction().erased());
    entry->set_redacted(entry->interaction().redacted());
  } else if (category == kVisitors) {
    entry->set_record(header.stream);
    const auto& visitor = static_cast<const visitors::v1::VisitorEvent&>(*event->event);
    return RenderVisit(context, visitor.visitor_pages_viewed(), entry);
  } else {
    entry->set_record(std::string(category == kMessages ? ParentOf(header.stream)
                                                        : absl::string_view(header.stream)));
    entry->set_erased(event->erased);
    PackTold(MemberOf(*event->event), entry->mutable_event());
  }
  return absl::OkStatus();
}

}  // namespace kith::interactions
