#include "services/deals/deal_links.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "kith/deals/v1/deals_errors.pb.h"
#include "services/core/reject.h"
#include "services/core/update_mask.h"
#include "services/deals/deal.h"

namespace kith::deals {
namespace {

bool Names(const v1::Deal& deal, absl::string_view contact) {
  return std::any_of(deal.contacts().begin(), deal.contacts().end(),
                     [&](const v1::DealContact& named) { return named.contact() == contact; });
}

// What `after` names in its fields that `before` does not.
DealLinks LinksOf(const v1::Deal& after, const v1::Deal& before) {
  DealLinks links;
  if (!after.owner().empty() && after.owner() != before.owner()) {
    links.push_back({"deal.owner", after.owner()});
  }
  for (int i = 0; i < after.contacts_size(); ++i) {
    const std::string& contact = after.contacts(i).contact();
    if (!Names(before, contact)) {
      links.push_back({absl::StrCat("deal.contacts[", i, "].contact"), contact});
    }
  }
  return links;
}

absl::Status LinkedRecordNotFound(const google::rpc::BadRequest& missing,
                                  const std::vector<absl::string_view>& records) {
  google::rpc::ResourceInfo first;
  first.set_resource_name(std::string(records.front()));
  return Reject(v1::DEALS_ERROR_LINKED_RECORD_NOT_FOUND,
                "The owner or a contact of the deal does not exist or was deleted.",
                {{"records", absl::StrJoin(records, ", ")}}, first, missing);
}

}  // namespace

DealLinks NewLinks(const v1::CreateDealRequest& command) { return LinksOf(command.deal(), {}); }

DealLinks NewLinks(const DealState& state, const v1::UpdateDealRequest& command) {
  if (state.lifecycle != Lifecycle::kActive) return {};
  const auto changed = ChangedFields(state.deal, command.deal(), command.update_mask());
  if (!changed.ok()) return {};
  const auto changes = [&](absl::string_view field) {
    return std::find(changed->paths().begin(), changed->paths().end(), field) !=
           changed->paths().end();
  };
  DealLinks links = LinksOf(command.deal(), state.deal);
  const auto unchanged = std::remove_if(links.begin(), links.end(), [&](const DealLink& link) {
    return !changes(link.field == "deal.owner" ? "owner" : "contacts");
  });
  links.erase(unchanged, links.end());
  return links;
}

absl::Status CheckLinks(const DealLinks& links, absl::Span<const LinkedRecord* const> records) {
  KITH_CHECK(links.size() == records.size());
  google::rpc::BadRequest missing;
  std::vector<absl::string_view> names;
  for (size_t i = 0; i < links.size(); ++i) {
    switch (records[i]->lifecycle) {
      case Lifecycle::kAbsent:
      case Lifecycle::kDeleted:
        AddViolation(links[i].field,
                     absl::StrCat(links[i].record, " does not exist or was deleted"), missing);
        names.push_back(links[i].record);
        break;
      case Lifecycle::kActive:
        break;
    }
  }
  return names.empty() ? absl::OkStatus() : LinkedRecordNotFound(missing, names);
}

}  // namespace kith::deals
