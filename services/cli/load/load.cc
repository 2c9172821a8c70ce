#include "services/cli/load/load.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status_macros.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace kith::cli {
namespace {

// A call that is not answered for so long after the end is given up.
constexpr absl::Duration kPatience = absl::Seconds(30);
constexpr absl::Duration kProgressEvery = absl::Seconds(1);

// Shared by every lane of one run.
struct Run {
  explicit Run(const LoadOptions& the_options) : options(the_options) {}

  const LoadOptions& options;
  std::atomic<bool> measuring = false;
  std::atomic<bool> stopping = false;
  std::atomic<uint64_t> calls = 0;  // answered so far, for the progress
  std::atomic<uint64_t> items = 0;
  Mutex mutex;
  CondVar changed;
  int busy KITH_GUARDED_BY(mutex) = 0;
  LoadResult result KITH_GUARDED_BY(mutex);
};

// A caller with one call in flight at a time; in a closed loop the end of one begins the next.
class Lane final : public LoadReport {
 public:
  Lane(Run& run, std::unique_ptr<LoadCaller> caller) : run_(run), caller_(std::move(caller)) {}

  // `intended` is when the call was meant to begin.
  void Begin(absl::Time intended) {
    begun_ = intended;
    caller_->Call(calls_++, *this);
  }
  void Cancel() { caller_->Cancel(); }
  // Open loop: true, once, when no call of this lane is under way. Under the run's mutex.
  bool Take() { return std::exchange(free_, false); }
  // When every call has ended.
  const LatencyHistogram& latency() const { return latency_; }

  void Items(uint64_t count) override {
    if (run_.measuring.load(std::memory_order_relaxed)) {
      run_.items.fetch_add(count, std::memory_order_relaxed);
    }
  }
  void StartClock() override { begun_ = absl::Now(); }
  void Bytes(size_t request, size_t response) override {
    MutexLock lock(run_.mutex);
    run_.result.request_bytes = request;
    run_.result.response_bytes = response;
  }
  void Done(const absl::Status& status) override {
    if (run_.measuring.load(std::memory_order_relaxed)) Count(status);
    if (run_.options.rate == 0 && !run_.stopping.load(std::memory_order_relaxed)) {
      return Begin(absl::Now());
    }
    MutexLock lock(run_.mutex);
    --run_.busy;
    free_ = true;
    run_.changed.NotifyAll();
  }

 private:
  void Count(const absl::Status& status) {
    if (status.ok()) {
      latency_.Record(absl::Now() - begun_);
      run_.calls.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    MutexLock lock(run_.mutex);
    LoadResult& result = run_.result;
    ++result.failures[absl::StatusCodeToString(status.code())];
    if (result.first_error.empty()) result.first_error = std::string(status.message());
  }

  Run& run_;
  const std::unique_ptr<LoadCaller> caller_;
  uint64_t calls_ = 0;
  absl::Time begun_;
  LatencyHistogram latency_;
  bool free_ = true;  // guarded by run_.mutex
};

using Lanes = std::vector<std::unique_ptr<Lane>>;

std::shared_ptr<grpc::Channel> Connect(const LoadOptions& options, int number) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  // Channels with equal arguments would share one connection.
  arguments.SetInt("kith.bench.channel", number);
  return grpc::CreateCustomChannel(options.address, options.credentials, arguments);
}

using Channels = std::vector<std::shared_ptr<grpc::Channel>>;

absl::StatusOr<Lanes> MakeLanes(LoadKind& kind, const Channels& channels, Run& run) {
  const LoadOptions& options = run.options;
  KITH_RETURN_IF_ERROR(kind.Prepare(options.target, channels[0]));
  Lanes lanes;
  for (int i = 0; i < options.in_flight; ++i) {
    lanes.push_back(std::make_unique<Lane>(run, kind.NewCaller(channels[i % channels.size()], i)));
  }
  return lanes;
}

// A lane without a call, or null; the search begins at `next`.
Lane* TakeFree(const Lanes& lanes, size_t next) {
  for (size_t i = 0; i < lanes.size(); ++i) {
    Lane* const lane = lanes[(next + i) % lanes.size()].get();
    if (lane->Take()) return lane;
  }
  return nullptr;
}

// Begins calls at their times until `end`.
void Pace(Run& run, const Lanes& lanes, absl::Time end) {
  const absl::Duration gap = absl::Seconds(1) / run.options.rate;
  size_t next = 0;
  for (absl::Time at = absl::Now(); at < end; at += gap) {
    std::this_thread::sleep_until(absl::ToChronoTime(at));
    Lane* lane = nullptr;
    {
      MutexLock lock(run.mutex);
      lane = TakeFree(lanes, next++);
      if (lane == nullptr) {
        if (run.measuring) ++run.result.missed;
        continue;
      }
      ++run.busy;
    }
    lane->Begin(at);
  }
}

void BeginAll(Run& run, const Lanes& lanes) {
  {
    MutexLock lock(run.mutex);
    run.busy = static_cast<int>(lanes.size());
  }
  for (const auto& lane : lanes) lane->Begin(absl::Now());
}

// Waits until `end`, telling how far it is.
void Watch(Run& run, absl::Time begin, absl::Time end,
           const std::function<void(const LoadResult&)>& progress) {
  for (absl::Time now = absl::Now(); now < end; now = absl::Now()) {
    std::this_thread::sleep_until(absl::ToChronoTime(std::min(end, now + kProgressEvery)));
    if (progress == nullptr) continue;
    LoadResult sofar;
    {
      MutexLock lock(run.mutex);
      sofar.failures = run.result.failures;
    }
    sofar.calls = run.calls;
    sofar.items = run.items;
    sofar.elapsed = absl::Now() - begin;
    progress(sofar);
  }
}

// Waits for the calls under way; those that go on by themselves, or for ever, are cancelled.
void AwaitEnd(Run& run, const Lanes& lanes, bool endless) {
  const auto cancel_all = [&lanes] {
    for (const auto& lane : lanes) lane->Cancel();
  };
  if (endless) cancel_all();
  const absl::Time patience = absl::Now() + kPatience;
  MutexLock lock(run.mutex);
  while (run.busy > 0 && absl::Now() < patience) {
    run.changed.WaitFor(run.mutex, std::chrono::milliseconds(100));
    // An endless call may have begun after the last cancellation.
    if (endless && run.busy > 0) {
      lock.Unlock();
      cancel_all();
      lock.Lock();
    }
  }
  if (run.busy == 0) return;
  run.result.failures["UNANSWERED"] += static_cast<uint64_t>(run.busy);
  if (run.result.first_error.empty()) run.result.first_error = "calls were never answered";
  lock.Unlock();
  cancel_all();
  lock.Lock();
  while (run.busy > 0) run.changed.Wait(run.mutex);
}

}  // namespace

uint64_t LoadResult::Failures() const {
  uint64_t sum = 0;
  for (const auto& [code, count] : failures) sum += count;
  return sum;
}

absl::StatusOr<LoadResult> RunLoad(LoadKind& kind, LoadOptions options,
                                   const std::function<void(const LoadResult&)>& progress) {
  Channels channels;
  for (int i = 0; i < options.channels; ++i) {
    channels.push_back(Connect(options, i));
    if (!options.sessions) continue;
    options.target.sessions[channels[i].get()] =
        sdk::Session::Open(channels[i], {.key = options.target.key});
  }
  Run run(options);
  KITH_ASSIGN_OR_RETURN(const Lanes lanes, MakeLanes(kind, channels, run));
  const absl::Time measure_from = absl::Now() + options.warm_up;
  const absl::Time end = measure_from + options.duration;
  std::thread pacer;
  if (options.rate > 0) {
    pacer = std::thread([&] { Pace(run, lanes, end); });
  } else {
    BeginAll(run, lanes);
  }
  std::this_thread::sleep_until(absl::ToChronoTime(measure_from));
  const absl::Time begin = absl::Now();
  run.measuring = true;
  Watch(run, begin, end, progress);
  run.measuring = false;
  const absl::Duration elapsed = absl::Now() - begin;
  run.stopping = true;
  if (pacer.joinable()) pacer.join();
  AwaitEnd(run, lanes, kind.endless());

  MutexLock lock(run.mutex);
  for (const auto& lane : lanes) run.result.latency.Add(lane->latency());
  run.result.calls = run.result.latency.count();
  run.result.items = run.items;
  run.result.elapsed = elapsed;
  return run.result;
}

}  // namespace kith::cli
