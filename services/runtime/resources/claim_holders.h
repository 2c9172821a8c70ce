// FindHolders: which records have a value now, as a command finds them.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/resources/resource_type.h"

namespace kith::runtime {

struct ClaimHolders {
  // Those that the caller sees, oldest claim first. They live as long as the loader, or until
  // changes are assumed.
  std::vector<const google::protobuf::Message*> records;
  bool are_some_hidden = false;
};

// The records that are there and hold `value` of the claim. That nobody else comes to claim it is a
// condition of the append. Aborts where the resource has no such claim. Any thread; errors are the
// loader's.
absl::StatusOr<ClaimHolders> FindHolders(Loader& load, const ResourceType& type,
                                         absl::string_view claim, const std::string& value);

}  // namespace kith::runtime
