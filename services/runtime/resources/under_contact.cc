#include "services/runtime/resources/under_contact.h"

#include <utility>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "kith/contacts/v1/contact.pb.h"
#include "projections/tables/merged_names.h"

namespace kith::runtime {

using projections::Expression;

absl::StatusOr<Expression> UnderContact(const ReadContext& context,
                                        const projections::ViewSnapshot& contacts,
                                        const std::string& contact) {
  static const auto& merged =
      *new projections::MergedNames(contacts::v1::Contact::default_instance());
  KITH_ASSIGN_OR_RETURN(
      const std::vector<std::string> names,
      merged.AllOf(contacts, context.workspace(), contact, eventstore::ReadTier::kDisk));
  Expression any{Expression::Kind::kAny, {}, {}};
  for (const std::string& name : names) {
    Expression one{Expression::Kind::kComparison, {}, {}};
    one.comparison.field = "contact";
    one.comparison.literal = name;
    any.parts.push_back(std::move(one));
  }
  return any;
}

}  // namespace kith::runtime
