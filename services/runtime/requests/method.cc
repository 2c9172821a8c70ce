#include "services/runtime/requests/method.h"

#include <algorithm>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/mutex.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/resource_name.h"

namespace kith::runtime {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

const MethodDescriptor* DescriptorOf(const Descriptor* request) {
  const FileDescriptor* const file = request->file();
  const MethodDescriptor* found = nullptr;
  for (int i = 0; i < file->service_count(); ++i) {
    for (int j = 0; j < file->service(i)->method_count(); ++j) {
      const MethodDescriptor* const method = file->service(i)->method(j);
      if (method->input_type() != request) continue;
      KITH_CHECK(found == nullptr);
      found = method;
    }
  }
  KITH_CHECK(found != nullptr);
  return found;
}

const FieldDescriptor* StringField(const Descriptor* request, const std::string& name) {
  const FieldDescriptor* const field = request->FindFieldByName(name);
  KITH_CHECK(field == nullptr || field->type() == FieldDescriptor::TYPE_STRING);
  return field;
}

std::string TextOf(const Message& request, const FieldDescriptor* field) {
  return field == nullptr ? "" : request.GetReflection()->GetString(request, field);
}

// Whether the file declares a resource of this collection ("custom_fields") whose records have no
// owner.
bool HasOwnerless(const FileDescriptor& file, absl::string_view collection) {
  for (int i = 0; i < file.message_type_count(); ++i) {
    const Descriptor& type = *file.message_type(i);
    const std::string& pattern = type.options().GetExtension(options::v1::resource).pattern();
    if (Underscored(pattern.substr(0, pattern.find('/'))) != collection) continue;
    const bool is_part = std::count(pattern.begin(), pattern.end(), '/') > 1;
    if (!is_part && type.FindFieldByName("owner") == nullptr) return true;
  }
  return false;
}

bool ChangesTheOwnerless(const MethodDescriptor& method, absl::string_view permission) {
  const absl::string_view collection = permission.substr(0, permission.find('.'));
  if (absl::EndsWith(permission, ".read")) return false;
  const FileDescriptor& file = *method.file();
  bool has = HasOwnerless(file, collection);
  for (int i = 0; i < file.dependency_count(); ++i) {
    has = has || HasOwnerless(*file.dependency(i), collection);
  }
  return has;
}

Method Compile(const Descriptor* request) {
  const MethodDescriptor* const descriptor = DescriptorOf(request);
  const options::v1::MethodRules& rules = descriptor->options().GetExtension(options::v1::method);
  KITH_CHECK(rules.public_() + rules.any_credentials() + !rules.permission().empty() == 1);
  Method method;
  method.descriptor = descriptor;
  method.name = absl::StrCat(descriptor->service()->full_name(), "/", descriptor->name());
  method.permission = rules.permission();
  method.is_public = rules.public_();
  method.needs_all = ChangesTheOwnerless(*descriptor, method.permission);
  method.rules = &MessageRules::Of(request);
  method.request_bytes_max = method.rules->BytesMax();
  method.occur_time = OccurTimeField(request);
  method.request_id = StringField(request, "request_id");
  method.page_token = StringField(request, "page_token");
  method.read = request->FindFieldByName("read");
  method.requests = request->FindFieldByName("requests");
  method.return_partial_success = request->FindFieldByName("return_partial_success");
  KITH_CHECK(method.return_partial_success == nullptr || method.requests != nullptr);
  KITH_CHECK(method.read == nullptr ||
             method.read->message_type() == type::v1::ReadOptions::descriptor());
  return method;
}

}  // namespace

const Method& MethodTaking(const Descriptor* request) {
  static Mutex mutex;
  static auto& methods = *new absl::flat_hash_map<const Descriptor*, std::unique_ptr<Method>>();
  MutexLock lock(mutex);
  std::unique_ptr<Method>& method = methods[request];
  if (method == nullptr) method = std::make_unique<Method>(Compile(request));
  return *method;
}

std::string Method::RequestIdOf(const Message& request) const {
  return TextOf(request, request_id);
}

std::string Method::PageTokenOf(const Message& request) const {
  return TextOf(request, page_token);
}

bool Method::IsPartial(const Message& request) const {
  if (return_partial_success == nullptr) return requests != nullptr;
  return request.GetReflection()->GetBool(request, return_partial_success);
}

absl::Status Method::Check(const Message& request) const {
  return rules->Check(request, IsPartial(request) ? requests : nullptr);
}

const type::v1::ReadOptions& Method::ReadOptionsOf(const Message& request) const {
  if (read == nullptr) return type::v1::ReadOptions::default_instance();
  return static_cast<const type::v1::ReadOptions&>(
      request.GetReflection()->GetMessage(request, read));
}

}  // namespace kith::runtime
