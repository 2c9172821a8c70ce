#include "services/runtime/commands/command_list.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "google/rpc/error_details.pb.h"
#include "services/core/reject.h"

namespace kith::runtime {

Decision DecideInOrder(absl::Span<const ListedCommand> list, Loader& load,
                       const CommandContext& context) {
  for (size_t i = 0; i < list.size(); ++i) {
    const ListedCommand& one = list[i];
    CommandContext own = context;
    if (one.occurred != absl::InfinitePast()) {
      own.occurred = one.occurred;
      own.occurred_is_said = true;
    }
    Decision decision = one.handler->Decide(load, *one.request, own);
    if (!decision.ok()) return ItemError(decision.status(), i);
    load.Assume(*std::move(decision), own);
  }
  return load.TakeAssumed();
}

absl::Status ItemError(const absl::Status& status, size_t index) {
  std::optional<google::rpc::Status> wire = WireError(status);
  if (!wire.has_value()) return status;
  const std::string item = absl::StrCat("requests[", index, "]");
  bool names_field = false;
  for (google::protobuf::Any& detail : *wire->mutable_details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest violations;
    if (detail.UnpackTo(&info)) {
      const auto field = info.mutable_metadata()->find("field");
      if (field == info.mutable_metadata()->end()) continue;
      field->second = absl::StrCat(item, ".", field->second);
      detail.PackFrom(info);
    } else if (detail.UnpackTo(&violations)) {
      names_field = true;
      for (auto& violation : *violations.mutable_field_violations()) {
        violation.set_field(violation.field().empty() ? item
                                                      : absl::StrCat(item, ".", violation.field()));
      }
      detail.PackFrom(violations);
    }
  }
  if (!names_field) {
    google::rpc::BadRequest violations;
    AddViolation(item, wire->message(), violations);
    wire->add_details()->PackFrom(violations);
  }
  wire->set_message(absl::StrCat(item, ": ", wire->message()));
  return ErrorOfWire(*wire);
}

}  // namespace kith::runtime
