// Visibility: which records of a resource a caller may see: those whose owner is within the scope
// of what its Get method asks for. A record that is hidden is to its caller as one that never was.
//
// A record's owner is what its field `owner` names; a resource without one is seen whole. A read as
// of a moment asks whose the record was then, and what the caller may see now.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "projections/tables/query.h"
#include "services/runtime/admission/authorizer.h"
#include "services/runtime/commands/owned_type.h"
#include "services/runtime/resources/resource_type.h"

namespace kith::runtime {

// What seeing one of them asks for: the permission of its Get method, "deals.read". Empty where it
// has none. Lives as long as the process.
const std::string& ReadPermissionOf(const ResourceType& type);

// Borrows what the type does. Immutable; any thread.
class Visibility {
 public:
  // Aborts where the resource has an owner and no Get method.
  explicit Visibility(const ResourceType& type);

  bool has_owner() const { return owner_ != nullptr; }
  const std::string& read_permission() const { return read_permission_; }
  // Whose it is; "" for nobody's. Only where it has an owner.
  std::string OwnerOf(const google::protobuf::Message& resource) const;

  // Whether some records may be hidden from the caller.
  bool IsBounded(const Caller& caller) const;
  bool Hides(const Caller& caller, const google::protobuf::Message& resource) const;
  // What holds of all that the caller sees; nullopt where that is everything.
  std::optional<projections::Expression> Within(const Caller& caller) const;

 private:
  const google::protobuf::FieldDescriptor* owner_;  // null: it has none
  std::string read_permission_;
};

// For commands.
OwnedTypes OwnedTypesOf(const std::vector<ResourceType>& types);

}  // namespace kith::runtime
