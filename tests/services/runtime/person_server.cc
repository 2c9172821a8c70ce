#include "tests/services/runtime/person_server.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "google/rpc/error_details.pb.h"
#include "tests/services/runtime/person_services.h"

namespace kith::runtime {

PersonServer::PersonServer(ServerOptions options, const std::function<void(ServerBuilder&)>& more,
                           const std::shared_ptr<grpc::ChannelCredentials>& credentials)
    : options_(std::move(options)) {
  options_.clock = &clock_;
  options_.random = &random_;
  options_.views.path = folder_ / "views";
  options_.views.clock = &clock_;
  ServerBuilder builder;
  RegisterPersons(builder, list_gate, view_gate);
  if (more != nullptr) more(builder);
  Storage storage;
  storage.engine = eventstore::NewMemoryEngine(disk_);
  storage.keys = eventstore::NewMemoryKeyStore(random_);
  auto started = builder.Start(options_, std::move(storage));
  KITH_CHECK(started.ok());
  server_ = *std::move(started);
  channel_ = NewChannel(credentials);
  contacts_ = contacts::v1::ContactsService::NewStub(channel_);
  events_ = events::v1::EventsService::NewStub(channel_);
  interactions_ = interactions::v1::InteractionsService::NewStub(channel_);
}

std::shared_ptr<grpc::Channel> PersonServer::NewChannel(
    const std::shared_ptr<grpc::ChannelCredentials>& credentials) const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", server_->port()), credentials,
                                   arguments);
}

void PersonServer::Stop() {
  list_gate.Open();
  view_gate.Open();
  if (server_ != nullptr) server_->Stop();
}

bool PersonServer::stopping() {
  Call call;
  contacts::v1::Contact contact;
  const grpc::Status status =
      contacts_->GetContact(&call, contacts::v1::GetContactRequest(), &contact);
  return status.error_code() == grpc::StatusCode::UNAVAILABLE;
}

Call::Call(absl::string_view credentials) {
  if (!credentials.empty()) AddMetadata("authorization", absl::StrCat("Bearer ", credentials));
}

std::string Call::Reply(const std::string& key) const {
  const auto found = GetServerInitialMetadata().find(key);
  if (found == GetServerInitialMetadata().end()) return "";
  return std::string(found->second.data(), found->second.size());
}

google::rpc::Status DetailsOf(const grpc::Status& status) {
  google::rpc::Status details;
  KITH_CHECK(details.ParseFromString(status.error_details()));
  return details;
}

std::string ErrorOf(const grpc::Status& status) {
  google::rpc::ErrorInfo info;
  const google::rpc::Status details = DetailsOf(status);
  if (details.details().empty() || !details.details(0).UnpackTo(&info)) return "";
  return absl::StrCat(info.domain(), "/", info.reason());
}

}  // namespace kith::runtime
