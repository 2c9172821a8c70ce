#include "services/core/resource_rules.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"

namespace kith {
namespace {

// "saved view" of SavedView.
std::string WordsOf(const std::string& type) {
  std::string words;
  for (const char c : type) {
    if (absl::ascii_isupper(c) && !words.empty()) words += ' ';
    words += absl::ascii_tolower(c);
  }
  return words;
}

}  // namespace

void WriteReply(const ResourceRules& rules, const google::protobuf::Message& resource,
                google::protobuf::Message* reply) {
  reply->CopyFrom(resource);
  for (const google::protobuf::FieldDescriptor* const field : rules.told_by_reads) {
    reply->GetReflection()->ClearField(reply, field);
  }
}

absl::Status ResourceExists(const ResourceRules& rules, absl::string_view name) {
  google::rpc::ResourceInfo info;
  info.set_resource_name(std::string(name));
  return ErrorOfValue(*rules.exists,
                      absl::StrCat("A ", WordsOf(rules.resource->GetDescriptor()->name()),
                                   " with this id exists, or existed. Choose another id."),
                      {{"name", std::string(name)}}, {&info});
}

absl::Status ResourceNotFound(const ResourceRules& rules, absl::string_view name) {
  google::rpc::ResourceInfo info;
  info.set_resource_name(std::string(name));
  return ErrorOfValue(*rules.not_found,
                      absl::StrCat("No such ", WordsOf(rules.resource->GetDescriptor()->name()),
                                   ", or it was deleted. Check the name."),
                      {{"name", std::string(name)}}, {&info});
}

}  // namespace kith
