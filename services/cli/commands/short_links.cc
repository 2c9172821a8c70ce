#include "services/cli/commands/short_links.h"

#include <memory>
#include <string>
#include <utility>
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

// The same of the message and of what stands in it.
std::string LinkWithin(const Message& message, absl::string_view pattern) {
  std::string link = LinkTo(message, pattern);
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool has_parts =
        field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_repeated();
    if (link.empty() && has_parts) {
      link = LinkWithin(message.GetReflection()->GetMessage(message, field), pattern);
    }
  }
  return link;
}

// Whether the message, or what stands in it, can say what it links to of that pattern.
bool MayLinkTo(const Message& message, absl::string_view pattern) {
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (IsText(field) && RulesOf(field).resource_size() == 1 &&
        RulesOf(field).resource(0) == pattern) {
      return true;
    }
    const bool has_parts = field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE &&
                           !field.is_repeated() &&
                           message.GetReflection()->HasField(message, &field);
    if (has_parts && MayLinkTo(message.GetReflection()->GetMessage(message, &field), pattern)) {
      return true;
    }
  }
  return false;
}

std::string TextIn(const Message& message, const char* name) {
  const FieldDescriptor* const field = message.GetDescriptor()->FindFieldByName(name);
  return field == nullptr || !IsText(*field) ? ""
                                             : message.GetReflection()->GetString(message, field);
}

}  // namespace

absl::StatusOr<const Message*> ShortLinks::Get(const std::string& name) {
  if (const auto known = records_.find(name); known != records_.end()) return &*known->second;
  const Method* const get =
      session_.catalog().Find(KebabCase(name.substr(0, name.find('/'))), "get");
  if (get == nullptr || get->positional != "name") return nullptr;
  const std::unique_ptr<Message> asked = NewMessage(*get->descriptor->input_type());
  asked->GetReflection()->SetString(asked.get(), asked->GetDescriptor()->FindFieldByName("name"),
                                    name);
  KITH_ASSIGN_OR_RETURN(std::unique_ptr<Message> record, session_.Call(*get, *asked));
  return &*records_.emplace(name, std::move(record)).first->second;
}

absl::StatusOr<std::string> ShortLinks::LinkOfNamed(const Message& message,
                                                    absl::string_view pattern) {
  const std::string name = TextIn(message, "name");
  if (name.empty()) return std::string();
  KITH_ASSIGN_OR_RETURN(const Message* const record, Get(name));
  return record == nullptr ? "" : LinkTo(*record, pattern);
}

absl::StatusOr<std::string> ShortLinks::PartCalled(const std::string& record,
                                                   const std::string& parts,
                                                   const std::string& said) {
  const std::string by_id = absl::StrCat(record, "/", parts, "/", said);
  const absl::StatusOr<const Message*> found = Get(record);
  if (!found.ok() || *found == nullptr) return by_id;
  const Message& whole = **found;
  const FieldDescriptor* const field = whole.GetDescriptor()->FindFieldByCamelcaseName(parts);
  if (field == nullptr || !field->is_repeated() || field->message_type() == nullptr) return by_id;
  std::vector<std::string> called, known;
  for (int i = 0; i < whole.GetReflection()->FieldSize(whole, field); ++i) {
    const Message& part = whole.GetReflection()->GetRepeatedMessage(whole, field, i);
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

absl::StatusOr<std::string> ShortLinks::WholeOf(const Message& request, const Message* beside,
                                                const Message& message, absl::string_view pattern) {
  std::string whole = LinkTo(message, pattern);
  for (const Message* const named : {&request, &message}) {
    if (!whole.empty()) return whole;
    absl::StatusOr<std::string> link = LinkOfNamed(*named, pattern);
    // An update may create the record that is not there. Any other call is about one that the
    // caller sees, and says so better than that the short name is none.
    const bool may_be_missing = named == &message && named != &request;
    if (!link.ok() && !(may_be_missing && absl::IsNotFound(link.status()))) return link;
    if (link.ok()) whole = *std::move(link);
  }
  if (whole.empty() && beside != nullptr) whole = LinkWithin(*beside, pattern);
  const bool may_be_said =
      MayLinkTo(message, pattern) || (beside != nullptr && MayLinkTo(*beside, pattern));
  if (!whole.empty() || !may_be_said) return whole;
  return absl::StrCat(pattern.substr(0, pattern.find('/')), "/default");
}

absl::Status ShortLinks::CompleteIn(const Message& request, const Message* beside,
                                    Message* message) {
  std::vector<const FieldDescriptor*> fields;
  message->GetReflection()->ListFields(*message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_repeated()) {
      KITH_RETURN_IF_ERROR(
          CompleteIn(request, beside, message->GetReflection()->MutableMessage(message, field)));
      continue;
    }
    const std::string owner = OwnerOf(*field);
    if (owner.empty()) continue;
    const std::string said = message->GetReflection()->GetString(*message, field);
    if (absl::StrContains(said, '/')) continue;
    KITH_ASSIGN_OR_RETURN(const std::string record, WholeOf(request, beside, *message, owner));
    if (record.empty()) continue;
    const std::vector<std::string> parts = absl::StrSplit(RulesOf(*field).resource(0), '/');
    KITH_ASSIGN_OR_RETURN(const std::string name, PartCalled(record, parts[2], said));
    message->GetReflection()->SetString(message, field, name);
  }
  return absl::OkStatus();
}

absl::Status ShortLinks::Complete(Message* request, const Message* beside) {
  return CompleteIn(*request, beside, request);
}

}  // namespace kith::cli
