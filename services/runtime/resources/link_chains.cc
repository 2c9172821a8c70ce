#include "services/runtime/resources/link_chains.h"

#include <algorithm>
#include <string>

#include "eventstore/base/status_macros.h"
#include "services/core/acyclic_links.h"

namespace kith::runtime {
namespace {

// What is followed, and by whom.
struct Course {
  const ResourceType& type;
  const AcyclicLink& link;
  const std::string& resource;  // where it began
  absl::Span<const std::string> also;
  Loader& load;

  // The name that the record has that this one means.
  std::string Meant(const std::string& name, const ResourceNow& now) const {
    if (now.lifecycle == Lifecycle::kAbsent) return name;
    std::string meant = ResourceNameOf(*now.resource);
    return std::find(also.begin(), also.end(), meant) == also.end() ? meant : resource;
  }
};

// Whatever `at`, the last of the chain, leads to. As deep as kChainMax.
absl::Status Follow(const Course& course, const google::protobuf::Message& at, LinkChain& chain) {
  for (const std::string& named : NamesIn(at, *course.link.declared)) {
    if (chain.HasLeft(named)) continue;
    KITH_ASSIGN_OR_RETURN(const void* const state,
                          course.load.LoadAny(*course.type.aggregate, named));
    const ResourceNow now = course.type.now_of(state);
    const std::string next = course.Meant(named, now);
    if (chain.HasLeft(next)) continue;
    KITH_RETURN_IF_ERROR(chain.Add(next, course.load.Hides(course.type.rules->category, state)));
    if (now.lifecycle == Lifecycle::kActive) {
      KITH_RETURN_IF_ERROR(Follow(course, *now.resource, chain));
    }
    chain.Leave();
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckChains(const ResourceType& type, const ResourceChange& change, Loader& load,
                         absl::Span<const std::string> also) {
  for (const AcyclicLink& link : change.acyclic) {
    LinkChain chain(link, change.name);
    const Course course{type, link, change.name, also, load};
    KITH_RETURN_IF_ERROR(Follow(course, *change.after, chain));
  }
  return absl::OkStatus();
}

}  // namespace kith::runtime
