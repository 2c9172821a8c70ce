#include "services/core/resource_rules.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "services/core/custom_fields.h"
#include "services/core/field_of.h"

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

ClaimValues::ClaimValues(const std::vector<ClaimRule>& rules,
                         const google::protobuf::Message& resource)
    : rules_(rules) {
  for (const ClaimRule& rule : rules) values_.push_back(rule.values(resource));
}

const std::vector<std::string>& ClaimValues::Of(absl::string_view purpose) const {
  const auto rule = std::find_if(rules_.begin(), rules_.end(),
                                 [&](const ClaimRule& one) { return one.purpose == purpose; });
  KITH_CHECK(rule != rules_.end());
  return values_[static_cast<size_t>(rule - rules_.begin())];
}

void AddCustomClaim(ResourceRules& rules) {
  const CustomMaps maps = CustomMapsOf(*rules.resource->GetDescriptor());
  if (maps.empty()) return;
  rules.claims.push_back({absl::StrCat(rules.category, ".custom"),
                          [maps](const google::protobuf::Message& resource) {
                            return UniqueCustomValues(maps, resource);
                          },
                          IsAlwaysUnique,
                          [](const google::protobuf::Message& holder, size_t,
                             absl::string_view value) { return CustomValueTaken(holder, value); },
                          nullptr});
}

void AddClaim(const HeldLink& link, ResourceRules& rules) {
  const auto records_of = [link](const google::protobuf::Message& resource) {
    const std::vector<absl::string_view> records = link.RecordsIn(resource);
    return std::vector<std::string>(records.begin(), records.end());
  };
  rules.claims.push_back({link.purpose, records_of, nullptr, nullptr, nullptr});
}

std::string ResourceNameOf(const google::protobuf::Message& resource) {
  return resource.GetReflection()->GetString(resource, FieldOf(*resource.GetDescriptor(), "name"));
}

void TellResolved(absl::string_view asked, google::protobuf::Message* reply) {
  const auto* const field = reply->GetDescriptor()->FindFieldByName("resolved_from");
  if (field == nullptr || asked.empty() || ResourceNameOf(*reply) == asked) return;
  reply->GetReflection()->SetString(reply, field, std::string(asked));
}

void WriteReply(const ResourceRules& rules, const google::protobuf::Message& resource,
                google::protobuf::Message* reply) {
  reply->CopyFrom(resource);
  for (const google::protobuf::FieldDescriptor* const field : rules.told_by_reads) {
    reply->GetReflection()->ClearField(reply, field);
  }
}

absl::Status BuiltInStays(const ResourceRules& rules, absl::string_view name) {
  google::rpc::ResourceInfo info;
  info.set_resource_name(std::string(name));
  return ErrorOfValue(*rules.built_in_stays,
                      absl::StrCat("This ", WordsOf(rules.resource->GetDescriptor()->name()),
                                   " is there in every workspace, and can be neither changed nor "
                                   "deleted. Create another."),
                      {{"name", std::string(name)}}, {&info});
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
