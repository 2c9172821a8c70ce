#include "services/runtime/resources/link_chains.h"

#include <string>

#include "eventstore/base/status_macros.h"
#include "services/core/acyclic_links.h"

namespace kith::runtime {

absl::Status CheckChains(const ResourceType& type, const ResourceChange& change, Loader& load) {
  for (const AcyclicLink& link : change.acyclic) {
    LinkChain chain(link, change.name);
    const google::protobuf::Message* at = change.after.get();
    while (true) {
      const std::string next = at->GetReflection()->GetString(*at, link.declared);
      if (next.empty()) break;
      KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadAny(*type.aggregate, next));
      KITH_RETURN_IF_ERROR(chain.Add(next, load.Hides(type.rules->category, state)));
      const ResourceNow now = type.now_of(state);
      if (now.lifecycle != Lifecycle::kActive) break;
      at = now.resource;
    }
  }
  return absl::OkStatus();
}

}  // namespace kith::runtime
