// RecordAccess: who may see and who may change a record, whatever the resource: those within whose
// reach its owner is, and those whom it is shared with.
//
// A record's owner is what its field `owner` names: a user, or, where the field takes teams, a
// team: such a record is everybody's who is in the team, or in a part of it. Its fields `viewers`
// and `editors` name the users and teams that it is shared with: editors may change it, too, but
// not whose it is and whom it is shared with. A team is who is in it, or in a team that is a part
// of it. What sharing gives, the caller needs the permission for, of however few records.
// Immutable; any thread.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "services/runtime/admission/authorizer.h"
#include "services/runtime/admission/reach.h"

namespace kith::runtime {

class RecordAccess {
 public:
  // Of records of this type. `read_permission` is what its Get method asks for: "deals.read".
  RecordAccess(const google::protobuf::Descriptor& resource, std::string read_permission);

  // A resource without owners is seen whole.
  bool has_owner() const { return owner_ != nullptr; }
  // Its records can be shared.
  bool has_shares() const { return viewers_ != nullptr; }
  // Its records may be a team's.
  bool is_of_teams() const { return is_of_teams_; }
  const std::string& read_permission() const { return read_permission_; }
  // Whose it is; "" for nobody's. Only where it has an owner.
  std::string OwnerOf(const google::protobuf::Message& record) const;
  // Whom it is shared with, to be seen at least.
  std::vector<std::string> ViewersOf(const google::protobuf::Message& record) const;
  std::vector<std::string> EditorsOf(const google::protobuf::Message& record) const;

  // Whether some records may be hidden from the caller, or what stands under them, for which
  // another permission counts `beside` that of the record: "interactions.read".
  bool IsBounded(const Caller& caller, absl::string_view beside = {}) const;
  bool MayRead(const Caller& caller, const google::protobuf::Message& record,
               absl::string_view beside = {}) const;
  // With a permission that changes, "deals.write", make this event of it.
  bool MayWrite(const Caller& caller, absl::string_view permission,
                const google::protobuf::Message& record,
                const google::protobuf::Message& event) const;

 private:
  Reach ReachOf(const Caller& caller, absl::string_view beside) const;
  bool Names(const google::protobuf::FieldDescriptor* field, const Caller& caller,
             const google::protobuf::Message& record) const;

  const google::protobuf::FieldDescriptor* owner_;    // null: it has none
  const google::protobuf::FieldDescriptor* viewers_;  // null: its records are not shared
  const google::protobuf::FieldDescriptor* editors_;
  bool is_of_teams_ = false;
  std::string read_permission_;
};

}  // namespace kith::runtime
