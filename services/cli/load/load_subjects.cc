#include "services/cli/load/load_subjects.h"

#include <atomic>
#include <deque>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/status_macros.h"
#include "grpcpp/client_context.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/deals/v1/deals_service.grpc.pb.h"
#include "services/cli/load/load_call.h"

namespace kith::cli {
namespace {

namespace contacts = ::kith::contacts::v1;
namespace deals = ::kith::deals::v1;

constexpr int kFoundMax = 1000;
constexpr size_t kOpenDealsMax = 100'000;
constexpr char kOpenDeals[] = "pipeline = \"pipelines/default\" AND status = OPEN";

// One contact under way.
struct Making {
  grpc::ClientContext context;
  contacts::CreateContactRequest request;
  contacts::Contact contact;
  grpc::Status status;
};

void Describe(int number, contacts::CreateContactRequest* request) {
  contacts::Contact& contact = *request->mutable_contact();
  contact.set_first_name("Bench");
  // All have names of one length, so that replies about them have one too.
  const std::string digits = absl::StrCat(absl::Dec(number, absl::kZeroPad6));
  contact.set_last_name(absl::StrCat("Contact ", digits));
  contact.add_emails()->set_address(AddressOfContact(number));
  request->set_request_id(absl::StrCat("kith-bench-contact-", digits));
}

absl::Status ErrorOf(const grpc::Status& status, absl::string_view what) {
  return absl::Status(StatusOf(status).code(), absl::StrCat(what, ": ", status.error_message()));
}

absl::Status ListDeals(const LoadTarget& target, const std::shared_ptr<grpc::Channel>& channel,
                       const deals::ListDealsRequest& request, deals::ListDealsResponse* response) {
  grpc::ClientContext context;
  Authorise(target, &context);
  const grpc::Status status =
      deals::DealsService::NewStub(channel)->ListDeals(&context, request, response);
  return status.ok() ? absl::OkStatus()
                     : ErrorOf(status, "the deals to call about cannot be listed");
}

}  // namespace

std::string AddressOfContact(int number) {
  return absl::StrCat("bench", absl::Dec(number, absl::kZeroPad6), "@example.com");
}

absl::StatusOr<std::vector<std::string>> MakeContacts(
    const LoadTarget& target, const std::shared_ptr<grpc::Channel>& channel) {
  const auto stub = contacts::ContactsService::NewStub(channel);
  std::deque<Making> all(target.contacts);
  std::atomic<int> left = target.contacts;
  std::promise<void> made;
  int number = 0;
  for (Making& one : all) {
    Authorise(target, &one.context);
    Describe(number++, &one.request);
    stub->async()->CreateContact(&one.context, &one.request, &one.contact,
                                 [&one, &left, &made](const grpc::Status& status) {
                                   one.status = status;
                                   if (--left == 0) made.set_value();
                                 });
  }
  made.get_future().wait();
  std::vector<std::string> names;
  for (const Making& one : all) {
    if (!one.status.ok()) return ErrorOf(one.status, "no contact to call about can be made");
    names.push_back(one.contact.name());
  }
  return names;
}

absl::StatusOr<std::vector<contacts::Contact>> FindContacts(
    const LoadTarget& target, const std::shared_ptr<grpc::Channel>& channel) {
  contacts::ListContactsRequest request;
  request.set_page_size(kFoundMax);
  *request.mutable_read() = target.read;
  contacts::ListContactsResponse response;
  grpc::ClientContext context;
  Authorise(target, &context);
  const grpc::Status status =
      contacts::ContactsService::NewStub(channel)->ListContacts(&context, request, &response);
  if (!status.ok()) return ErrorOf(status, "the contacts to call about cannot be listed");
  if (response.contacts().empty()) {
    return absl::FailedPreconditionError("there are no contacts at this moment to call about");
  }
  return std::vector<contacts::Contact>(response.contacts().begin(), response.contacts().end());
}

absl::StatusOr<std::vector<deals::Deal>> FindDeals(const LoadTarget& target,
                                                   const std::shared_ptr<grpc::Channel>& channel) {
  deals::ListDealsRequest request;
  request.set_page_size(kFoundMax);
  *request.mutable_read() = target.read;
  deals::ListDealsResponse response;
  KITH_RETURN_IF_ERROR(ListDeals(target, channel, request, &response));
  if (response.deals().empty()) {
    return absl::FailedPreconditionError("there are no deals at this moment to call about");
  }
  return std::vector<deals::Deal>(response.deals().begin(), response.deals().end());
}

absl::StatusOr<std::vector<deals::Deal>> FindOpenDeals(
    const LoadTarget& target, const std::shared_ptr<grpc::Channel>& channel) {
  std::vector<deals::Deal> found;
  deals::ListDealsRequest request;
  request.set_page_size(kFoundMax);
  request.set_filter(kOpenDeals);
  do {
    deals::ListDealsResponse response;
    KITH_RETURN_IF_ERROR(ListDeals(target, channel, request, &response));
    for (deals::Deal& deal : *response.mutable_deals()) found.push_back(std::move(deal));
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty() && found.size() < kOpenDealsMax);
  if (found.empty()) {
    return absl::FailedPreconditionError(
        "there are no open deals in the default pipeline to call about");
  }
  return found;
}

}  // namespace kith::cli
