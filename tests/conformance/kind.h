// Kinds: the resources that the capabilities registered, and which standard methods each has. The
// suite knows of no resource but by this list, and asks of each what its methods promise.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "gtest/gtest.h"
#include "services/runtime/resources/resource_type.h"

namespace kith::testing {

// Lives as long as the process.
struct Kind {
  const runtime::ResourceType* type = nullptr;
  const google::protobuf::Descriptor* resource = nullptr;
  std::string pattern;  // of its names
  // Null where its service has no such method.
  const google::protobuf::MethodDescriptor* create = nullptr;
  const google::protobuf::MethodDescriptor* get = nullptr;
  const google::protobuf::MethodDescriptor* list = nullptr;
  const google::protobuf::MethodDescriptor* update = nullptr;
  const google::protobuf::MethodDescriptor* remove = nullptr;
  const google::protobuf::MethodDescriptor* undelete = nullptr;
  const google::protobuf::MethodDescriptor* list_deleted = nullptr;
  const google::protobuf::MethodDescriptor* batch_get = nullptr;
  const google::protobuf::MethodDescriptor* batch_create = nullptr;
  const google::protobuf::MethodDescriptor* batch_update = nullptr;
  const google::protobuf::MethodDescriptor* batch_delete = nullptr;
  const google::protobuf::MethodDescriptor* list_revisions = nullptr;

  std::vector<const google::protobuf::MethodDescriptor*> methods() const;
  // A name of this pattern that stands for nothing.
  std::string Nobody() const;
  // What it says when there is none of this name: "CONTACT_NOT_FOUND".
  std::string NotFound() const;
  // What it says when a record that it links is not there.
  std::string LinkNotFound() const;
  // What requests call it: "contact".
  std::string Called() const;
  // Whether callers may choose the ids of new ones.
  bool HasChosenIds() const { return type->rules->exists != nullptr; }
  // Whether an update may create what is missing.
  bool HasUpsert() const;
  // Whether a field is somebody's personal data.
  bool IsPersonal() const;
  // Whether a field names records of another kind.
  bool HasLinks() const;
};

const std::vector<const Kind*>& Kinds();
// Those that have all of these methods: {&Kind::create, &Kind::update}.
std::vector<const Kind*> KindsWith(
    std::initializer_list<const google::protobuf::MethodDescriptor * Kind::*> methods);
// Those of which it holds.
std::vector<const Kind*> KindsThat(const std::function<bool(const Kind&)>& holds);
// The one whose names are of this pattern; null where none is registered.
const Kind* KindOf(absl::string_view pattern);

// Names the tests of a suite by the resource's category.
std::string NameOfKind(const ::testing::TestParamInfo<const Kind*>& kind);

}  // namespace kith::testing
