// The records that a command makes a deal name, its owner and its contacts, and the check that they
// are there.
//
// Only what a command adds: a deal may go on naming a contact that was deleted since, and be
// changed in every other way. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "services/core/linked_record.h"

namespace kith::deals {

struct DealState;

// Points into the command.
struct DealLink {
  std::string field;         // of the request: "deal.owner", "deal.contacts[1].contact"
  absl::string_view record;  // "users/…" or "contacts/…"
};
using DealLinks = std::vector<DealLink>;

DealLinks NewLinks(const v1::CreateDealRequest& command);
// None where the command is refused for another reason.
DealLinks NewLinks(const DealState& state, const v1::UpdateDealRequest& command);

// `records` are the states of the records that `links` name, in their order. Rejects with
//   DEALS_ERROR_LINKED_RECORD_NOT_FOUND  some are not there or were deleted; every one is named
absl::Status CheckLinks(const DealLinks& links, absl::Span<const LinkedRecord* const> records);

}  // namespace kith::deals
