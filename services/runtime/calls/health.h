// Health: tells gRPC's health service, and so whoever asks Check or Watch, how the server is doing.
//
//   ""            serving while the log takes writes
//   a service     serving while every view that its methods read is live: neither stopped, nor
//                 being built, nor late
//   "kith.ready"  serving while all of them are
#pragma once

#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "eventstore/base/mutex.h"
#include "eventstore/log/event_log.h"
#include "grpcpp/health_check_service_interface.h"
#include "projections/engine/view_store.h"
#include "services/runtime/calls/method_table.h"

namespace kith::runtime {

inline constexpr char kReadyService[] = "kith.ready";

// The views that the methods of each service read, by the service's full name.
using ViewsOfServices = std::map<std::string, std::set<std::string>>;
ViewsOfServices ViewsRead(const MethodTable& methods);

// What is serving, by name.
std::map<std::string, bool> ServingNow(const ViewsOfServices& services,
                                       const std::vector<projections::ViewHealth>& views,
                                       bool takes_writes);

// Looks twice a second, on a thread of its own.
class HealthWatch {
 public:
  // Borrows all. What is so now is told when this returns.
  HealthWatch(grpc::HealthCheckServiceInterface& told, const MethodTable& methods,
              const projections::ViewStore& views, const eventstore::EventLog& log);
  // Nothing is told afterwards.
  ~HealthWatch();
  HealthWatch(const HealthWatch&) = delete;
  HealthWatch& operator=(const HealthWatch&) = delete;

 private:
  void Tell();
  void Work() KITH_EXCLUDES(mutex_);

  grpc::HealthCheckServiceInterface& told_;
  const ViewsOfServices services_;
  const projections::ViewStore& views_;
  const eventstore::EventLog& log_;
  std::map<std::string, bool> last_;  // as told
  Mutex mutex_;
  CondVar changed_;
  bool stopping_ KITH_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace kith::runtime
