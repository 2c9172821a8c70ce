// DecideInOrder: commands that are decided one after another, in one attempt and for one append.
//
// Each sees what the earlier ones make of what it loads: a record that one creates is there for the
// next, a value that one claims is taken, one that it releases is free. Nobody else's change comes
// between them, because the append has the conditions of all. It is all of them or none.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "google/protobuf/message.h"
#include "services/core/decider.h"
#include "services/core/decision.h"
#include "services/runtime/commands/command_handler.h"
#include "services/runtime/commands/loader.h"

namespace kith::runtime {

// One of them. Borrows both.
struct ListedCommand {
  const CommandHandler* handler;
  const google::protobuf::Message* request;
  absl::Time occurred = absl::InfinitePast();  // infinite past: as the context says
};

// What all of them do, or the first refusal, as ItemError tells it. Secrets are not for lists. For
// Command::Decide; the loader has loaded nothing before.
Decision DecideInOrder(absl::Span<const ListedCommand> list, Loader& load,
                       const CommandContext& context);

// The refusal of item `index` of a request's `requests`, told of the request: its violations name
// fields of it ("requests[3].contact.emails[0].address"), and where it has none, the item; reason,
// metadata and other details stay, but for the metadata `field`, which is one of the request, too.
// What is no error of ours stays as it is.
absl::Status ItemError(const absl::Status& status, size_t index);

}  // namespace kith::runtime
