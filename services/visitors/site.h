// The site: its rules, and the counting of what is left out. Pure: see services/core/decider.h.
#pragma once

#include "absl/strings/string_view.h"
#include "kith/visitors/v1/site.pb.h"
#include "kith/visitors/v1/site_events.pb.h"
#include "kith/visitors/v1/sites_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/resource_rules.h"

namespace kith::visitors {

struct SiteAggregate : ResourceAggregate<v1::Site, v1::SiteEvent> {
  static constexpr absl::string_view kCategory = "sites";
};
using SiteNow = SiteAggregate::State;

// What is left out: a stream of each site, "siteTraffic/01J…", with the site's id.
inline constexpr absl::string_view kTraffic = "siteTraffic";

const ResourceRules& SiteRules();

// VISITORS_ERROR_COUNTS_BY_ITSELF where the caller is not the server's own port; _SITE_NOT_FOUND.
Decision Decide(const SiteNow& state, const v1::CountSiteTrafficRequest& command,
                const CommandContext& context);

// Where the field of the site is 0.
inline constexpr int kLifetimeDaysDefault = 395;
inline constexpr int kPerMinuteDefault = 600;
inline constexpr int kVisitorPerMinuteDefault = 60;

}  // namespace kith::visitors
