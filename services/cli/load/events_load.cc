// The load of a subscriber that catches up: the workspace's events from the first to the last, and
// again.
#include <memory>

#include "kith/events/v1/events_service.grpc.pb.h"
#include "services/cli/load/load_call.h"

namespace kith::cli {
namespace {

namespace v1 = ::kith::events::v1;
using Service = v1::EventsService;

class EventsCaller final : public LoadCaller {
 public:
  EventsCaller(const LoadTarget& target, const std::shared_ptr<grpc::Channel>& channel)
      : target_(target), stub_(Service::NewStub(channel)) {}

  void Call(uint64_t, LoadReport& report) override {
    stream_ = std::make_unique<Stream>(*this, report);
    stream_->Start();
  }
  void Cancel() override { context_.Cancel(); }

 private:
  class Stream final : public grpc::ClientReadReactor<v1::SubscribeEventsResponse> {
   public:
    Stream(EventsCaller& caller, LoadReport& report)
        : report_(report), context_(caller.context_.Renew(caller.target_)) {
      caller.stub_->async()->SubscribeEvents(context_, &request_, this);
    }

    // May end at once, on another thread, and be freed for the next one.
    void Start() {
      StartRead(&message_);
      StartCall();
    }

   private:
    void OnReadDone(bool ok) override {
      if (!ok) return;
      if (message_.has_caught_up()) {
        caught_up_ = true;
        context_->TryCancel();
        return;
      }
      const int events = message_.events().events_size();
      if (events > 0) {
        report_.Items(static_cast<uint64_t>(events));
        report_.Bytes(request_.ByteSizeLong(), message_.ByteSizeLong() / events);
      }
      StartRead(&message_);
    }
    void OnDone(const grpc::Status& status) override {
      report_.Done(caught_up_ ? absl::OkStatus() : StatusOf(status));  // may free this stream
    }

    LoadReport& report_;
    grpc::ClientContext* const context_;
    v1::SubscribeEventsRequest request_;
    v1::SubscribeEventsResponse message_;
    bool caught_up_ = false;
  };

  const LoadTarget& target_;
  const std::unique_ptr<Service::Stub> stub_;
  LoadContext context_;
  std::unique_ptr<Stream> stream_;
};

class EventsLoad final : public LoadKind {
 public:
  absl::Status Prepare(const LoadTarget& target, const std::shared_ptr<grpc::Channel>&) override {
    target_ = &target;
    return absl::OkStatus();
  }
  std::unique_ptr<LoadCaller> NewCaller(const std::shared_ptr<grpc::Channel>& channel,
                                        int) override {
    return std::make_unique<EventsCaller>(*target_, channel);
  }
  bool endless() const override { return true; }

 private:
  const LoadTarget* target_ = nullptr;
};

}  // namespace

std::unique_ptr<LoadKind> NewEventsLoad() { return std::make_unique<EventsLoad>(); }

}  // namespace kith::cli
