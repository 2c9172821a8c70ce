#include "services/runtime/calls/read_permission.h"

#include "absl/strings/match.h"
#include "google/protobuf/descriptor.h"
#include "kith/options/v1/options.pb.h"

namespace kith::runtime {
namespace {

// "interactions", of "contacts/{contact}/interactions/{interaction}".
absl::string_view CollectionOf(absl::string_view pattern) {
  const absl::string_view parent = pattern.substr(0, pattern.rfind("/{"));
  return parent.substr(parent.rfind('/') + 1);
}

}  // namespace

const BoundMethod* FindGet(const MethodTable& methods, absl::string_view collection) {
  for (const auto& [name, bound] : methods.methods()) {
    const google::protobuf::MethodDescriptor& method = *bound->method().descriptor;
    const auto& resource = method.output_type()->options().GetExtension(options::v1::resource);
    if (absl::StartsWith(method.name(), "Get") && CollectionOf(resource.pattern()) == collection) {
      return bound.get();
    }
  }
  return nullptr;
}

absl::string_view ReadPermissionOf(const MethodTable& methods, absl::string_view collection) {
  const BoundMethod* const get = FindGet(methods, collection);
  return get == nullptr ? absl::string_view() : get->method().permission;
}

}  // namespace kith::runtime
