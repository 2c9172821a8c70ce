#include "kith/session.h"

#include <grpcpp/alarm.h>
#include <grpcpp/client_context.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <utility>

#include "deploy/sdk/cpp/request.h"
#include "kith/sessions/v1/sessions_service.grpc.pb.h"

namespace kith::sdk {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
using sessions::v1::RunSessionRequest;
using sessions::v1::RunSessionResponse;
using sessions::v1::SessionsService;
using Clock = std::chrono::steady_clock;

constexpr int kCallsAMessage = 500;
constexpr size_t kMessageBytes = 1 << 20;
constexpr std::chrono::milliseconds kRetryFirst{50};
constexpr std::chrono::milliseconds kRetryMax{2'000};
// How often a session with calls on their way is looked at, and how long one that is told nothing
// is left to gRPC.
constexpr std::chrono::milliseconds kLook{1'000};
constexpr std::chrono::milliseconds kQuiet{5'000};

// The request serialised, with a request id where it has room for one.
std::string Serialise(const Message& request) {
  std::string bytes = request.SerializeAsString();
  const FieldDescriptor* const field = RequestIdOf(*request.GetDescriptor());
  if (field == nullptr || !request.GetReflection()->GetString(request, field).empty()) {
    return bytes;
  }
  // What stands last of a field counts.
  const std::unique_ptr<Message> id(request.New());
  id->GetReflection()->SetString(id.get(), field, NewRequestId());
  return bytes + id->SerializeAsString();
}

// What a stream ends with that was told nothing.
const grpc::Status& Silent() {
  static const auto& status =
      *new grpc::Status(grpc::StatusCode::UNAVAILABLE, "the server has told nothing for too long");
  return status;
}

// Errors of a stream that another one would meet again.
bool IsLasting(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::UNIMPLEMENTED:
      return true;
    default:
      return false;
  }
}

// A session as the threads of gRPC know it. Outlives the session where gRPC does not let go of a
// stream that was given up.
class Core final : public std::enable_shared_from_this<Core> {
 public:
  // Borrows both until Close.
  Core(grpc::Channel& channel, SessionsService::Stub& stub, const SessionOptions& options)
      : options_(options), channel_(&channel), stub_(&stub) {}

  uint64_t Call(const Message& request, Message* response, Session::Done done,
                const CallOptions& options);
  void Cancel(uint64_t id);
  // Waits until every call is told, and ends the stream.
  void Close();

 private:
  class Stream;
  struct Pending {
    const MethodDescriptor* method = nullptr;
    std::string request;
    CallOptions options;
    Clock::time_point made;
    Message* response = nullptr;
    Session::Done done;
    bool sent = false;         // over the stream of now
    bool sent_before = false;  // over one that broke
    bool cancelled = false;

    // What may have had an effect is sent again to be told, not cancelled: it would seem to have
    // had none.
    bool MayCancel() const { return !sent_before || RequestIdOf(*method->input_type()) == nullptr; }
  };
  using Dones = std::vector<std::pair<Session::Done, Outcome>>;

  // With the lock: opens a stream where there is none, and writes what there is to write.
  void Go();
  bool Fill(RunSessionRequest* message);
  void Add(uint64_t id, Pending& pending, RunSessionRequest* message);
  // Of a stream. One that was given up is not heard.
  void Wrote(Stream* stream, bool ok);
  void Told(const Stream* stream, const RunSessionResponse& response);
  void Ended(uint64_t stream, const grpc::Status& status);
  void Retry();
  // Whatever gRPC or the network do, calls come to an end: now and then a look is taken at those
  // that are on their way.
  void LookLater();
  void Look();
  void WaitFor(std::unique_lock<std::mutex>& lock, const std::function<bool()>& condition);
  // With the lock, adding what is to be told without it.
  void GiveUp(const grpc::Status& status, Dones* dones);
  void Expire(Clock::time_point now, Dones* dones);
  bool IsSilent(Clock::time_point now);
  void Hear(Clock::time_point now);
  void Tell(const Dones& dones);
  // The one whose outcomes this thread tells: the calls that are made meanwhile go together.
  static thread_local const Core* told_here_;
  std::unique_ptr<grpc::Alarm> In(std::chrono::milliseconds time, void (Core::*then)());
  std::chrono::milliseconds LookTime() const {
    return std::clamp(options_.silence / 4, std::chrono::milliseconds(1), kLook);
  }

  const SessionOptions options_;

  std::mutex mutex_;
  std::condition_variable changed_;
  // Null when it is closed.
  grpc::Channel* channel_;
  SessionsService::Stub* stub_;
  uint64_t last_id_ = 0;
  std::map<uint64_t, Pending> pending_;  // not told, in the order in which they were made
  std::deque<uint64_t> unsent_;
  std::vector<uint64_t> cancels_;  // of calls that were sent
  int telling_ = 0;                // threads that call what was given to be called
  std::map<const MethodDescriptor*, uint32_t> numbers_;  // of the stream's methods
  Stream* stream_ = nullptr;
  uint64_t streams_ = 0;     // that there were: the number of the one of now
  Clock::time_point heard_;  // when something was told, or began to be waited for
  bool asked_ = false;       // since then, by a message without calls
  bool given_up_ = false;    // gRPC was asked to end it: it was silent for too long
  bool writing_ = false;
  bool closing_ = false;
  bool closed_ = false;  // our side of the stream is
  // While the connection is broken.
  bool waiting_ = false;
  Clock::time_point retry_at_;
  std::chrono::milliseconds back_off_ = kRetryFirst;
  Clock::time_point broken_since_;
  std::unique_ptr<grpc::Alarm> retry_;
  std::unique_ptr<grpc::Alarm> look_;
  bool looks_ = false;  // an alarm is set
};

thread_local const Core* Core::told_here_ = nullptr;

// One connection of the session. Frees itself when gRPC is done with it.
class Core::Stream final : public grpc::ClientBidiReactor<RunSessionRequest, RunSessionResponse> {
 public:
  Stream(std::shared_ptr<Core> core, uint64_t number) : number_(number), core_(std::move(core)) {
    const std::string& key = core_->options_.key;
    if (!key.empty()) context_.AddMetadata("authorization", "Bearer " + key);
    core_->stub_->async()->RunSession(&context_, this);
    AddHold();  // writes are started from outside
    StartRead(&response_);
    StartCall();
  }

  RunSessionRequest& message() { return request_; }
  void Write() { StartWrite(&request_); }
  void CloseWrites() { StartWritesDone(); }
  // No write is started any more.
  void LetGo() {
    if (!std::exchange(let_go_, true)) RemoveHold();
  }
  // Asks gRPC to end it.
  void Cancel() { context_.TryCancel(); }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return core_->Wrote(this, false);
    core_->Told(this, response_);
    StartRead(&response_);
  }
  void OnWriteDone(bool ok) override { core_->Wrote(this, ok); }
  void OnDone(const grpc::Status& status) override {
    const std::shared_ptr<Core> core = core_;
    const uint64_t number = number_;
    // Of its own: the other one goes with the stream.
    const grpc::Status ended(status.error_code(), status.error_message(), status.error_details());
    delete this;  // first: the last one to let go of a channel must not be a thread of gRPC's
    core->Ended(number, ended);
  }

  const uint64_t number_;
  const std::shared_ptr<Core> core_;
  grpc::ClientContext context_;
  RunSessionRequest request_;
  RunSessionResponse response_;
  bool let_go_ = false;  // under the session's lock
};

void Core::Close() {
  std::unique_lock lock(mutex_);
  WaitFor(lock, [this] { return pending_.empty() && telling_ == 0; });
  closing_ = true;
  Hear(Clock::now());
  if (stream_ != nullptr && !writing_ && !std::exchange(closed_, true)) {
    stream_->CloseWrites();
    stream_->LetGo();
  }
  WaitFor(lock, [this] { return stream_ == nullptr && telling_ == 0; });
  channel_ = nullptr;
  stub_ = nullptr;
}

// Takes its own looks: whoever waits here waits for no alarm.
void Core::WaitFor(std::unique_lock<std::mutex>& lock, const std::function<bool()>& condition) {
  while (!changed_.wait_for(lock, LookTime(), condition)) {
    lock.unlock();
    Look();
    lock.lock();
  }
}

uint64_t Core::Call(const Message& request, Message* response, Session::Done done,
                    const CallOptions& options) {
  Pending pending;
  pending.method = MethodTaking(request.GetDescriptor());
  pending.options = options;
  pending.made = Clock::now();
  pending.response = response;
  if (pending.method == nullptr) {
    done(NoMethod(request));
    return 0;
  }
  pending.request = Serialise(request);
  pending.done = std::move(done);
  const std::lock_guard lock(mutex_);
  const uint64_t id = ++last_id_;
  if (pending_.empty()) Hear(pending.made);
  pending_.emplace(id, std::move(pending));
  unsent_.push_back(id);
  if (told_here_ != this) Go();
  LookLater();
  return id;
}

void Core::Cancel(uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  Pending& pending = found->second;
  if (std::exchange(pending.cancelled, true) || !pending.MayCancel()) return;
  if (!pending.sent) return;  // the cancellation goes along with it
  cancels_.push_back(id);
  Go();
}

void Core::Go() {
  if (waiting_ || closing_ || writing_ || closed_) return;
  if (stream_ == nullptr) {
    stream_ = new Stream(shared_from_this(), ++streams_);
    given_up_ = false;
    Hear(Clock::now());
  }
  RunSessionRequest& message = stream_->message();
  message.Clear();
  if (!Fill(&message)) return;
  writing_ = true;
  stream_->Write();
}

bool Core::Fill(RunSessionRequest* message) {
  size_t bytes = 0;
  while (!unsent_.empty() && message->calls_size() < kCallsAMessage) {
    const uint64_t id = unsent_.front();
    const auto pending = pending_.find(id);
    if (pending != pending_.end()) {
      bytes += pending->second.request.size();
      // One that is long goes alone: the server takes 4 MiB in a message.
      if (message->calls_size() > 0 && bytes > kMessageBytes) break;
      Add(id, pending->second, message);
    }
    unsent_.pop_front();
  }
  while (!cancels_.empty() && message->cancel_size() < kCallsAMessage) {
    message->add_cancel(cancels_.back());
    cancels_.pop_back();
  }
  return message->calls_size() > 0 || message->cancel_size() > 0;
}

void Core::Add(uint64_t id, Pending& pending, RunSessionRequest* message) {
  pending.sent = true;
  if (pending.cancelled && pending.MayCancel()) message->add_cancel(id);
  RunSessionRequest::Call& call = *message->add_calls();
  const auto [number, is_new] =
      numbers_.try_emplace(pending.method, static_cast<uint32_t>(numbers_.size()));
  if (is_new) {
    message->add_methods(pending.method->service()->full_name() + "/" + pending.method->name());
  }
  call.set_id(id);
  call.set_method(number->second);
  call.set_request(pending.request);
  call.set_traceparent(pending.options.traceparent);
  call.set_cause(pending.options.cause);
  call.set_on_behalf_of(pending.options.on_behalf_of);
  for (const uint64_t earlier : pending.options.after) call.add_after(earlier);
  if (pending.options.timeout > std::chrono::milliseconds::zero()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        pending.made + pending.options.timeout - Clock::now());
    const int64_t count = std::max<int64_t>(0, left.count());
    call.mutable_timeout()->set_seconds(count / 1000);
    call.mutable_timeout()->set_nanos(static_cast<int32_t>(count % 1000 * 1'000'000));
  }
}

void Core::Wrote(Stream* stream, bool ok) {
  const std::lock_guard lock(mutex_);
  if (stream != stream_) return;
  if (!ok) {
    closed_ = true;
    stream->LetGo();
    return;
  }
  writing_ = false;
  if (closing_ && !closed_) {
    closed_ = true;
    stream->CloseWrites();
    stream->LetGo();
  }
  Go();
}

void Core::Told(const Stream* stream, const RunSessionResponse& response) {
  Dones dones;
  dones.reserve(static_cast<size_t>(response.outcomes_size()));
  {
    const std::lock_guard lock(mutex_);
    if (stream != stream_) return;
    ++telling_;
    back_off_ = kRetryFirst;
    Hear(Clock::now());
    for (const RunSessionResponse::Outcome& told : response.outcomes()) {
      const auto pending = pending_.find(told.id());
      if (pending == pending_.end()) continue;
      Outcome outcome;
      outcome.status = told.status();
      outcome.token = told.token();
      outcome.repeated = told.repeated();
      if (outcome.ok() && !pending->second.response->ParseFromString(told.reply())) {
        outcome = Failure(grpc::StatusCode::INTERNAL, "the reply does not parse", false);
      }
      dones.emplace_back(std::move(pending->second.done), std::move(outcome));
      pending_.erase(pending);
    }
  }
  Tell(dones);
}

// After telling_ was counted up.
void Core::Tell(const Dones& dones) {
  const Core* const outer = std::exchange(told_here_, this);
  for (const auto& [done, outcome] : dones) done(outcome);
  told_here_ = outer;
  const std::lock_guard lock(mutex_);
  --telling_;
  if (!unsent_.empty()) Go();
  changed_.notify_all();
}

void Core::Ended(uint64_t stream, const grpc::Status& status) {
  Dones dones;
  {
    const std::lock_guard lock(mutex_);
    if (stream_ == nullptr || streams_ != stream) return;
    ++telling_;
    stream_ = nullptr;
    writing_ = false;
    closed_ = false;
    numbers_.clear();
    if (!pending_.empty()) {
      const Clock::time_point now = Clock::now();
      if (back_off_ == kRetryFirst) broken_since_ = now;
      waiting_ = true;  // also for what is called when these are given up
      retry_at_ = now + back_off_;
      retry_ = In(back_off_, &Core::Retry);
      back_off_ = std::min(back_off_ * 2, kRetryMax);
      const bool too_long = now - broken_since_ > options_.patience;
      const grpc::Status& why = given_up_ ? Silent() : status;
      if (IsLasting(why.error_code()) || too_long) GiveUp(why, &dones);
    }
  }
  Tell(dones);
}

void Core::GiveUp(const grpc::Status& status, Dones* dones) {
  for (auto& [id, pending] : pending_) {
    Outcome outcome = Failure(status.error_code(), status.error_message(), /*unknown=*/true);
    if (!status.error_details().empty()) outcome.status.ParseFromString(status.error_details());
    dones->emplace_back(std::move(pending.done), std::move(outcome));
  }
  pending_.clear();
  back_off_ = kRetryFirst;
}

void Core::Retry() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(waiting_, false)) return;
  // Everything that was not told, in the order in which it was made.
  unsent_.clear();
  cancels_.clear();
  for (auto& [id, pending] : pending_) {
    pending.sent_before |= std::exchange(pending.sent, false);
    unsent_.push_back(id);
  }
  if (!unsent_.empty()) Go();
}

std::unique_ptr<grpc::Alarm> Core::In(std::chrono::milliseconds time, void (Core::*then)()) {
  auto alarm = std::make_unique<grpc::Alarm>();
  alarm->Set(std::chrono::system_clock::now() + time, [core = weak_from_this(), then](bool ok) {
    const std::shared_ptr<Core> there = ok ? core.lock() : nullptr;
    if (there != nullptr) (*there.*then)();
  });
  return alarm;
}

void Core::LookLater() {
  if (pending_.empty() || std::exchange(looks_, true)) return;
  look_ = In(LookTime(), &Core::Look);
}

void Core::Look() {
  const Clock::time_point now = Clock::now();
  Dones dones;
  uint64_t lost = 0;
  bool retries = false;
  {
    const std::lock_guard lock(mutex_);
    looks_ = false;
    if (channel_ == nullptr) return;
    ++telling_;
    Expire(now, &dones);
    retries = waiting_ && now > retry_at_ + LookTime();
    if (stream_ != nullptr && IsSilent(now)) {
      if (!std::exchange(given_up_, true)) {
        stream_->Cancel();
      } else {  // at an earlier look, and it has not ended by that
        lost = streams_;
        stream_->LetGo();
      }
    }
    LookLater();
  }
  Tell(dones);
  if (retries) Retry();
  if (lost != 0) Ended(lost, Silent());
}

// The server tells of a deadline that passed; this is for when nothing is told.
void Core::Expire(Clock::time_point now, Dones* dones) {
  for (auto pending = pending_.begin(); pending != pending_.end();) {
    Pending& call = pending->second;
    const bool has_deadline = call.options.timeout > std::chrono::milliseconds::zero();
    if (!has_deadline || now < call.made + call.options.timeout + LookTime()) {
      ++pending;
      continue;
    }
    dones->emplace_back(std::move(call.done),
                        Failure(grpc::StatusCode::DEADLINE_EXCEEDED, "the deadline has passed",
                                /*unknown=*/call.sent || call.sent_before));
    pending = pending_.erase(pending);
  }
}

void Core::Hear(Clock::time_point now) {
  heard_ = now;
  asked_ = false;
}

// Whether the stream must be given up.
bool Core::IsSilent(Clock::time_point now) {
  if (pending_.empty() && !closing_) return false;
  const auto silent = now - heard_;
  if (silent < std::min(kQuiet, options_.silence / 2)) return false;
  if (channel_->GetState(/*try_to_connect=*/true) != GRPC_CHANNEL_READY) {
    grpc::experimental::ChannelResetConnectionBackoff(channel_);
    return true;
  }
  if (silent >= options_.silence) return true;
  // gRPC overlooks the reset of a connection that arrives along with data, as TCP_INQ does, until
  // something is written to it.
  if (!writing_ && !closed_ && !std::exchange(asked_, true)) {
    stream_->message().Clear();
    writing_ = true;
    stream_->Write();
  }
  return false;
}

class RealSession final : public Session {
 public:
  RealSession(std::shared_ptr<grpc::Channel> channel, const SessionOptions& options)
      : channel_(std::move(channel)),
        stub_(SessionsService::NewStub(channel_)),
        core_(std::make_shared<Core>(*channel_, *stub_, options)) {}
  ~RealSession() override { core_->Close(); }

  uint64_t Call(const Message& request, Message* response, Done done,
                const CallOptions& options) override {
    return core_->Call(request, response, std::move(done), options);
  }
  void Cancel(uint64_t id) override { core_->Cancel(id); }

 private:
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<SessionsService::Stub> stub_;
  const std::shared_ptr<Core> core_;
};

}  // namespace

std::unique_ptr<Session> Session::Open(std::shared_ptr<grpc::Channel> channel,
                                       const SessionOptions& options) {
  return std::make_unique<RealSession>(std::move(channel), options);
}

}  // namespace kith::sdk
