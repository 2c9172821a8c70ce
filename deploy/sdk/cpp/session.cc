#include "kith/session.h"

#include <grpcpp/alarm.h>
#include <grpcpp/client_context.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <utility>

#include "kith/sessions/v1/sessions_service.grpc.pb.h"

namespace kith::sdk {
namespace {

using google::protobuf::Descriptor;
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

// The unary method that takes such requests; null where there is none.
const MethodDescriptor* MethodTaking(const Descriptor* request) {
  const auto* const file = request->file();
  for (int i = 0; i < file->service_count(); ++i) {
    for (int j = 0; j < file->service(i)->method_count(); ++j) {
      const MethodDescriptor* const method = file->service(i)->method(j);
      if (method->input_type() != request) continue;
      return method->client_streaming() || method->server_streaming() ? nullptr : method;
    }
  }
  return nullptr;
}

const FieldDescriptor* RequestIdOf(const Descriptor& request) {
  const FieldDescriptor* const field = request.FindFieldByName("request_id");
  const bool is_one =
      field != nullptr && field->type() == FieldDescriptor::TYPE_STRING && !field->is_repeated();
  return is_one ? field : nullptr;
}

// 32 hexadecimal digits that nobody else draws.
std::string NewRequestId() {
  static thread_local std::mt19937_64 random{std::random_device{}()};
  std::string id;
  for (int i = 0; i < 32; ++i) id += "0123456789abcdef"[random() % 16];
  return id;
}

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

Outcome Failure(int code, std::string message, bool unknown) {
  Outcome outcome;
  outcome.status.set_code(code);
  outcome.status.set_message(std::move(message));
  outcome.unknown = unknown;
  return outcome;
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

class RealSession final : public Session {
 public:
  RealSession(std::shared_ptr<grpc::Channel> channel, const SessionOptions& options)
      : options_(options), stub_(SessionsService::NewStub(std::move(channel))) {}
  ~RealSession() override;

  uint64_t Call(const Message& request, Message* response, Done done,
                const CallOptions& options) override;
  void Cancel(uint64_t id) override;

 private:
  class Stream;
  struct Pending {
    const MethodDescriptor* method = nullptr;
    std::string request;
    CallOptions options;
    Clock::time_point made;
    Message* response = nullptr;
    Done done;
    bool sent = false;         // over the stream of now
    bool sent_before = false;  // over one that broke
    bool cancelled = false;

    // What may have had an effect is sent again to be told, not cancelled: it would seem to have
    // had none.
    bool MayCancel() const { return !sent_before || RequestIdOf(*method->input_type()) == nullptr; }
  };
  using Dones = std::vector<std::pair<Done, Outcome>>;

  // With the lock: opens a stream where there is none, and writes what there is to write.
  void Go();
  bool Fill(RunSessionRequest* message);
  void Add(uint64_t id, Pending& pending, RunSessionRequest* message);
  // Of the stream.
  void Wrote(Stream* stream, bool ok);
  void Told(const RunSessionResponse& response);
  void Ended(const grpc::Status& status);
  void GiveUp(const grpc::Status& status, Dones* dones);
  void Retry();

  const SessionOptions options_;
  const std::unique_ptr<SessionsService::Stub> stub_;

  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t last_id_ = 0;
  std::map<uint64_t, Pending> pending_;  // not told, in the order in which they were made
  std::deque<uint64_t> unsent_;
  std::vector<uint64_t> cancels_;  // of calls that were sent
  int telling_ = 0;                // threads that call what was given to be called
  std::map<const MethodDescriptor*, uint32_t> numbers_;  // of the stream's methods
  Stream* stream_ = nullptr;
  bool writing_ = false;
  bool closing_ = false;
  bool closed_ = false;  // our side of the stream is
  // While the connection is broken.
  bool waiting_ = false;
  std::chrono::milliseconds back_off_ = kRetryFirst;
  Clock::time_point broken_since_;
  std::unique_ptr<grpc::Alarm> alarm_;
};

// One connection of the session. Frees itself when gRPC is done with it.
class RealSession::Stream final
    : public grpc::ClientBidiReactor<RunSessionRequest, RunSessionResponse> {
 public:
  Stream(RealSession& session, const std::string& key) : session_(session) {
    if (!key.empty()) context_.AddMetadata("authorization", "Bearer " + key);
    session.stub_->async()->RunSession(&context_, this);
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

 private:
  void OnReadDone(bool ok) override {
    if (!ok) return session_.Wrote(this, false);
    session_.Told(response_);
    StartRead(&response_);
  }
  void OnWriteDone(bool ok) override { session_.Wrote(this, ok); }
  void OnDone(const grpc::Status& status) override {
    RealSession& session = session_;
    const grpc::Status ended = status;
    delete this;  // first: the last one to let go of a channel must not be a thread of gRPC's
    session.Ended(ended);
  }

  RealSession& session_;
  grpc::ClientContext context_;
  RunSessionRequest request_;
  RunSessionResponse response_;
  bool let_go_ = false;  // under the session's lock
};

RealSession::~RealSession() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return pending_.empty() && telling_ == 0; });
  closing_ = true;
  if (stream_ != nullptr && !writing_ && !std::exchange(closed_, true)) {
    stream_->CloseWrites();
    stream_->LetGo();
  }
  changed_.wait(lock, [this] { return stream_ == nullptr && !waiting_; });
}

uint64_t RealSession::Call(const Message& request, Message* response, Done done,
                           const CallOptions& options) {
  Pending pending;
  pending.method = MethodTaking(request.GetDescriptor());
  pending.options = options;
  pending.made = Clock::now();
  pending.response = response;
  if (pending.method == nullptr) {
    done(Failure(grpc::StatusCode::INVALID_ARGUMENT,
                 request.GetDescriptor()->full_name() + " is the request of no unary method",
                 /*unknown=*/false));
    return 0;
  }
  pending.request = Serialise(request);
  pending.done = std::move(done);
  const std::lock_guard lock(mutex_);
  const uint64_t id = ++last_id_;
  pending_.emplace(id, std::move(pending));
  unsent_.push_back(id);
  Go();
  return id;
}

void RealSession::Cancel(uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  Pending& pending = found->second;
  if (std::exchange(pending.cancelled, true) || !pending.MayCancel()) return;
  if (!pending.sent) return;  // the cancellation goes along with it
  cancels_.push_back(id);
  Go();
}

void RealSession::Go() {
  if (waiting_ || closing_ || writing_ || closed_) return;
  if (stream_ == nullptr) stream_ = new Stream(*this, options_.key);
  RunSessionRequest& message = stream_->message();
  message.Clear();
  if (!Fill(&message)) return;
  writing_ = true;
  stream_->Write();
}

bool RealSession::Fill(RunSessionRequest* message) {
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

void RealSession::Add(uint64_t id, Pending& pending, RunSessionRequest* message) {
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
  for (const uint64_t earlier : pending.options.after) call.add_after(earlier);
  if (pending.options.timeout > std::chrono::milliseconds::zero()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        pending.made + pending.options.timeout - Clock::now());
    const int64_t count = std::max<int64_t>(0, left.count());
    call.mutable_timeout()->set_seconds(count / 1000);
    call.mutable_timeout()->set_nanos(static_cast<int32_t>(count % 1000 * 1'000'000));
  }
}

void RealSession::Wrote(Stream* stream, bool ok) {
  const std::lock_guard lock(mutex_);
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

void RealSession::Told(const RunSessionResponse& response) {
  Dones dones;
  dones.reserve(static_cast<size_t>(response.outcomes_size()));
  {
    const std::lock_guard lock(mutex_);
    ++telling_;
    back_off_ = kRetryFirst;
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
  for (auto& [done, outcome] : dones) done(outcome);
  const std::lock_guard lock(mutex_);
  --telling_;
  if (pending_.empty()) changed_.notify_all();
}

void RealSession::Ended(const grpc::Status& status) {
  Dones dones;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    ++telling_;
    if (back_off_ == kRetryFirst) broken_since_ = Clock::now();
    if (IsLasting(status.error_code()) || Clock::now() - broken_since_ > options_.patience) {
      GiveUp(status, &dones);
    }
  }
  for (auto& [done, outcome] : dones) done(outcome);
  const std::lock_guard lock(mutex_);
  --telling_;
  stream_ = nullptr;
  writing_ = false;
  closed_ = false;
  numbers_.clear();
  if (!pending_.empty()) {
    waiting_ = true;
    alarm_ = std::make_unique<grpc::Alarm>();
    alarm_->Set(std::chrono::system_clock::now() + back_off_, [this](bool) { Retry(); });
    back_off_ = std::min(back_off_ * 2, kRetryMax);
  }
  changed_.notify_all();  // from here on nothing of the session is touched
}

void RealSession::GiveUp(const grpc::Status& status, Dones* dones) {
  for (auto& [id, pending] : pending_) {
    Outcome outcome = Failure(status.error_code(), status.error_message(), /*unknown=*/true);
    if (!status.error_details().empty()) outcome.status.ParseFromString(status.error_details());
    dones->emplace_back(std::move(pending.done), std::move(outcome));
  }
  pending_.clear();
  unsent_.clear();
  cancels_.clear();
  back_off_ = kRetryFirst;
}

void RealSession::Retry() {
  const std::lock_guard lock(mutex_);
  waiting_ = false;
  // Everything that was not told, in the order in which it was made.
  unsent_.clear();
  cancels_.clear();
  for (auto& [id, pending] : pending_) {
    pending.sent_before |= std::exchange(pending.sent, false);
    unsent_.push_back(id);
  }
  Go();
  changed_.notify_all();
}

}  // namespace

std::unique_ptr<Session> Session::Open(std::shared_ptr<grpc::Channel> channel,
                                       const SessionOptions& options) {
  return std::make_unique<RealSession>(std::move(channel), options);
}

}  // namespace kith::sdk
