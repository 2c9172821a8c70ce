#include "projections/deals/deal_list.h"

#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/normalise.h"
#include "projections/deals/deal_fold.h"

namespace kith::deals {

const projections::Table<v1::Deal>& DealList::Deals() {
  // Every composite serves one usual list from its first page to its last without sorting: a
  // board's column, my deals, what closes next, what was won lately.
  static const auto& table =
      *new projections::Table<v1::Deal>(projections::TableBuilder<v1::Deal>(1)
                                            .Key([](const v1::Deal& deal) { return deal.name(); })
                                            .Field("pipeline")
                                            .Field("stage")
                                            .Field("status")
                                            .Field("owner")
                                            .Field("contact", {.path = "contacts.contact"})
                                            .Field("display_name", {.normalise = FoldedName})
                                            .Field("company_name", {.normalise = FoldedName})
                                            .Field("product", {.normalise = FoldedName})
                                            .Field("expected_close_date")
                                            .Field("close_time")
                                            .Field("create_time")
                                            .Index(1, {"pipeline", "status", "expected_close_date"})
                                            .Index(2, {"stage", "expected_close_date"})
                                            .Index(3, {"stage", "owner", "expected_close_date"})
                                            .Index(4, {"owner", "expected_close_date"})
                                            .Index(5, {"owner", "status", "expected_close_date"})
                                            .Index(6, {"owner", "create_time"})
                                            .Index(7, {"status", "expected_close_date"})
                                            .Index(8, {"status", "close_time"})
                                            .Index(9, {"status", "create_time"})
                                            .Index(10, {"contact"})
                                            .Index(11, {"display_name"})
                                            .Index(12, {"company_name"})
                                            .Index(13, {"product"})
                                            .Index(14, {"expected_close_date"})
                                            .Index(15, {"close_time"})
                                            .Index(16, {"create_time"})
                                            .Build());
  return table;
}

absl::Status DealList::Apply(const eventstore::RecordedEvent& event,
                             projections::ViewBatch& batch) const {
  const eventstore::EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(auto row, Deals().Get(batch, header.workspace, header.stream));
  const bool existed = row.has_value();
  v1::Deal deal = std::move(row).value_or(v1::Deal());
  switch (FoldDeal({*event.event, header.revision, header.occur_time, event.erased}, deal)) {
    case StandardEvent::kDeleted:
      return Deals().Delete(batch, header.workspace, header.stream);
    case StandardEvent::kCreated:
      return Deals().Put(batch, header.workspace, deal);
    case StandardEvent::kUpdated:
    case StandardEvent::kOther:
      return existed ? Deals().Put(batch, header.workspace, deal) : absl::OkStatus();
  }
  KITH_UNREACHABLE();
}

}  // namespace kith::deals
