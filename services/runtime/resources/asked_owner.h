// AskedOwner: whose records a report is asked for, in a field `owner` of its request that names a
// user. A name that nobody has would be answered by a report of nothing, so it is refused; what
// else people are named by is LinkAliases's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "projections/tables/field.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/resources/link_aliases.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {

// Immutable; any thread. Copies share what they know.
class AskedOwner {
 public:
  // While the server starts. Borrows the runtime. Aborts where `types` have no users.
  AskedOwner(const std::vector<ResourceType>& types, const Runtime& runtime);

  // The views that a read with this owner needs besides; none where it is empty.
  ReadViews ViewsFor(const std::string& owner) const;
  // In a read of these: the name of the user who is meant, of whoever asks where that is
  // "users/me"; empty where nobody is asked for. ERROR_UNKNOWN_ALIAS where there is no such user at
  // the read's moment; else as LinkAliases::UserNamed.
  absl::StatusOr<std::string> In(const ReadContext& context, const std::string& owner) const;

 private:
  struct Known {
    Known(const std::vector<ResourceType>& all, const Runtime& runtime);

    const std::vector<ResourceType> types;
    const std::vector<projections::Field> fields;  // `owner` alone
    const LinkAliases aliases;                     // borrows both
    projections::View* const users;
  };

  std::shared_ptr<const Known> known_;
};

}  // namespace kith::runtime
