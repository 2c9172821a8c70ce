#include "projections/deals/deal_fold.h"

#include <string>

#include "eventstore/base/proto_time.h"
#include "projections/deals/deal_position.h"
#include "services/core/owner_field.h"
#include "services/core/resource_name.h"

namespace kith::deals {
namespace {

// A version of a deal holds its stays, so a deal that is moved about for years must not hold all.
constexpr int kStageIntervalsMax = 50;

void Enter(const std::string& stage, absl::Time time, v1::Deal& deal) {
  deal.set_stage(stage);
  deal.set_position(PositionOnEntry(time, deal.name()));
  *deal.mutable_stage_enter_time() = ToTimestamp(time);
  v1::StageInterval& stay = *deal.add_stage_intervals();
  stay.set_stage(stage);
  *stay.mutable_enter_time() = ToTimestamp(time);
  const int over = deal.stage_intervals_size() - kStageIntervalsMax;
  if (over <= 0) return;
  deal.mutable_stage_intervals()->DeleteSubrange(0, over);
  deal.set_earlier_stage_interval_count(deal.earlier_stage_interval_count() + over);
}

void Change(const std::string& stage, absl::Time time, v1::Deal& deal) {
  if (!deal.stage_intervals().empty()) {
    v1::StageInterval& stay = *deal.mutable_stage_intervals()->rbegin();
    *stay.mutable_leave_time() = ToTimestamp(time);
  }
  Enter(stage, time, deal);
  deal.clear_pending_approval();
}

// To a stage that may be one of another pipeline.
void Move(const v1::DealStageChanged& changed, absl::Time time, v1::Deal& deal) {
  const absl::string_view from = ParentOf(changed.from_stage());
  const absl::string_view to = ParentOf(changed.to_stage());
  Change(changed.to_stage(), time, deal);
  if (!from.empty() && from != to) deal.set_pipeline(std::string(to));
  if (!changed.position().empty()) deal.set_position(changed.position());
}

void Create(absl::Time time, v1::Deal& deal) {
  deal.set_status(v1::OPEN);
  deal.clear_stage_intervals();
  deal.clear_earlier_stage_interval_count();
  Enter(std::string(deal.stage()), time, deal);
}

void Close(v1::DealStatus status, absl::Time time, v1::Deal& deal) {
  deal.set_status(status);
  *deal.mutable_close_time() = ToTimestamp(time);
}

void Win(const v1::DealWon& won, absl::Time time, v1::Deal& deal) {
  Change(won.to_stage(), time, deal);
  Close(v1::WON, time, deal);
  if (!deal.has_first_win_time()) *deal.mutable_first_win_time() = ToTimestamp(time);
}

void Lose(const v1::DealLost& lost, absl::Time time, v1::Deal& deal) {
  Change(lost.to_stage(), time, deal);
  Close(v1::LOST, time, deal);
  deal.set_lost_reason(lost.reason());
  deal.set_pipeline_lost_reason(lost.pipeline_lost_reason());
  deal.set_lost_notes(lost.notes());
}

void Reopen(const v1::DealReopened& reopened, absl::Time time, v1::Deal& deal) {
  Change(reopened.to_stage(), time, deal);
  deal.set_status(v1::OPEN);
  deal.clear_close_time();
  deal.clear_lost_reason();
  deal.clear_pipeline_lost_reason();
  deal.clear_lost_notes();
}

}  // namespace

StandardEvent FoldDeal(const Happening& happening, v1::Deal& deal) {
  const StandardEvent kind = FoldStandardEvent(happening, deal);
  const auto& event = static_cast<const v1::DealEvent&>(happening.event);
  const absl::Time time = happening.occur_time;
  switch (event.event_case()) {
    case v1::DealEvent::kDealCreated:
      Create(time, deal);
      break;
    case v1::DealEvent::kDealStageChanged:
      Move(event.deal_stage_changed(), time, deal);
      break;
    case v1::DealEvent::kDealWon:
      Win(event.deal_won(), time, deal);
      break;
    case v1::DealEvent::kDealLost:
      Lose(event.deal_lost(), time, deal);
      break;
    case v1::DealEvent::kDealReopened:
      Reopen(event.deal_reopened(), time, deal);
      break;
    case v1::DealEvent::kDealPositioned:
      deal.set_position(event.deal_positioned().position());
      break;
    case v1::DealEvent::kStageApprovalRequested:
      *deal.mutable_pending_approval() = event.stage_approval_requested().approval();
      break;
    case v1::DealEvent::kStageApprovalGranted:
    case v1::DealEvent::kStageApprovalRejected:
    case v1::DealEvent::kStageApprovalWithdrawn:
    case v1::DealEvent::kStageApprovalExpired:
      deal.clear_pending_approval();
      break;
    case v1::DealEvent::kDealUpdated:
    case v1::DealEvent::kDealDeleted:
    case v1::DealEvent::kDealUndeleted:
    case v1::DealEvent::EVENT_NOT_SET:
      break;
  }
  return kind;
}

bool IsActivity(const v1::DealEvent& event) {
  if (event.has_deal_updated()) return !HandsOverOnly(event.deal_updated().update_mask());
  return !event.has_deal_positioned();
}

}  // namespace kith::deals
