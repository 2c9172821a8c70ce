// VisitList: which visits each visitor made, and whose they are, as of any moment. One row a visit,
// which says where the log tells its pages; what is personal is in no row.
//
// When somebody first knows who a visitor is, the rows of its visits until then get the contact:
// 1,000 of them at most, which is what one visitor may make.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kith/visitors/v1/visitor_rows.pb.h"
#include "projections/engine/projection.h"
#include "projections/tables/table.h"

namespace kith::visitors {

// "visitors/01J…/visits/3".
std::string VisitNameOf(absl::string_view visitor, int visit);

class VisitList final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "visit_list";

  // By the visit's name. Fields are those of Visit, without what is personal. By index: start_time,
  // visitor, contact, site, each of the latter with start_time.
  static const projections::Table<v1::VisitRow>& Visits();

  absl::string_view name() const override { return kName; }
  int version() const override { return 1; }
  std::vector<std::string> categories() const override { return {"visitors"}; }
  bool Takes(const eventstore::RecordedEvent& event) const override;
  bool reads_personal() const override { return false; }
  bool has_indexes() const override { return true; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

}  // namespace kith::visitors
