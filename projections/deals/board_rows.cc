#include "projections/deals/board_rows.h"

#include "eventstore/base/proto_time.h"
#include "projections/store/key_codec.h"

namespace kith::deals {

const projections::Table<v1::BoardGroup>& BoardGroups() {
  static const auto& table = *new projections::Table<v1::BoardGroup>(
      projections::TableBuilder<v1::BoardGroup>(3)
          .Key([](const v1::BoardGroup& row) {
            return projections::KeyOf(row.stage(), row.owner());
          })
          .Build());
  return table;
}

const projections::Table<v1::BoardTouch>& BoardTouches() {
  static const auto& table = *new projections::Table<v1::BoardTouch>(
      projections::TableBuilder<v1::BoardTouch>(4)
          .Key([](const v1::BoardTouch& row) {
            return TouchKey(row.stage(), row.owner(), FromTimestamp(row.touch_time()), row.deal());
          })
          .Build());
  return table;
}

std::string TouchKey(absl::string_view stage, absl::string_view owner, absl::Time touched,
                     absl::string_view deal) {
  return projections::KeyOf(stage, owner, TouchDay(touched), deal);
}

int64_t TouchDay(absl::Time time) {
  return absl::ToCivilDay(time, absl::UTCTimeZone()) - absl::CivilDay(1970, 1, 1);
}

}  // namespace kith::deals
