#include "projections/forecast/sales_forecast.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "kith/deals/v1/pipeline_events.pb.h"
#include "projections/forecast/forecast_cells.h"
#include "projections/tables/fold_resource.h"

namespace kith::forecast {
namespace {

using deals::v1::Deal;
using deals::v1::DealEvent;
using deals::v1::DealStatus;
using deals::v1::PipelineEvent;
using deals::v1::Stage;
using eventstore::RecordedEvent;
using projections::KeyRange;
using projections::ViewBatch;

constexpr absl::CivilDay kEpochDay(1970, 1, 1);

// What a cell depends on; changes of other fields change no row.
Deal Counted(const Deal& deal) {
  Deal counted;
  counted.set_name(deal.name());
  counted.set_pipeline(deal.pipeline());
  counted.set_stage(deal.stage());
  counted.set_status(deal.status());
  counted.set_owner(deal.owner());
  counted.set_forecast_category(deal.forecast_category());
  if (deal.has_amount()) *counted.mutable_amount() = deal.amount();
  if (deal.has_probability()) counted.set_probability(deal.probability());
  if (deal.has_expected_close_date()) {
    *counted.mutable_expected_close_date() = deal.expected_close_date();
  }
  if (deal.has_close_time()) *counted.mutable_close_time() = deal.close_time();
  return counted;
}

void Enter(const std::string& stage, DealStatus status, absl::Time time, Deal& deal) {
  deal.set_stage(stage);
  deal.set_status(status);
  deal.clear_close_time();
  if (status != deals::v1::OPEN) *deal.mutable_close_time() = ToTimestamp(time);
}

// The deal after an event; nullopt when it was deleted.
std::optional<Deal> Folded(Deal deal, const RecordedEvent& recorded) {
  const StandardEvent kind = FoldStandardEvent(projections::HappeningOf(recorded), deal);
  if (kind == StandardEvent::kDeleted) return std::nullopt;
  const auto& event = static_cast<const DealEvent&>(*recorded.event);
  const absl::Time time = recorded.header().occur_time;
  switch (event.event_case()) {
    case DealEvent::kDealCreated:
      deal.set_status(deals::v1::OPEN);
      break;
    case DealEvent::kDealStageChanged:
      deal.set_stage(event.deal_stage_changed().to_stage());
      break;
    case DealEvent::kDealWon:
      Enter(event.deal_won().to_stage(), deals::v1::WON, time, deal);
      break;
    case DealEvent::kDealLost:
      Enter(event.deal_lost().to_stage(), deals::v1::LOST, time, deal);
      break;
    case DealEvent::kDealReopened:
      Enter(event.deal_reopened().to_stage(), deals::v1::OPEN, time, deal);
      break;
    case DealEvent::kDealUpdated:
    case DealEvent::kDealDeleted:
    case DealEvent::EVENT_NOT_SET:
      break;
  }
  return Counted(deal);
}

// Adds a deal to its cell, or takes it away with `times` -1. A cell without deals has no row.
absl::Status CountDeal(ViewBatch& batch, WorkspaceId workspace, const Deal& deal, int times) {
  const v1::ForecastCell alone = CellOf(deal);
  const std::string key = CellKey(alone);
  KITH_ASSIGN_OR_RETURN(auto row, ForecastCells().Get(batch, workspace, key));
  v1::ForecastCell cell = alone;
  cell.clear_count();
  cell.clear_amount_high();
  cell.clear_amount_low();
  if (row.has_value()) cell = *std::move(row);
  AddCell(alone, times, cell);
  return cell.count() > 0 ? ForecastCells().Put(batch, workspace, cell)
                          : ForecastCells().Delete(batch, workspace, key);
}

absl::Status ApplyDeal(const RecordedEvent& event, ViewBatch& batch) {
  const WorkspaceId workspace = event.header().workspace;
  const std::string& name = event.header().stream;
  KITH_ASSIGN_OR_RETURN(const auto before, ForecastDeals().Get(batch, workspace, name));
  const std::optional<Deal> after = Folded(before.value_or(Deal()), event);
  if (before.has_value() && after.has_value() &&
      before->SerializeAsString() == after->SerializeAsString()) {
    return absl::OkStatus();
  }
  if (before.has_value()) KITH_RETURN_IF_ERROR(CountDeal(batch, workspace, *before, -1));
  if (!after.has_value()) return ForecastDeals().Delete(batch, workspace, name);
  KITH_RETURN_IF_ERROR(CountDeal(batch, workspace, *after, 1));
  return ForecastDeals().Put(batch, workspace, *after);
}

absl::Status ApplyPipeline(const RecordedEvent& recorded, ViewBatch& batch) {
  const WorkspaceId workspace = recorded.header().workspace;
  const auto& event = static_cast<const PipelineEvent&>(*recorded.event);
  switch (event.event_case()) {
    case PipelineEvent::kPipelineCreated:
      for (const Stage& stage : event.pipeline_created().pipeline().stages()) {
        KITH_RETURN_IF_ERROR(ForecastStages().Put(batch, workspace, stage));
      }
      return absl::OkStatus();
    case PipelineEvent::kStageAdded:
      return ForecastStages().Put(batch, workspace, event.stage_added().stage());
    case PipelineEvent::kStageUpdated:
      return ForecastStages().Put(batch, workspace, event.stage_updated().stage());
    // Deals in an archived stage count as they did; the order of stages does not matter here.
    case PipelineEvent::kStageArchived:
    case PipelineEvent::kStagesReordered:
    case PipelineEvent::kPipelineUpdated:
    case PipelineEvent::EVENT_NOT_SET:
      return absl::OkStatus();
  }
  return absl::OkStatus();
}

// The cells of `status` from `from` to `to`, in days or slots.
KeyRange CellRange(DealStatus status, std::optional<int64_t> from, std::optional<int64_t> to) {
  const std::string all = projections::KeyOf(status);
  return {.from = from.has_value() ? CellKeyAt(status, *from) : all,
          .to = to.has_value() ? CellKeyAt(status, *to) : projections::PrefixEnd(all)};
}

absl::Status VisitOpen(const projections::ViewSnapshot& snapshot, WorkspaceId workspace,
                       const Period& period, CellVisitor visit) {
  const auto visit_cell = [&](const v1::ForecastCell& cell) {
    std::optional<absl::CivilDay> day;
    if (cell.has_close_day()) day = kEpochDay + cell.close_day();
    visit(cell, day);
    return true;
  };
  if (!period.to.has_value()) {
    KITH_RETURN_IF_ERROR(ForecastCells().Scan(
        snapshot, workspace, KeyRange::Prefix(CellKeyAt(deals::v1::OPEN, kNoCloseDay)),
        visit_cell));
  }
  // Dated cells begin right behind those without a date.
  const int64_t from = period.from.has_value() ? *period.from - kEpochDay : kNoCloseDay + 1;
  std::optional<int64_t> to;
  if (period.to.has_value()) to = *period.to - kEpochDay;
  return ForecastCells().Scan(snapshot, workspace, CellRange(deals::v1::OPEN, from, to),
                              visit_cell);
}

absl::Status VisitClosed(const projections::ViewSnapshot& snapshot, WorkspaceId workspace,
                         DealStatus status, const Period& period, absl::TimeZone zone,
                         CellVisitor visit) {
  std::optional<int64_t> from;
  std::optional<int64_t> to;
  if (period.from.has_value()) from = CloseSlotOf(absl::FromCivil(*period.from, zone));
  if (period.to.has_value()) to = CloseSlotOf(absl::FromCivil(*period.to, zone));
  return ForecastCells().Scan(snapshot, workspace, CellRange(status, from, to),
                              [&](const v1::ForecastCell& cell) {
                                visit(cell, absl::ToCivilDay(StartOfSlot(cell.close_slot()), zone));
                                return true;
                              });
}

}  // namespace

absl::Status SalesForecast::Apply(const RecordedEvent& event, ViewBatch& batch) const {
  const bool deal = eventstore::CategoryOf(event.header().stream) == "deals";
  return deal ? ApplyDeal(event, batch) : ApplyPipeline(event, batch);
}

absl::StatusOr<StagesByName> ReadStages(const projections::ViewSnapshot& snapshot,
                                        WorkspaceId workspace) {
  StagesByName stages;
  KITH_RETURN_IF_ERROR(
      ForecastStages().Scan(snapshot, workspace, KeyRange::Prefix(""), [&](const Stage& stage) {
        stages.emplace(stage.name(), stage);
        return true;
      }));
  return stages;
}

absl::Status VisitCells(const projections::ViewSnapshot& snapshot, WorkspaceId workspace,
                        const Period& period, absl::TimeZone zone, CellVisitor visit) {
  KITH_RETURN_IF_ERROR(VisitOpen(snapshot, workspace, period, visit));
  for (const DealStatus status : {deals::v1::WON, deals::v1::LOST}) {
    KITH_RETURN_IF_ERROR(VisitClosed(snapshot, workspace, status, period, zone, visit));
  }
  return absl::OkStatus();
}

}  // namespace kith::forecast
