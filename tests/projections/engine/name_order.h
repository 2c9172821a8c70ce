// NameOrder: a small projection with indexes for tests of the engine.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "projections/engine/projection.h"
#include "projections/tables/table.h"
#include "tests/projections/engine/deal_names.h"

namespace kith::projections {

// The deals in the order of their names, as they are called now, and by their initials as of any
// moment. An event that says kPoison changes the row and fails then. `before` is called with the
// position of each event.
class NameOrder final : public Projection {
 public:
  explicit NameOrder(std::function<void(Position)> before = nullptr, int version = 1)
      : before_(std::move(before)), version_(version) {}

  static const Table<deals::v1::Deal>& Deals() {
    static const auto& table = *new Table<deals::v1::Deal>(
        TableBuilder<deals::v1::Deal>(1)
            .Key([](const deals::v1::Deal& deal) { return deal.name(); })
            .Field("display_name")
            .Computed("initial",
                      [](const deals::v1::Deal& deal) { return deal.display_name().substr(0, 1); })
            .CurrentIndex(1, {"display_name"})
            .Index(2, {"initial"})
            .Build());
    return table;
  }

  absl::string_view name() const override { return "name_order"; }
  int version() const override { return version_; }
  uint8_t told_table() const override { return 1; }
  std::vector<std::string> categories() const override { return {"deals"}; }
  bool has_indexes() const override { return true; }

  absl::Status Apply(const eventstore::RecordedEvent& event, ViewBatch& batch) const override {
    if (before_) before_(event.header().position);
    const auto& message = static_cast<const deals::v1::DealEvent&>(*event.event);
    const WorkspaceId workspace = event.header().workspace;
    if (message.has_deal_deleted()) return Deals().Delete(batch, workspace, event.header().stream);
    deals::v1::Deal deal =
        message.has_deal_created() ? message.deal_created().deal() : message.deal_updated().deal();
    deal.set_name(event.header().stream);
    KITH_RETURN_IF_ERROR(Deals().Put(batch, workspace, deal));
    return deal.display_name() == DealNames::kPoison ? absl::InternalError("poisoned")
                                                     : absl::OkStatus();
  }

 private:
  const std::function<void(Position)> before_;
  const int version_;
};

}  // namespace kith::projections
