#include "tests/projections/tables/table_fixture.h"

#include "tests/testing/list_model.h"

namespace kith::projections {

using deals::v1::Deal;

const Table<Deal>& TestDeals() {
  static const auto& table = *new Table<Deal>(
      TableBuilder<Deal>(1)
          .Key([](const Deal& deal) { return deal.name(); })
          .Field("owner")
          .Field("stage")
          .Field("status")
          .Field("probability")
          .Field("product")
          .Field("expected_close_date")
          .Field("create_time")
          .Field("last_activity_time")
          .Field("display_name", {.normalise = FoldAscii})
          .Field("contact", {.path = "contacts.contact"})
          .Computed("units", [](const Deal& deal) { return deal.amount().units(); })
          .Words([](const Deal& deal, WordSink& out) { out.Add(deal.display_name()); })
          .Index(1, {"owner", "expected_close_date"})
          .Index(2, {"display_name"})
          .Index(3, {"contact"})
          .Index(4, {"status", "stage", "probability"})
          .Index(5, {"contact", "create_time"})
          .Index(8, {"words"})
          .CurrentIndex(6, {"last_activity_time"})
          .CurrentIndex(7, {"owner", "last_activity_time"})
          .Build());
  return table;
}

Deal MakeDeal(absl::string_view name, absl::string_view owner, absl::string_view display_name) {
  Deal deal;
  deal.set_name(std::string(name));
  deal.set_owner(std::string(owner));
  deal.set_display_name(std::string(display_name));
  return deal;
}

TableFixture::TableFixture() {
  auto store = VersionedStore::Open({.path = folder_ / "views"});
  KITH_CHECK(store.ok());
  store_ = *std::move(store);
  auto rows = store_->OpenOrCreate("test_deals.1");
  auto index = store_->OpenOrCreateIndex("test_deals.1.index");
  KITH_CHECK(rows.ok() && index.ok());
  families_ = {*std::move(rows), *std::move(index)};
  batch_ = std::make_unique<ViewBatch>(families_, ViewCheckpoints());
}

void TableFixture::Fold(absl::FunctionRef<absl::Status(ViewBatch&)> apply) {
  position_ = position_.Next();
  batch_->Begin(position_);
  KITH_CHECK(apply(*batch_).ok());
  batch_->Keep();
  KITH_CHECK(batch_->Write(position_, /*with_checkpoint=*/false).ok());
}

std::vector<std::string> NamesOf(const std::vector<Deal>& deals) {
  std::vector<std::string> names;
  for (const Deal& deal : deals) names.push_back(deal.name());
  return names;
}

absl::StatusOr<std::vector<std::string>> ListAll(const ViewSnapshot& snapshot, ListQuery query,
                                                 WorkspaceId workspace) {
  return testing::ListAll(TestDeals(), snapshot, workspace, query);
}

}  // namespace kith::projections
