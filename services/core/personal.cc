#include "services/core/personal.h"

#include <vector>

#include "google/protobuf/descriptor.h"
#include "kith/options/v1/options.pb.h"

namespace kith {

void MovePersonal(google::protobuf::Message* resource, google::protobuf::Message* personal) {
  const google::protobuf::Descriptor* const type = resource->GetDescriptor();
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  for (int i = 0; i < type->field_count(); ++i) {
    if (type->field(i)->options().GetExtension(options::v1::field).personal()) {
      fields.push_back(type->field(i));
    }
  }
  // `personal` has none of them, so that swapping moves.
  resource->GetReflection()->SwapFields(resource, personal, fields);
}

}  // namespace kith
