// CompanyDeals: how many deals a company has open, won and lost, and what they are worth. Based on
// the deal list, it keeps no deals: one row a company, and when something last happened about one
// of its deals.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "kith/companies/v1/company_rows.pb.h"
#include "projections/engine/projection.h"
#include "projections/engine/view_snapshot.h"

namespace kith::companies {

class CompanyDeals final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "company_deals";

  absl::string_view name() const override { return kName; }
  int version() const override { return 1; }
  std::string base() const override { return "deal_list"; }
  std::vector<std::string> categories() const override { return {}; }
  bool reads_personal() const override { return false; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

// Empty where no deal names the company, which has these names. Touches the disk: not on a gRPC
// thread.
absl::StatusOr<v1::CompanyDealSums> ReadDealSums(const projections::ViewSnapshot& snapshot,
                                                 WorkspaceId workspace,
                                                 const std::vector<std::string>& names);

}  // namespace kith::companies
