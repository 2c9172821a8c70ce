// LinkingRecords: who names a record that is to be deleted, and what its deletion does to them.
//
// Who named it until a while ago stands in the directories of the resources that link it; what
// began or ceased to name it since has an event with the claim, and nobody may do so until the
// deletion is appended. So nothing is looked for in all of history, and records from before the
// links were claimed are found as well: they are in the directory before the first call is taken.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "projections/engine/view.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/core/held_links.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {

// Borrows everything. Immutable; any thread.
class LinkingRecords {
 public:
  // Of resources of `linked`, while the server starts. Aborts where a directory has no index that
  // begins with a held link, or no field of its name.
  LinkingRecords(const std::vector<ResourceType>& types, const ResourceType& linked,
                 const Runtime& runtime);

  // What happens to those that name a record when it is deleted: they are emptied of it. `names`
  // are all that mean it, its own first.
  // ERROR_STILL_LINKED or ERROR_LINKED_BY_MANY where it cannot be deleted; ERROR_VIEW_BEHIND where
  // a directory is being built. All that it stands on becomes a condition of the append.
  absl::StatusOr<std::vector<Change>> Unlink(Loader& load, const std::vector<std::string>& names,
                                             const CommandContext& context) const;

 private:
  struct Source {
    const ResourceType* type;
    const HeldLink* link;
    const projections::View* directory;
  };

  // Those that name it, at most one more than kEmptiedMax of all.
  absl::Status Find(const Source& source, Loader& load, absl::string_view record,
                    std::vector<LinkingResource>& found) const;
  // Adds the resource of this name, where it is there and names the record.
  absl::Status Add(const Source& source, Loader& load, absl::string_view name,
                   absl::string_view record, std::vector<LinkingResource>& found) const;

  std::vector<Source> sources_;
  Position opened_;  // everything up to here may be without claims
};

}  // namespace kith::runtime
