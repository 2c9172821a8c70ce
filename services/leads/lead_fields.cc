#include "services/leads/lead_fields.h"

#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "google/rpc/error_details.pb.h"
#include "services/core/contact_points.h"
#include "services/core/money.h"
#include "services/core/normalise.h"
#include "services/core/reject.h"

namespace kith::leads {
namespace {

std::string DisplayNameOf(const v1::Lead& lead) {
  const bool has_both = !lead.first_name().empty() && !lead.last_name().empty();
  const std::string names = absl::StrCat(lead.first_name(), has_both ? " " : "", lead.last_name());
  for (const std::string& name : {names, lead.company_name(), lead.email()}) {
    if (!name.empty()) return name;
  }
  return lead.phone();
}

// What was read once stays, also where the region is another since.
void CompletePhone(const v1::Lead& before, absl::string_view default_region, v1::Lead& after) {
  if (after.phone() == before.phone()) return;
  after.set_phone_e164(PhoneE164(after.phone(), default_region).value_or(""));
}

void CompleteTouches(bool is_new, v1::Lead& lead) {
  if (!lead.has_first_touch() && lead.has_latest_touch()) {
    *lead.mutable_first_touch() = lead.latest_touch();
  }
  if (!is_new) return;
  if (!lead.has_latest_touch() && lead.has_first_touch()) {
    *lead.mutable_latest_touch() = lead.first_touch();
  }
  if (lead.source() == v1::LEAD_SOURCE_UNSPECIFIED) lead.set_source(lead.first_touch().source());
}

void FollowOwner(const v1::Lead& before, v1::Lead& after) {
  const bool is_users = absl::StartsWith(after.owner(), "users/");
  const bool is_new = before.name().empty();
  if (!is_new && after.owner() != before.owner()) {
    const bool is_taken = is_users && absl::StartsWith(before.owner(), "teams/");
    after.set_queue(is_taken ? before.owner() : "");
  }
  if (is_new) {
    after.set_status(is_users ? v1::ASSIGNED : v1::NEW);
  } else if (after.owner() == before.owner()) {
    return;
  } else if (is_users && (before.status() == v1::NEW || before.status() == v1::RECYCLED)) {
    after.set_status(v1::ASSIGNED);
  } else if (!is_users && before.status() == v1::ASSIGNED) {
    after.set_status(v1::NEW);
  }
}

}  // namespace

void CompleteFields(const v1::Lead& before, const Settings& settings, v1::Lead& after) {
  CompletePhone(before, settings.default_region, after);
  // Of one whose names were erased nothing is made any more that would be sealed; and one that says
  // by its contact alone who it is, is called as that was when it began to be named.
  std::string name = DisplayNameOf(after);
  const bool is_named_after = name.empty() && !after.contact().empty();
  if (!after.erased() && !is_named_after) after.set_display_name(std::move(name));
  CompleteTouches(before.name().empty(), after);
  FollowOwner(before, after);
}

absl::Status CheckFields(const v1::Lead& lead) {
  google::rpc::BadRequest violations;
  const bool is_known = TellsOfPerson(lead) || !lead.contact().empty() || !lead.company().empty() ||
                        !lead.company_name().empty();
  // One whose names were erased goes on without them.
  if (!is_known && !lead.erased()) {
    AddViolation("lead",
                 "needs a name, an e-mail address, a telephone number, a company's name, or a "
                 "contact or company that it is",
                 violations);
  }
  if (IsNegative(lead.estimated_amount())) {
    AddViolation("lead.estimated_amount", "must not be negative", violations);
  }
  const v1::LeadTouch& first = lead.first_touch();
  const v1::LeadTouch& latest = lead.latest_touch();
  if (first.has_time() && latest.has_time() &&
      FromTimestamp(latest.time()) < FromTimestamp(first.time())) {
    AddViolation("lead.latest_touch.time", "is before first_touch.time", violations);
  }
  return RejectFields(violations);
}

bool TellsOfPerson(const v1::Lead& lead) {
  return !lead.first_name().empty() || !lead.last_name().empty() || !lead.email().empty() ||
         !lead.phone().empty();
}

std::vector<std::string> ExternalIdKeys(const v1::Lead& lead) {
  return ExternalIdKeysOf(lead.external_ids());
}

std::vector<std::string> EmailKeys(const v1::Lead& lead) {
  std::optional<std::string> key = EmailKey(lead.email());
  if (!key.has_value()) return {};
  return {*std::move(key)};
}

}  // namespace kith::leads
