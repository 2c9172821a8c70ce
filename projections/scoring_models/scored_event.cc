#include "projections/scoring_models/scored_event.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "eventstore/base/proto_time.h"
#include "kith/interactions/v1/interaction_events.pb.h"
#include "kith/messages/v1/message_events.pb.h"
#include "kith/visitors/v1/visitor_events.pb.h"
#include "projections/tables/touched_records.h"
#include "services/core/resource_name.h"

namespace kith::scoring_models {
namespace {

using eventstore::RecordedEvent;
using interactions::v1::InteractionEvent;
using messages::v1::MessageEvent;
using visitors::v1::VisitorEvent;

constexpr absl::string_view kInteractions = "interactions";
constexpr absl::string_view kMessages = "messages";
constexpr absl::string_view kVisitors = "visitors";

template <class Event>
const Event& MessageOf(const RecordedEvent& event) {
  return static_cast<const Event&>(*event.event);
}

std::optional<ScoredEvent> InteractionOf(const RecordedEvent& event) {
  auto interaction = projections::RecordedInteraction(event);
  if (!interaction.has_value()) return std::nullopt;
  ScoredEvent scored;
  scored.match.set_interaction(interaction->name());
  *scored.match.mutable_occur_time() = interaction->occur_time();
  scored.records = projections::TouchedRecords(event);
  scored.interaction = *std::move(interaction);
  return scored;
}

ScoredEvent EngagementOf(const RecordedEvent& event, v1::EngagementKind kind, std::string contact) {
  ScoredEvent scored;
  scored.engagement = kind;
  scored.details.set_name(event.header().stream);
  scored.match.set_interaction(event.header().stream);
  *scored.match.mutable_occur_time() = ToTimestamp(event.header().occur_time);
  scored.records.push_back(std::move(contact));
  return scored;
}

std::optional<ScoredEvent> MailEngagementOf(const RecordedEvent& event) {
  const auto& happened = MessageOf<MessageEvent>(event);
  std::string contact(ParentOf(event.header().stream));
  if (happened.has_message_opened()) {
    ScoredEvent scored = EngagementOf(event, v1::MAIL_OPENED, std::move(contact));
    scored.is_counted =
        happened.message_opened().automatic() == messages::v1::AUTOMATIC_CAUSE_UNSPECIFIED;
    return scored;
  }
  if (!happened.has_message_clicked()) return std::nullopt;
  const messages::v1::MessageClicked& clicked = happened.message_clicked();
  ScoredEvent scored = EngagementOf(event, v1::MAIL_CLICKED, std::move(contact));
  scored.details.set_link(clicked.link());
  scored.is_counted = clicked.automatic() == messages::v1::AUTOMATIC_CAUSE_UNSPECIFIED;
  if (clicked.has_automatic_since()) {
    scored.retracts_since = FromTimestamp(clicked.automatic_since());
  }
  return scored;
}

std::optional<ScoredEvent> PagesOf(const RecordedEvent& event) {
  const auto& happened = MessageOf<VisitorEvent>(event);
  const visitors::v1::VisitorPagesViewed& viewed = happened.visitor_pages_viewed();
  if (viewed.contact().empty()) return std::nullopt;
  ScoredEvent scored = EngagementOf(event, v1::PAGES_VIEWED, viewed.contact());
  scored.details.set_site(viewed.site());
  scored.details.set_visit_begins(viewed.visit_begins());
  scored.details.set_page_view_count(viewed.page_view_count());
  if (viewed.visit_begins()) *scored.details.mutable_touch() = viewed.touch();
  return scored;
}

std::optional<ScoredEvent> OfCategory(const RecordedEvent& event) {
  const absl::string_view category = eventstore::CategoryOf(event.header().stream);
  if (category == kInteractions) return InteractionOf(event);
  if (category == kMessages) return MailEngagementOf(event);
  if (category == kVisitors) return PagesOf(event);
  return std::nullopt;
}

}  // namespace

const std::vector<std::string>& ScoredCategories() {
  static const auto& categories = *new std::vector<std::string>{
      std::string(kInteractions), std::string(kMessages), std::string(kVisitors)};
  return categories;
}

bool IsScoredCategory(absl::string_view category) {
  const std::vector<std::string>& all = ScoredCategories();
  return std::find(all.begin(), all.end(), category) != all.end();
}

bool MayBeScored(const RecordedEvent& event, absl::string_view prefix) {
  const absl::string_view category = eventstore::CategoryOf(event.header().stream);
  if (category == kInteractions) {
    return MessageOf<InteractionEvent>(event).has_interaction_recorded() &&
           projections::IsAbout(prefix, event);
  }
  if (category == kMessages) {
    const auto& happened = MessageOf<MessageEvent>(event);
    return happened.has_message_opened() || happened.has_message_clicked();
  }
  return category == kVisitors &&
         !MessageOf<VisitorEvent>(event).visitor_pages_viewed().contact().empty();
}

std::optional<ScoredEvent> ScoredEventOf(const RecordedEvent& event, absl::string_view prefix) {
  std::optional<ScoredEvent> scored = OfCategory(event);
  if (!scored.has_value()) return std::nullopt;
  std::vector<std::string> records;
  for (std::string& record : scored->records) {
    const bool is_known = std::find(records.begin(), records.end(), record) != records.end();
    const bool is_meant =
        scored->engagement != v1::ENGAGEMENT_KIND_UNSPECIFIED || absl::StartsWith(record, prefix);
    if (is_meant && !is_known) records.push_back(std::move(record));
  }
  if (records.empty()) return std::nullopt;
  scored->records = std::move(records);
  scored->match.set_sequence(static_cast<int64_t>(event.header().sequence.value()));
  return scored;
}

}  // namespace kith::scoring_models
