// The lead directory: which leads there are, and which of them somebody works on, waits for, or
// came from somewhere; with when something last happened about each.
//
// An interaction that is about no lead costs nothing here: it is not taken.
#pragma once

#include <string>
#include <vector>

#include "kith/leads/v1/lead.pb.h"
#include "projections/tables/resource_directory.h"

namespace kith::leads {

class LeadDirectory final : public projections::ResourceDirectory {
 public:
  static constexpr absl::string_view kName = "lead_directory";

  // Beside every field of a lead: phone (in international form where it could be read), external_id
  // ("billing:4711"), and the words of its names. By index: these, display_name, email, owner,
  // status, source, rating, contact, company, company_name, estimated_amount, what it was converted
  // to, create_time, close_time, last_activity_time, viewers, editors. E-mail addresses and names
  // are compared by their normal forms; the order by last activity is kept for the present only.
  static const projections::Table<v1::Lead>& Leads();

  // The indexes that find leads by when they came into being, and by when they were converted or
  // disqualified.
  static constexpr uint8_t kByCreateTime = 6;
  static constexpr uint8_t kByCloseTime = 20;

  LeadDirectory();
  std::vector<std::string> categories() const override { return {"leads", "interactions"}; }
  // Of the interactions, those about a lead.
  bool Takes(const eventstore::RecordedEvent& event) const override;
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

}  // namespace kith::leads
