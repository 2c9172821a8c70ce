// DecidePart: what another method's command does, within a command.
//
// So a command makes what belongs to another capability without knowing how that is decided, and
// does no more of it than its caller may. Any thread.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/commands/loader.h"

namespace kith::runtime {

// What the method that takes `request` decides for the command's caller: ERROR_PERMISSION_DENIED
// where they are not granted it, or not for a record that it would change, ERROR_INVALID_FIELD
// where its fields break a rule, and the method's own errors. Several of one command are each
// assumed before the next (Loader::Assume). Aborts where that is no command.
Decision DecidePart(const MethodTable& methods, Loader& load,
                    const google::protobuf::Message& request, const CommandContext& context);

// The same refusal, told of a request that calls `field` what this one's part called `part`: its
// violations name "person.emails[0]" where they named "contact.emails[0]". What is no error of ours
// stays as it is.
absl::Status PartError(const absl::Status& status, absl::string_view part, absl::string_view field);

}  // namespace kith::runtime
