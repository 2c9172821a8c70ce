// CompanyPeople: how many contacts belong to a company, and until when. Based on the contact
// directory, it keeps counts by their last day there, and for each contact the companies that
// what happens with it concerns: so it knows when something last happened about a company, its own
// changes among that.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "eventstore/base/strong_id.h"
#include "projections/engine/projection.h"
#include "projections/engine/view_snapshot.h"

namespace kith::companies {

class CompanyPeople final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "company_people";

  absl::string_view name() const override { return kName; }
  int version() const override { return 1; }
  std::string base() const override { return "contact_directory"; }
  std::vector<std::string> categories() const override { return {"companies", "interactions"}; }
  // Of the interactions, those about a contact or a company.
  bool Takes(const eventstore::RecordedEvent& event) const override;
  bool reads_personal() const override { return false; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

struct PeopleCount {
  int64_t present = 0;
  int64_t former = 0;  // their last day there is before the day asked about
};

// Of a company, which has these names. Somebody who belongs to several of them is counted for each.
// Touches the disk: not on a gRPC thread.
absl::StatusOr<PeopleCount> CountPeople(const projections::ViewSnapshot& snapshot,
                                        WorkspaceId workspace,
                                        const std::vector<std::string>& names, absl::CivilDay day);

}  // namespace kith::companies
