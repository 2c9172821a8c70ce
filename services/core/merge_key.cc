#include "services/core/merge_key.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "services/core/consents.h"
#include "services/core/contact_points.h"

namespace kith {
namespace {

using google::protobuf::DynamicCastToGenerated;

int PlaceOf(contacts::v1::LifecycleStage stage) {
  return stage == contacts::v1::OTHER ? 0 : static_cast<int>(stage);
}

}  // namespace

std::string MergeKey(const google::protobuf::FieldDescriptor&,
                     const google::protobuf::Message& element) {
  if (const auto* email = DynamicCastToGenerated<contacts::v1::EmailAddress>(&element)) {
    return EmailKey(email->address()).value_or(email->address());
  }
  if (const auto* phone = DynamicCastToGenerated<contacts::v1::PhoneNumber>(&element)) {
    return phone->e164().empty() ? phone->raw() : phone->e164();
  }
  if (const auto* id = DynamicCastToGenerated<contacts::v1::ExternalId>(&element)) {
    return absl::StrCat(id->system(), absl::string_view("\0", 1), id->id());
  }
  if (const auto* consent = DynamicCastToGenerated<contacts::v1::Consent>(&element)) {
    return ConsentKey(*consent);
  }
  const std::unique_ptr<google::protobuf::Message> bare(element.New());
  bare->CopyFrom(element);
  for (const char* const field : {"primary", "label"}) {
    const auto* const known = bare->GetDescriptor()->FindFieldByName(field);
    if (known != nullptr) bare->GetReflection()->ClearField(bare.get(), known);
  }
  return bare->SerializeAsString();
}

bool IsWhole(const google::protobuf::Message& element) {
  return DynamicCastToGenerated<contacts::v1::Consent>(&element) != nullptr;
}

bool IsStricter(const google::protobuf::Message& element, const google::protobuf::Message& than) {
  const auto* const one = DynamicCastToGenerated<contacts::v1::Consent>(&element);
  const auto* const other = DynamicCastToGenerated<contacts::v1::Consent>(&than);
  return one != nullptr && other != nullptr && IsRefusal(*one) && !IsRefusal(*other);
}

bool IsFurther(contacts::v1::LifecycleStage stage, contacts::v1::LifecycleStage than) {
  return PlaceOf(stage) > PlaceOf(than);
}

}  // namespace kith
