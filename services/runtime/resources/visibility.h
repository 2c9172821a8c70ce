// Visibility: which records of a resource a caller may see: those whose owner is within the scope
// of what its Get method asks for, and those that are shared with the caller. A record that is
// hidden is to its caller as one that never was.
//
// A read as of a moment asks whose the record was then, and whom it was shared with, and what the
// caller may see now.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "projections/tables/query.h"
#include "services/runtime/admission/authorizer.h"
#include "services/runtime/admission/record_access.h"
#include "services/runtime/calls/read_call.h"
#include "services/runtime/commands/owned_type.h"
#include "services/runtime/resources/resource_type.h"

namespace kith::runtime {

// What seeing one of them asks for: the permission of its Get method, "deals.read". Empty where it
// has none. Lives as long as the process.
const std::string& ReadPermissionOf(const ResourceType& type);

// More records that are shared with a caller are not merged into a list, but looked for in it.
inline constexpr int kSharedMax = 1'000;

// What holds of the records that are shared with somebody.
projections::Expression SharedWith(const Member& member);
// Whether there may be any, as of a snapshot of their directory. As a rule there are none, and then
// this costs a part of what it does to list them. Touches the disk.
absl::StatusOr<bool> MayShareAny(const Member& member, const projections::TableCore& table,
                                 const projections::ViewSnapshot& snapshot, WorkspaceId workspace);

// Borrows what the type does. Immutable; any thread.
class Visibility {
 public:
  // What a list shows: of which all rows `within` holds, and the rows of these names besides.
  struct Seen {
    projections::Expression within;
    std::vector<std::string> shared;
    std::string groups;  // by what they are shared
  };

  // Aborts where the resource has an owner and no Get method.
  explicit Visibility(const ResourceType& type);

  const RecordAccess& access() const { return access_; }

  // Whether some records may be hidden from the caller.
  bool IsBounded(const Caller& caller) const { return access_.IsBounded(caller); }
  bool Hides(const Caller& caller, const google::protobuf::Message& resource) const {
    return !access_.MayRead(caller, resource);
  }
  // What holds of all that the caller sees; nullopt where that is everything.
  std::optional<projections::Expression> Within(const Caller& caller) const;
  // The same for lists, which have indexes by owner and none by whom else it is shared with: as of
  // the position of the read, whose view(0) is the resource's directory. Nullopt where it is
  // everything. Touches the disk.
  absl::StatusOr<std::optional<Seen>> SeenBy(const ReadContext& context) const;

 private:
  projections::Expression Owned(const Caller& caller) const;

  RecordAccess access_;
  const projections::TableCore* table_;
};

// For commands.
OwnedTypes OwnedTypesOf(const std::vector<ResourceType>& types);

}  // namespace kith::runtime
