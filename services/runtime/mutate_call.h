// MutateCall: one call of a command.
#pragma once

#include "eventstore/base/status_macros.h"
#include "google/protobuf/arena.h"
#include "services/runtime/call.h"
#include "services/runtime/transact.h"

namespace kith::runtime {

// The part of a MutateCall that does not depend on its messages. Its carrier outlives it.
class MutateCallBase : public UnaryCall, public Command {
 public:
  void Begin() final;
  void Arrived(bool ok) final;
  void Replied(size_t bytes) final { share_.AddReplyBytes(static_cast<int64_t>(bytes)); }

 protected:
  MutateCallBase(const CallEnvironment& environment, const Method& method, UnaryCarrier& carrier,
                 google::protobuf::Message* request, google::protobuf::Message* response)
      : counted_(environment.calls),
        environment_(environment),
        method_(method),
        carrier_(carrier),
        request_(request),
        response_(response) {}

  const Origin& origin() const final { return origin_; }
  CallParts* parts() final { return &parts_; }

  // The initial metadata of a reply: `kith-token` names the append, for reads that must reflect it,
  // and `kith-repeated` says that the reply repeats an earlier one.
  void NoteOutcome(const Rendering& after) {
    appended_ = after.last();
    repeated_ = after.repeated();
  }

 private:
  absl::Status Admitted();
  absl::Status Prepare(bool arrived);
  void Done(absl::Status status) final;

  const CallTracker::Call counted_;
  const CallEnvironment& environment_;
  const Method& method_;
  UnaryCarrier& carrier_;
  google::protobuf::Message* const request_;
  google::protobuf::Message* const response_;
  absl::Time began_;
  absl::Time now_;  // when it was let in
  CallTracker::Share share_;
  CallParts parts_;
  Origin origin_;
  Position appended_;
  bool repeated_ = false;
};

// Lives on an arena with its messages.
template <class Request, class Response, class Commands>
class MutateCall final : public MutateCallBase {
 public:
  MutateCall(const CallEnvironment& environment, UnaryCarrier& carrier,
             google::protobuf::Arena* arena, const Commands& commands)
      : MutateCall(environment, carrier, google::protobuf::Arena::CreateMessage<Request>(arena),
                   google::protobuf::Arena::CreateMessage<Response>(arena), commands) {}

 private:
  WorkspaceId Workspace() override {
    if constexpr (requires { commands_.Workspace(request_, origin()); }) {
      return commands_.Workspace(request_, origin());
    } else {
      return origin().caller->workspace;
    }
  }
  Decision Decide(Loader& load, const CommandContext& context) override {
    return commands_.Run(load, request_, context);
  }
  absl::Status Render(Rendering& after) override {
    response_->Clear();
    NoteOutcome(after);
    return commands_.Render(after, request_, response_);
  }

  MutateCall(const CallEnvironment& environment, UnaryCarrier& carrier, Request* request,
             Response* response, const Commands& commands)
      : MutateCallBase(environment, MethodOf<Request>(), carrier, request, response),
        request_(*request),
        response_(response),
        commands_(commands) {}

  const Request& request_;
  Response* const response_;
  const Commands& commands_;
};

}  // namespace kith::runtime
