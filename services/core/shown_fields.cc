#include "services/core/shown_fields.h"

#include "kith/roles/v1/role.pb.h"

namespace kith {

bool ShowAllFields(const Grants* grants) {
  if (grants == nullptr) return true;
  const google::protobuf::EnumDescriptor& groups = *roles::v1::FieldGroup_descriptor();
  for (int i = 0; i < groups.value_count(); ++i) {
    const google::protobuf::EnumValueDescriptor& group = *groups.value(i);
    if (group.number() != 0 && !grants->Show(group.name())) return false;
  }
  return true;
}

}  // namespace kith
