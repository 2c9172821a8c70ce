#include "services/runtime/resources/link_chains.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
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

// Of a chain that has grown too long more records are not gone along.
constexpr size_t kGrownMax = 500;

// How many records a link leads over that names one at most; nullopt where it leads back to where
// it began, or over more than kGrownMax.
absl::StatusOr<std::optional<size_t>> LengthOf(const Course& course,
                                               const google::protobuf::Message& from) {
  const google::protobuf::Message* at = &from;
  for (size_t length = 0; length <= kGrownMax; ++length) {
    const std::vector<std::string> named = NamesIn(*at, *course.link.declared);
    if (named.empty()) return length;
    KITH_ASSIGN_OR_RETURN(const void* const state,
                          course.load.LoadAny(*course.type.aggregate, named.front()));
    const ResourceNow now = course.type.now_of(state);
    if (course.Meant(named.front(), now) == course.resource) return std::nullopt;
    if (now.lifecycle != Lifecycle::kActive) return length + 1;
    at = now.resource;
  }
  return std::nullopt;
}

// A chain grows at its other end, too, where nobody counts what leads there. Then what stands at
// its beginning may move up, and come back: its chain becomes no longer by that.
absl::StatusOr<bool> BecomesNoLonger(const Course& course, const ResourceChange& change) {
  if (course.link.declared->is_repeated() || change.method == StandardMethod::kCreate) return false;
  KITH_ASSIGN_OR_RETURN(const std::optional<size_t> after, LengthOf(course, *change.after));
  if (!after.has_value()) return false;
  if (change.method == StandardMethod::kUndelete) return true;
  KITH_ASSIGN_OR_RETURN(const void* const state,
                        course.load.LoadAny(*course.type.aggregate, change.name));
  KITH_ASSIGN_OR_RETURN(const std::optional<size_t> before,
                        LengthOf(course, *course.type.now_of(state).resource));
  return before.has_value() && *after <= *before;
}

}  // namespace

absl::Status CheckChains(const ResourceType& type, const ResourceChange& change, Loader& load,
                         absl::Span<const std::string> also) {
  for (const AcyclicLink& link : change.acyclic) {
    LinkChain chain(link, change.name);
    const Course course{type, link, change.name, also, load};
    absl::Status followed = Follow(course, *change.after, chain);
    if (IsError(followed, type::v1::ERROR_LINK_CHAIN_TOO_LONG)) {
      KITH_ASSIGN_OR_RETURN(const bool is_no_longer, BecomesNoLonger(course, change));
      if (is_no_longer) continue;
    }
    KITH_RETURN_IF_ERROR(followed);
  }
  return absl::OkStatus();
}

absl::Status CheckSeenChains(const ResourceType& type, const ResourceChange& change,
                             absl::Span<const LinkedRecord* const> linked, Loader& load) {
  const bool are_seen = std::all_of(linked.begin(), linked.end(), [](const auto* record) {
    return record->lifecycle == Lifecycle::kActive;
  });
  // What comes back names what it named.
  const bool comes_back = change.method == StandardMethod::kUndelete;
  return are_seen || comes_back ? CheckChains(type, change, load) : absl::OkStatus();
}

}  // namespace kith::runtime
