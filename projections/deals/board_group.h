// BoardGroup: the deals of one stage as counts and sums, to which deals are added and from which
// they are taken again.
//
// All sums are exact, so the order in which deals come and go leaves no trace. Time and percentages
// enter only when a group is read. Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/type/money.pb.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/deals/v1/pipeline_board_rows.pb.h"

namespace kith::deals {

// Adds a deal to the group of its stage, or with `times` -1 takes it away again.
void AddDeal(const v1::Deal& deal, int times, v1::BoardGroup& group);

// Adds the deals of a group to another one.
void AddGroup(const v1::BoardGroup& group, v1::BoardGroup& sum);

// The deals' amounts, one sum per currency, ordered by its code. ERROR_OUT_OF_RANGE where one is
// beyond what an amount can hold.
absl::StatusOr<std::vector<google::type::Money>> AmountsOf(const v1::BoardGroup& group);
// The same by probability: the deals' own, else `stage_percent`. Rounded once per currency, half to
// even.
absl::StatusOr<std::vector<google::type::Money>> WeightedAmountsOf(const v1::BoardGroup& group,
                                                                   int stage_percent);
// How long the deals have been in the stage at `time`, on average, cut to a microsecond; zero at
// least. The group is not empty.
absl::Duration AverageAgeOf(const v1::BoardGroup& group, absl::Time time);

}  // namespace kith::deals
