// ListedHolders: who may have a value that records claim since some version only.
//
// Who had it before then is found in the directory of the records, and who came by it since in the
// log, by the claim. That nobody else comes by it becomes a condition of the append.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "projections/engine/view.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/resources/resource_type.h"
#include "services/runtime/runtime.h"

namespace kith::runtime {

// Borrows the runtime. Immutable; any thread.
class ListedHolders {
 public:
  // While the server starts.
  ListedHolders(const ResourceType& type, const Runtime& runtime);

  // The names of those that the directory finds with `field` = `text`, at most some fifty, and of
  // those that claimed the value since it was folded. They may not have it any more, may be gone,
  // or hidden from the caller, whose right to ask (CheckFindsBy) is not looked at.
  // ERROR_VIEW_BEHIND where the directory is being built.
  absl::StatusOr<std::vector<std::string>> Names(Loader& load, absl::string_view field,
                                                 absl::string_view text, absl::string_view claim,
                                                 const std::string& value) const;

 private:
  const ResourceType type_;
  const projections::View& directory_;
  const Position opened_;  // everything up to here may be without claims
};

}  // namespace kith::runtime
