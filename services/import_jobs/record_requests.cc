#include "services/import_jobs/record_requests.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "services/core/field_of.h"

namespace kith::import_jobs {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::unique_ptr<Message> NewRequest(const runtime::ResourceType& type, absl::string_view verb) {
  const auto* const method = type.service->FindMethodByName(
      absl::StrCat(verb, type.rules->resource->GetDescriptor()->name()));
  if (method == nullptr) return nullptr;
  return std::unique_ptr<Message>(google::protobuf::MessageFactory::generated_factory()
                                      ->GetPrototype(method->input_type())
                                      ->New());
}

const FieldDescriptor* FieldOfType(const Descriptor& request, const Descriptor& type) {
  for (int i = 0; i < request.field_count(); ++i) {
    if (request.field(i)->message_type() == &type) return request.field(i);
  }
  KITH_UNREACHABLE();
}

void SetText(Message& message, const char* field, std::string text) {
  message.GetReflection()->SetString(&message, FieldOf(*message.GetDescriptor(), field),
                                     std::move(text));
}

}  // namespace kith::import_jobs
