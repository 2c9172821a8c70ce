#include "services/visitors/visitor.h"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/sha256.h"
#include "eventstore/base/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "kith/visitors/v1/visitors_errors.pb.h"
#include "projections/visitors/visitor_fold.h"
#include "services/core/by_itself.h"
#include "services/core/links.h"
#include "services/core/reject.h"
#include "services/core/resource_events.h"
#include "services/core/touch.h"

namespace kith::visitors {
namespace {

constexpr absl::Duration kAheadMax = absl::Minutes(5);
constexpr size_t kTitleBytesMax = 256;

uint64_t HashOf(absl::string_view id) {
  const Sha256Hash hash = Sha256::Of(id);
  uint64_t number = 0;
  for (int i = 0; i < 8; ++i) number = number << 8 | hash[i];
  return number;
}

// Of at most so many bytes, at the end of a character.
std::string Cut(absl::string_view text, size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  return std::string(text.substr(0, bytes));
}

// A view as it is kept.
struct TakenView {
  absl::Time time;
  uint64_t id_hash;
  v1::PageView page;
};

absl::StatusOr<std::vector<TakenView>> ReadViews(const v1::RecordPageViewsRequest& command,
                                                 absl::Time now) {
  std::vector<TakenView> views;
  google::rpc::BadRequest violations;
  for (int i = 0; i < command.page_views_size(); ++i) {
    TakenView view{now, HashOf(command.page_views(i).id()), command.page_views(i)};
    if (view.page.has_view_time()) view.time = FromTimestamp(view.page.view_time());
    const std::string path = absl::StrCat("page_views[", i, "]");
    if (now + kAheadMax < view.time) {
      AddViolation(absl::StrCat(path, ".view_time"), "must be at most 5 minutes ahead", violations);
    }
    if (view.time < now - kViewAgeMax) {
      AddViolation(absl::StrCat(path, ".view_time"), "must be at most 3,650 days ago", violations);
    }
    *view.page.mutable_view_time() = ToTimestamp(view.time);
    view.page.set_referrer(CutReferrer(view.page.referrer(), view.page.url()));
    view.page.set_url(CutUrl(view.page.url()));
    if (view.page.url().empty()) {
      AddViolation(absl::StrCat(path, ".url"), "must be the address of a page", violations);
    }
    view.page.set_title(Cut(view.page.title(), kTitleBytesMax));
    views.push_back(std::move(view));
  }
  KITH_RETURN_IF_ERROR(RejectFields(violations));
  std::stable_sort(views.begin(), views.end(), [](const TakenView& one, const TakenView& other) {
    return one.time < other.time;
  });
  return views;
}

// Those that are in none of the visitor's events, each once.
void DropRepeats(const VisitorNow& state, std::vector<TakenView>& views) {
  std::vector<uint64_t> seen;
  std::erase_if(views, [&](const TakenView& view) {
    const auto is_in = [&](const std::vector<uint64_t>& hashes) {
      return std::find(hashes.begin(), hashes.end(), view.id_hash) != hashes.end();
    };
    const bool is_known = is_in(state.recent_views) || is_in(seen);
    seen.push_back(view.id_hash);
    return is_known;
  });
}

absl::Status TooMany(absl::string_view what, int64_t most) {
  return Reject(v1::VISITORS_ERROR_TOO_MANY_PAGE_VIEWS,
                absl::StrCat("A visitor ", what, " at most; what is beyond is not recorded."),
                {{"limit", absl::StrCat(most)}});
}

// The visits that these views are of: as they become, and what is new of each.
class Visits {
 public:
  explicit Visits(const VisitorNow& state) : state_(state), visits_(state.recent_visits) {}

  void Add(TakenView view) {
    RecentVisit& visit = VisitOf(view.time);
    visit.start = std::min(visit.start, view.time);
    visit.end = std::max(visit.end, view.time);
    views_[visit.number].push_back(std::move(view));
  }
  int count() const { return state_.resource.visit_count() + begun_; }
  const std::map<int, std::vector<TakenView>>& views() const { return views_; }
  // As it was before; null where it begins.
  const RecentVisit* Before(int number) const {
    for (const RecentVisit& visit : state_.recent_visits) {
      if (visit.number == number) return &visit;
    }
    return nullptr;
  }

 private:
  // The nearest one that it may be of, or a new one.
  RecentVisit& VisitOf(absl::Time time) {
    RecentVisit* nearest = nullptr;
    absl::Duration distance = absl::InfiniteDuration();
    for (RecentVisit& visit : visits_) {
      if (visit.contact != state_.resource.contact()) continue;
      const absl::Duration away =
          std::max({visit.start - time, time - visit.end, absl::ZeroDuration()});
      if (away > kVisitGap || away >= distance) continue;
      nearest = &visit;
      distance = away;
    }
    if (nearest != nullptr) return *nearest;
    ++begun_;
    return visits_.emplace_back(RecentVisit{count(), time, time, state_.resource.contact()});
  }

  const VisitorNow& state_;
  std::vector<RecentVisit> visits_;
  std::map<int, std::vector<TakenView>> views_;  // by the number of the visit
  int begun_ = 0;
};

v1::VisitorEvent Viewed(const v1::RecordPageViewsRequest& command, const std::string& contact,
                        int number, const RecentVisit* before,
                        const std::vector<TakenView>& views) {
  v1::VisitorEvent event;
  v1::VisitorPagesViewed& viewed = *event.mutable_visitor_pages_viewed();
  viewed.set_name(command.name());
  viewed.set_subject(contact.empty() ? command.name() : contact);
  viewed.set_site(command.site());
  viewed.set_contact(contact);
  viewed.set_visit(number);
  viewed.set_visit_begins(before == nullptr);
  *viewed.mutable_first_view_time() = ToTimestamp(views.front().time);
  *viewed.mutable_last_view_time() = ToTimestamp(views.back().time);
  viewed.set_page_view_count(static_cast<int>(views.size()));
  if (before == nullptr || views.front().time < before->start) {
    *viewed.mutable_touch() = TouchOf(views.front().page.url(), views.front().time);
  }
  for (const TakenView& view : views) {
    viewed.add_id_hashes(view.id_hash);
    *viewed.mutable_personal()->add_page_views() = view.page;
  }
  return event;
}

template <class Element>
void Bound(size_t max, std::vector<Element>& elements) {
  if (elements.size() > max) {
    elements.erase(elements.begin(), elements.end() - static_cast<ptrdiff_t>(max));
  }
}

// Of the visit's views those that are told together count on the day of the first of them.
int64_t DayOf(absl::Time time) { return absl::ToUnixSeconds(time) / 86'400; }

// Where a day has more than its views.
absl::Status CheckDays(const VisitorNow& state,
                       const std::map<int, std::vector<TakenView>>& by_visit) {
  std::map<int64_t, int> days;
  for (const auto& [visit, views] : by_visit) {
    const int64_t day = DayOf(views.front().time);
    const auto known = state.daily_views.find(day);
    int& count =
        days.try_emplace(day, known == state.daily_views.end() ? 0 : known->second).first->second;
    count += static_cast<int>(views.size());
    if (count > kDailyViewsMax) return TooMany("looks at 512 pages on a day", kDailyViewsMax);
  }
  return absl::OkStatus();
}

void Remember(const v1::VisitorPagesViewed& viewed, absl::Time record_time, VisitorNow& state) {
  const absl::Time start = FromTimestamp(viewed.first_view_time());
  const absl::Time end = FromTimestamp(viewed.last_view_time());
  const auto known =
      std::find_if(state.recent_visits.begin(), state.recent_visits.end(),
                   [&](const RecentVisit& visit) { return visit.number == viewed.visit(); });
  if (known == state.recent_visits.end()) {
    state.recent_visits.push_back({viewed.visit(), start, end, viewed.contact()});
  } else {
    known->start = std::min(known->start, start);
    known->end = std::max(known->end, end);
  }
  state.recent_views.insert(state.recent_views.end(), viewed.id_hashes().begin(),
                            viewed.id_hashes().end());
  Bound(kRecentVisitsMax, state.recent_visits);
  Bound(kRecentViewsMax, state.recent_views);
  state.daily_views[DayOf(start)] += viewed.page_view_count();
  auto& days = state.daily_views;
  days.erase(days.begin(), days.lower_bound(DayOf(record_time - kViewAgeMax)));
}

}  // namespace

VisitorNow Evolve(VisitorNow state, const Recorded<v1::VisitorEvent>& recorded) {
  state.lifecycle = FoldResource(recorded, state.lifecycle, state.resource, FoldVisitor);
  if (recorded.event.has_visitor_pages_viewed()) {
    Remember(recorded.event.visitor_pages_viewed(), recorded.record_time, state);
  }
  if (recorded.event.has_visitor_identified()) {
    const v1::VisitorIdentified& identified = recorded.event.visitor_identified();
    for (RecentVisit& visit : state.recent_visits) {
      if (visit.number >= identified.from_visit()) visit.contact = identified.contact();
    }
  }
  return state;
}

const ResourceRules& VisitorRules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<VisitorAggregate>()
                             .NotFound(v1::VISITORS_ERROR_VISITOR_NOT_FOUND)
                             .LinkNotFound(v1::VISITORS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .OwnedByCreator()
                             .FoldedBy<FoldVisitor>()
                             .ToldByReads("visit_count")
                             .ToldByReads("page_view_count")
                             .ToldByReads("first_view_time")
                             .ToldByReads("last_view_time")
                             .ToldByReads("first_touch")
                             .ToldByReads("latest_touch")
                             .Build());
  return rules;
}

Decision Decide(const VisitorNow& state, const SiteNow& site,
                const v1::RecordPageViewsRequest& command, const CommandContext& context) {
  const bool begins =
      state.lifecycle == Lifecycle::kAbsent && IsDoneByPolicy(context, "visitor_pages");
  if (state.lifecycle != Lifecycle::kActive && !begins) {
    return ResourceNotFound(VisitorRules(), command.name());
  }
  if (site.lifecycle != Lifecycle::kActive) return ResourceNotFound(SiteRules(), command.site());
  KITH_ASSIGN_OR_RETURN(std::vector<TakenView> views, ReadViews(command, context.now));
  DropRepeats(state, views);
  if (views.empty()) return NoChange();

  const absl::Time first = views.front().time;
  Visits visits(state);
  for (TakenView& view : views) visits.Add(std::move(view));
  KITH_RETURN_IF_ERROR(CheckDays(state, visits.views()));
  if (visits.count() > kVisitsMax) return TooMany("makes 1,000 visits", kVisitsMax);
  Changes changes;
  if (begins) {
    v1::Visitor visitor;
    visitor.set_site(command.site());
    visitor.set_owner(site.resource.owner());
    changes = std::move(changes).Add({command.name(),
                                      std::make_unique<v1::VisitorEvent>(
                                          CreatedEvent<v1::VisitorEvent>(command.name(), visitor)),
                                      {},
                                      first});
  }
  for (const auto& [number, pages] : visits.views()) {
    changes = std::move(changes).Add(
        {command.name(),
         std::make_unique<v1::VisitorEvent>(
             Viewed(command, state.resource.contact(), number, visits.Before(number), pages)),
         {},
         pages.front().time});
  }
  return changes;
}

Decision Decide(const VisitorNow& state, const LinkedRecord& contact,
                const v1::IdentifyVisitorRequest& command) {
  if (state.lifecycle != Lifecycle::kActive) {
    return ResourceNotFound(VisitorRules(), command.name());
  }
  const LinkedRecord* const records[] = {&contact};
  KITH_RETURN_IF_ERROR(CheckLinks(v1::VISITORS_ERROR_LINKED_RECORD_NOT_FOUND,
                                  {{"contact", command.contact()}}, records));
  const v1::Visitor& visitor = state.resource;
  if (visitor.contact() == command.contact()) return NoChange();
  if (visitor.previous_contacts_size() >= kPreviousContactsMax) {
    return RejectState(v1::VISITORS_ERROR_TOO_MANY_CONTACTS,
                       "The visitor was identified as 21 contacts: it is not one person.",
                       command.name(), {{"limit", absl::StrCat(kPreviousContactsMax + 1)}});
  }
  v1::VisitorEvent event;
  v1::VisitorIdentified& identified = *event.mutable_visitor_identified();
  identified.set_name(command.name());
  identified.set_contact(command.contact());
  identified.set_previous_contact(visitor.contact());
  identified.set_from_visit(visitor.contact().empty() ? 1 : visitor.visit_count() + 1);
  identified.set_visit_count(visitor.visit_count());
  identified.set_site(visitor.site());
  return Changes().Append(command.name(), std::move(event));
}

}  // namespace kith::visitors
