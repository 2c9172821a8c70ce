// The loads of interactions with people who are told by an address: one a call, many, and a stream.
#include <string>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "kith/captures/v1/captures_service.grpc.pb.h"
#include "services/cli/load/load_call.h"
#include "services/cli/load/load_interaction.h"
#include "services/cli/load/load_subjects.h"
#include "services/cli/load/stream_caller.h"

namespace kith::cli {
namespace {

namespace v1 = ::kith::captures::v1;
using Service = v1::CapturesService;

constexpr int kCaptures = 500;  // of a message

// Captures of the contacts with these addresses. One thread at a time.
class Captures {
 public:
  Captures(const LoadTarget& target, const std::vector<std::string>& addresses, int caller)
      : addresses_(addresses), caller_(caller), interactions_(target.text_bytes, caller) {}

  void Fill(uint64_t number, v1::CaptureInteractionRequest* request) {
    request->set_source("bench");
    request->mutable_person()->clear_emails();
    request->mutable_person()->add_emails()->set_address(PickFor(addresses_, caller_, number));
    interactions_.Fill(request->mutable_interaction());
  }

 private:
  const std::vector<std::string>& addresses_;
  const int caller_;
  LoadInteraction interactions_;
};

class CaptureCaller final
    : public UnaryCaller<Service, v1::CaptureInteractionRequest, v1::Capture> {
 public:
  CaptureCaller(const LoadTarget& target, const std::vector<std::string>& addresses,
                const std::shared_ptr<grpc::Channel>& channel, int caller)
      : UnaryCaller(target, channel, &Service::StubInterface::async_interface::CaptureInteraction),
        requests_(target, caller),
        captures_(target, addresses, caller) {}

 private:
  void Fill(uint64_t number, v1::CaptureInteractionRequest* request) override {
    request->set_request_id(requests_.Id(number));
    captures_.Fill(number, request);
  }

  const RequestIds requests_;
  Captures captures_;
};

// The same message again and again, with new request ids: what is measured is the server, not the
// making of text.
class BatchCaller final : public LoadCaller {
 public:
  BatchCaller(const LoadTarget& target, const std::vector<std::string>& addresses,
              const std::shared_ptr<grpc::Channel>& channel, int caller)
      : requests_(target, caller),
        call_(target, channel, &Service::StubInterface::async_interface::BatchCaptureInteractions,
              [this](const absl::Status& status) { End(status); }) {
    Captures captures(target, addresses, caller);
    for (int i = 0; i < kCaptures; ++i) {
      captures.Fill(static_cast<uint64_t>(i), call_.request().add_requests());
    }
  }

  void Call(uint64_t number, LoadReport& report) override {
    number_ = number;
    report_ = &report;
    call_.request().set_request_id(requests_.Id(number));
    call_.Start();
  }
  void Cancel() override { call_.Cancel(); }

 private:
  void End(const absl::Status& status) {
    if (!status.ok()) return report_->Done(status);
    const v1::BatchCaptureInteractionsResponse& response = call_.response();
    if (number_ == 0) {
      report_->Bytes(call_.request().ByteSizeLong() / kCaptures,
                     response.ByteSizeLong() / kCaptures);
    }
    report_->Items(static_cast<uint64_t>(response.captures_size() + response.left_out_size()));
    if (response.failed_requests().empty()) return report_->Done(absl::OkStatus());
    const auto& refusal = response.failed_requests().begin()->second;
    report_->Done(absl::Status(static_cast<absl::StatusCode>(refusal.code()), refusal.message()));
  }

  const RequestIds requests_;
  uint64_t number_ = 0;
  LoadReport* report_ = nullptr;
  UnaryCall<Service, v1::BatchCaptureInteractionsRequest, v1::BatchCaptureInteractionsResponse>
      call_;
};

std::vector<v1::IngestCapturesRequest> MessagesOf(const LoadTarget& target,
                                                  const std::vector<std::string>& addresses,
                                                  int caller) {
  Captures captures(target, addresses, caller);
  std::vector<v1::IngestCapturesRequest> messages(kStreamMessages);
  uint64_t number = 0;
  for (v1::IngestCapturesRequest& message : messages) {
    for (int i = 0; i < kStreamItems; ++i) captures.Fill(number++, message.add_items());
  }
  return messages;
}

class CaptureStreamCaller final
    : public StreamCaller<Service, v1::IngestCapturesRequest, v1::IngestCapturesResponse> {
 public:
  CaptureStreamCaller(const LoadTarget& target, const std::vector<std::string>& addresses,
                      const std::shared_ptr<grpc::Channel>& channel, int caller)
      : StreamCaller(target, channel, &Service::StubInterface::async_interface::IngestCaptures,
                     caller, MessagesOf(target, addresses, caller)) {}
};

template <class Caller>
class CaptureLoad final : public LoadKind {
 public:
  absl::Status Prepare(const LoadTarget& target,
                       const std::shared_ptr<grpc::Channel>& channel) override {
    target_ = &target;
    KITH_RETURN_IF_ERROR(MakeContacts(target, channel).status());
    for (int i = 0; i < target.contacts; ++i) addresses_.push_back(AddressOfContact(i));
    return absl::OkStatus();
  }
  std::unique_ptr<LoadCaller> NewCaller(const std::shared_ptr<grpc::Channel>& channel,
                                        int number) override {
    return std::make_unique<Caller>(*target_, addresses_, channel, number);
  }

 private:
  const LoadTarget* target_ = nullptr;
  std::vector<std::string> addresses_;
};

}  // namespace

std::unique_ptr<LoadKind> NewCaptureLoad() {
  return std::make_unique<CaptureLoad<CaptureCaller>>();
}

std::unique_ptr<LoadKind> NewCaptureStreamLoad() {
  return std::make_unique<CaptureLoad<CaptureStreamCaller>>();
}

std::unique_ptr<LoadKind> NewCaptureManyLoad() {
  return std::make_unique<CaptureLoad<BatchCaller>>();
}

}  // namespace kith::cli
