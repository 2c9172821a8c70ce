#include "services/assignment_rules/assignment_rule_fields.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/proto_time.h"
#include "google/rpc/error_details.pb.h"
#include "kith/assignment_rules/v1/assignment_rules_errors.pb.h"
#include "services/core/owner_field.h"
#include "services/core/record_condition.h"
#include "services/core/reject.h"

namespace kith::assignment_rules {
namespace {

using google::protobuf::FieldDescriptor;
using google::rpc::BadRequest;

constexpr absl::Duration kWindowMax = absl::Hours(24 * 31);

// What is wrong with one rule, place by place.
class Inspection {
 public:
  Inspection(const v1::AssignmentRule& rule, const ServerFacts& facts)
      : rule_(rule), facts_(facts) {}

  absl::Status Run() {
    collection_ = FindCollection(facts_.collections, rule_.resource());
    const FieldDescriptor* const owner =
        collection_ == nullptr ? nullptr : OwnerFieldOf(*collection_->resource);
    if (owner == nullptr) {
      Add("resource", absl::StrCat("must be one of ", Owned()));
      collection_ = nullptr;
    }
    takes_teams_ = owner != nullptr && MayTeamsOwn(*owner);
    for (int i = 0; i < rule_.members_size(); ++i) CheckMember(i);
    for (int i = 0; i < rule_.branches_size(); ++i) CheckBranch(i);
    CheckAssignee("fallback", rule_.fallback());
    CheckLimit();
    if (violations_.field_violations().empty()) return absl::OkStatus();
    return Reject(v1::ASSIGNMENT_RULES_ERROR_INVALID_RULE,
                  absl::StrCat("The rule cannot be as it is: ", Summary(violations_), "."), {},
                  violations_);
  }

 private:
  void Add(absl::string_view field, absl::string_view what) {
    AddViolation(absl::StrCat("assignment_rule.", field), what, violations_);
  }

  std::string Owned() const {
    std::vector<std::string> names;
    for (const Collection& collection : facts_.collections) {
      if (OwnerFieldOf(*collection.resource) != nullptr) names.push_back(collection.name);
    }
    return absl::StrJoin(names, ", ");
  }

  void CheckMember(int index) {
    const v1::AssignmentMember& member = rule_.members(index);
    const std::string at = absl::StrCat("members[", index, "].");
    for (int other = 0; other < index; ++other) {
      if (rule_.members(other).user() != member.user()) continue;
      Add(at + "user", absl::StrCat("is members[", other, "] already"));
      break;
    }
    if (rule_.strategy() == v1::SPREAD && !member.has_monthly_capacity()) {
      Add(at + "monthly_capacity", "must be said: the strategy is SPREAD");
    }
    CheckFilter(at + "preference", member.preference());
  }

  void CheckBranch(int index) {
    const v1::AssignmentBranch& branch = rule_.branches(index);
    const std::string at = absl::StrCat("branches[", index, "].");
    CheckFilter(at + "condition", branch.condition());
    CheckAssignee(at + "assignee", branch.assignee());
    if (!rule_.name().empty() && branch.assignee() == rule_.name()) {
      Add(at + "assignee", "is the rule itself");
    }
  }

  void CheckFilter(absl::string_view field, const std::string& filter) {
    if (filter.empty() || collection_ == nullptr) return;
    const absl::Status checked = CheckCondition(*collection_, filter);
    if (!checked.ok()) Add(field, checked.message());
  }

  void CheckAssignee(absl::string_view field, const std::string& assignee) {
    if (takes_teams_ || collection_ == nullptr || !absl::StartsWith(assignee, "teams/")) return;
    Add(field, absl::StrCat("is a team, and ", collection_->name, " are owned by users"));
  }

  void CheckLimit() {
    if (!rule_.has_limit()) return;
    const absl::Duration window = FromDuration(rule_.limit().window());
    if (window > absl::ZeroDuration() && window <= kWindowMax) return;
    Add("limit.window", "must be longer than nothing, and at most 31 days");
  }

  const v1::AssignmentRule& rule_;
  const ServerFacts& facts_;
  const Collection* collection_ = nullptr;  // of its records; null: there is none
  bool takes_teams_ = false;
  BadRequest violations_;
};

}  // namespace

absl::Status CheckFields(const v1::AssignmentRule& rule, const ServerFacts& facts) {
  return Inspection(rule, facts).Run();
}

}  // namespace kith::assignment_rules
