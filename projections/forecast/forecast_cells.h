// The table that the sales forecast consists of, and the arithmetic of its cells. Pure functions,
// any thread.
#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/forecast/v1/forecast_rows.pb.h"
#include "projections/tables/table.h"

namespace kith::forecast {

// By KeyOf(status, time, what tells cells of that time apart), so that a period is a range of keys.
// Its table's number is persisted: see SalesForecast::version.
const projections::Table<v1::ForecastCell>& ForecastCells();

// The beginning of the keys of cells at `when`: a close day of open deals (kNoCloseDay: nobody
// said), a close slot of closed ones.
inline constexpr int64_t kNoCloseDay = INT64_MIN;
std::string CellKeyAt(deals::v1::DealStatus status, int64_t when);
std::string CellKey(const v1::ForecastCell& cell);

// The slot that a time lies in, and the time a slot begins.
int64_t CloseSlotOf(absl::Time time);
absl::Time StartOfSlot(int64_t slot);

// The cell that a deal belongs to, with this deal alone in it.
v1::ForecastCell CellOf(const deals::v1::Deal& deal);

// The sum of a cell's amounts, in billionths of the currency; exact.
__int128 NanosOf(const v1::ForecastCell& cell);
// Adds the deals of `other` to `cell`, or with `times` -1 takes them away again.
void AddCell(const v1::ForecastCell& other, int times, v1::ForecastCell& cell);

}  // namespace kith::forecast
