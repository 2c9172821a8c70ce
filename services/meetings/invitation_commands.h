// SendMeetingInvitation: what an attendee who is a contact is told of a meeting by mail. It is a
// message, which is decided in the same append as any other: by whether the person may be written
// to, the workspace's switch and its number a day.
#pragma once

#include "absl/status/status.h"
#include "google/protobuf/empty.pb.h"
#include "kith/meetings/v1/meetings_service.pb.h"
#include "services/core/decision.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/commands/loader.h"
#include "services/runtime/commands/rendering.h"

namespace kith::meetings {

// Thread-safe. See MethodTable::Command.
class InvitationCommands {
 public:
  // Borrows the methods.
  explicit InvitationCommands(const runtime::MethodTable& methods) : methods_(methods) {}

  Decision Run(runtime::Loader& load, const v1::SendMeetingInvitationRequest& command,
               const CommandContext& context) const;
  absl::Status Render(runtime::Rendering&, const v1::SendMeetingInvitationRequest&,
                      google::protobuf::Empty*) const {
    return absl::OkStatus();
  }

 private:
  const runtime::MethodTable& methods_;
};

}  // namespace kith::meetings
