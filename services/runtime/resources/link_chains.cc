#include "services/runtime/resources/link_chains.h"

#include <string>

#include "eventstore/base/status_macros.h"
#include "services/core/acyclic_links.h"

namespace kith::runtime {
namespace {

// Whatever `at`, the last of the chain, leads to. As deep as kChainMax.
absl::Status Follow(const ResourceType& type, const AcyclicLink& link,
                    const google::protobuf::Message& at, LinkChain& chain, Loader& load) {
  for (const std::string& next : NamesIn(at, *link.declared)) {
    if (chain.HasLeft(next)) continue;
    KITH_ASSIGN_OR_RETURN(const void* const state, load.LoadAny(*type.aggregate, next));
    KITH_RETURN_IF_ERROR(chain.Add(next, load.Hides(type.rules->category, state)));
    const ResourceNow now = type.now_of(state);
    if (now.lifecycle == Lifecycle::kActive) {
      KITH_RETURN_IF_ERROR(Follow(type, link, *now.resource, chain, load));
    }
    chain.Leave();
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckChains(const ResourceType& type, const ResourceChange& change, Loader& load) {
  for (const AcyclicLink& link : change.acyclic) {
    LinkChain chain(link, change.name);
    KITH_RETURN_IF_ERROR(Follow(type, link, *change.after, chain, load));
  }
  return absl::OkStatus();
}

}  // namespace kith::runtime
