// RunningKithd: a whole kithd in this process, over a data directory of its own, and one caller of
// it who may do everything. Restarting it is what a restart of the process is. One thread.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>

#include "eventstore/base/check.h"
#include "grpcpp/grpcpp.h"
#include "services/server/kithd.h"
#include "tests/testing/temp_folder.h"

namespace kith::testing {

// What the caller's credentials are for.
inline constexpr WorkspaceId kDevelopment{1};

// How long a call may take before a test counts it as hanging.
inline constexpr std::chrono::seconds kCallMax(60);

class RunningKithd {
 public:
  RunningKithd() { Start(); }

  void Start() {
    auto server =
        server::StartKithd({.data = folder_ / "data", .new_operator_key = false, .server = {}});
    if (!server.ok()) ADD_FAILURE() << server.status();
    KITH_CHECK(server.ok());
    server_ = *std::move(server);
    std::ifstream file(folder_ / "data/development.key");
    std::getline(file, key_);
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(server_->port()),
                                   grpc::InsecureChannelCredentials());
  }
  void Stop() { server_.reset(); }

  template <class Service>
  std::unique_ptr<typename Service::Stub> Stub() {
    return Service::NewStub(channel_);
  }
  // For one call.
  std::unique_ptr<grpc::ClientContext> Context() const {
    auto context = std::make_unique<grpc::ClientContext>();
    context->AddMetadata("authorization", "Bearer " + key_);
    context->set_deadline(std::chrono::system_clock::now() + kCallMax);
    return context;
  }

  runtime::Server& server() { return *server_; }
  eventstore::KeyStore& keys() { return server_->runtime().keys; }

 private:
  TempFolder folder_;
  std::unique_ptr<runtime::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::string key_;
};

}  // namespace kith::testing
