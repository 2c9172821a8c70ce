// The load of one interaction a call.
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

class RecordCaller final
    : public UnaryCaller<Service, v1::RecordInteractionRequest, v1::Interaction> {
 public:
  RecordCaller(const LoadTarget& target, const std::vector<std::string>& contacts,
               const std::shared_ptr<grpc::Channel>& channel, int caller)
      : UnaryCaller(target, channel, &Service::StubInterface::async_interface::RecordInteraction),
        contacts_(contacts),
        caller_(caller),
        requests_(target, caller),
        interactions_(target.text_bytes, caller) {}

 private:
  void Fill(uint64_t number, v1::RecordInteractionRequest* request) override {
    request->set_parent(PickFor(contacts_, caller_, number));
    request->set_request_id(requests_.Id(number));
    interactions_.Fill(request->mutable_interaction());
  }

  const std::vector<std::string>& contacts_;
  const int caller_;
  const RequestIds requests_;
  LoadInteraction interactions_;
};

}  // namespace

std::unique_ptr<LoadKind> NewRecordLoad() { return std::make_unique<ContactsLoad<RecordCaller>>(); }

}  // namespace kith::cli
