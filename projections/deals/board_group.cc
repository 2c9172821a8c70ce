#include "projections/deals/board_group.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/proto_time.h"
#include "projections/tables/exact_sum.h"
#include "services/core/money.h"

namespace kith::deals {
namespace {

using google::type::Money;
using projections::AddTo;
using projections::ValueOf;

// A closed deal is worth what its stage says, whatever was hoped while it was open.
std::optional<int> OwnProbability(const v1::Deal& deal) {
  if (deal.status() != v1::OPEN || !deal.has_probability()) return std::nullopt;
  return deal.probability();
}

std::pair<absl::string_view, int> OrderOf(absl::string_view currency,
                                          std::optional<int> probability) {
  return {currency, probability.value_or(-1)};
}

std::optional<int> ProbabilityOf(const v1::BoardAmount& amount) {
  if (!amount.has_probability()) return std::nullopt;
  return amount.probability();
}

// The group's sum for a currency and probability, made where it is missing.
int FindOrMake(absl::string_view currency, std::optional<int> probability, v1::BoardGroup& group) {
  auto& amounts = *group.mutable_amounts();
  const auto wanted = OrderOf(currency, probability);
  const auto place =
      std::find_if(amounts.begin(), amounts.end(), [&](const v1::BoardAmount& amount) {
        return OrderOf(amount.currency_code(), ProbabilityOf(amount)) >= wanted;
      });
  const int index = static_cast<int>(place - amounts.begin());
  if (place != amounts.end() && OrderOf(place->currency_code(), ProbabilityOf(*place)) == wanted) {
    return index;
  }
  v1::BoardAmount& made = *amounts.Add();
  made.set_currency_code(std::string(currency));
  if (probability.has_value()) made.set_probability(*probability);
  std::rotate(amounts.begin() + index, amounts.end() - 1, amounts.end());
  return index;
}

// Of `count` deals, or of so many fewer.
void AddAmount(absl::string_view currency, std::optional<int> probability, int64_t count,
               __int128 minor_units, v1::BoardGroup& group) {
  const int index = FindOrMake(currency, probability, group);
  v1::BoardAmount& amount = *group.mutable_amounts(index);
  amount.set_count(amount.count() + count);
  AddTo(*amount.mutable_minor_units(), minor_units);
  if (amount.count() == 0) group.mutable_amounts()->DeleteSubrange(index, 1);
}

}  // namespace

void AddDeal(const v1::Deal& deal, int times, v1::BoardGroup& group) {
  const absl::Time entered = FromTimestamp(deal.stage_enter_time());
  group.set_count(group.count() + times);
  AddTo(*group.mutable_enter_time(), static_cast<__int128>(absl::ToUnixMicros(entered)) * times);
  if (!deal.has_amount()) return;
  AddAmount(deal.amount().currency_code(), OwnProbability(deal), times,
            MinorUnits(deal.amount()) * times, group);
}

void AddGroup(const v1::BoardGroup& group, v1::BoardGroup& sum) {
  sum.set_count(sum.count() + group.count());
  AddTo(*sum.mutable_enter_time(), ValueOf(group.enter_time()));
  for (const v1::BoardAmount& amount : group.amounts()) {
    AddAmount(amount.currency_code(), ProbabilityOf(amount), amount.count(),
              ValueOf(amount.minor_units()), sum);
  }
}

absl::StatusOr<std::vector<Money>> AmountsOf(const v1::BoardGroup& group) {
  MoneySum sum;
  for (const v1::BoardAmount& amount : group.amounts()) {
    sum.AddMinor(amount.currency_code(), ValueOf(amount.minor_units()));
  }
  return sum.Totals();
}

absl::StatusOr<std::vector<Money>> WeightedAmountsOf(const v1::BoardGroup& group,
                                                     int stage_percent) {
  MoneySum sum;
  for (const v1::BoardAmount& amount : group.amounts()) {
    sum.AddMinor(amount.currency_code(), ValueOf(amount.minor_units()),
                 ProbabilityOf(amount).value_or(stage_percent));
  }
  return sum.Totals();
}

absl::Duration AverageAgeOf(const v1::BoardGroup& group, absl::Time time) {
  KITH_CHECK(group.count() > 0);
  const __int128 all_entered_now = static_cast<__int128>(absl::ToUnixMicros(time)) * group.count();
  const __int128 ages = all_entered_now - ValueOf(group.enter_time());
  const __int128 average = std::max<__int128>(ages, 0) / group.count();
  return absl::Microseconds(static_cast<int64_t>(average));
}

}  // namespace kith::deals
