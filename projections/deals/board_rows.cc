#include "projections/deals/board_rows.h"

#include "projections/tables/key_codec.h"

namespace kith::projections {

using deals::v1::BoardDeal;
using deals::v1::BoardGroup;
using deals::v1::BoardTouch;
using deals::v1::Pipeline;

const Table<Pipeline>& BoardPipelines() {
  static const auto& table = *new Table<Pipeline>(
      TableBuilder<Pipeline>(1).Key([](const Pipeline& row) { return row.name(); }).Build());
  return table;
}

const Table<BoardDeal>& BoardDeals() {
  static const auto& table =
      *new Table<BoardDeal>(TableBuilder<BoardDeal>(2)
                                .Key([](const BoardDeal& row) { return row.deal().name(); })
                                .Build());
  return table;
}

const Table<BoardGroup>& BoardGroups() {
  static const auto& table = *new Table<BoardGroup>(
      TableBuilder<BoardGroup>(3)
          .Key([](const BoardGroup& row) { return KeyOf(row.stage(), row.owner()); })
          .Build());
  return table;
}

const Table<BoardTouch>& BoardTouches() {
  static const auto& table = *new Table<BoardTouch>(
      TableBuilder<BoardTouch>(4)
          .Key([](const BoardTouch& row) {
            return KeyOf(row.stage(), row.owner(), row.touch_time(), row.deal());
          })
          .Build());
  return table;
}

}  // namespace kith::projections
