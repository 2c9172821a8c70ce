// CheckChains: where the acyclic links of a changed resource would lead.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "services/core/linked_record.h"
#include "services/core/standard_command.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/resources/resource_type.h"

namespace kith::runtime {

// OK where they come to an end, at a record that links no other or is not there; ERROR_LINK_CYCLE
// or ERROR_LINK_CHAIN_TOO_LONG. Every record that they lead over becomes a condition of the append.
// `also` are names that will mean the resource, too.
absl::Status CheckChains(const ResourceType& type, const ResourceChange& change, Loader& load,
                         absl::Span<const std::string> also = {});

// The same of a change whose links are to `linked`. Where a link leads is told to who sees what it
// names: OK where one of them is not there for the caller, as it is refused as one to nothing.
absl::Status CheckSeenChains(const ResourceType& type, const ResourceChange& change,
                             absl::Span<const LinkedRecord* const> linked, Loader& load);

}  // namespace kith::runtime
