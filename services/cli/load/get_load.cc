// The loads that read one resource a call.
#include <string>
#include <vector>

#include "eventstore/base/status_macros.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "services/cli/load/load_call.h"
#include "services/cli/load/load_subjects.h"

namespace kith::cli {
namespace {

using Contacts = ::kith::contacts::v1::ContactsService;
using Deals = ::kith::deals::v1::DealsService;

template <class Service, class Request, class Resource>
class GetCaller final : public UnaryCaller<Service, Request, Resource> {
 public:
  using Base = UnaryCaller<Service, Request, Resource>;
  GetCaller(const LoadTarget& target, const std::vector<std::string>& names,
            const std::shared_ptr<grpc::Channel>& channel, typename Base::Method method, int caller)
      : Base(target, channel, method), target_(target), names_(names), caller_(caller) {}

 private:
  void Fill(uint64_t number, Request* request) override {
    request->set_name(PickFor(names_, caller_, number));
    if (target_.as_of) *request->mutable_read() = target_.read;
  }

  const LoadTarget& target_;
  const std::vector<std::string>& names_;
  const int caller_;
};

using ContactCaller = GetCaller<Contacts, contacts::v1::GetContactRequest, contacts::v1::Contact>;
constexpr ContactCaller::Method kGetContact = &Contacts::StubInterface::async_interface::GetContact;
using DealCaller = GetCaller<Deals, deals::v1::GetDealRequest, deals::v1::Deal>;
constexpr DealCaller::Method kGetDeal = &Deals::StubInterface::async_interface::GetDeal;

class GetContactLoad final : public LoadKind {
 public:
  absl::Status Prepare(const LoadTarget& target,
                       const std::shared_ptr<grpc::Channel>& channel) override {
    target_ = &target;
    if (!target.as_of) {
      KITH_ASSIGN_OR_RETURN(contacts_, MakeContacts(target, channel));
      return absl::OkStatus();
    }
    KITH_ASSIGN_OR_RETURN(const auto found, FindContacts(target, channel));
    for (const contacts::v1::Contact& contact : found) contacts_.push_back(contact.name());
    return absl::OkStatus();
  }
  std::unique_ptr<LoadCaller> NewCaller(const std::shared_ptr<grpc::Channel>& channel,
                                        int number) override {
    return std::make_unique<ContactCaller>(*target_, contacts_, channel, kGetContact, number);
  }

 private:
  const LoadTarget* target_ = nullptr;
  std::vector<std::string> contacts_;
};

class GetDealLoad final : public LoadKind {
 public:
  absl::Status Prepare(const LoadTarget& target,
                       const std::shared_ptr<grpc::Channel>& channel) override {
    target_ = &target;
    KITH_ASSIGN_OR_RETURN(const std::vector<deals::v1::Deal> deals, FindDeals(target, channel));
    for (const deals::v1::Deal& deal : deals) names_.push_back(deal.name());
    return absl::OkStatus();
  }
  std::unique_ptr<LoadCaller> NewCaller(const std::shared_ptr<grpc::Channel>& channel,
                                        int number) override {
    return std::make_unique<DealCaller>(*target_, names_, channel, kGetDeal, number);
  }

 private:
  const LoadTarget* target_ = nullptr;
  std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<LoadKind> NewGetContactLoad() { return std::make_unique<GetContactLoad>(); }
std::unique_ptr<LoadKind> NewGetDealLoad() { return std::make_unique<GetDealLoad>(); }

}  // namespace kith::cli
