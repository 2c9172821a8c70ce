// OwnedType: a resource whose records have an owner, for those who may not see all of them.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "services/core/aggregate_type.h"

namespace kith::runtime {

// Any thread.
struct OwnedType {
  const AggregateType* aggregate;
  // Of a state of it, which may be that of no record.
  std::function<std::string(const void* state)> owner;
  // What its Get method asks for: "deals.read". It says what is seen.
  std::string read_permission;
};

// By category. Immutable when the server answers.
using OwnedTypes = std::map<std::string, OwnedType, std::less<>>;

}  // namespace kith::runtime
