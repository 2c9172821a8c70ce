#include "projections/companies/company_deals.h"

#include <algorithm>

#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deal.pb.h"
#include "projections/companies/company_activity.h"
#include "projections/tables/exact_sum.h"
#include "projections/tables/table.h"
#include "services/core/money.h"

namespace kith::companies {
namespace {

using deals::v1::Deal;
using projections::ViewBatch;

const projections::Table<v1::CompanyDealSums>& DealSums() {
  static const auto& table = *new projections::Table<v1::CompanyDealSums>(
      projections::TableBuilder<v1::CompanyDealSums>(2)
          .Key([](const v1::CompanyDealSums& row) { return row.company(); })
          .Build());
  return table;
}

// The company's sums in a currency, made where they are missing.
int FindOrMake(const std::string& currency, v1::CompanyDealSums& sums) {
  auto& amounts = *sums.mutable_amounts();
  const auto place = std::find_if(
      amounts.begin(), amounts.end(),
      [&](const v1::CompanyAmountSums& one) { return one.currency_code() >= currency; });
  const int index = static_cast<int>(place - amounts.begin());
  if (place != amounts.end() && place->currency_code() == currency) return index;
  amounts.Add()->set_currency_code(currency);
  std::rotate(amounts.begin() + index, amounts.end() - 1, amounts.end());
  return index;
}

void AddAmount(const Deal& deal, int times, v1::CompanyDealSums& sums) {
  if (!deal.has_amount() || deal.status() == deals::v1::LOST) return;
  const int index = FindOrMake(deal.amount().currency_code(), sums);
  v1::CompanyAmountSums& amount = *sums.mutable_amounts(index);
  amount.set_count(amount.count() + times);
  projections::AddTo(deal.status() == deals::v1::OPEN ? *amount.mutable_open_minor_units()
                                                      : *amount.mutable_won_minor_units(),
                     MinorUnits(deal.amount()) * times);
  if (amount.count() == 0) sums.mutable_amounts()->DeleteSubrange(index, 1);
}

// Counts the deal to its company, `times` 1, or takes it away again, -1. A company without deals
// has no row.
absl::Status Count(WorkspaceId workspace, const Deal& deal, int times, ViewBatch& batch) {
  return DealSums().Change(batch, workspace, deal.company(), [&](v1::CompanyDealSums& sums) {
    sums.set_company(deal.company());
    switch (deal.status()) {
      case deals::v1::WON:
        sums.set_won_count(sums.won_count() + times);
        break;
      case deals::v1::LOST:
        sums.set_lost_count(sums.lost_count() + times);
        break;
      default:
        sums.set_open_count(sums.open_count() + times);
        break;
    }
    AddAmount(deal, times, sums);
    return sums.open_count() + sums.won_count() + sums.lost_count() > 0;
  });
}

bool AreCountedAlike(const Deal& a, const Deal& b) {
  return a.company() == b.company() && a.status() == b.status() &&
         a.has_amount() == b.has_amount() &&
         a.amount().currency_code() == b.amount().currency_code() &&
         a.amount().units() == b.amount().units() && a.amount().nanos() == b.amount().nanos();
}

absl::Status ApplyChange(const eventstore::RecordedEvent& event,
                         const projections::RowChange& change, ViewBatch& batch) {
  const auto* const before = change.before<Deal>();
  const auto* const after = change.after<Deal>();
  const WorkspaceId workspace = change.workspace();
  const bool alike = before != nullptr && after != nullptr && AreCountedAlike(*before, *after);
  if (!alike && before != nullptr && !before->company().empty()) {
    KITH_RETURN_IF_ERROR(Count(workspace, *before, -1, batch));
    // Of a deal that is named no more, or gone, this is what happened last.
    KITH_RETURN_IF_ERROR(
        NoteActivity(workspace, before->company(), event.header().occur_time, batch));
  }
  if (after == nullptr || after->company().empty()) return absl::OkStatus();
  if (!alike) KITH_RETURN_IF_ERROR(Count(workspace, *after, 1, batch));
  return NoteActivity(workspace, after->company(), FromTimestamp(after->last_activity_time()),
                      batch);
}

}  // namespace

absl::Status CompanyDeals::Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const {
  for (const projections::RowChange& change : batch.changes()) {
    KITH_RETURN_IF_ERROR(ApplyChange(event, change, batch));
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::CompanyDealSums> ReadDealSums(const projections::ViewSnapshot& snapshot,
                                                 WorkspaceId workspace,
                                                 const std::vector<std::string>& names) {
  v1::CompanyDealSums all;
  for (const std::string& name : names) {
    KITH_ASSIGN_OR_RETURN(const auto sums,
                          DealSums().Get(snapshot, workspace, name, eventstore::ReadTier::kDisk));
    if (!sums.has_value()) continue;
    all.set_company(names.front());
    all.set_open_count(all.open_count() + sums->open_count());
    all.set_won_count(all.won_count() + sums->won_count());
    all.set_lost_count(all.lost_count() + sums->lost_count());
    for (const v1::CompanyAmountSums& amount : sums->amounts()) {
      v1::CompanyAmountSums& sum = *all.mutable_amounts(FindOrMake(amount.currency_code(), all));
      sum.set_count(sum.count() + amount.count());
      projections::AddTo(*sum.mutable_open_minor_units(),
                         projections::ValueOf(amount.open_minor_units()));
      projections::AddTo(*sum.mutable_won_minor_units(),
                         projections::ValueOf(amount.won_minor_units()));
    }
  }
  return all;
}

}  // namespace kith::companies
