#include "services/runtime/reads/hide_found.h"

#include <vector>

#include "absl/strings/string_view.h"
#include "services/core/field_of.h"

namespace kith::runtime {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Of a message that replies to commands have, what tells whom one found, and who is told that.
struct Telling {
  absl::string_view package;
  absl::string_view message;
  absl::string_view permission;
  std::vector<const char*> fields;
};

const std::vector<Telling>& Tellings() {
  static const auto& all = *new std::vector<Telling>{
      {"kith.captures.v1",
       "Capture",
       "contacts.read",
       {"name", "outcome", "contact", "candidates"}},
      {"kith.captures.v1", "BatchCaptureInteractionsResponse", "contacts.read", {"left_out"}},
      {"kith.forms.v1",
       "FormSubmission",
       "form_submissions.read",
       {"outcome", "contact", "interaction", "capture_review", "confirmation",
        "confirmation_expire_time"}},
      {"kith.received_mails.v1",
       "ReceivedMail",
       "received_mails.read",
       {"outcome", "keep_reason", "direction", "contact", "interaction", "capture_review",
        "message"}},
  };
  return all;
}

// Whether the message is one of those, or has some.
bool HideIn(const Caller& caller, Message& message) {
  const google::protobuf::Descriptor& type = *message.GetDescriptor();
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  bool hides = false;
  for (const Telling& telling : Tellings()) {
    const bool is_this =
        type.file()->package() == telling.package && type.name() == telling.message;
    if (!is_this || caller.grants.Contain(telling.permission)) continue;
    for (const char* const field : telling.fields) {
      reflection.ClearField(&message, FieldOf(type, field));
    }
    hides = true;
  }
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const bool may_tell = !field.is_map() && field.message_type() != nullptr &&
                          field.message_type()->file()->package() == type.file()->package();
    if (!may_tell) continue;
    if (!field.is_repeated()) {
      const bool is_set = reflection.HasField(message, &field);
      if (is_set) hides |= HideIn(caller, *reflection.MutableMessage(&message, &field));
      continue;
    }
    for (int at = 0; at < reflection.FieldSize(message, &field); ++at) {
      hides |= HideIn(caller, *reflection.MutableRepeatedMessage(&message, &field, at));
    }
  }
  return hides;
}

}  // namespace

bool HideFound(const Caller& caller, Message* reply) {
  if (caller.member != nullptr) return false;
  const absl::string_view package = reply->GetDescriptor()->file()->package();
  for (const Telling& telling : Tellings()) {
    if (telling.package == package) return HideIn(caller, *reply);
  }
  return false;
}

}  // namespace kith::runtime
