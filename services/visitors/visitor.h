// The visitor: its rules, its fold, and the commands of its own.
//
// Which visit a page view is of is decided once, when it is recorded, and its event says so: views
// that come late or out of order are put where they belong, and nobody has to sort them later.
// Pure: see services/core/decider.h.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kith/visitors/v1/visitor.pb.h"
#include "kith/visitors/v1/visitor_events.pb.h"
#include "kith/visitors/v1/visitors_service.pb.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/resource_rules.h"
#include "services/visitors/site.h"

namespace kith::visitors {

// A visit that pages may still come to.
struct RecentVisit {
  int number = 0;
  absl::Time start;
  absl::Time end;
  std::string contact;  // whose it was when it began, or became; empty: nobody knew
};

struct VisitorNow : ResourceState<v1::Visitor> {
  std::vector<RecentVisit> recent_visits;  // the last ones that began, kRecentVisitsMax at most
  // What the last views that were recorded are told apart by from those that come again,
  // kRecentViewsMax at most.
  std::vector<uint64_t> recent_views;
  // How many pages it looked at on a day of UTC, by the days since 1970; of kViewAgeMax.
  std::map<int64_t, int> daily_views;
};

struct VisitorAggregate {
  using Resource = v1::Visitor;
  using State = VisitorNow;
  using Event = v1::VisitorEvent;
  static constexpr absl::string_view kCategory = "visitors";
};
VisitorNow Evolve(VisitorNow state, const Recorded<v1::VisitorEvent>& recorded);

// A visitor makes no more visits, and looks at no more pages on a day of UTC, whenever that is
// told; so all of a day's are remembered, and one that comes again is known.
inline constexpr int kVisitsMax = 1'000;
inline constexpr int kDailyViewsMax = 512;
inline constexpr size_t kRecentViewsMax = 2 * kDailyViewsMax;
inline constexpr size_t kRecentVisitsMax = 64;
inline constexpr int kPreviousContactsMax = 20;
// Between two pages of a visit.
inline constexpr absl::Duration kVisitGap = absl::Minutes(30);
// Nobody tells of pages that were looked at before.
inline constexpr absl::Duration kViewAgeMax = absl::Hours(24 * 3'650);

const ResourceRules& VisitorRules();

// Those views that were not recorded yet, an event for each visit. The visitor comes into being
// where there is none and the server's own port says so. VISITORS_ERROR_VISITOR_NOT_FOUND,
// _SITE_NOT_FOUND, _TOO_MANY_PAGE_VIEWS; ERROR_INVALID_FIELD.
Decision Decide(const VisitorNow& state, const SiteNow& site,
                const v1::RecordPageViewsRequest& command, const CommandContext& context);

// VISITORS_ERROR_VISITOR_NOT_FOUND, _LINKED_RECORD_NOT_FOUND, _TOO_MANY_CONTACTS.
Decision Decide(const VisitorNow& state, const LinkedRecord& contact,
                const v1::IdentifyVisitorRequest& command);

}  // namespace kith::visitors
