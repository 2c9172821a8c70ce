#include "services/runtime/calls/session_call.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "google/protobuf/arena.h"
#include "services/runtime/admission/after_work.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/requests/grpc_status.h"

namespace kith::runtime {
namespace {

using google::protobuf::Message;
using sessions::v1::RunSessionRequest;
using sessions::v1::RunSessionResponse;

constexpr int kCallsATurn = 64;
constexpr size_t kBatchesMax = 2;  // that have arrived and not begun
constexpr int kCallsAMessage = 500;
constexpr int kMethodsMax = 200;
constexpr size_t kMethodBytesMax = 256;
constexpr size_t kTraceParentBytesMax = 128;
constexpr size_t kCauseBytesMax = 128;
constexpr size_t kUserBytesMax = 128;
constexpr int64_t kAnswerBytesMax = 1 << 20;  // a message has more only where one outcome has
constexpr int64_t kOutcomeBytes = 128;        // of an outcome that is empty
constexpr size_t kAnswersMax = 4;             // not written, beyond which nothing is read
constexpr size_t kCallBytes = 1'536;          // of messages and the call; more is from the heap

google::protobuf::ArenaOptions OptionsOf(char* block) {
  google::protobuf::ArenaOptions options;
  options.initial_block = block;
  options.initial_block_size = kCallBytes;
  return options;
}

absl::Duration DurationOf(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos());
}

}  // namespace

// One call, until it is told.
class SessionCourse::Call final : public UnaryCarrier {
 public:
  Call(SessionCourse& session, RunSessionRequest::Call& call, const UnaryMethod* method,
       absl::Duration arrived)
      : session_(session),
        id_(call.id()),
        method_(method),
        request_(std::move(*call.mutable_request())),
        traceparent_(std::move(*call.mutable_traceparent())),
        cause_(std::move(*call.mutable_cause())),
        on_behalf_of_(std::move(*call.mutable_on_behalf_of())),
        deadline_(call.has_timeout() ? arrived + DurationOf(call.timeout())
                                     : absl::InfiniteDuration()),
        arena_(OptionsOf(block_)) {}

  // Its end tells it.
  void Begin(std::shared_ptr<const Caller> caller, Position read_after) {
    if (method_ == nullptr) {
      return End(ViolationError("method", "is no unary method that the session has named"), "", {});
    }
    if (IsCancelled()) return End(absl::CancelledError(), "", {});
    caller_ = std::move(caller);
    if (waited_) read_after_ = read_after;
    call_ = method_->NewCall(&arena_, *this);
    call_->Begin();
  }

  absl::string_view Metadata(const char* key) const override {
    const absl::string_view name(key);
    if (name == "traceparent") return traceparent_;
    if (name == "kith-cause") return cause_;
    if (name == "kith-on-behalf-of" && !on_behalf_of_.empty()) return on_behalf_of_;
    return session_.carrier_.Metadata(key);
  }
  std::shared_ptr<const Caller> caller() const override { return caller_; }
  absl::Duration time_left() const override {
    return deadline_ - session_.environment_.clock.Elapsed();
  }
  bool IsCancelled() const override {
    return cancelled_.load(std::memory_order_relaxed) || session_.carrier_.IsCancelled();
  }
  Position read_after() const override { return read_after_; }
  void Appended(Position position) override { appended_ = position; }
  void AddReplyMetadata(const char* key, std::string value) override {
    const absl::string_view name(key);
    if (name == "kith-token") token_ = std::move(value);
    if (name == "kith-repeated") repeated_ = true;
  }
  bool HasArrived() const override { return true; }
  void StartRead() override { call_->Arrived(true); }
  bool Read(Message* message) override { return message->ParseFromString(request_); }
  size_t ReadBytes() const override { return request_.size(); }
  void Finish(const absl::Status& status, absl::string_view request_id,
              const Message& reply) override {
    End(status, request_id, status.ok() ? reply.SerializeAsString() : std::string());
  }

  uint64_t id() const { return id_; }
  int64_t request_bytes() const { return static_cast<int64_t>(request_.size()); }
  bool repeated() const { return repeated_; }
  Position appended() const { return appended_; }
  std::string TakeToken() { return std::move(token_); }
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }

  // Of waiting for others; under the session's lock.
  std::vector<Call*> followers;
  int awaited = 0;
  void WaitFor(Call& other) {
    other.followers.push_back(this);
    ++awaited;
  }
  void HasWaited() { waited_ = true; }

 private:
  void End(const absl::Status& status, absl::string_view request_id, std::string reply) {
    session_.Tell(this, WireStatus(status, request_id), std::move(reply));
  }

  SessionCourse& session_;
  const uint64_t id_;
  const UnaryMethod* const method_;
  const std::string request_;
  const std::string traceparent_;
  const std::string cause_;
  const std::string on_behalf_of_;
  const absl::Duration deadline_;
  std::shared_ptr<const Caller> caller_;
  bool waited_ = false;
  Position read_after_;
  std::atomic<bool> cancelled_ = false;
  std::string token_;
  bool repeated_ = false;
  Position appended_;
  alignas(8) char block_[kCallBytes];
  google::protobuf::Arena arena_;
  UnaryCall* call_ = nullptr;
};

SessionCourse::SessionCourse(const CallEnvironment& environment, StreamCarrier& carrier,
                             const MethodTable& methods)
    : DuplexCourse(environment, MethodOf<RunSessionRequest>(), carrier), methods_(methods) {}

SessionCourse::~SessionCourse() = default;

absl::Status SessionCourse::Take() {
  auto batch = std::make_unique<Batch>();
  batch->arrived = environment_.clock.Elapsed();
  RunSessionRequest& message = batch->message;
  KITH_RETURN_IF_ERROR(ReadMessage(method_, carrier_, &message));
  KITH_RETURN_IF_ERROR(Check(message));
  MutexLock lock(mutex_);
  if (is_stopping()) return absl::OkStatus();
  if (named_.size() + static_cast<size_t>(message.methods_size()) > kMethodsMax) {
    return ViolationError("methods", absl::StrCat("must be at most ", kMethodsMax, " a session"));
  }
  for (const std::string& name : message.methods()) named_.push_back(methods_.FindUnary(name));
  if (!message.calls().empty()) {
    untold_ += message.calls_size();
    int64_t bytes = 0;
    for (const RunSessionRequest::Call& call : message.calls()) {
      bytes += static_cast<int64_t>(call.request().size());
    }
    caller_.share.AddLoadBytes(bytes);
    batches_.push_back(std::move(batch));
    ScheduleTurn();
  }
  Cancel(message);
  return absl::OkStatus();
}

// By hand: there may be a million calls a second.
absl::Status SessionCourse::Check(const RunSessionRequest& message) const {
  for (const auto& [field, size] : {std::make_pair("calls", message.calls_size()),
                                    std::make_pair("cancel", message.cancel_size())}) {
    if (size <= kCallsAMessage) continue;
    return ViolationError(
        field, absl::StrCat("must have at most ", kCallsAMessage, " items, and has ", size));
  }
  for (const std::string& method : message.methods()) {
    if (method.size() > kMethodBytesMax) return ViolationError("methods", "has a name too long");
  }
  for (int i = 0; i < message.calls_size(); ++i) {
    const RunSessionRequest::Call& call = message.calls(i);
    const auto violation = [&](absl::string_view field, absl::string_view what) {
      return ViolationError(absl::StrCat("calls[", i, "].", field), what);
    };
    if (call.traceparent().size() > kTraceParentBytesMax) {
      return violation("traceparent", absl::StrCat("is longer than ", kTraceParentBytesMax));
    }
    if (call.cause().size() > kCauseBytesMax) {
      return violation("cause", absl::StrCat("is longer than ", kCauseBytesMax));
    }
    if (call.on_behalf_of().size() > kUserBytesMax) {
      return violation("on_behalf_of", absl::StrCat("is longer than ", kUserBytesMax));
    }
    if (call.after_size() > kCallsAMessage) {
      return violation("after", absl::StrCat("must have at most ", kCallsAMessage, " items"));
    }
  }
  return absl::OkStatus();
}

void SessionCourse::Cancel(const RunSessionRequest& message) {
  absl::flat_hash_set<uint64_t> unbegun;
  for (const uint64_t id : message.cancel()) {
    const auto call = calls_.find(id);
    if (call != calls_.end()) {
      call->second->Cancel();
    } else {
      unbegun.insert(id);
    }
  }
  if (unbegun.empty()) return;
  for (const std::unique_ptr<Batch>& batch : batches_) {
    for (int i = batch->begun; i < batch->message.calls_size(); ++i) {
      const uint64_t id = batch->message.calls(i).id();
      if (unbegun.contains(id)) batch->cancelled.insert(id);
    }
  }
}

bool SessionCourse::MayRead() const {
  if (untold_ > 0 && caller_.share.HasLoadsEnough()) return false;
  return untold_ < kSessionCallsMax && batches_.size() < kBatchesMax && told_.size() < kAnswersMax;
}

const Message* SessionCourse::NextAnswer() {
  // A turn gathers what ends at once, and work what it ends.
  if (told_.empty() || in_turn_ || gathering_) return nullptr;
  answer_ = std::move(told_.front());
  told_.pop_front();
  return &answer_->message;
}

void SessionCourse::AnswerTaken() { caller_.share.AddReplyBytes(-answer_->bytes); }

void SessionCourse::DropAnswers() {
  for (const std::unique_ptr<Answer>& answer : told_) {
    caller_.share.AddReplyBytes(-answer->bytes);
  }
  told_.clear();
}

void SessionCourse::ScheduleTurn() {
  if (std::exchange(turn_comes_, true)) return;
  Hold();
  environment_.pools.session_turns.Run(caller_.caller->usage.get(), [this] { TakeTurn(); });
}

void SessionCourse::TakeTurn() {
  // Where nobody calls any more, each call asks for itself, and is refused.
  const std::shared_ptr<const Caller> caller = CallerNow().value_or(nullptr);
  std::vector<Call*> calls;
  Position read_after;
  {
    MutexLock lock(mutex_);
    in_turn_ = true;
    read_after = appended_;
    calls = CallsOfTurn();
  }
  for (Call* const call : calls) call->Begin(caller, read_after);
  {
    MutexLock lock(mutex_);
    in_turn_ = false;
    turn_comes_ = false;
    if (!batches_.empty() || !ready_.empty()) ScheduleTurn();
  }
  Continue();
}

std::vector<SessionCourse::Call*> SessionCourse::CallsOfTurn() {
  std::vector<Call*> calls;
  calls.reserve(kCallsATurn);
  for (int i = 0; i < kCallsATurn; ++i) {
    Call* call = nullptr;
    if (!ready_.empty()) {
      call = ready_.front();
      ready_.pop_front();
    } else if (!batches_.empty()) {
      call = NextOfBatch();
      if (call == nullptr) continue;  // it waits
    } else {
      break;
    }
    calls.push_back(call);
  }
  return calls;
}

SessionCourse::Call* SessionCourse::NextOfBatch() {
  Batch& batch = *batches_.front();
  RunSessionRequest::Call& asked = *batch.message.mutable_calls(batch.begun);
  const UnaryMethod* const method =
      asked.method() < named_.size() ? named_[asked.method()] : nullptr;
  auto* const call = new Call(*this, asked, method, batch.arrived);
  const bool waits = MustWait(*call, asked.after());
  calls_[asked.id()] = call;
  if (!batch.cancelled.empty() && batch.cancelled.contains(asked.id())) call->Cancel();
  if (++batch.begun == batch.message.calls_size()) batches_.pop_front();
  return waits ? nullptr : call;
}

bool SessionCourse::MustWait(Call& call, const google::protobuf::RepeatedField<uint64_t>& after) {
  if (after.empty()) return false;
  call.HasWaited();
  for (const uint64_t id : after) {
    const auto other = calls_.find(id);
    if (other != calls_.end()) call.WaitFor(*other->second);
  }
  return call.awaited > 0;
}

SessionCourse::Answer& SessionCourse::AnswerFor(int64_t bytes) {
  if (told_.empty() || told_.back()->bytes + bytes > kAnswerBytesMax) {
    told_.push_back(std::make_unique<Answer>());
  }
  Answer& answer = *told_.back();
  answer.bytes += bytes;
  caller_.share.AddReplyBytes(bytes);
  return answer;
}

void SessionCourse::Tell(Call* call, const google::rpc::Status& status, std::string reply) {
  const std::unique_ptr<Call> told(call);
  RunSessionResponse::Outcome outcome;
  outcome.set_id(call->id());
  if (status.code() != 0) *outcome.mutable_status() = status;
  outcome.set_reply(std::move(reply));
  outcome.set_token(call->TakeToken());
  outcome.set_repeated(call->repeated());
  const int64_t bytes = kOutcomeBytes + static_cast<int64_t>(outcome.ByteSizeLong());
  AfterWork* const work = AfterWork::OfThisThread();
  {
    MutexLock lock(mutex_);
    *AnswerFor(bytes).message.add_outcomes() = std::move(outcome);
    appended_ = std::max(appended_, call->appended());
    caller_.share.AddLoadBytes(-call->request_bytes());
    const auto known = calls_.find(call->id());
    if (known != calls_.end() && known->second == call) calls_.erase(known);
    for (Call* const follower : call->followers) {
      if (--follower->awaited == 0) ready_.push_back(follower);
    }
    if (!ready_.empty()) ScheduleTurn();
    --untold_;
    if (in_turn_ || gathering_) return;  // whose end goes on
    gathering_ = work != nullptr;
    Hold();
  }
  if (work == nullptr) return Continue();
  work->Add([this] { EndGathering(); });
}

void SessionCourse::EndGathering() {
  {
    MutexLock lock(mutex_);
    gathering_ = false;
  }
  Continue();
}

}  // namespace kith::runtime
