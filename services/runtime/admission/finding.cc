#include "services/runtime/admission/finding.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "kith/options/v1/options.pb.h"
#include "projections/tables/query.h"
#include "services/runtime/admission/field_groups.h"
#include "services/runtime/admission/not_granted.h"

namespace kith::runtime {

absl::Status CheckFindsBy(const Caller& caller, const google::protobuf::FieldDescriptor& field) {
  if (!IsMasked(caller, field)) return absl::OkStatus();
  return projections::FieldMasked(
      absl::StrCat(absl::AsciiStrToLower(field.containing_type()->name()), ".", field.name()));
}

absl::Status CheckFinds(const Caller& caller, absl::string_view permission) {
  const bool may_read = caller.member != nullptr || caller.grants.Contain(permission);
  return may_read ? absl::OkStatus() : NotGranted(caller, permission);
}

bool HidesPersonal(const Caller& caller, const google::protobuf::Descriptor& resource) {
  if (caller.member == nullptr || caller.member->reads_personal) return false;
  for (int i = 0; i < resource.field_count(); ++i) {
    if (resource.field(i)->options().GetExtension(options::v1::field).personal()) return true;
  }
  return false;
}

}  // namespace kith::runtime
