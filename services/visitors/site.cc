#include "services/visitors/site.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "google/rpc/error_details.pb.h"
#include "kith/visitors/v1/visitors_errors.pb.h"
#include "services/core/by_itself.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/core/url.h"

namespace kith::visitors {
namespace {

absl::Status CheckSite(const v1::Site& site) {
  google::rpc::BadRequest violations;
  for (int i = 0; i < site.allowed_origins_size(); ++i) {
    if (IsOrigin(site.allowed_origins(i))) continue;
    AddViolation(absl::StrCat("site.allowed_origins[", i, "]"),
                 "must be a site as browsers name it, such as https://www.example.com, without a "
                 "path",
                 violations);
  }
  AddRepeats("site.allowed_origins",
             std::vector<std::string>(site.allowed_origins().begin(), site.allowed_origins().end()),
             violations);
  return RejectFields(violations);
}

}  // namespace

const ResourceRules& SiteRules() {
  static const auto& rules =
      *new ResourceRules(ResourceRulesBuilder<SiteAggregate>()
                             .NotFound(v1::VISITORS_ERROR_SITE_NOT_FOUND)
                             .LinkNotFound(v1::VISITORS_ERROR_LINKED_RECORD_NOT_FOUND)
                             .OwnedByCreator()
                             .Check(CheckSite)
                             .Build());
  return rules;
}

Decision Decide(const SiteNow& state, const v1::CountSiteTrafficRequest& command,
                const CommandContext& context) {
  if (!IsDoneByPolicy(context, "visitor_pages")) {
    return Reject(v1::VISITORS_ERROR_COUNTS_BY_ITSELF, "Kith counts by itself what is left out.");
  }
  if (state.lifecycle == Lifecycle::kAbsent) return ResourceNotFound(SiteRules(), command.name());
  v1::SiteTrafficEvent event;
  v1::SiteTrafficCounted& counted = *event.mutable_site_traffic_counted();
  counted.set_site(command.name());
  counted.set_bots(command.bots());
  counted.set_opted_out(command.opted_out());
  counted.set_without_consent(command.without_consent());
  counted.set_over_limit(command.over_limit());
  return Changes().Append(absl::StrCat(kTraffic, "/", IdOf(command.name())), std::move(event));
}

}  // namespace kith::visitors
