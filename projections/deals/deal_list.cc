#include "projections/deals/deal_list.h"

#include <utility>

#include "absl/strings/match.h"
#include "eventstore/base/check.h"
#include "eventstore/base/normalise.h"
#include "eventstore/base/proto_time.h"
#include "kith/deals/v1/deal_events.pb.h"
#include "projections/deals/deal_fold.h"
#include "projections/tables/external_ids.h"
#include "projections/tables/touched_records.h"

namespace kith::deals {

namespace {

constexpr absl::string_view kPrefix = "deals/";

void AddWords(const v1::Deal& deal, projections::WordSink& out) { out.Add(deal.display_name()); }

}  // namespace

const projections::Table<v1::Deal>& DealList::Deals() {
  // Every composite serves one usual list from its first page to its last without sorting: a
  // board's column, my deals, what closes next, what was won lately, what nobody looked after, what
  // is worth most.
  static const auto& table = *new projections::Table<v1::Deal>(
      projections::TableBuilder<v1::Deal>(1)
          .Key([](const v1::Deal& deal) { return deal.name(); })
          .Field("pipeline")
          .Field("stage")
          .Field("status")
          .Field("owner")
          .Field("contact", {.path = "contacts.contact"})
          .Words(AddWords)
          .Field("display_name", {.normalise = FoldedName})
          .Alias()
          .Field("company")
          .Field("company_name", {.normalise = FoldedName})
          .Field("product", {.normalise = FoldedName})
          .Field("amount")
          .Field("expected_close_date")
          .Field("close_time")
          .Field("create_time")
          .Field("last_activity_time")
          .Field("viewers")
          .Field("editors")
          .Field("position")
          .Field("approver", {.path = "pending_approval.approvers"})
          .Many("external_id", projections::FieldType::kString,
                projections::AddExternalIds<v1::Deal>)
          .Check(projections::CheckExternalId)
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
          .Index(20, {"words"})
          .Index(21, {"amount"})
          .Index(22, {"status", "amount"})
          .Index(23, {"company", "status", "expected_close_date"})
          .Index(24, {"viewers"})
          .Index(25, {"editors"})
          .CurrentIndex(17, {"last_activity_time"})
          .CurrentIndex(18, {"owner", "last_activity_time"})
          .CurrentIndex(19, {"status", "last_activity_time"})
          .CurrentIndex(26, {"stage", "position"})
          .Index(27, {"approver"})
          .Index(28, {"external_id"})
          .Build());
  return table;
}

namespace {

using eventstore::RecordedEvent;

// Events may be recorded late: the latest one counts.
void MoveActivity(absl::Time time, v1::Deal& deal) {
  if (deal.has_last_activity_time() && FromTimestamp(deal.last_activity_time()) >= time) return;
  *deal.mutable_last_activity_time() = ToTimestamp(time);
}

StandardEvent FoldListed(const Happening& happening, google::protobuf::Message& resource) {
  auto& deal = static_cast<v1::Deal&>(resource);
  const StandardEvent kind = FoldDeal(happening, deal);
  if (!IsActivity(static_cast<const v1::DealEvent&>(happening.event))) return kind;
  MoveActivity(happening.occur_time, deal);
  return kind;
}

// Something happened about a deal that did not change it: neither its etag nor its update time. A
// deal that is gone stays so.
absl::Status Touch(WorkspaceId workspace, absl::string_view name, absl::Time time,
                   projections::ViewBatch& batch) {
  KITH_ASSIGN_OR_RETURN(auto deal, DealList::Deals().Get(batch, workspace, name));
  if (!deal.has_value()) return absl::OkStatus();
  MoveActivity(time, *deal);
  return DealList::Deals().Put(batch, workspace, *deal);
}

}  // namespace

DealList::DealList() : ResourceDirectory(kName, 12, "deals", Deals().core(), FoldListed) {}

bool DealList::Takes(const RecordedEvent& event) const {
  return projections::IsAbout(kPrefix, event);
}

absl::Status DealList::Apply(const RecordedEvent& event, projections::ViewBatch& batch) const {
  if (eventstore::CategoryOf(event.header().stream) == "deals") {
    return ResourceDirectory::Apply(event, batch);
  }
  return projections::ForEachTouchedRecord(event, [&](absl::string_view record, absl::Time time) {
    return absl::StartsWith(record, kPrefix) ? Touch(event.header().workspace, record, time, batch)
                                             : absl::OkStatus();
  });
}

}  // namespace kith::deals
