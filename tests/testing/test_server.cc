#include "tests/testing/test_server.h"

#include <utility>

#include "eventstore/base/check.h"
#include "services/runtime/server_builder.h"
#include "services/server/capabilities.inc"
#include "services/workspaces/operator_keys.h"

namespace kith::testing {

TestServer::TestServer(std::function<void(runtime::ServerBuilder&)> more,
                       std::function<void(runtime::ServerOptions&)> adjust,
                       std::shared_ptr<grpc::ChannelCredentials> credentials)
    : more_(std::move(more)),
      adjust_(std::move(adjust)),
      credentials_(std::move(credentials)),
      clock_(absl::FromCivil(absl::CivilDay(2026, 1, 1), absl::UTCTimeZone())),
      disk_(std::make_shared<eventstore::MemoryDisk>()) {
  Start();
}

TestServer::~TestServer() { Stop(); }

void TestServer::Start() {
  runtime::Storage storage;
  storage.engine = eventstore::NewMemoryEngine(disk_);
  auto keys = eventstore::OpenKeyStore(folder_ / "keys", random_);
  KITH_CHECK(keys.ok());
  storage.keys = *std::move(keys);

  runtime::ServerOptions options;
  options.clock = &clock_;
  options.random = &random_;
  options.views.clock = &clock_;
  options.views.path = folder_ / absl::StrCat("views", views_);
  options.views.flush_on_close = false;  // what a test does not keep is not written when it ends
  options.blobs.folder = folder_ / "blobs";
  options.stop_quiet = absl::ZeroDuration();  // nobody's first call comes when it stops

  if (adjust_ != nullptr) adjust_(options);

  runtime::ServerBuilder builder;
  RegisterCapabilities(builder);
  if (more_ != nullptr) more_(builder);
  builder.AtStart([this](runtime::Runtime& runtime) {
    auto first = workspaces::CreateFirstWorkspace(runtime);
    if (first.ok() && !first->empty()) secret_ = *first;  // told once: the first time
    return first.status();
  });
  auto server = builder.Start(options, std::move(storage));
  KITH_CHECK(server.ok());
  server_ = *std::move(server);
  channel_ = grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->port()), credentials_);
}

void TestServer::Stop() {
  channel_.reset();
  server_->Stop();
  server_.reset();
}

void TestServer::Restart(bool new_views) {
  Stop();
  if (new_views) ++views_;
  Start();
}

std::string TestServer::InitialMetadata(const grpc::ClientContext& context, const char* key) {
  const auto& metadata = context.GetServerInitialMetadata();
  const auto found = metadata.find(key);
  if (found == metadata.end()) return "";
  return std::string(found->second.data(), found->second.size());
}

}  // namespace kith::testing
