#include "projections/forecast/forecast_cells.h"

#include "absl/time/civil_time.h"
#include "eventstore/base/proto_time.h"
#include "projections/store/key_codec.h"

namespace kith::forecast {
namespace {

using projections::KeyOf;
using projections::Table;
using projections::TableBuilder;

constexpr absl::Duration kSlot = absl::Minutes(15);
constexpr __int128 kNanosPerUnit = 1'000'000'000;

int64_t DayNumber(const google::type::Date& date) {
  return absl::CivilDay(date.year(), date.month(), date.day()) - absl::CivilDay(1970, 1, 1);
}

void SetNanos(__int128 nanos, v1::ForecastCell& cell) {
  cell.set_amount_high(static_cast<int64_t>(nanos >> 64));
  cell.set_amount_low(static_cast<uint64_t>(nanos));
}

int64_t WhenOf(const v1::ForecastCell& cell) {
  if (cell.has_close_slot()) return cell.close_slot();
  return cell.has_close_day() ? cell.close_day() : kNoCloseDay;
}

}  // namespace

const Table<v1::ForecastCell>& ForecastCells() {
  static const auto& table =
      *new Table<v1::ForecastCell>(TableBuilder<v1::ForecastCell>(3).Key(CellKey).Build());
  return table;
}

std::string CellKeyAt(deals::v1::DealStatus status, int64_t when) { return KeyOf(status, when); }

std::string CellKey(const v1::ForecastCell& cell) {
  const int64_t probability = cell.has_probability() ? cell.probability() : -1;
  return KeyOf(cell.status(), WhenOf(cell), cell.pipeline(), cell.stage(), cell.owner(),
               cell.currency_code(), probability, cell.forecast_category());
}

int64_t CloseSlotOf(absl::Time time) {
  return absl::ToInt64Minutes(absl::Floor(time - absl::UnixEpoch(), kSlot)) / 15;
}

absl::Time StartOfSlot(int64_t slot) { return absl::UnixEpoch() + slot * kSlot; }

v1::ForecastCell CellOf(const deals::v1::Deal& deal) {
  v1::ForecastCell cell;
  cell.set_status(deal.status());
  cell.set_pipeline(deal.pipeline());
  cell.set_owner(deal.owner());
  if (deal.status() == deals::v1::OPEN) {
    cell.set_stage(deal.stage());
    if (deal.has_expected_close_date()) cell.set_close_day(DayNumber(deal.expected_close_date()));
    if (deal.has_probability()) cell.set_probability(deal.probability());
    cell.set_forecast_category(deal.forecast_category());
  } else {
    cell.set_close_slot(CloseSlotOf(FromTimestamp(deal.close_time())));
  }
  if (deal.has_amount()) {
    cell.set_currency_code(deal.amount().currency_code());
    SetNanos(deal.amount().units() * kNanosPerUnit + deal.amount().nanos(), cell);
  }
  cell.set_count(1);
  return cell;
}

__int128 NanosOf(const v1::ForecastCell& cell) {
  const auto high = static_cast<unsigned __int128>(cell.amount_high());
  return static_cast<__int128>((high << 64) | cell.amount_low());
}

void AddCell(const v1::ForecastCell& other, int times, v1::ForecastCell& cell) {
  cell.set_count(cell.count() + times * other.count());
  SetNanos(NanosOf(cell) + times * NanosOf(other), cell);
}

}  // namespace kith::forecast
