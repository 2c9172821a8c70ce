#include "eventstore/base/custom_maps.h"

#include "eventstore/base/map_field.h"
#include "kith/type/v1/custom_value.pb.h"

namespace kith {

bool IsCustomMap(const google::protobuf::FieldDescriptor& field) {
  return IsTextMap(field) &&
         field.message_type()->map_value()->message_type() == type::v1::CustomValue::descriptor();
}

std::vector<const google::protobuf::FieldDescriptor*> CustomMapsOf(
    const google::protobuf::Descriptor& resource) {
  std::vector<const google::protobuf::FieldDescriptor*> maps;
  for (int i = 0; i < resource.field_count(); ++i) {
    const google::protobuf::FieldDescriptor* const field = resource.field(i);
    if (IsCustomMap(*field)) maps.push_back(field);
  }
  return maps;
}

}  // namespace kith
