// Every request message of every service, through what a call does before anybody's command
// runs: parsing, the rules of its fields, and what else a call reads from it.
#include <google/protobuf/descriptor_database.h>

#include <algorithm>
#include <memory>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventstore/base/check.h"
#include "eventstore/base/normalise.h"
#include "google/protobuf/field_mask.pb.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/update_mask.h"
#include "services/runtime/requests/method.h"
#include "services/runtime/requests/string_rules.h"
#include "tests/fuzz/targets.h"

namespace kith::fuzz {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;
using google::protobuf::MessageFactory;
using google::protobuf::Reflection;

constexpr int kNestedMax = 4;
constexpr absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

std::vector<const Descriptor*> FindRequests() {
  std::vector<std::string> files;
  DescriptorPool::internal_generated_database()->FindAllFileNames(&files);
  std::set<std::string> seen;
  std::vector<const Descriptor*> requests;
  for (const std::string& name : files) {
    if (!absl::StartsWith(name, "kith/")) continue;
    const FileDescriptor* file = DescriptorPool::generated_pool()->FindFileByName(name);
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const Descriptor* request = file->service(s)->method(m)->input_type();
        if (seen.insert(request->full_name()).second) requests.push_back(request);
      }
    }
  }
  std::sort(requests.begin(), requests.end(), [](const Descriptor* a, const Descriptor* b) {
    return a->full_name() < b->full_name();
  });
  KITH_CHECK(!requests.empty());
  return requests;
}

const std::vector<const Descriptor*>& Requests() {
  static const auto& requests = *new std::vector<const Descriptor*>(FindRequests());
  return requests;
}

std::unique_ptr<Message> NewMessage(const Descriptor* type) {
  return std::unique_ptr<Message>(MessageFactory::generated_factory()->GetPrototype(type)->New());
}

// The request that a name stands for. Names that are none stand for one, too, lest they be wasted.
const Descriptor* RequestNamed(absl::string_view name) {
  for (const Descriptor* request : Requests()) {
    if (request->full_name() == name) return request;
  }
  size_t sum = 0;
  for (const char c : name) sum = sum * 31 + static_cast<unsigned char>(c);
  return Requests()[sum % Requests().size()];
}

// An update's mask, laid over a resource that has nothing yet.
void ReadMask(const Message& request) {
  const FieldDescriptor* mask = request.GetDescriptor()->FindFieldByName("update_mask");
  if (mask == nullptr) return;
  const Reflection* reflection = request.GetReflection();
  for (int i = 0; i < request.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = request.GetDescriptor()->field(i);
    if (field == mask || field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->message_type()->options().HasExtension(options::v1::resource)) continue;
    const Message& wanted = reflection->GetMessage(request, field);
    const std::unique_ptr<Message> current = NewMessage(field->message_type());
    const auto changed = ChangedFields(
        *current, wanted,
        static_cast<const google::protobuf::FieldMask&>(reflection->GetMessage(request, mask)));
    if (changed.ok()) ApplyFields(wanted, *changed, current.get());
  }
}

void SetScalar(const FieldDescriptor* field, Message* message) {
  const Reflection* reflection = message->GetReflection();
  const bool many = field->is_repeated();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      many ? reflection->AddInt32(message, field, 7) : reflection->SetInt32(message, field, 7);
      break;
    case FieldDescriptor::CPPTYPE_INT64:
      many ? reflection->AddInt64(message, field, 7) : reflection->SetInt64(message, field, 7);
      break;
    case FieldDescriptor::CPPTYPE_BOOL:
      many ? reflection->AddBool(message, field, true) : reflection->SetBool(message, field, true);
      break;
    case FieldDescriptor::CPPTYPE_ENUM:
      many ? reflection->AddEnumValue(message, field, 1)
           : reflection->SetEnumValue(message, field, 1);
      break;
    case FieldDescriptor::CPPTYPE_STRING:
      many ? reflection->AddString(message, field, "deals/a")
           : reflection->SetString(message, field, "deals/a");
      break;
    default:
      break;
  }
}

void Fill(Message* message, int depth) {
  const Reflection* reflection = message->GetReflection();
  for (int i = 0; i < message->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      SetScalar(field, message);
    } else if (depth < kNestedMax) {
      Fill(field->is_repeated() ? reflection->AddMessage(message, field)
                                : reflection->MutableMessage(message, field),
           depth + 1);
    }
  }
}

}  // namespace

void FuzzRequest(absl::string_view bytes) {
  const size_t end = bytes.find('\n');
  if (end == bytes.npos) return;
  const Descriptor* type = RequestNamed(bytes.substr(0, end));
  const absl::string_view body = bytes.substr(end + 1);
  const std::unique_ptr<Message> request = NewMessage(type);
  if (!request->ParseFromArray(body.data(), static_cast<int>(body.size()))) return;

  const runtime::Method& method = runtime::MethodTaking(type);
  const absl::Status checked = method.rules->Check(*request);
  KITH_CHECK(IsUtf8(checked.message()));
  if (!checked.ok()) return;
  // What is in order can be told again, and everything else that a call reads from it can be read.
  const std::unique_ptr<Message> again = NewMessage(type);
  KITH_CHECK(again->ParseFromString(request->SerializeAsString()));
  KITH_CHECK(method.rules->Check(*again).ok());
  KITH_CHECK(method.RequestIdOf(*request).size() <= runtime::kRequestIdBytesMax);
  (void)method.PageTokenOf(*request);
  (void)method.ReadOptionsOf(*request);
  const auto occurred = method.occur_time.Read(*request, kNow);
  KITH_CHECK(!occurred.ok() || *occurred <= kNow + absl::Minutes(5));
  ReadMask(*request);
}

std::vector<std::string> RequestSeeds() {
  std::vector<std::string> seeds;
  for (const Descriptor* type : Requests()) {
    const std::unique_ptr<Message> filled = NewMessage(type);
    Fill(filled.get(), 0);
    seeds.push_back(absl::StrCat(type->full_name(), "\n"));
    seeds.push_back(absl::StrCat(type->full_name(), "\n", filled->SerializeAsString()));
  }
  return seeds;
}

}  // namespace kith::fuzz
