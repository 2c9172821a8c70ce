// Endpoint: everything that every RPC has in common, in one order: deadline, authenticate,
// authorise the method, validate every field rule, run, render, map errors, log. A handler is one
// line:
//
//   return endpoint_.Mutate(rpc, request, response, commands_);
//   return endpoint_.Read(rpc, request, response, view_, ReadKind::kScan, ListContacts);
//   return endpoint_.Answer(rpc, request, response, ReadKind::kPoint, GetWorkspace);
//   return endpoint_.Stream<v1::ReadEventsResponse>(rpc, request, OpenEvents);
//   return endpoint_.Ingest<v1::IngestInteractionsRequest>(rpc, response, commands_);
//
// What a method asks is compiled once from its proto options. Nothing blocks on gRPC's threads. A
// call that its client abandoned is carried to its end, and its objects live until then.
#pragma once

#include <memory>

#include "absl/functional/any_invocable.h"
#include "eventstore/log/event_log.h"
#include "grpcpp/grpcpp.h"
#include "projections/engine/view.h"
#include "services/runtime/authorizer.h"
#include "services/runtime/call.h"
#include "services/runtime/ingest_call.h"
#include "services/runtime/mutate_call.h"
#include "services/runtime/read_call.h"
#include "services/runtime/stream_call.h"
#include "services/runtime/transact.h"

namespace kith::runtime {

// Thread-safe. Outlives every call.
class Endpoint {
 public:
  // Borrows everything.
  explicit Endpoint(const CallEnvironment& environment) : environment_(environment) {}

  // A command. `commands` is the capability's object with, for every request,
  //   Decision Run(Loader& load, const Request& command, const CommandContext& context) const;
  //   absl::Status Render(Rendering& after, const Request& command, Response* response) const;
  // and optionally, for a command that appends to another workspace than the caller's,
  //   WorkspaceId Workspace(const Request& command, const Origin& origin) const;
  // called by any thread, several at a time. It outlives the call.
  template <class Request, class Response, class Commands>
  grpc::ServerUnaryReactor* Mutate(grpc::CallbackServerContext* rpc, const Request* request,
                                   Response* response, const Commands& commands) {
    auto* call =
        new MutateCall<Request, Response, Commands>(environment_, rpc, request, response, commands);
    call->Begin();
    return call;
  }

  // A read of a view: `run` is called as absl::Status(const ReadContext&, const Request&,
  // Response*), at the position that the request's ReadOptions or page token ask for, when the view
  // is there. A kPoint read is tried on memory first: it passes ReadContext::tier on, returns
  // Unavailable as it got it, and is then called again on a pool.
  template <class Request, class Response, class Run>
  grpc::ServerUnaryReactor* Read(grpc::CallbackServerContext* rpc, const Request* request,
                                 Response* response, projections::View& view, ReadKind kind,
                                 Run run) {
    auto* call = new ReadCall<Request, Response, Run>(environment_, rpc, request, response, &view,
                                                      kind, std::move(run));
    call->Begin();
    return call;
  }

  // The same for an answer that comes from no view; the context has no snapshot.
  template <class Request, class Response, class Run>
  grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* rpc, const Request* request,
                                   Response* response, ReadKind kind, Run run) {
    auto* call = new ReadCall<Request, Response, Run>(environment_, rpc, request, response, nullptr,
                                                      kind, std::move(run));
    call->Begin();
    return call;
  }

  // A stream of responses: `open` is called as
  // absl::StatusOr<std::unique_ptr<StreamSource<Response>>>( const CallerContext&, const Request&)
  // on a pool, then its source is asked for messages.
  template <class Response, class Request, class Open>
  grpc::ServerWriteReactor<Response>* Stream(grpc::CallbackServerContext* rpc,
                                             const Request* request, Open open) {
    auto* call =
        new StreamCall<Request, Response, Open>(environment_, rpc, request, std::move(open));
    call->Begin();
    return call;
  }

  // A stream of messages with `items` and a `request_id`; each item is a command of its own, with
  // Run and Render as in Mutate, rendered into an element of the response's `results`.
  template <class Request, class Response, class Commands>
  grpc::ServerReadReactor<Request>* Ingest(grpc::CallbackServerContext* rpc, Response* response,
                                           const Commands& commands) {
    auto* call = new IngestCall<Request, Response, Commands>(environment_, rpc, response, commands);
    call->Begin();
    return call;
  }

 private:
  const CallEnvironment& environment_;
};

}  // namespace kith::runtime
