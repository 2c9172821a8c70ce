// StreamCaller: a caller of a method that takes a stream of messages with items.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "grpcpp/channel.h"
#include "grpcpp/support/client_callback.h"
#include "services/cli/load/load_call.h"
#include "services/cli/load/load_interaction.h"
#include "services/cli/load/load_kind.h"

namespace kith::cli {

inline constexpr int kStreamItems = 500;  // of a message
// Of a stream: a call is counted when it ends, so many would be coarse.
inline constexpr int kStreamMessages = 2;

// The same stream again and again, with new request ids: what is measured is the server, not the
// making of text.
template <class Service, class Request, class Response>
class StreamCaller : public LoadCaller {
 public:
  using Method = void (Service::StubInterface::async_interface::*)(
      grpc::ClientContext*, grpc::ClientBidiReactor<Request, Response>*);

  // The messages are kStreamMessages, each with kStreamItems.
  StreamCaller(const LoadTarget& target, const std::shared_ptr<grpc::Channel>& channel,
               Method method, int caller, std::vector<Request> messages)
      : target_(target),
        stub_(Service::NewStub(channel)),
        method_(method),
        requests_(target, caller),
        messages_(std::move(messages)) {}

  void Call(uint64_t number, LoadReport& report) override {
    number_ = number;
    stream_ = std::make_unique<Stream>(*this, report);
    stream_->Start();
  }
  void Cancel() override { context_.Cancel(); }

 private:
  class Stream final : public grpc::ClientBidiReactor<Request, Response> {
   public:
    Stream(StreamCaller& caller, LoadReport& report) : caller_(caller), report_(report) {
      (caller.stub_->async()->*caller.method_)(caller.context_.Renew(caller.target_), this);
    }

    // May end at once, on another thread, and be freed for the next one.
    void Start() {
      WriteNext();
      this->StartRead(&response_);
      this->StartCall();
    }

   private:
    void WriteNext() {
      Request& message = caller_.messages_[static_cast<size_t>(next_)];
      message.set_request_id(
          caller_.requests_.Id(caller_.number_ * kStreamMessages + static_cast<uint64_t>(next_)));
      const bool last = ++next_ == kStreamMessages;
      this->StartWrite(&message,
                       last ? grpc::WriteOptions().set_last_message() : grpc::WriteOptions());
    }
    void OnWriteDone(bool ok) override {
      if (ok && next_ < kStreamMessages) WriteNext();
    }
    void OnReadDone(bool ok) override {
      if (!ok) return;
      for (const auto& result : response_.results()) Count(result);
      bytes_ += response_.ByteSizeLong();
      this->StartRead(&response_);
    }
    template <class Result>
    void Count(const Result& result) {
      if (result.status().code() == 0) {
        ++recorded_;
      } else if (refusal_.ok()) {
        refusal_ = absl::Status(static_cast<absl::StatusCode>(result.status().code()),
                                result.status().message());
      }
    }
    void OnDone(const grpc::Status& status) override {
      if (caller_.number_ == 0) {
        report_.Bytes(caller_.messages_[0].ByteSizeLong() / kStreamItems,
                      bytes_ / kStreamItems / kStreamMessages);
      }
      report_.Items(recorded_);
      report_.Done(status.ok() ? refusal_ : StatusOf(status));  // may free this stream
    }

    StreamCaller& caller_;
    LoadReport& report_;
    int next_ = 0;
    Response response_;
    uint64_t recorded_ = 0;
    size_t bytes_ = 0;
    absl::Status refusal_;
  };

  const LoadTarget& target_;
  const std::unique_ptr<typename Service::Stub> stub_;
  const Method method_;
  const RequestIds requests_;
  std::vector<Request> messages_;
  LoadContext context_;
  uint64_t number_ = 0;
  std::unique_ptr<Stream> stream_;
};

}  // namespace kith::cli
