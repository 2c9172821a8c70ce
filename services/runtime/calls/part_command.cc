#include "services/runtime/calls/part_command.h"

#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "services/runtime/admission/not_granted.h"

namespace kith::runtime {
namespace {

// "person.emails" of "contact.emails"; another path stays as it is.
std::string Renamed(const std::string& path, absl::string_view part, absl::string_view field) {
  const bool is_part = path == part || absl::StartsWith(path, absl::StrCat(part, ".")) ||
                       absl::StartsWith(path, absl::StrCat(part, "["));
  return is_part ? absl::StrCat(field, path.substr(part.size())) : path;
}

}  // namespace

Decision DecidePart(const MethodTable& methods, Loader& load,
                    const google::protobuf::Message& request, const CommandContext& context) {
  const Method& method = MethodTaking(request.GetDescriptor());
  const BoundMethod* const bound = methods.FindCommand(method.name);
  KITH_CHECK(bound != nullptr && bound->handler() != nullptr);
  if (!load.caller().grants.Contain(method.permission)) {
    return NotGranted(load.caller(), method.permission);
  }
  KITH_RETURN_IF_ERROR(method.Check(request));
  return bound->handler()->Decide(load, request, context);
}

absl::Status PartError(const absl::Status& status, absl::string_view part,
                       absl::string_view field) {
  std::optional<google::rpc::Status> wire = WireError(status);
  if (!wire.has_value()) return status;
  for (google::protobuf::Any& detail : *wire->mutable_details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest violations;
    if (detail.UnpackTo(&info)) {
      const auto named = info.mutable_metadata()->find("field");
      if (named == info.mutable_metadata()->end()) continue;
      named->second = Renamed(named->second, part, field);
      detail.PackFrom(info);
    } else if (detail.UnpackTo(&violations)) {
      for (auto& violation : *violations.mutable_field_violations()) {
        violation.set_field(Renamed(violation.field(), part, field));
      }
      detail.PackFrom(violations);
    }
  }
  // Violations are told in the message, too.
  wire->set_message(absl::StrReplaceAll(
      wire->message(), {{absl::StrCat(" ", part, "."), absl::StrCat(" ", field, ".")}}));
  return ErrorOfWire(*wire);
}

}  // namespace kith::runtime
