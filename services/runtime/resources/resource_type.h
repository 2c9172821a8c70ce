// ResourceType: a resource as the runtime serves it: its rules, how its state is loaded, its
// service and the view of its rows.
#pragma once

#include <vector>

#include "google/protobuf/descriptor.h"
#include "projections/tables/resource_directory.h"
#include "services/core/aggregate_type.h"
#include "services/core/resource_rules.h"
#include "services/core/standard_command.h"

namespace kith::runtime {

// Everything it points to lives as long as the process, but for the directory, which lives as long
// as the server.
struct ResourceType {
  const ResourceRules* rules;
  const AggregateType* aggregate;
  ResourceNow (*now_of)(const void* state);
  const google::protobuf::ServiceDescriptor* service;
  const projections::ResourceDirectory* directory;
};

// `Request` is any of its service's: the linker drops the descriptor of a service that nobody
// names.
template <class Aggregate, class Request>
ResourceType ResourceTypeOf(const ResourceRules& rules,
                            const projections::ResourceDirectory& directory) {
  using State = typename Aggregate::State;
  return {.rules = &rules,
          .aggregate = &kAggregateType<Aggregate>,
          .now_of = [](const void* state) { return NowOf(*static_cast<const State*>(state)); },
          .service = Request::descriptor()->file()->service(0),
          .directory = &directory};
}

// What stands under a record and has methods of its own, but a state as a resource has: a message.
struct PartType {
  const AggregateType* aggregate;
  ResourceNow (*now_of)(const void* state);
};

template <class Aggregate>
PartType PartTypeOf() {
  using State = typename Aggregate::State;
  return {.aggregate = &kAggregateType<Aggregate>,
          .now_of = [](const void* state) { return NowOf(*static_cast<const State*>(state)); }};
}

}  // namespace kith::runtime
