#include "projections/forecast/sales_forecast.h"

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "projections/forecast/forecast_cells.h"
#include "projections/tables/resource_directory.h"

namespace kith::forecast {
namespace {

using deals::v1::Deal;
using deals::v1::DealStatus;
using deals::v1::Pipeline;
using deals::v1::Stage;
using eventstore::RecordedEvent;
using projections::KeyRange;
using projections::ViewBatch;

constexpr absl::CivilDay kEpochDay(1970, 1, 1);

// A deal as it is counted: the cell it is alone in, and that cell's key.
struct CountedDeal {
  explicit CountedDeal(const Deal& deal) : alone(CellOf(deal)), key(CellKey(alone)) {}

  v1::ForecastCell alone;
  std::string key;
};

// Counts a deal to its cell, `times` 1 or -1, or two of one cell at once. A cell without deals has
// no row.
absl::Status Count(ViewBatch& batch, WorkspaceId workspace,
                   std::initializer_list<std::pair<const CountedDeal*, int>> counted) {
  const CountedDeal& some = *counted.begin()->first;
  return ForecastCells().Change(batch, workspace, some.key, [&](v1::ForecastCell& cell) {
    if (cell.count() == 0) {
      cell = some.alone;
      cell.clear_count();
      cell.clear_amount_high();
      cell.clear_amount_low();
    }
    for (const auto& [deal, times] : counted) AddCell(deal->alone, times, cell);
    return cell.count() > 0;
  });
}

bool AreSame(const google::type::Date& a, const google::type::Date& b) {
  return a.year() == b.year() && a.month() == b.month() && a.day() == b.day();
}

// Nothing that a cell is made of differs, as in a deal that was only touched: cells and their keys
// are dear to make.
bool AreCountedAlike(const Deal& a, const Deal& b) {
  return a.status() == b.status() && a.stage() == b.stage() && a.pipeline() == b.pipeline() &&
         a.owner() == b.owner() && a.has_expected_close_date() == b.has_expected_close_date() &&
         AreSame(a.expected_close_date(), b.expected_close_date()) &&
         a.has_close_time() == b.has_close_time() &&
         FromTimestamp(a.close_time()) == FromTimestamp(b.close_time()) &&
         a.has_probability() == b.has_probability() && a.probability() == b.probability() &&
         a.forecast_category() == b.forecast_category() && a.has_amount() == b.has_amount() &&
         a.amount().currency_code() == b.amount().currency_code() &&
         a.amount().units() == b.amount().units() && a.amount().nanos() == b.amount().nanos();
}

absl::Status ApplyChange(const projections::RowChange& change, ViewBatch& batch) {
  const Deal* const was = change.before<Deal>();
  const Deal* const is = change.after<Deal>();
  if (was != nullptr && is != nullptr && AreCountedAlike(*was, *is)) return absl::OkStatus();
  std::optional<CountedDeal> before, after;
  if (was != nullptr) before.emplace(*was);
  if (is != nullptr) after.emplace(*is);
  const WorkspaceId workspace = change.workspace();
  if (before.has_value() && after.has_value() && before->key == after->key) {
    return NanosOf(before->alone) == NanosOf(after->alone)
               ? absl::OkStatus()
               : Count(batch, workspace, {{&*before, -1}, {&*after, 1}});
  }
  if (before.has_value()) KITH_RETURN_IF_ERROR(Count(batch, workspace, {{&*before, -1}}));
  return after.has_value() ? Count(batch, workspace, {{&*after, 1}}) : absl::OkStatus();
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

absl::Status SalesForecast::Apply(const RecordedEvent&, ViewBatch& batch) const {
  for (const projections::RowChange& change : batch.changes()) {
    KITH_RETURN_IF_ERROR(ApplyChange(change, batch));
  }
  return absl::OkStatus();
}

absl::StatusOr<StagesByName> ReadStages(const projections::ViewSnapshot& pipelines,
                                        WorkspaceId workspace) {
  StagesByName stages;
  KITH_RETURN_IF_ERROR(projections::DirectoryRows<Pipeline>().Scan(
      pipelines, workspace, KeyRange::Prefix(""), [&](const Pipeline& pipeline) {
        for (const Stage& stage : pipeline.stages()) stages.emplace(stage.name(), stage);
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
