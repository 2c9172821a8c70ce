// DealList: every deal that is there, with the stages it has been in and when something last
// happened about it; found by name and by any of the fields that lists are filtered and ordered by.
//
// An interaction that is about no deal costs nothing here: it is not taken. Other views of deals
// are based on this one, and keep no deals themselves.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "kith/deals/v1/deal.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::deals {

class DealList final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "deal_list";

  // The deals, by resource name. Beside every field of a deal: contact, approver, external_id
  // ("billing:4711"), and the words of its name. By index: these, pipeline, stage, status, owner,
  // display_name, company, company_name, product, amount, expected_close_date, close_time,
  // create_time, last_activity_time, viewers, editors; of a stage, position. Names are compared by
  // their normal forms; the orders by last activity and position are kept for the present only.
  static const projections::Table<v1::Deal>& Deals();

  DealList();
  std::vector<std::string> categories() const override { return {"deals", "interactions"}; }
  // Of the interactions, those about a deal.
  bool Takes(const eventstore::RecordedEvent& event) const override;
  bool reads_personal() const override { return false; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

}  // namespace kith::deals
