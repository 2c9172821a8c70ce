// ReadCall: one read of a view, as of the moment asked about and as fresh as asked for.
#pragma once

#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "eventstore/base/check.h"
#include "eventstore/log/event_log.h"
#include "grpcpp/grpcpp.h"
#include "projections/engine/view.h"
#include "services/runtime/call.h"
#include "services/runtime/read_position.h"

namespace kith::runtime {

// kPoint: one record, from memory where it can. kScan: everything else; it runs on the read pool.
enum class ReadKind { kPoint, kScan };

// What a read is given. Lives for one call of the read's function.
struct ReadContext {
  const Caller& caller;
  const Authorizer& authorizer;
  const projections::ViewSnapshot* snapshot;  // null without a view
  eventstore::ReadTier tier;
  // What ages are computed for: now, or where the read asked as of a past moment, that moment.
  absl::Time read_time;
  const eventstore::KeyStore& keys;
  bool as_of = false;  // the read named that moment

  WorkspaceId workspace() const { return caller.workspace; }
  // Those recorded by the position that is read, whatever was chosen since. Needs a view. Errors
  // are Authorizer::SettingsAt's: return them.
  absl::StatusOr<std::shared_ptr<const Settings>> SettingsThen() const {
    return authorizer.SettingsAt(workspace(), view().position(), tier);
  }
  const projections::ViewSnapshot& view() const {
    KITH_CHECK(snapshot != nullptr);
    return *snapshot;
  }
};

// The part of a ReadCall that does not depend on its messages. Deletes itself when gRPC is done
// with it.
class ReadCallBase : public grpc::ServerUnaryReactor {
 public:
  void Begin();

 protected:
  ReadCallBase(const CallEnvironment& environment, const Method& method,
               grpc::CallbackServerContext* rpc, const google::protobuf::Message& request,
               google::protobuf::Message* response, projections::View* view, ReadKind kind)
      : counted_(environment.streams),
        environment_(environment),
        method_(method),
        rpc_(rpc),
        request_(request),
        response_(response),
        view_(view),
        kind_(kind) {}

  virtual absl::Status Run(const ReadContext& context) = 0;

 private:
  using Step = void (ReadCallBase::*)(eventstore::ReadTier tier);

  void OnDone() override { delete this; }
  // OnDone is trivial, so gRPC need not hand it to another thread.
  bool InternalInlineable() override { return true; }

  absl::Status Prepare();
  // The steps of a read. A step on kMemory that needs the disk is taken again on a pool.
  void Settle();
  void Resolve(eventstore::ReadTier tier);
  void Await();
  void Serve(eventstore::ReadTier tier);
  absl::Status TryServe(eventstore::ReadTier tier);
  void TakeOnPool(Step step);
  void End(const absl::Status& status);

  const LiveStreams::Call counted_;
  const CallEnvironment& environment_;
  const Method& method_;
  grpc::CallbackServerContext* const rpc_;
  const google::protobuf::Message& request_;
  google::protobuf::Message* const response_;
  projections::View* const view_;
  const ReadKind kind_;
  absl::Time began_;
  CallerContext caller_;
  absl::Time moment_;  // now, or the time that the read is as of
  ReadPosition position_;
  std::optional<projections::ViewSnapshot> snapshot_;
};

template <class Request, class Response, class Function>
class ReadCall final : public ReadCallBase {
 public:
  ReadCall(const CallEnvironment& environment, grpc::CallbackServerContext* rpc,
           const Request* request, Response* response, projections::View* view, ReadKind kind,
           Function function)
      : ReadCallBase(environment, MethodOf<Request>(), rpc, *request, response, view, kind),
        request_(*request),
        response_(response),
        function_(std::move(function)) {}

 private:
  absl::Status Run(const ReadContext& context) override {
    response_->Clear();
    return function_(context, request_, response_);
  }

  const Request& request_;
  Response* const response_;
  Function function_;
};

}  // namespace kith::runtime
