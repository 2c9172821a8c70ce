#include "services/cli/load.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status_macros.h"
#include "grpcpp/grpcpp.h"
#include "kith/contacts/v1/contacts_service.grpc.pb.h"
#include "kith/interactions/v1/interactions_service.grpc.pb.h"

namespace kith::cli {
namespace {

namespace contacts = ::kith::contacts::v1;
namespace interactions = ::kith::interactions::v1;

void Authorise(const std::string& key, grpc::ClientContext* context) {
  if (!key.empty()) context->AddMetadata("authorization", absl::StrCat("Bearer ", key));
}

// Shared by every caller of one run.
struct Run {
  const LoadOptions& options;
  std::vector<std::string> records;
  std::atomic<bool> measuring = false;
  std::atomic<bool> stopping = false;
  Mutex mutex;
  CondVar changed;
  int busy KITH_GUARDED_BY(mutex) = 0;
  LoadResult result KITH_GUARDED_BY(mutex);
};

// One call in flight at a time; in a closed loop the end of one begins the next.
class Caller {
 public:
  Caller(Run& run, std::shared_ptr<grpc::Channel> channel, int number)
      : run_(run), channel_(std::move(channel)), number_(number) {}
  virtual ~Caller() = default;

  // `intended` is when the call was meant to begin.
  void Call(absl::Time intended) {
    begun_ = intended;
    context_ = std::make_unique<grpc::ClientContext>();
    Authorise(run_.options.key, context_.get());
    Send(context_.get(), run_.records[(number_ + calls_++ * 7919) % run_.records.size()]);
  }
  const LatencyHistogram& latency() const { return latency_; }
  // Open loop: true, once, when no call of this caller is under way. Under the run's mutex.
  bool Take() { return std::exchange(free_, false); }

 protected:
  virtual void Send(grpc::ClientContext* context, const std::string& record) = 0;

  void Done(const grpc::Status& status) {
    if (run_.measuring.load(std::memory_order_relaxed)) {
      if (status.ok()) {
        latency_.Record(absl::Now() - begun_);
      } else {
        MutexLock lock(run_.mutex);
        ++run_.result.failures;
        if (run_.result.first_error.empty()) run_.result.first_error = status.error_message();
      }
    }
    if (run_.options.rate == 0 && !run_.stopping.load(std::memory_order_relaxed)) {
      Call(absl::Now());
      return;
    }
    MutexLock lock(run_.mutex);
    --run_.busy;
    free_ = true;
    run_.changed.NotifyAll();
  }

  Run& run_;
  const std::shared_ptr<grpc::Channel> channel_;

 private:
  const int number_;
  uint64_t calls_ = 0;
  absl::Time begun_;
  std::unique_ptr<grpc::ClientContext> context_;
  LatencyHistogram latency_;
  bool free_ = true;  // guarded by run_.mutex
};

class RecordCaller final : public Caller {
 public:
  RecordCaller(Run& run, std::shared_ptr<grpc::Channel> channel, int number)
      : Caller(run, channel, number), stub_(interactions::InteractionsService::NewStub(channel)) {
    auto& interaction = *request_.mutable_interaction();
    interaction.set_kind(interactions::EMAIL);
    interaction.set_direction(interactions::INBOUND);
    interaction.set_subject("Offer");
    interaction.set_body(std::string(std::max(0, run.options.text_bytes - 5), 'x'));
  }

 private:
  void Send(grpc::ClientContext* context, const std::string& record) override {
    request_.set_parent(record);
    stub_->async()->RecordInteraction(context, &request_, &response_,
                                      [this](const grpc::Status& status) { Done(status); });
  }

  const std::unique_ptr<interactions::InteractionsService::Stub> stub_;
  interactions::RecordInteractionRequest request_;
  interactions::Interaction response_;
};

class GetCaller final : public Caller {
 public:
  GetCaller(Run& run, std::shared_ptr<grpc::Channel> channel, int number)
      : Caller(run, channel, number), stub_(contacts::ContactsService::NewStub(channel)) {}

 private:
  void Send(grpc::ClientContext* context, const std::string& record) override {
    request_.set_name(record);
    stub_->async()->GetContact(context, &request_, &response_,
                               [this](const grpc::Status& status) { Done(status); });
  }

  const std::unique_ptr<contacts::ContactsService::Stub> stub_;
  contacts::GetContactRequest request_;
  contacts::Contact response_;
};

std::shared_ptr<grpc::Channel> Connect(const std::string& address, int number) {
  grpc::ChannelArguments arguments;
  arguments.SetInt("kith.bench.channel",
                   number);  // channels with equal arguments would share one connection
  return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

// The contacts that the calls are about; the same ones for every run against one server.
absl::StatusOr<std::vector<std::string>> MakeRecords(const LoadOptions& options,
                                                     std::shared_ptr<grpc::Channel> channel) {
  const auto stub = contacts::ContactsService::NewStub(channel);
  std::vector<std::string> names;
  for (int i = 0; i < options.records; ++i) {
    contacts::CreateContactRequest request;
    request.mutable_contact()->set_first_name("Bench");
    request.mutable_contact()->set_last_name(absl::StrCat("Contact ", i));
    request.mutable_contact()->add_emails()->set_address(absl::StrCat("bench", i, "@example.com"));
    request.set_request_id(absl::StrCat("kith-bench-", i));
    contacts::Contact contact;
    grpc::ClientContext context;
    Authorise(options.key, &context);
    const grpc::Status status = stub->CreateContact(&context, request, &contact);
    if (!status.ok()) {
      return absl::UnavailableError(absl::StrCat("no contact to call about can be made at ",
                                                 options.address, ": ", status.error_message()));
    }
    names.push_back(contact.name());
  }
  return names;
}

// Begins calls at their times until `end`.
void Pace(Run& run, const std::vector<std::unique_ptr<Caller>>& callers, absl::Time end) {
  const absl::Duration gap = absl::Seconds(1) / run.options.rate;
  size_t next = 0;
  for (absl::Time at = absl::Now(); at < end; at += gap) {
    std::this_thread::sleep_until(absl::ToChronoTime(at));
    Caller* caller = nullptr;
    {
      MutexLock lock(run.mutex);
      for (size_t i = 0; i < callers.size() && caller == nullptr; ++i) {
        Caller* candidate = callers[(next + i) % callers.size()].get();
        if (candidate->Take()) caller = candidate;
      }
      if (caller == nullptr) {
        if (run.measuring) ++run.result.missed;
        continue;
      }
      ++run.busy;
    }
    ++next;
    caller->Call(at);
  }
}

}  // namespace

absl::StatusOr<LoadResult> RunLoad(const std::string& what, const LoadOptions& options,
                                   const std::function<void(const LoadResult&)>& progress) {
  if (what != "record" && what != "get") {
    return absl::InvalidArgumentError(
        absl::StrCat("there is no bench called ", what, "; take record or get"));
  }
  Run run{.options = options};
  std::vector<std::shared_ptr<grpc::Channel>> channels;
  for (int i = 0; i < options.channels; ++i) channels.push_back(Connect(options.address, i));
  KITH_ASSIGN_OR_RETURN(run.records, MakeRecords(options, channels[0]));

  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < options.in_flight; ++i) {
    const auto& channel = channels[i % channels.size()];
    if (what == "record") {
      callers.push_back(std::make_unique<RecordCaller>(run, channel, i));
    } else {
      callers.push_back(std::make_unique<GetCaller>(run, channel, i));
    }
  }
  const absl::Time begin = absl::Now() + options.warm_up;
  const absl::Time end = begin + options.duration;
  std::thread pacer;
  if (options.rate > 0) {
    pacer = std::thread([&] { Pace(run, callers, end); });
  } else {
    {
      MutexLock lock(run.mutex);
      run.busy = options.in_flight;
    }
    for (const auto& caller : callers) caller->Call(absl::Now());
  }
  std::this_thread::sleep_until(absl::ToChronoTime(begin));
  run.measuring = true;
  const absl::Time measured_from = absl::Now();
  for (absl::Time now = absl::Now(); now < end; now = absl::Now()) {
    std::this_thread::sleep_until(absl::ToChronoTime(std::min(end, now + absl::Seconds(1))));
    LoadResult sofar;
    {
      MutexLock lock(run.mutex);
      sofar.failures = run.result.failures;
    }
    for (const auto& caller : callers) sofar.calls += caller->latency().count();
    sofar.elapsed = absl::Now() - measured_from;
    if (progress) progress(sofar);
  }
  run.measuring = false;
  const absl::Duration elapsed = absl::Now() - measured_from;
  run.stopping = true;
  if (pacer.joinable()) pacer.join();

  MutexLock lock(run.mutex);
  while (run.busy > 0) run.changed.Wait(run.mutex);
  for (const auto& caller : callers) run.result.latency.Add(caller->latency());
  run.result.calls = run.result.latency.count();
  run.result.elapsed = elapsed;
  return run.result;
}

}  // namespace kith::cli
