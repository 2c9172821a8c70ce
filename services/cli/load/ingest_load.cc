// The bulk load: many interactions in one stream.
#include <string>
#include <vector>

#include "kith/interactions/v1/interactions_service.grpc.pb.h"
#include "services/cli/load/load_interaction.h"
#include "services/cli/load/load_subjects.h"
#include "services/cli/load/stream_caller.h"

namespace kith::cli {
namespace {

namespace v1 = ::kith::interactions::v1;
using Service = v1::InteractionsService;

std::vector<v1::IngestInteractionsRequest> MessagesOf(const LoadTarget& target,
                                                      const std::vector<std::string>& contacts,
                                                      int caller) {
  LoadInteraction interactions(target.text_bytes, caller);
  std::vector<v1::IngestInteractionsRequest> messages(kStreamMessages);
  uint64_t number = 0;
  for (v1::IngestInteractionsRequest& message : messages) {
    for (int i = 0; i < kStreamItems; ++i) {
      auto& item = *message.add_items();
      item.set_parent(PickFor(contacts, caller, number++));
      interactions.Fill(item.mutable_interaction());
    }
  }
  return messages;
}

class IngestCaller final
    : public StreamCaller<Service, v1::IngestInteractionsRequest, v1::IngestInteractionsResponse> {
 public:
  IngestCaller(const LoadTarget& target, const std::vector<std::string>& contacts,
               const std::shared_ptr<grpc::Channel>& channel, int caller)
      : StreamCaller(target, channel, &Service::StubInterface::async_interface::IngestInteractions,
                     caller, MessagesOf(target, contacts, caller)) {}
};

}  // namespace

std::unique_ptr<LoadKind> NewIngestLoad() { return std::make_unique<ContactsLoad<IngestCaller>>(); }

}  // namespace kith::cli
