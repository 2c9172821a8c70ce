#include "services/cli/commands/short_links.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/status_macros.h"
#include "services/cli/calls/catalog.h"
#include "services/cli/text/fields.h"

namespace kith::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

bool IsText(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_STRING && !field.is_repeated();
}

// "pipelines/{pipeline}/stages/{stage}" → "pipelines/{pipeline}"; empty for a record of its own.
std::string OwnerOf(const FieldDescriptor& field) {
  if (!IsText(field) || RulesOf(field).resource_size() != 1) return "";
  const std::vector<std::string> parts = absl::StrSplit(RulesOf(field).resource(0), '/');
  return parts.size() == 4 ? absl::StrCat(parts[0], "/", parts[1]) : "";
}

// What the message links to of that pattern; empty where it says nothing.
std::string LinkTo(const Message& message, absl::string_view pattern) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (IsText(*field) && RulesOf(*field).resource_size() == 1 &&
        RulesOf(*field).resource(0) == pattern) {
      return message.GetReflection()->GetString(message, field);
    }
  }
  return "";
}

// The same of the record that the request names.
absl::StatusOr<std::string> LinkOfNamed(Session& session, const Message& request,
                                        absl::string_view pattern) {
  const FieldDescriptor* const field = request.GetDescriptor()->FindFieldByName("name");
  if (field == nullptr || !IsText(*field)) return std::string();
  const std::string name = request.GetReflection()->GetString(request, field);
  const Method* const get =
      session.catalog().Find(KebabCase(name.substr(0, name.find('/'))), "get");
  if (get == nullptr || get->positional != "name") return std::string();
  const std::unique_ptr<Message> asked = NewMessage(*get->descriptor->input_type());
  asked->GetReflection()->SetString(asked.get(), asked->GetDescriptor()->FindFieldByName("name"),
                                    name);
  KITH_ASSIGN_OR_RETURN(const std::unique_ptr<Message> record, session.Call(*get, *asked));
  return LinkTo(*record, pattern);
}

absl::Status Complete(Session& session, const Message& request, Message* message) {
  std::vector<const FieldDescriptor*> fields;
  message->GetReflection()->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_repeated()) {
      KITH_RETURN_IF_ERROR(
          Complete(session, request, message->GetReflection()->MutableMessage(message, field)));
      continue;
    }
    const std::string owner = OwnerOf(*field);
    if (owner.empty()) continue;
    const std::string said = message->GetReflection()->GetString(*message, field);
    if (absl::StrContains(said, '/')) continue;
    std::string record = LinkTo(*message, owner);
    if (record.empty()) {
      KITH_ASSIGN_OR_RETURN(record, LinkOfNamed(session, request, owner));
    }
    if (record.empty()) continue;
    const std::vector<std::string> parts = absl::StrSplit(RulesOf(*field).resource(0), '/');
    message->GetReflection()->SetString(message, field,
                                        absl::StrCat(record, "/", parts[2], "/", said));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CompleteLinks(Session& session, Message* request) {
  return Complete(session, *request, request);
}

}  // namespace kith::cli
