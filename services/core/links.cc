#include "services/core/links.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "eventstore/base/map_field.h"
#include "kith/options/v1/options.pb.h"
#include "services/core/reject.h"

namespace kith {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

const options::v1::FieldRules& RulesOf(const FieldDescriptor* field) {
  return field->options().GetExtension(options::v1::field);
}

// A field that holds records. Not the resource's own name, which is declared alike nowhere, nor a
// part of another record, such as a stage, which is for the resource's own rules to know.
bool IsLink(const FieldDescriptor* field) {
  const options::v1::FieldRules& rules = RulesOf(field);
  return !rules.output_only() &&
         std::any_of(rules.resource().begin(), rules.resource().end(), [](const auto& pattern) {
           return std::count(pattern.begin(), pattern.end(), '/') == 1;
         });
}

// A record that a message names, and the field: of its type, and as people write it.
struct Named {
  const FieldDescriptor* declared;
  std::string path;
  absl::string_view record;
};

void AddNamed(const Message& message, absl::string_view path, std::vector<Named>& named);

// Of one value of a field.
void AddValue(const Message& message, const FieldDescriptor* field, int index,
              const std::string& path, std::vector<Named>& named) {
  const Reflection& reflection = *message.GetReflection();
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return AddNamed(index < 0 ? reflection.GetMessage(message, field)
                              : reflection.GetRepeatedMessage(message, field, index),
                    path, named);
  }
  std::string unused;
  const std::string& record =
      index < 0 ? reflection.GetStringReference(message, field, &unused)
                : reflection.GetRepeatedStringReference(message, field, index, &unused);
  if (!record.empty()) named.push_back({field, path, record});
}

void AddNamed(const Message& message, absl::string_view path, std::vector<Named>& named) {
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const FieldDescriptor* const field : set) {
    const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
    if (is_message ? RulesOf(field).output_only() : !IsLink(field)) continue;
    const std::string at = absl::StrCat(path, ".", field->name());
    if (IsTextMap(*field)) {
      for (const auto& [key, value] : EntriesIn(message, *field)) {
        AddNamed(*value, absl::StrCat(at, "[\"", key, "\"]"), named);
      }
      continue;
    }
    if (!field->is_repeated()) {
      AddValue(message, field, -1, at, named);
      continue;
    }
    for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
      AddValue(message, field, i, absl::StrCat(at, "[", i, "]"), named);
    }
  }
}

void AddPatterns(const Descriptor& type, std::vector<const Descriptor*>& seen,
                 std::vector<std::string>& patterns) {
  if (std::find(seen.begin(), seen.end(), &type) != seen.end()) return;
  seen.push_back(&type);
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* const field = type.field(i);
    if (field->message_type() != nullptr) {
      AddPatterns(*field->message_type(), seen, patterns);
    } else if (IsLink(field)) {
      for (const std::string& pattern : RulesOf(field).resource()) {
        if (std::find(patterns.begin(), patterns.end(), pattern) != patterns.end()) continue;
        patterns.push_back(pattern);
      }
    }
  }
}

}  // namespace

std::vector<std::string> LinkPatterns(const Descriptor& resource) {
  std::vector<const Descriptor*> seen;
  std::vector<std::string> patterns;
  AddPatterns(resource, seen, patterns);
  return patterns;
}

Links NewLinks(const Message& before, const Message& after, absl::string_view field) {
  std::vector<Named> wanted;
  AddNamed(after, field, wanted);
  std::vector<Named> held;
  if (!wanted.empty()) AddNamed(before, field, held);
  Links links;
  for (Named& one : wanted) {
    const bool is_held = std::any_of(held.begin(), held.end(), [&](const Named& other) {
      return other.declared == one.declared && other.record == one.record;
    });
    if (!is_held) links.push_back({std::move(one.path), one.record});
  }
  return links;
}

absl::Status CheckLinksFor(const google::protobuf::EnumValueDescriptor& not_found,
                           const Links& links, LinkedRecords records) {
  KITH_CHECK(links.size() == records.size());
  google::rpc::BadRequest missing;
  std::vector<absl::string_view> names;
  for (size_t i = 0; i < links.size(); ++i) {
    switch (records[i]->lifecycle) {
      case Lifecycle::kAbsent:
      case Lifecycle::kDeleted:
      case Lifecycle::kMerged:
        AddViolation(links[i].field,
                     absl::StrCat(links[i].record, " does not exist or was deleted"), missing);
        names.push_back(links[i].record);
        break;
      case Lifecycle::kActive:
        break;
    }
  }
  if (names.empty()) return absl::OkStatus();
  google::rpc::ResourceInfo first;
  first.set_resource_name(std::string(names.front()));
  return ErrorOfValue(not_found, absl::StrCat("It cannot be linked: ", Summary(missing), "."),
                      {{"records", absl::StrJoin(names, ", ")}}, {&first, &missing});
}

}  // namespace kith
