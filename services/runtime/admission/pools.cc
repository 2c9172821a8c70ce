#include "services/runtime/admission/pools.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/thread_name.h"
#include "google/rpc/error_details.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/admission/after_work.h"
#include "services/runtime/admission/call_limits.h"

namespace kith::runtime {

Pool::Pool(const Options& options) : options_(options) {
  threads_.reserve(options.threads);
  for (size_t i = 0; i < options.threads; ++i) threads_.emplace_back([this] { Work(); });
}

Pool::~Pool() { Stop(); }

bool Pool::TryRun(absl::AnyInvocable<void()> work) {
  MutexLock lock(mutex_);
  if (stopping_ || queue_.size() >= options_.queue_max) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  queue_.push_back(std::move(work));
  if (idle_ > 0) changed_.NotifyOne();
  return true;
}

void Pool::Run(absl::AnyInvocable<void()> work) {
  {
    MutexLock lock(mutex_);
    if (!stopping_) {
      queue_.push_back(std::move(work));
      if (idle_ > 0) changed_.NotifyOne();
      return;
    }
  }
  work();
}

void Pool::Stop() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Pool::Work() {
  NameThisThread(options_.name);
  MutexLock lock(mutex_);
  while (true) {
    while (queue_.empty() && !stopping_) {
      ++idle_;
      changed_.Wait(mutex_);
      --idle_;
    }
    if (queue_.empty()) return;
    absl::AnyInvocable<void()> work = std::move(queue_.front());
    queue_.pop_front();
    lock.Unlock();
    {
      AfterWork after;
      work();
      work = nullptr;  // what it holds is freed without the lock
    }
    lock.Lock();
  }
}

void Pool::AddMetrics(MetricPage& page) {
  const MetricLabels labels = {{"pool", options_.name}};
  const auto threads = static_cast<double>(options_.threads);
  MutexLock lock(mutex_);
  page.Gauge("kith_pool_queued", "Pieces of work that wait for a thread.",
             static_cast<double>(queue_.size()), labels);
  page.Gauge("kith_pool_threads", "Threads of the pool.", threads, labels);
  page.Gauge("kith_pool_busy_threads", "Threads of the pool that work.",
             threads - static_cast<double>(idle_), labels);
  page.Counter("kith_pool_refused_total", "Pieces of work that found the queue full.",
               static_cast<double>(refused_.load()), labels);
}

absl::Status QueueFull(absl::string_view queue) {
  return LimitReached(queue, queue, "The server has as much of this work waiting as it accepts.",
                      absl::Milliseconds(200));
}

}  // namespace kith::runtime
