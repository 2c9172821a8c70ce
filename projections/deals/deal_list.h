// DealList: every deal that is there, with the stages it has been in; found by name and by any of
// the fields that lists are filtered and ordered by.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kith/deals/v1/deal.pb.h"
#include "projections/engine/projection.h"
#include "projections/tables/table.h"

namespace kith::projections {

class DealList final : public Projection {
 public:
  static constexpr absl::string_view kName = "deal_list";

  absl::string_view name() const override { return kName; }
  int version() const override { return 1; }
  std::vector<std::string> categories() const override { return {"deals"}; }
  absl::Status Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const override;
};

// Its rows, by name. Read with a snapshot of this view.
const Table<deals::v1::Deal>& Deals();

}  // namespace kith::projections
