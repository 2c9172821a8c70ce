// What the parts of the SDK ask of request messages. Internal to it.
#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "kith/session.h"

namespace kith::sdk {

// The unary method that takes such requests; null where there is none.
const google::protobuf::MethodDescriptor* MethodTaking(const google::protobuf::Descriptor* request);

// Its field `request_id`; null where there is none.
const google::protobuf::FieldDescriptor* RequestIdOf(const google::protobuf::Descriptor& request);

// 32 hexadecimal digits that nobody else draws.
std::string NewRequestId();

Outcome Failure(int code, std::string message, bool unknown);
// Of a request that belongs to no unary method.
Outcome NoMethod(const google::protobuf::Message& request);

}  // namespace kith::sdk
