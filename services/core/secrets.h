// Secrets: fields that the log keeps and that nobody is told. Declared by
// (kith.options.v1.field).secret. Any thread.
#pragma once

#include "google/protobuf/any.pb.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace kith {

// Whether the type, or a message within it, has such a field.
bool HasSecrets(const google::protobuf::Descriptor& type);

// Empties them, wherever they stand in it.
void ClearSecrets(google::protobuf::Message* message);

// Packs an event, or a part of one, as it is told.
void PackTold(const google::protobuf::Message& event, google::protobuf::Any* any);

}  // namespace kith
