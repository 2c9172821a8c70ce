// Requests of the methods that every resource has, known by their names. Pure functions, any
// thread.
#pragma once

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "services/runtime/resources/resource_type.h"

namespace kith::import_jobs {

// An empty request of the resource's "Create", "Update" or "Delete"; null where it has none.
std::unique_ptr<google::protobuf::Message> NewRequest(const runtime::ResourceType& type,
                                                      absl::string_view verb);

// The field of a request that holds a message of that type. Aborts where there is none.
const google::protobuf::FieldDescriptor* FieldOfType(const google::protobuf::Descriptor& request,
                                                     const google::protobuf::Descriptor& type);

// Aborts where the message has no such field.
void SetText(google::protobuf::Message& message, const char* field, std::string text);

}  // namespace kith::import_jobs
