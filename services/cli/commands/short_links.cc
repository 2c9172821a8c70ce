#include "services/cli/commands/short_links.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
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

std::string TextIn(const Message& message, const char* name) {
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(name);
  return field == nullptr || !IsText(*field) ? ""
                                             : message.GetReflection()->GetString(message, field);
}

// The name of a part of a record by its id or by what people call it: of "pipelines/default",
// "stages" and "Proposal sent" "pipelines/default/stages/proposal-sent". Where the record may not
// be read, the text is taken for an id.
absl::StatusOr<std::string> PartCalled(Session& session, const std::string& record,
                                       const std::string& parts, const std::string& said) {
  const std::string by_id = absl::StrCat(record, "/", parts, "/", said);
  const Method* const get =
      session.catalog().Find(KebabCase(record.substr(0, record.find('/'))), "get");
  if (get == nullptr || get->positional != "name") return by_id;
  const std::unique_ptr<Message> asked = NewMessage(*get->descriptor->input_type());
  asked->GetReflection()->SetString(asked.get(), asked->GetDescriptor()->FindFieldByName("name"),
                                    record);
  const auto whole = session.Call(*get, *asked);
  if (!whole.ok()) return by_id;
  const FieldDescriptor* const field = (*whole)->GetDescriptor()->FindFieldByCamelcaseName(parts);
  if (field == nullptr || !field->is_repeated() || field->message_type() == nullptr) return by_id;
  std::vector<std::string> called, known;
  for (int i = 0; i < (*whole)->GetReflection()->FieldSize(**whole, field); ++i) {
    const Message& part = (*whole)->GetReflection()->GetRepeatedMessage(**whole, field, i);
    const std::string name = TextIn(part, "name");
    const std::string display_name = TextIn(part, "display_name");
    if (name == by_id) return by_id;
    if (absl::EqualsIgnoreCase(display_name, said)) called.push_back(name);
    known.push_back(absl::StrCat(name.substr(name.rfind('/') + 1), " (", display_name, ")"));
  }
  if (called.size() == 1) return called.front();
  return absl::InvalidArgumentError(
      absl::StrCat(called.empty() ? "none" : "more than one", " of the ",
                   absl::StrReplaceAll(field->name(), {{"_", " "}}), " of ", record,
                   " is called \"", said, "\": there are ", absl::StrJoin(known, ", ")));
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
    KITH_ASSIGN_OR_RETURN(const std::string name, PartCalled(session, record, parts[2], said));
    message->GetReflection()->SetString(message, field, name);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CompleteLinks(Session& session, Message* request) {
  return Complete(session, *request, request);
}

}  // namespace kith::cli
