// SiteTraffic: how many visitors, visits and page views each site had, and what was left out, as of
// any moment. One row a site, of a few numbers.
#pragma once

#include <string>
#include <vector>

#include "kith/visitors/v1/sites_service.pb.h"
#include "projections/engine/projection.h"
#include "projections/tables/table.h"

namespace kith::visitors {

class SiteTraffic final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "site_traffic";

  // By the site's name. What was deleted later counts.
  static const projections::Table<v1::SiteReport>& Reports();

  absl::string_view name() const override { return kName; }
  int version() const override { return 1; }
  std::vector<std::string> categories() const override { return {"siteTraffic", "visitors"}; }
  bool reads_personal() const override { return false; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

}  // namespace kith::visitors
