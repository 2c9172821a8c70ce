#include "projections/visitors/site_traffic.h"

#include "absl/functional/function_ref.h"
#include "kith/visitors/v1/site_events.pb.h"
#include "kith/visitors/v1/visitor_events.pb.h"

namespace kith::visitors {
namespace {

using eventstore::RecordedEvent;

absl::Status Change(projections::ViewBatch& batch, WorkspaceId workspace, const std::string& site,
                    absl::FunctionRef<void(v1::SiteReport&)> change) {
  if (site.empty()) return absl::OkStatus();
  return SiteTraffic::Reports().Change(batch, workspace, site, [&](v1::SiteReport& report) {
    report.set_site(site);
    change(report);
    return true;
  });
}

}  // namespace

const projections::Table<v1::SiteReport>& SiteTraffic::Reports() {
  static const auto& table = *new projections::Table<v1::SiteReport>(
      projections::TableBuilder<v1::SiteReport>(1)
          .Key([](const v1::SiteReport& report) { return report.site(); })
          .Build());
  return table;
}

absl::Status SiteTraffic::Apply(const RecordedEvent& recorded,
                                projections::ViewBatch& batch) const {
  const WorkspaceId workspace = recorded.header().workspace;
  if (const auto* const traffic =
          google::protobuf::DynamicCastToGenerated<v1::SiteTrafficEvent>(recorded.event.get())) {
    const v1::SiteTrafficCounted& counted = traffic->site_traffic_counted();
    return Change(batch, workspace, counted.site(), [&](v1::SiteReport& report) {
      report.set_bots(report.bots() + counted.bots());
      report.set_opted_out(report.opted_out() + counted.opted_out());
      report.set_without_consent(report.without_consent() + counted.without_consent());
      report.set_over_limit(report.over_limit() + counted.over_limit());
    });
  }
  const auto& event = static_cast<const v1::VisitorEvent&>(*recorded.event);
  if (event.has_visitor_created()) {
    return Change(batch, workspace, event.visitor_created().visitor().site(),
                  [](v1::SiteReport& report) { report.set_visitors(report.visitors() + 1); });
  }
  if (event.has_visitor_identified() && event.visitor_identified().previous_contact().empty()) {
    return Change(batch, workspace, event.visitor_identified().site(), [](v1::SiteReport& report) {
      report.set_identified_visitors(report.identified_visitors() + 1);
    });
  }
  if (event.has_visitor_pages_viewed()) {
    const v1::VisitorPagesViewed& viewed = event.visitor_pages_viewed();
    return Change(batch, workspace, viewed.site(), [&](v1::SiteReport& report) {
      if (viewed.visit_begins()) report.set_visits(report.visits() + 1);
      report.set_page_views(report.page_views() + viewed.page_view_count());
    });
  }
  return absl::OkStatus();
}

}  // namespace kith::visitors
