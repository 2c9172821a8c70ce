// NaiveBoard: the pipeline board as one would compute it by hand from all deals: no groups, no sums
// kept, nothing shared with the view but the messages. What the view must equal.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "eventstore/base/proto_time.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "kith/deals/v1/pipeline.pb.h"

namespace kith::deals {

struct NaiveDeal {
  std::string stage;
  std::string owner;
  std::optional<google::type::Money> amount;  // in a currency of two decimals
  std::optional<int> probability;
  bool open = true;
  absl::Time entered;
  absl::Time touched;
};

struct NaiveBoard {
  v1::Pipeline pipeline;
  std::map<std::string, NaiveDeal> deals;

  v1::PipelineBoard Read(const std::string& owner, absl::Time time) const {
    v1::PipelineBoard board;
    board.set_pipeline(pipeline.name());
    *board.mutable_read_time() = ToTimestamp(time);
    for (const v1::Stage& stage : pipeline.stages()) {
      *board.add_stages() = ReadStage(stage, owner, time);
    }
    return board;
  }

 private:
  v1::BoardStage ReadStage(const v1::Stage& stage, const std::string& owner,
                           absl::Time time) const {
    v1::BoardStage shown;
    shown.set_stage(stage.name());
    shown.set_display_name(stage.display_name());
    shown.set_probability(stage.probability());
    std::map<std::string, __int128> cents;
    std::map<std::string, __int128> cents_by_percent;
    absl::Duration ages;
    for (const auto& [name, deal] : deals) {
      if (deal.stage != stage.name() || (!owner.empty() && deal.owner != owner)) continue;
      shown.set_count(shown.count() + 1);
      ages += time - deal.entered;
      const bool rots = deal.open && stage.rot_days() > 0 &&
                        time - deal.touched > absl::Hours(24) * stage.rot_days();
      if (rots) shown.set_rotting_count(shown.rotting_count() + 1);
      if (!deal.amount.has_value()) continue;
      const int percent =
          deal.open ? deal.probability.value_or(stage.probability()) : stage.probability();
      const int64_t worth = deal.amount->units() * 100 + deal.amount->nanos() / 10'000'000;
      cents[deal.amount->currency_code()] += worth;
      cents_by_percent[deal.amount->currency_code()] += __int128{worth} * percent;
    }
    for (const auto& [currency, sum] : cents) *shown.add_amount() = Money(currency, sum);
    for (const auto& [currency, sum] : cents_by_percent) {
      *shown.add_weighted_amount() = Money(currency, HalfEvenOfHundredths(sum));
    }
    if (shown.count() > 0) {
      const int64_t micros = absl::ToInt64Microseconds(ages) / shown.count();
      *shown.mutable_average_age() = ToDuration(absl::Microseconds(std::max<int64_t>(micros, 0)));
    }
    return shown;
  }

  static __int128 HalfEvenOfHundredths(__int128 sum) {
    const __int128 whole = sum / 100;
    const __int128 rest = sum % 100;  // never negative: amounts are not
    const bool up = rest > 50 || (rest == 50 && whole % 2 == 1);
    return whole + (up ? 1 : 0);
  }

  static google::type::Money Money(const std::string& currency, __int128 cents) {
    google::type::Money money;
    money.set_currency_code(currency);
    money.set_units(static_cast<int64_t>(cents / 100));
    money.set_nanos(static_cast<int32_t>(cents % 100) * 10'000'000);
    return money;
  }
};

}  // namespace kith::deals
