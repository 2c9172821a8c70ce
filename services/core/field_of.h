// FieldOf: a field that the messages of a method or a resource must have.
#pragma once

#include "eventstore/base/check.h"
#include "google/protobuf/descriptor.h"

namespace kith {

// Aborts where there is none of that name: protos are checked when the process starts. Any thread.
inline const google::protobuf::FieldDescriptor* FieldOf(const google::protobuf::Descriptor& message,
                                                        const char* name) {
  const google::protobuf::FieldDescriptor* const field = message.FindFieldByName(name);
  KITH_CHECK(field != nullptr);
  return field;
}

}  // namespace kith
