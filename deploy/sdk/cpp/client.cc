#include "kith/client.h"

#include <grpcpp/alarm.h>
#include <grpcpp/support/status.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <map>
#include <mutex>
#include <utility>

#include "deploy/sdk/cpp/alone.h"
#include "deploy/sdk/cpp/request.h"
#include "deploy/sdk/cpp/retries.h"

namespace kith::sdk {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using std::chrono::milliseconds;

// What is tried again lives here, so that threads of gRPC may outlive the client.
class Core final : public std::enable_shared_from_this<Core> {
 public:
  Core(std::unique_ptr<Session> carrier, const ClientOptions& options)
      : options_(options), carrier_(std::move(carrier)) {}

  uint64_t Call(const Message& request, Message* response, Session::Done done,
                const CallOptions& options);
  void Cancel(uint64_t id);
  // Waits until every call is told.
  void Close();

 private:
  struct Running {
    Running(const Message& sent, const CallOptions& call, milliseconds patience)
        : request(sent.New()),
          options(call),
          deadline(call.timeout > milliseconds::zero() ? Retries::Clock::now() + call.timeout
                                                       : Retries::Clock::time_point::max()),
          retries(patience, deadline) {
      request->CopyFrom(sent);
    }

    const std::unique_ptr<Message> request;  // the same each time that it is sent
    Message* response = nullptr;
    Session::Done done;
    CallOptions options;
    const Retries::Clock::time_point deadline;
    Retries retries;
    uint64_t attempts = 0;
    uint64_t attempt = 0;  // the carrier's id of the last one; 0 where it is not known yet
    bool cancelled = false;
    // While it waits to be made again: what its end is where it is cancelled meanwhile.
    std::unique_ptr<grpc::Alarm> alarm;
    bool is_unknown = false;
  };
  using Calls = std::map<uint64_t, std::shared_ptr<Running>>;

  void Start(uint64_t id);
  CallOptions OptionsOf(const Running& running);
  void Ended(uint64_t id, const Outcome& outcome);
  std::unique_ptr<grpc::Alarm> StartIn(milliseconds time, uint64_t id);
  // Takes it from those that are running, with the lock, and tells it without.
  void Tell(std::unique_lock<std::mutex>& lock, Calls::iterator call, const Outcome& outcome);

  const ClientOptions options_;
  std::unique_ptr<Session> carrier_;
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t last_id_ = 0;
  Calls running_;  // not told
  int busy_ = 0;   // threads that are beginning or telling one
};

uint64_t Core::Call(const Message& request, Message* response, Session::Done done,
                    const CallOptions& options) {
  if (MethodTaking(request.GetDescriptor()) == nullptr) {
    done(NoMethod(request));
    return 0;
  }
  auto running = std::make_shared<Running>(request, options, options_.patience);
  const FieldDescriptor* const field = RequestIdOf(*request.GetDescriptor());
  if (field != nullptr && request.GetReflection()->GetString(request, field).empty()) {
    Message& sent = *running->request;
    sent.GetReflection()->SetString(&sent, field, NewRequestId());
  }
  running->response = response;
  running->done = std::move(done);
  uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = ++last_id_;
    running_.emplace(id, std::move(running));
  }
  Start(id);
  return id;
}

void Core::Start(uint64_t id) {
  std::shared_ptr<Running> running;
  std::unique_ptr<grpc::Alarm> alarm;  // that has rung
  CallOptions options;
  uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = running_.find(id);
    if (found == running_.end()) return;  // cancelled
    running = found->second;
    number = ++running->attempts;
    alarm = std::move(running->alarm);
    options = OptionsOf(*running);
    ++busy_;
  }
  const uint64_t attempt = carrier_->Call(
      *running->request, running->response,
      [this, id](const Outcome& outcome) { Ended(id, outcome); }, options);
  bool cancelled = false;
  {
    const std::lock_guard lock(mutex_);
    // Or it has ended already, and may have been made again.
    if (running->attempts == number && running->alarm == nullptr) {
      running->attempt = attempt;
      cancelled = running->cancelled;
    }
  }
  if (cancelled) carrier_->Cancel(attempt);
  const std::lock_guard lock(mutex_);
  --busy_;
  changed_.notify_all();
}

CallOptions Core::OptionsOf(const Running& running) {
  CallOptions options = running.options;
  if (options.timeout > milliseconds::zero()) {
    options.timeout = std::max(milliseconds(1), std::chrono::duration_cast<milliseconds>(
                                                    running.deadline - Retries::Clock::now()));
  }
  options.after.clear();
  for (const uint64_t earlier : running.options.after) {
    const auto found = running_.find(earlier);
    if (found != running_.end() && found->second->attempt != 0) {
      options.after.push_back(found->second->attempt);
    }
  }
  return options;
}

void Core::Ended(uint64_t id, const Outcome& outcome) {
  std::unique_lock lock(mutex_);
  const auto found = running_.find(id);
  Running& running = *found->second;
  running.attempt = 0;
  // A session has tried again itself what it could not settle, for as long.
  const bool is_final = outcome.ok() || running.cancelled || (options_.session && outcome.unknown);
  if (!is_final) {
    const auto wait = running.retries.WaitAfter(outcome, Retries::Clock::now());
    if (wait.has_value()) {
      running.is_unknown = outcome.unknown;
      running.alarm = StartIn(*wait, id);
      return;
    }
  }
  Tell(lock, found, outcome);
}

std::unique_ptr<grpc::Alarm> Core::StartIn(milliseconds time, uint64_t id) {
  auto alarm = std::make_unique<grpc::Alarm>();
  const gpr_timespec at =
      gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(time.count(), GPR_TIMESPAN));
  alarm->Set(at, [core = weak_from_this(), id](bool ok) {
    const std::shared_ptr<Core> there = ok ? core.lock() : nullptr;
    if (there != nullptr) there->Start(id);
  });
  return alarm;
}

void Core::Tell(std::unique_lock<std::mutex>& lock, Calls::iterator call, const Outcome& outcome) {
  const std::shared_ptr<Running> running = std::move(call->second);
  running_.erase(call);
  ++busy_;
  lock.unlock();
  running->done(outcome);
  lock.lock();
  --busy_;
  changed_.notify_all();
}

void Core::Cancel(uint64_t id) {
  std::unique_lock lock(mutex_);
  const auto found = running_.find(id);
  if (found == running_.end()) return;
  Running& running = *found->second;
  running.cancelled = true;
  if (running.alarm != nullptr) {
    return Tell(lock, found, Failure(grpc::StatusCode::CANCELLED, "cancelled", running.is_unknown));
  }
  const uint64_t attempt = running.attempt;
  lock.unlock();
  if (attempt != 0) carrier_->Cancel(attempt);
}

void Core::Close() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return running_.empty() && busy_ == 0; });
  const std::unique_ptr<Session> carrier = std::move(carrier_);
  lock.unlock();
}

class RealClient final : public Client {
 public:
  RealClient(std::unique_ptr<Session> carrier, const ClientOptions& options)
      : core_(std::make_shared<Core>(std::move(carrier), options)) {}
  ~RealClient() override { core_->Close(); }

  uint64_t Call(const Message& request, Message* response, Done done,
                const CallOptions& options) override {
    return core_->Call(request, response, std::move(done), options);
  }
  void Cancel(uint64_t id) override { core_->Cancel(id); }

 private:
  const std::shared_ptr<Core> core_;
};

}  // namespace

Outcome Client::Call(const Message& request, Message* response, const CallOptions& options) {
  std::promise<Outcome> told;
  Call(
      request, response, [&told](const Outcome& outcome) { told.set_value(outcome); }, options);
  return told.get_future().get();
}

std::unique_ptr<Client> Client::Open(std::shared_ptr<grpc::Channel> channel,
                                     const ClientOptions& options) {
  std::unique_ptr<Session> carrier =
      options.session
          ? Session::Open(std::move(channel), {options.key, options.patience, options.silence})
          : OpenAlone(std::move(channel), options.key);
  return std::make_unique<RealClient>(std::move(carrier), options);
}

}  // namespace kith::sdk
