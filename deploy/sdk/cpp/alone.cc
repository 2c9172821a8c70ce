#include "deploy/sdk/cpp/alone.h"

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/client_callback.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "deploy/sdk/cpp/request.h"

namespace kith::sdk {
namespace {

using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using Stub = grpc::TemplatedGenericStub<Message, Message>;

std::string MetadatumOf(const grpc::ClientContext& context, const char* key) {
  const auto& metadata = context.GetServerInitialMetadata();
  const auto found = metadata.find(key);
  return found == metadata.end() ? "" : std::string(found->second.data(), found->second.size());
}

Outcome OutcomeOf(const grpc::Status& status, const grpc::ClientContext& context) {
  if (status.ok()) {
    Outcome outcome;
    outcome.token = MetadatumOf(context, "kith-token");
    outcome.repeated = !MetadatumOf(context, "kith-repeated").empty();
    return outcome;
  }
  Outcome outcome = Failure(status.error_code(), status.error_message(),
                            /*unknown=*/status.error_details().empty());
  if (!outcome.unknown) outcome.status.ParseFromString(status.error_details());
  return outcome;
}

class Alone final : public Session {
 public:
  Alone(std::shared_ptr<grpc::Channel> channel, const std::string& key)
      : stub_(std::move(channel)), key_(key) {}
  ~Alone() override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return contexts_.empty() && telling_ == 0; });
  }

  uint64_t Call(const Message& request, Message* response, Done done,
                const CallOptions& options) override;
  void Cancel(uint64_t id) override {
    const std::lock_guard lock(mutex_);
    const auto found = contexts_.find(id);
    if (found != contexts_.end()) found->second->TryCancel();
  }

 private:
  class Reactor;

  void Tell(const Done& done, const Outcome& outcome) {
    done(outcome);
    const std::lock_guard lock(mutex_);
    --telling_;
    changed_.notify_all();
  }

  Stub stub_;
  const std::string key_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t last_id_ = 0;
  std::map<uint64_t, grpc::ClientContext*> contexts_;  // of the calls on their way
  int telling_ = 0;
};

// One call. Frees itself when gRPC is done with it.
class Alone::Reactor final : public grpc::ClientUnaryReactor {
 public:
  Reactor(Alone& calls, uint64_t id, Done done) : calls_(calls), id_(id), done_(std::move(done)) {}

  grpc::ClientContext& context() { return context_; }

 private:
  void OnDone(const grpc::Status& status) override {
    const Outcome outcome = OutcomeOf(status, context_);
    const Done done = std::move(done_);
    Alone& calls = calls_;
    {
      const std::lock_guard lock(calls.mutex_);
      calls.contexts_.erase(id_);
      ++calls.telling_;
    }
    delete this;  // first: the last one to let go of a channel must not be a thread of gRPC's
    calls.Tell(done, outcome);
  }

  Alone& calls_;
  const uint64_t id_;
  Done done_;
  grpc::ClientContext context_;
};

uint64_t Alone::Call(const Message& request, Message* response, Done done,
                     const CallOptions& options) {
  const MethodDescriptor* const method = MethodTaking(request.GetDescriptor());
  if (method == nullptr) {
    done(NoMethod(request));
    return 0;
  }
  Reactor* reactor = nullptr;
  uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = ++last_id_;
    reactor = new Reactor(*this, id, std::move(done));
    contexts_.emplace(id, &reactor->context());
  }
  grpc::ClientContext& context = reactor->context();
  if (!key_.empty()) context.AddMetadata("authorization", "Bearer " + key_);
  if (!options.traceparent.empty()) context.AddMetadata("traceparent", options.traceparent);
  if (!options.cause.empty()) context.AddMetadata("kith-cause", options.cause);
  if (!options.on_behalf_of.empty()) {
    context.AddMetadata("kith-on-behalf-of", options.on_behalf_of);
  }
  if (options.timeout > std::chrono::milliseconds::zero()) {
    context.set_deadline(gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                      gpr_time_from_millis(options.timeout.count(), GPR_TIMESPAN)));
  }
  stub_.PrepareUnaryCall(&context, "/" + method->service()->full_name() + "/" + method->name(),
                         grpc::StubOptions(), &request, response, reactor);
  reactor->StartCall();
  return id;
}

}  // namespace

std::unique_ptr<Session> OpenAlone(std::shared_ptr<grpc::Channel> channel, const std::string& key) {
  return std::make_unique<Alone>(std::move(channel), key);
}

}  // namespace kith::sdk
