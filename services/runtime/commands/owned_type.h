// OwnedType: a resource whose records have an owner, for those who may not see all of them.
#pragma once

#include <functional>
#include <map>
#include <string>

#include "google/protobuf/message.h"
#include "services/core/aggregate_type.h"
#include "services/runtime/admission/record_access.h"

namespace kith::runtime {

// Any thread.
struct OwnedType {
  const AggregateType* aggregate;
  // Of a state of it, which may be that of no record.
  std::function<const google::protobuf::Message&(const void* state)> record;
  RecordAccess access;
};

// By category. Immutable when the server answers.
using OwnedTypes = std::map<std::string, OwnedType, std::less<>>;

}  // namespace kith::runtime
