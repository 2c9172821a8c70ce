// MutateCall: one command over gRPC.
#pragma once

#include "eventstore/base/status_macros.h"
#include "grpcpp/grpcpp.h"
#include "services/runtime/call.h"
#include "services/runtime/transact.h"

namespace kith::runtime {

// The part of a MutateCall that does not depend on its messages. Deletes itself when gRPC is done
// with it.
class MutateCallBase : public grpc::ServerUnaryReactor, public Command {
 public:
  void Begin();

 protected:
  MutateCallBase(const CallEnvironment& environment, const Method& method,
                 grpc::CallbackServerContext* rpc, const google::protobuf::Message& request,
                 google::protobuf::Message* response)
      : counted_(environment.streams),
        environment_(environment),
        method_(method),
        rpc_(rpc),
        request_(request),
        response_(response) {}

  const Origin& origin() const final { return origin_; }

  // The initial metadata of a reply: `kith-token` names the append, for reads that must reflect it,
  // and `kith-repeated` says that the reply repeats an earlier one.
  void NoteOutcome(const Rendering& after) {
    appended_ = after.last();
    repeated_ = after.repeated();
  }

 private:
  void OnDone() final { delete this; }
  // OnDone is trivial, so gRPC need not hand it to another thread.
  bool InternalInlineable() final { return true; }
  absl::Status Prepare();
  void Done(absl::Status status) final;

  const LiveStreams::Call counted_;
  const CallEnvironment& environment_;
  const Method& method_;
  grpc::CallbackServerContext* const rpc_;
  const google::protobuf::Message& request_;
  google::protobuf::Message* const response_;
  absl::Time began_;
  Origin origin_;
  Position appended_;
  bool repeated_ = false;
};

template <class Request, class Response, class Commands>
class MutateCall final : public MutateCallBase {
 public:
  MutateCall(const CallEnvironment& environment, grpc::CallbackServerContext* rpc,
             const Request* request, Response* response, const Commands& commands)
      : MutateCallBase(environment, MethodOf<Request>(), rpc, *request, response),
        request_(*request),
        response_(response),
        commands_(commands) {}

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

  const Request& request_;
  Response* const response_;
  const Commands& commands_;
};

}  // namespace kith::runtime
