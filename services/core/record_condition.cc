#include "services/core/record_condition.h"

#include <algorithm>
#include <memory>

namespace kith {

absl::Status CheckCondition(const Collection& collection, absl::string_view condition) {
  const std::unique_ptr<google::protobuf::Message> nobody(
      google::protobuf::MessageFactory::generated_factory()
          ->GetPrototype(collection.resource)
          ->New());
  return collection.holds(condition, *nobody, absl::UnixEpoch(), absl::UTCTimeZone()).status();
}

const Collection* FindCollection(const Collections& collections, absl::string_view name) {
  const auto found = std::find_if(collections.begin(), collections.end(),
                                  [&](const Collection& one) { return one.name == name; });
  return found == collections.end() ? nullptr : &*found;
}

}  // namespace kith
