// The load of one changed contact a call: it gets another company.
#include <string>
#include <vector>

#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "services/cli/load/load_call.h"
#include "services/cli/load/load_interaction.h"
#include "services/cli/load/load_subjects.h"
#include "services/cli/load/load_text.h"

namespace kith::cli {
namespace {

namespace v1 = ::kith::contacts::v1;
using Service = v1::ContactsService;

constexpr size_t kCompanyBytes = 20;

class UpdateContactCaller final
    : public UnaryCaller<Service, v1::UpdateContactRequest, v1::Contact> {
 public:
  UpdateContactCaller(const LoadTarget& target, const std::vector<std::string>& contacts,
                      const std::shared_ptr<grpc::Channel>& channel, int caller)
      : UnaryCaller(target, channel, &Service::StubInterface::async_interface::UpdateContact),
        contacts_(contacts),
        caller_(caller),
        requests_(target, caller),
        text_(static_cast<uint64_t>(caller)) {}

 private:
  void Fill(uint64_t number, v1::UpdateContactRequest* request) override {
    request->mutable_contact()->set_name(PickFor(contacts_, caller_, number));
    request->mutable_contact()->set_company_name(text_.Make(kCompanyBytes));
    request->mutable_update_mask()->Clear();
    request->mutable_update_mask()->add_paths("company_name");
    request->set_request_id(requests_.Id(number));
  }

  const std::vector<std::string>& contacts_;
  const int caller_;
  const RequestIds requests_;
  LoadText text_;
};

}  // namespace

std::unique_ptr<LoadKind> NewUpdateContactLoad() {
  return std::make_unique<ContactsLoad<UpdateContactCaller>>();
}

}  // namespace kith::cli
