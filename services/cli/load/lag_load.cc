// The load that tells how far the views are behind: it writes, and then asks a view for what it
// wrote. What is measured begins when the write was acknowledged, and so is the time a view is
// behind, and one read.
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

class LagCaller final : public LoadCaller {
 public:
  LagCaller(const LoadTarget& target, const std::vector<std::string>& contacts,
            const std::shared_ptr<grpc::Channel>& channel, int caller)
      : contacts_(contacts),
        caller_(caller),
        requests_(target, caller),
        interactions_(target.text_bytes, caller),
        write_(target, channel, &Service::StubInterface::async_interface::RecordInteraction,
               [this](const absl::Status& status) { Read(status); }),
        read_(target, channel, &Service::StubInterface::async_interface::ListTimeline,
              [this](const absl::Status& status) { End(status); }) {}

  void Call(uint64_t number, LoadReport& report) override {
    report_ = &report;
    v1::RecordInteractionRequest& request = write_.request();
    request.set_parent(PickFor(contacts_, caller_, number));
    request.set_request_id(requests_.Id(number));
    interactions_.Fill(request.mutable_interaction());
    write_.Start();
  }
  void Cancel() override {
    write_.Cancel();
    read_.Cancel();
  }

 private:
  // At least as fresh as the write, and so after the view has folded it.
  void Read(const absl::Status& written) {
    if (!written.ok()) return report_->Done(written);
    report_->StartClock();
    const auto& metadata = write_.context().GetServerInitialMetadata();
    const auto token = metadata.find("kith-token");
    if (token == metadata.end()) {
      return report_->Done(
          absl::UnimplementedError("the server did not say which position the write has"));
    }
    v1::ListTimelineRequest& request = read_.request();
    request.set_parent(write_.request().parent());
    request.set_page_size(1);
    request.mutable_read()->set_at_least(std::string(token->second.data(), token->second.size()));
    read_.Start();
  }

  void End(const absl::Status& status) {
    report_->Bytes(write_.request().ByteSizeLong(), read_.response().ByteSizeLong());
    report_->Done(status);
  }

  const std::vector<std::string>& contacts_;
  const int caller_;
  const RequestIds requests_;
  LoadInteraction interactions_;
  LoadReport* report_ = nullptr;
  UnaryCall<Service, v1::RecordInteractionRequest, v1::Interaction> write_;
  UnaryCall<Service, v1::ListTimelineRequest, v1::ListTimelineResponse> read_;
};

}  // namespace

std::unique_ptr<LoadKind> NewLagLoad() { return std::make_unique<ContactsLoad<LagCaller>>(); }

}  // namespace kith::cli
