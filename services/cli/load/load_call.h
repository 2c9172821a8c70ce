// Load calls: what the kinds of load share: the context of a call, and callers of unary methods.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/mutex.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "services/cli/load/load_kind.h"

namespace kith::cli {

inline void Authorise(const LoadTarget& target, grpc::ClientContext* context) {
  if (target.key.empty()) return;
  context->AddMetadata("authorization", absl::StrCat("Bearer ", target.key));
}

inline absl::Status StatusOf(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

// The context of one call after the other, which any thread may cancel.
class LoadContext {
 public:
  // The context of the next call; the one before has ended.
  grpc::ClientContext* Renew(const LoadTarget& target) {
    auto context = std::make_unique<grpc::ClientContext>();
    Authorise(target, context.get());
    MutexLock lock(mutex_);
    context_ = std::move(context);
    return context_.get();
  }
  void Cancel() {
    MutexLock lock(mutex_);
    if (context_ != nullptr) context_->TryCancel();
  }

 private:
  Mutex mutex_;
  std::unique_ptr<grpc::ClientContext> context_ KITH_GUARDED_BY(mutex_);
};

// Calls a unary method again and again, one call at a time.
template <class Service, class Request, class Response>
class UnaryCall {
 public:
  using Method = void (Service::StubInterface::async_interface::*)(
      grpc::ClientContext*, const Request*, Response*, std::function<void(grpc::Status)>);
  using Done = std::function<void(const absl::Status&)>;

  // `done` is told of the end of each call.
  UnaryCall(const LoadTarget& target, const std::shared_ptr<grpc::Channel>& channel, Method method,
            Done done)
      : target_(target), stub_(Service::NewStub(channel)), method_(method), done_(std::move(done)) {
    const auto session = target.sessions.find(channel.get());
    if (session != target.sessions.end()) session_ = session->second;
  }

  // The request of the next call, which is that of the one before until it is changed.
  Request& request() { return request_; }
  const Response& response() const { return response_; }
  // Of the call that ended last.
  const grpc::ClientContext& context() const { return *last_; }

  void Start() {
    if (session_ != nullptr) {
      session_->Call(request_, &response_, [this](const sdk::Outcome& outcome) {
        const auto code = static_cast<absl::StatusCode>(outcome.status.code());
        done_(absl::Status(code, outcome.status.message()));
      });
      return;
    }
    last_ = context_.Renew(target_);
    (stub_->async()->*method_)(last_, &request_, &response_, [this](const grpc::Status& status) {
      done_(status.ok() ? absl::OkStatus() : StatusOf(status));
    });
  }
  void Cancel() { context_.Cancel(); }

 private:
  const LoadTarget& target_;
  const std::unique_ptr<typename Service::Stub> stub_;
  const Method method_;
  const Done done_;
  std::shared_ptr<sdk::Session> session_;
  Request request_;
  Response response_;
  LoadContext context_;
  grpc::ClientContext* last_ = nullptr;
};

// A caller of a unary method; what is sent is the derived class's.
template <class Service, class Request, class Response>
class UnaryCaller : public LoadCaller {
 public:
  using Method = typename UnaryCall<Service, Request, Response>::Method;

  UnaryCaller(const LoadTarget& target, const std::shared_ptr<grpc::Channel>& channel,
              Method method)
      : call_(target, channel, method, [this](const absl::Status& status) { End(status); }) {}

  void Call(uint64_t number, LoadReport& report) final {
    number_ = number;
    report_ = &report;
    Fill(number, &call_.request());
    call_.Start();
  }
  void Cancel() final { call_.Cancel(); }

 protected:
  // Makes the request of the `number`th call out of the one before.
  virtual void Fill(uint64_t number, Request* request) = 0;

 private:
  void End(const absl::Status& status) {
    if (number_ == 0) {
      report_->Bytes(call_.request().ByteSizeLong(), call_.response().ByteSizeLong());
    }
    report_->Done(status);
  }

  uint64_t number_ = 0;
  LoadReport* report_ = nullptr;
  UnaryCall<Service, Request, Response> call_;
};

// One of `things` for the `number`th call of a caller: all take turns, in an order that no cache
// can guess.
template <class Thing>
const Thing& PickFor(const std::vector<Thing>& things, int caller, uint64_t number) {
  return things[(static_cast<uint64_t>(caller) + number * 7919) % things.size()];
}

}  // namespace kith::cli
