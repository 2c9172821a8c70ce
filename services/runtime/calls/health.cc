#include "services/runtime/calls/health.h"

#include <chrono>
#include <utility>

#include "eventstore/base/thread_name.h"

namespace kith::runtime {
namespace {

constexpr std::chrono::milliseconds kPause(500);

}  // namespace

ViewsOfServices ViewsRead(const MethodTable& methods) {
  ViewsOfServices services;
  for (const auto& [name, bound] : methods.methods()) {
    auto& views = services[bound->method().descriptor->service()->full_name()];
    for (const projections::View* const view : bound->views()) {
      views.insert(std::string(view->name()));
    }
  }
  return services;
}

std::map<std::string, bool> ServingNow(const ViewsOfServices& services,
                                       const std::vector<projections::ViewHealth>& views,
                                       bool takes_writes) {
  std::set<std::string> out_of_service;
  for (const projections::ViewHealth& view : views) {
    if (view.state != projections::ViewState::kLive) out_of_service.insert(view.view);
  }
  std::map<std::string, bool> serving = {{"", takes_writes}};
  bool all = takes_writes;
  for (const auto& [service, read] : services) {
    bool live = true;
    for (const std::string& view : read) live &= !out_of_service.contains(view);
    serving[service] = live;
    all &= live;
  }
  serving[kReadyService] = all;
  return serving;
}

HealthWatch::HealthWatch(grpc::HealthCheckServiceInterface& told, const MethodTable& methods,
                         const projections::ViewStore& views, const eventstore::EventLog& log)
    : told_(told), services_(ViewsRead(methods)), views_(views), log_(log) {
  Tell();
  thread_ = std::thread([this] { Work(); });
}

HealthWatch::~HealthWatch() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  thread_.join();
}

// Only what has changed: gRPC tells every watcher whatever it is told.
void HealthWatch::Tell() {
  std::map<std::string, bool> now = ServingNow(services_, views_.Health(), log_.takes_writes());
  for (const auto& [name, serving] : now) {
    const auto before = last_.find(name);
    if (before == last_.end() || before->second != serving) told_.SetServingStatus(name, serving);
  }
  last_ = std::move(now);
}

void HealthWatch::Work() {
  NameThisThread("kith-health");
  MutexLock lock(mutex_);
  while (!stopping_) {
    changed_.WaitFor(mutex_, kPause);
    if (stopping_) return;
    lock.Unlock();
    Tell();
    lock.Lock();
  }
}

}  // namespace kith::runtime
