// MutateCall: one call of a command.
#pragma once

#include "google/protobuf/message.h"
#include "services/runtime/calls/call.h"
#include "services/runtime/commands/command_handler.h"
#include "services/runtime/commands/transact.h"

namespace kith::runtime {

// Lives on an arena with its messages. Its carrier and its handler outlive it.
class MutateCall : public UnaryCall, public Command {
 public:
  MutateCall(const CallEnvironment& environment, const Method& method, UnaryCarrier& carrier,
             google::protobuf::Message* request, google::protobuf::Message* response,
             const CommandHandler& handler)
      : counted_(environment.calls),
        environment_(environment),
        method_(method),
        carrier_(carrier),
        request_(request),
        response_(response),
        handler_(handler),
        parts_(environment.clock) {}

  void Begin() override;
  void Arrived(bool ok) override;
  void Replied(size_t bytes) override { share_.Replied(bytes); }

 protected:
  // The request is read, and its fields keep their rules. By default it is one command.
  virtual void Start() { environment_.transact.Start(*this); }
  void Done(absl::Status status) override;

  const CallEnvironment& environment() const { return environment_; }
  const Method& method() const { return method_; }
  const google::protobuf::Message& request() const { return *request_; }
  google::protobuf::Message* response() { return response_; }
  const Origin& origin() const override { return origin_; }
  CallParts* parts() override { return &parts_; }
  // What is told with the reply.
  void Tell(Position appended, bool repeated) {
    appended_ = appended;
    repeated_ = repeated;
  }
  // Before it is decided.
  void Refuse(absl::Status status);

 private:
  WorkspaceId Workspace() override { return handler_.Workspace(*request_, origin_); }
  Decision Decide(Loader& load, const CommandContext& context) override {
    return handler_.Decide(load, *request_, context);
  }
  absl::Status Render(Rendering& after) override;

  absl::Status Admitted();
  absl::Status Prepare(bool arrived);

  const CallTracker::Call counted_;
  const CallEnvironment& environment_;
  const Method& method_;
  UnaryCarrier& carrier_;
  google::protobuf::Message* const request_;
  google::protobuf::Message* const response_;
  const CommandHandler& handler_;
  absl::Time now_;           // when it was let in
  uint64_t generation_ = 0;  // of the authentication, as AdmitStill has it
  CallTracker::Share share_;
  CallParts parts_;
  Origin origin_;
  Position appended_;
  bool repeated_ = false;
};

}  // namespace kith::runtime
