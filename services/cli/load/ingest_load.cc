// The bulk load: many interactions in one stream.
#include <string>
#include <vector>

#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "services/cli/load/load_call.h"
#include "services/cli/load/load_interaction.h"
#include "services/cli/load/load_subjects.h"

namespace kith::cli {
namespace {

namespace v1 = ::kith::interactions::v1;
using Service = v1::InteractionsService;

constexpr int kItems = 500;  // of a message
constexpr int kMessages =
    2;  // of a stream; a call is counted when it ends, so many would be coarse

// The same stream again and again, with new request ids: what is measured is the server, not the
// making of text.
class IngestCaller final : public LoadCaller {
 public:
  IngestCaller(const LoadTarget& target, const std::vector<std::string>& contacts,
               const std::shared_ptr<grpc::Channel>& channel, int caller)
      : target_(target), stub_(Service::NewStub(channel)), requests_(target, caller) {
    LoadInteraction interactions(target.text_bytes, caller);
    messages_.resize(kMessages);
    for (int m = 0; m < kMessages; ++m) {
      for (int i = 0; i < kItems; ++i) {
        auto& item = *messages_[m].add_items();
        item.set_parent(PickFor(contacts, caller, uint64_t{kItems} * m + i));
        interactions.Fill(item.mutable_interaction());
      }
    }
  }

  void Call(uint64_t number, LoadReport& report) override {
    number_ = number;
    stream_ = std::make_unique<Stream>(*this, report);
    stream_->Start();
  }
  void Cancel() override { context_.Cancel(); }

 private:
  class Stream final : public grpc::ClientBidiReactor<v1::IngestInteractionsRequest,
                                                      v1::IngestInteractionsResponse> {
   public:
    Stream(IngestCaller& caller, LoadReport& report) : caller_(caller), report_(report) {
      caller.stub_->async()->IngestInteractions(caller.context_.Renew(caller.target_), this);
    }

    // May end at once, on another thread, and be freed for the next one.
    void Start() {
      WriteNext();
      StartRead(&response_);
      StartCall();
    }

   private:
    void WriteNext() {
      v1::IngestInteractionsRequest& message = caller_.messages_[next_];
      message.set_request_id(caller_.requests_.Id(caller_.number_ * kMessages + next_));
      const bool last = ++next_ == kMessages;
      StartWrite(&message, last ? grpc::WriteOptions().set_last_message() : grpc::WriteOptions());
    }
    void OnWriteDone(bool ok) override {
      if (ok && next_ < kMessages) WriteNext();
    }
    void OnReadDone(bool ok) override {
      if (!ok) return;
      for (const auto& result : response_.results()) Count(result);
      bytes_ += response_.ByteSizeLong();
      StartRead(&response_);
    }
    void Count(const v1::IngestInteractionsResponse::Result& result) {
      if (result.status().code() == 0) {
        ++recorded_;
      } else if (refusal_.ok()) {
        refusal_ = absl::Status(static_cast<absl::StatusCode>(result.status().code()),
                                result.status().message());
      }
    }
    void OnDone(const grpc::Status& status) override {
      if (caller_.number_ == 0) {
        report_.Bytes(caller_.messages_[0].ByteSizeLong() / kItems, bytes_ / kItems / kMessages);
      }
      report_.Items(recorded_);
      report_.Done(status.ok() ? refusal_ : StatusOf(status));  // may free this stream
    }

    IngestCaller& caller_;
    LoadReport& report_;
    int next_ = 0;
    v1::IngestInteractionsResponse response_;
    uint64_t recorded_ = 0;
    size_t bytes_ = 0;
    absl::Status refusal_;
  };

  const LoadTarget& target_;
  const std::unique_ptr<Service::Stub> stub_;
  const RequestIds requests_;
  std::vector<v1::IngestInteractionsRequest> messages_;
  LoadContext context_;
  uint64_t number_ = 0;
  std::unique_ptr<Stream> stream_;
};

}  // namespace

std::unique_ptr<LoadKind> NewIngestLoad() { return std::make_unique<ContactsLoad<IngestCaller>>(); }

}  // namespace kith::cli
