#include "projections/notifications/score_notices.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kith/scoring_models/v1/score_events.pb.h"
#include "projections/notifications/notice.h"

namespace kith::notifications {
namespace {

using scoring_models::v1::CrossedThreshold;
using scoring_models::v1::ScoreEvent;
using scoring_models::v1::ScoreThresholdCrossed;

const ScoreEvent& MessageOf(const eventstore::RecordedEvent& event) {
  return static_cast<const ScoreEvent&>(*event.event);
}

std::string TextOf(const ScoreThresholdCrossed& crossed) {
  const std::string reached =
      absl::StrJoin(crossed.thresholds(), ", ", [](std::string* out, const CrossedThreshold& one) {
        absl::StrAppend(out, one.display_name().empty() ? one.threshold() : one.display_name(),
                        " (", one.value(), ")");
      });
  const int64_t score = crossed.thresholds().empty() ? 0 : crossed.thresholds(0).score();
  std::string text = absl::StrCat("The score by ", crossed.model_display_name(), " is ", score,
                                  " now, and reached ", reached, ".");
  // What people call models and thresholds is longer than a notification may be at most.
  constexpr size_t kBytesMax = 500;
  if (text.size() <= kBytesMax) return text;
  size_t end = kBytesMax;
  while ((static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not within a character
  return absl::StrCat(text.substr(0, end), "…");
}

}  // namespace

bool ScoreNotices::Concerns(const eventstore::RecordedEvent& event) const {
  return MessageOf(event).has_score_threshold_crossed();
}

absl::Status ScoreNotices::React(const eventstore::RecordedEvent& event, projections::ViewBatch&,
                                 projections::Reactions& reactions) const {
  const ScoreThresholdCrossed& crossed = MessageOf(event).score_threshold_crossed();
  if (crossed.is_late() || !absl::StartsWith(crossed.owner(), "users/")) return absl::OkStatus();
  return Tell(event.header(),
              {crossed.owner(), v1::SCORE_THRESHOLD, crossed.record(), TextOf(crossed)}, reactions);
}

}  // namespace kith::notifications
