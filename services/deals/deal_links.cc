#include "services/deals/deal_links.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "services/core/update_mask.h"
#include "services/deals/deal.h"

namespace kith::deals {
namespace {

bool Names(const v1::Deal& deal, absl::string_view contact) {
  return std::any_of(deal.contacts().begin(), deal.contacts().end(),
                     [&](const v1::DealContact& named) { return named.contact() == contact; });
}

// What `wanted` names in the fields that the mask means and `before` does not.
Links LinksOf(const v1::Deal& wanted, const google::protobuf::FieldMask& mask,
              const v1::Deal& before) {
  Links links;
  if (Means(mask, "owner") && !wanted.owner().empty() && wanted.owner() != before.owner()) {
    links.push_back({"deal.owner", wanted.owner()});
  }
  if (!Means(mask, "contacts")) return links;
  for (int i = 0; i < wanted.contacts_size(); ++i) {
    const std::string& contact = wanted.contacts(i).contact();
    if (!Names(before, contact)) {
      links.push_back({absl::StrCat("deal.contacts[", i, "].contact"), contact});
    }
  }
  return links;
}

}  // namespace

Links NewLinks(const v1::CreateDealRequest& command) { return LinksOf(command.deal(), {}, {}); }

Links NewLinks(const DealState& state, const v1::UpdateDealRequest& command) {
  if (state.lifecycle != Lifecycle::kActive) return {};
  return LinksOf(command.deal(), command.update_mask(), state.deal);
}

}  // namespace kith::deals
