// RowFields: what can be asked of messages that stand in no table of a view, as of an interaction
// that an event tells. Immutable; any thread.
#pragma once

#include "projections/tables/table.h"

namespace kith::projections {

// Of messages with a `name`.
template <class Row>
const TableDeclaration& RowFields() {
  static const auto& table =
      *new Table<Row>(TableBuilder<Row>(1)
                          .Key([](const Row& row) -> const std::string& { return row.name(); })
                          .Build());
  return table.core().declaration();
}

}  // namespace kith::projections
