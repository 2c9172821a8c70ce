// RefusingServer: a server that says of each call to try again later, so many times, and then
// answers it; of calls by themselves and of those of sessions.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "eventstore/base/mutex.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/grpcpp.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/sessions/v1/sessions_service.grpc.pb.h"

namespace kith::testing {

class RefusingServer {
 public:
  // Refuses its first `times` calls so.
  RefusingServer(int times, const google::rpc::Status& refusal);
  ~RefusingServer();

  std::shared_ptr<grpc::Channel> channel() const { return channel_; }
  // Request by request, as they came.
  std::vector<std::string> requests() const KITH_EXCLUDES(mutex_);
  // Waits until one has come.
  void AwaitRequest() const KITH_EXCLUDES(mutex_);

 private:
  class Contacts;
  class Sessions;

  // What a call is told that brings this request.
  google::rpc::Status Take(const std::string& request) KITH_EXCLUDES(mutex_);

  const google::rpc::Status refusal_;
  mutable Mutex mutex_;
  mutable CondVar came_;
  int times_ KITH_GUARDED_BY(mutex_);
  std::vector<std::string> requests_ KITH_GUARDED_BY(mutex_);
  const std::unique_ptr<Contacts> contacts_;
  const std::unique_ptr<Sessions> sessions_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace kith::testing
