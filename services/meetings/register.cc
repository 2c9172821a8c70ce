// Everything that meetings bring to a server.
#include <memory>

#include "eventstore/base/status_macros.h"
#include "google/protobuf/empty.pb.h"
#include "kith/meetings/v1/meetings_service.pb.h"
#include "projections/meetings/meeting_directory.h"
#include "projections/meetings/meeting_invitations.h"
#include "services/meetings/calendar.h"
#include "services/meetings/invitation_commands.h"
#include "services/meetings/meeting.h"
#include "services/meetings/meeting_invitation.h"
#include "services/runtime/server_builder.h"

namespace kith::meetings {
namespace {

struct MeetingCommands {
  template <class Command>
  Decision Run(runtime::Loader& load, const Command& command, const CommandContext& context) const {
    KITH_ASSIGN_OR_RETURN(const MeetingState* meeting, load.Load<MeetingAggregate>(command.name()));
    return Decide(*meeting, command, context);
  }
  template <class Command>
  absl::Status Render(runtime::Rendering& after, const Command& command,
                      v1::Meeting* response) const {
    KITH_ASSIGN_OR_RETURN(const MeetingState* meeting,
                          after.Load<MeetingAggregate>(command.name()));
    WriteReply(Rules(), meeting->resource, response);
    return absl::OkStatus();
  }
};

void BindMethods(runtime::Runtime&, runtime::MethodTable& methods) {
  methods.Command<v1::SendMeetingInvitationRequest, google::protobuf::Empty>(
      InvitationCommands(methods));
  methods.Command<v1::RescheduleMeetingRequest, v1::Meeting>(MeetingCommands());
  methods.Command<v1::CancelMeetingRequest, v1::Meeting>(MeetingCommands());
  methods.Command<v1::HoldMeetingRequest, v1::Meeting>(MeetingCommands());
  methods.Command<v1::MissMeetingRequest, v1::Meeting>(MeetingCommands());
  methods.Command<v1::ReopenMeetingRequest, v1::Meeting>(MeetingCommands());
  methods.Command<v1::RespondToMeetingRequest, v1::Meeting>(MeetingCommands());
  BindInvitation(methods);
  BindCalendar(methods);
}

}  // namespace

void Register(runtime::ServerBuilder& server) {
  server.AddResource<MeetingAggregate, v1::GetMeetingRequest>(Rules(),
                                                              std::make_unique<MeetingDirectory>());
  server.AddPolicy(std::make_unique<MeetingInvitations>());
  server.Serve(BindMethods);
}

}  // namespace kith::meetings
