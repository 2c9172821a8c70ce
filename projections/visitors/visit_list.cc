#include "projections/visitors/visit_list.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/visitors/v1/visitor_events.pb.h"

namespace kith::visitors {
namespace {

using eventstore::RecordedEvent;

constexpr int kRevisionsMax = 100;

void Begin(const v1::VisitorPagesViewed& viewed, v1::Visit& visit) {
  visit.set_name(VisitNameOf(viewed.name(), viewed.visit()));
  visit.set_visitor(viewed.name());
  visit.set_site(viewed.site());
  visit.set_contact(viewed.contact());
  *visit.mutable_start_time() = viewed.first_view_time();
  *visit.mutable_end_time() = viewed.last_view_time();
}

absl::Status View(const RecordedEvent& recorded, const v1::VisitorPagesViewed& viewed,
                  projections::ViewBatch& batch) {
  const eventstore::EventHeader& header = recorded.header();
  KITH_ASSIGN_OR_RETURN(
      std::optional<v1::VisitRow> row,
      VisitList::Visits().Get(batch, header.workspace, VisitNameOf(viewed.name(), viewed.visit())));
  if (!row.has_value()) {
    // Its beginning may be among what a damaged stream left out.
    row.emplace();
    Begin(viewed, *row->mutable_visit());
  }
  v1::Visit& visit = *row->mutable_visit();
  const auto revision = static_cast<int64_t>(header.revision.value());
  if (viewed.has_touch()) {
    *visit.mutable_touch() = viewed.touch();
    row->set_landing_revision(revision);
  }
  if (FromTimestamp(viewed.first_view_time()) < FromTimestamp(visit.start_time())) {
    *visit.mutable_start_time() = viewed.first_view_time();
  }
  if (FromTimestamp(visit.end_time()) < FromTimestamp(viewed.last_view_time())) {
    *visit.mutable_end_time() = viewed.last_view_time();
  }
  visit.set_page_view_count(visit.page_view_count() + viewed.page_view_count());
  if (row->revisions_size() < kRevisionsMax) row->add_revisions(revision);
  return VisitList::Visits().Put(batch, header.workspace, *row);
}

absl::Status Identify(WorkspaceId workspace, const v1::VisitorIdentified& identified,
                      projections::ViewBatch& batch) {
  for (int visit = identified.from_visit(); visit <= identified.visit_count(); ++visit) {
    KITH_ASSIGN_OR_RETURN(
        std::optional<v1::VisitRow> row,
        VisitList::Visits().Get(batch, workspace, VisitNameOf(identified.name(), visit)));
    if (!row.has_value()) continue;
    row->mutable_visit()->set_contact(identified.contact());
    KITH_RETURN_IF_ERROR(VisitList::Visits().Put(batch, workspace, *row));
  }
  return absl::OkStatus();
}

}  // namespace

std::string VisitNameOf(absl::string_view visitor, int visit) {
  return absl::StrCat(visitor, "/visits/", visit);
}

const projections::Table<v1::VisitRow>& VisitList::Visits() {
  static const auto& table = *new projections::Table<v1::VisitRow>(
      projections::TableBuilder<v1::VisitRow>(1)
          .Key([](const v1::VisitRow& row) { return row.visit().name(); })
          .Field("name", {.path = "visit.name"})
          .Field("visitor", {.path = "visit.visitor"})
          .Field("contact", {.path = "visit.contact"})
          .Field("site", {.path = "visit.site"})
          .Field("start_time", {.path = "visit.start_time"})
          .Field("end_time", {.path = "visit.end_time"})
          .Field("page_view_count", {.path = "visit.page_view_count"})
          .Field("utm_source", {.path = "visit.touch.utm_source"})
          .Field("utm_medium", {.path = "visit.touch.utm_medium"})
          .Field("utm_campaign", {.path = "visit.touch.utm_campaign"})
          .Index(1, {"start_time"})
          .Index(2, {"visitor", "start_time"})
          .Index(3, {"contact", "start_time"})
          .Index(4, {"site", "start_time"})
          .Build());
  return table;
}

bool VisitList::Takes(const RecordedEvent& recorded) const {
  const auto& event = static_cast<const v1::VisitorEvent&>(*recorded.event);
  return event.has_visitor_pages_viewed() || event.has_visitor_identified();
}

absl::Status VisitList::Apply(const RecordedEvent& recorded, projections::ViewBatch& batch) const {
  const auto& event = static_cast<const v1::VisitorEvent&>(*recorded.event);
  if (event.has_visitor_pages_viewed()) {
    return View(recorded, event.visitor_pages_viewed(), batch);
  }
  if (event.has_visitor_identified()) {
    return Identify(recorded.header().workspace, event.visitor_identified(), batch);
  }
  return absl::OkStatus();
}

}  // namespace kith::visitors
