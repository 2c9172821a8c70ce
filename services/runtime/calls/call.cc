#include "services/runtime/calls/call.h"

#include <algorithm>
#include <chrono>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/admission/not_granted.h"
#include "services/runtime/calls/call_log.h"
#include "services/runtime/reads/read_position.h"
#include "services/runtime/requests/retry.h"
#include "services/runtime/requests/validate.h"

namespace kith::runtime {
namespace {

constexpr size_t kTraceIdDigits = 32;

// A caller without credentials, for methods that need none.
std::shared_ptr<const Caller> Nobody() {
  static const auto* const nobody = new std::shared_ptr<const Caller>(
      std::make_shared<Caller>(Caller{WorkspaceId(), "", Grants(), std::make_shared<Settings>(),
                                      std::make_shared<KeyUsage>()}));  // which all of them share
  return *nobody;
}

// Counts so many more where that is no more than `max` then.
bool Take(std::atomic<int64_t>& counter, int64_t bytes, int64_t max) {
  if (counter.fetch_add(bytes, std::memory_order_relaxed) + bytes <= max) return true;
  counter.fetch_sub(bytes, std::memory_order_relaxed);
  return false;
}

void GiveBackBytes(int64_t bytes, std::atomic<int64_t>& of_all, std::atomic<int64_t>& of_key,
                   std::atomic<int64_t>& of_workspace) {
  if (bytes == 0) return;
  of_all.fetch_sub(bytes, std::memory_order_relaxed);
  of_key.fetch_sub(bytes, std::memory_order_relaxed);
  of_workspace.fetch_sub(bytes, std::memory_order_relaxed);
}

// Costs a load but for the first call of a day.
void NoteUse(const CallEnvironment& environment, const Caller& caller, absl::Time now) {
  const int64_t today = absl::ToUnixSeconds(now) / (24 * 60 * 60);
  std::atomic<int64_t>& day = caller.usage->use_day;
  if (day.load(std::memory_order_relaxed) >= today) return;
  if (day.exchange(today, std::memory_order_relaxed) >= today) return;
  environment.authorizer.NoteUse(caller, today);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Caller>> Authorise(const CallEnvironment& environment,
                                                        const Method& method,
                                                        const Carrier& carrier) {
  if (method.is_public) return Nobody();
  std::shared_ptr<const Caller> caller = carrier.caller();
  if (caller == nullptr) {
    KITH_ASSIGN_OR_RETURN(caller, environment.authentication.CallerOf(carrier));
  }
  // Said and empty, it names nobody: a service that forgot for whom it acts does not act by itself.
  if (const absl::string_view user = carrier.Metadata("kith-on-behalf-of");
      user.data() != nullptr) {
    // No user's name has a comma: the carrier puts it between several.
    if (absl::StrContains(user, ',')) {
      return ViolationError("kith-on-behalf-of",
                            "came several times, or names several: a call is made for one user");
    }
    KITH_ASSIGN_OR_RETURN(caller, environment.authorizer.OnBehalfOf(std::move(caller), user));
  }
  if (method.needs_all && caller->grants.ScopeOf(method.permission) != Scope::kAll &&
      caller->grants.Contain(method.permission)) {
    return Error(type::v1::ERROR_PERMISSION_DENIED,
                 absl::StrCat("What ", method.permission,
                              " changes is nobody's own: it is granted ", "by the scope ALL only."),
                 {{"permission", method.permission}});
  }
  if (!method.permission.empty() && !caller->grants.Contain(method.permission)) {
    return NotGranted(*caller, method.permission);
  }
  return caller;
}

absl::Status CallTracker::CheckCalls() const {
  if (let_in_.load(std::memory_order_relaxed) < limits_.calls_max) return absl::OkStatus();
  return LimitReached("max_calls", "server",
                      absl::StrCat("The server has ", limits_.calls_max,
                                   " calls in flight, as many as it takes. Try again."));
}

absl::StatusOr<CallTracker::Share> CallTracker::Enter(std::shared_ptr<KeyUsage> usage,
                                                      const Method& method) {
  Share share;  // given back where the call is refused
  share.tracker_ = this;
  let_in_.fetch_add(1, std::memory_order_relaxed);
  share.streams_ = method.descriptor->server_streaming();
  share.loads_ = method.descriptor->client_streaming();
  const int64_t calls = usage->calls.fetch_add(1, std::memory_order_relaxed) + 1;
  const int64_t of_workspace = usage->workspace->calls.fetch_add(1, std::memory_order_relaxed) + 1;
  const int64_t streams =
      share.streams_ ? usage->streams.fetch_add(1, std::memory_order_relaxed) + 1 : 0;
  const int64_t loads = share.loads_ ? usage->loads.fetch_add(1, std::memory_order_relaxed) + 1 : 0;
  share.usage_ = std::move(usage);
  if (loads > limits_.loads_per_key_max) {
    return LimitReached("max_loads_per_key", "key",
                        absl::StrCat("This key has ", limits_.loads_per_key_max,
                                     " bulk loads and sessions open, as many as it may. End one "
                                     "first."));
  }
  if (streams > limits_.streams_per_key_max) {
    return LimitReached("max_streams_per_key", "key",
                        absl::StrCat("This key has ", limits_.streams_per_key_max,
                                     " streams open, as many as it may. End one first."));
  }
  if (calls > limits_.calls_per_key_max) {
    return LimitReached("max_calls_per_key", "key",
                        absl::StrCat("This key has ", limits_.calls_per_key_max,
                                     " calls in flight, as many as it may. Await some first."));
  }
  if (of_workspace > WorkspaceUsage::Of(limits_.calls_max)) {
    return LimitReached(
        "max_calls", "workspace",
        absl::StrCat("The keys of this workspace have ", WorkspaceUsage::Of(limits_.calls_max),
                     " calls in flight, as many as they may. Await some first."));
  }
  return share;
}

absl::Status CallTracker::Share::Arrived(int64_t bytes) {
  if (std::exchange(arriving_, false)) usage_->Arrived(tracker_->limits());
  return request_bytes_ > 0 ? absl::OkStatus() : TakeRoom(bytes);
}

absl::Status CallTracker::Share::TakeRoom(int64_t bytes) {
  const int64_t max = tracker_->limits_.request_bytes_max;
  if (bytes <= tracker_->OwnBytes(max)) return absl::OkStatus();
  // The key's first: what is too much of it is counted nowhere else, and refuses nobody else.
  if (!Take(usage_->request_bytes, bytes, max / 2)) {
    return LimitReached("max_request_bytes", "key",
                        "The requests of this key in flight take half of the memory that the "
                        "server gives to all. Await some first.");
  }
  if (!Take(usage_->workspace->request_bytes, bytes, WorkspaceUsage::Of(max))) {
    usage_->request_bytes.fetch_sub(bytes, std::memory_order_relaxed);
    return LimitReached("max_request_bytes", "workspace",
                        "The requests of this workspace in flight take three quarters of the "
                        "memory that the server gives to all. Await some first.");
  }
  if (!Take(tracker_->request_bytes_, bytes, max)) {
    usage_->request_bytes.fetch_sub(bytes, std::memory_order_relaxed);
    usage_->workspace->request_bytes.fetch_sub(bytes, std::memory_order_relaxed);
    return LimitReached("max_request_bytes", "server",
                        "The requests in flight take as much memory as the server gives them. Try "
                        "again.");
  }
  request_bytes_ = bytes;
  return absl::OkStatus();
}

void CallTracker::Share::AddLoadBytes(int64_t bytes) {
  load_bytes_ += bytes;
  tracker_->load_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  usage_->load_bytes.fetch_add(bytes, std::memory_order_relaxed);
  usage_->workspace->load_bytes.fetch_add(bytes, std::memory_order_relaxed);
}

bool CallTracker::Share::HasLoadsEnough() const {
  const int64_t max = tracker_->limits_.request_bytes_max;
  return tracker_->load_bytes_.load(std::memory_order_relaxed) >= max ||
         usage_->load_bytes.load(std::memory_order_relaxed) >= max / 2 ||
         usage_->workspace->load_bytes.load(std::memory_order_relaxed) >= WorkspaceUsage::Of(max);
}

void CallTracker::Share::Replied(size_t bytes) {
  const auto counted = static_cast<int64_t>(bytes);
  if (counted > tracker_->OwnBytes(tracker_->limits_.reply_bytes_max)) AddReplyBytes(counted);
}

void CallTracker::Share::AddReplyBytes(int64_t bytes) {
  reply_bytes_ += bytes;
  tracker_->reply_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  usage_->reply_bytes.fetch_add(bytes, std::memory_order_relaxed);
  usage_->workspace->reply_bytes.fetch_add(bytes, std::memory_order_relaxed);
}

absl::Status CallTracker::Share::CheckReplies() const {
  const int64_t max = tracker_->limits_.reply_bytes_max;
  if (usage_->reply_bytes.load(std::memory_order_relaxed) >= max / 2) {
    return LimitReached("max_reply_bytes", "key",
                        "Replies that this key has not taken fill half of the memory that the "
                        "server gives to all. Read them first.");
  }
  if (usage_->workspace->reply_bytes.load(std::memory_order_relaxed) >= WorkspaceUsage::Of(max)) {
    return LimitReached("max_reply_bytes", "workspace",
                        "Replies that the keys of this workspace have not taken fill three "
                        "quarters of the memory that the server gives to all. Read them first.");
  }
  if (tracker_->reply_bytes_.load(std::memory_order_relaxed) >= max) {
    return LimitReached("max_reply_bytes", "server",
                        "Replies that are not taken fill the memory that the server gives them. "
                        "Try again.");
  }
  return absl::OkStatus();
}

bool CallTracker::Share::HasRepliesEnough() const {
  const int64_t max = tracker_->limits_.reply_bytes_max;
  return tracker_->reply_bytes_.load(std::memory_order_relaxed) >= max / 2 ||
         usage_->reply_bytes.load(std::memory_order_relaxed) >= max / 4;
}

void CallTracker::GiveBack(const Share& share) {
  KeyUsage& usage = *share.usage_;
  WorkspaceUsage& workspace = *usage.workspace;
  let_in_.fetch_sub(1, std::memory_order_relaxed);
  usage.calls.fetch_sub(1, std::memory_order_relaxed);
  workspace.calls.fetch_sub(1, std::memory_order_relaxed);
  GiveBackBytes(share.request_bytes_, request_bytes_, usage.request_bytes, workspace.request_bytes);
  GiveBackBytes(share.load_bytes_, load_bytes_, usage.load_bytes, workspace.load_bytes);
  GiveBackBytes(share.reply_bytes_, reply_bytes_, usage.reply_bytes, workspace.reply_bytes);
  if (share.streams_) usage.streams.fetch_sub(1, std::memory_order_relaxed);
  if (share.loads_) usage.loads.fetch_sub(1, std::memory_order_relaxed);
}

bool CallTracker::Add(Stream* stream) {
  MutexLock lock(mutex_);
  if (stopping()) return false;
  streams_.insert(stream);
  return true;
}

void CallTracker::Remove(Stream* stream) {
  MutexLock lock(mutex_);
  streams_.erase(stream);
}

void CallTracker::Stop() {
  MutexLock lock(mutex_);
  stopping_.store(true);
  for (Stream* stream : streams_) stream->EndForShutdown();
}

// A call that ends sees that the server stops, or Stop sees that it has ended: both orders are
// sequentially consistent.
void CallTracker::CallEnded() {
  calls_.fetch_sub(1);
  if (!stopping_.load()) return;
  MutexLock lock(mutex_);
  ended_.NotifyAll();
}

bool CallTracker::AwaitCalls(absl::Duration timeout, absl::Duration streams_timeout) {
  const auto begun = std::chrono::steady_clock::now();
  MutexLock lock(mutex_);
  for (int64_t calls = calls_.load(); calls > 0; calls = calls_.load()) {
    const bool only_streams = calls <= static_cast<int64_t>(streams_.size());
    const absl::Duration left = (only_streams ? std::min(timeout, streams_timeout) : timeout) -
                                absl::FromChrono(std::chrono::steady_clock::now() - begun);
    if (left <= absl::ZeroDuration()) return only_streams;
    ended_.WaitFor(mutex_, absl::ToChronoNanoseconds(left));
  }
  return true;
}

absl::Status ShuttingDown() {
  return Error(type::v1::ERROR_SHUTTING_DOWN, "The server is shutting down. Try again.", {},
               RetryAfter(absl::Seconds(1)));
}

absl::StatusOr<CallerContext> Admit(const CallEnvironment& environment, const Method& method,
                                    const Carrier& carrier, absl::Duration began) {
  if (environment.calls.stopping()) return ShuttingDown();
  KITH_RETURN_IF_ERROR(environment.calls.CheckCalls());
  CallerContext context;
  context.now = environment.clock.Now();
  const absl::Duration left = carrier.time_left();
  context.deadline = began + left;
  if (left <= absl::ZeroDuration()) {
    return Error(type::v1::ERROR_DEADLINE_EXCEEDED, "The deadline passed. Nothing was done.");
  }
  context.generation = environment.authentication.generation();  // before the question
  auto caller = Authorise(environment, method, carrier);
  if (!caller.ok()) return std::move(caller).status();
  context.caller = *std::move(caller);
  KITH_ASSIGN_OR_RETURN(context.share, environment.calls.Enter(context.caller->usage, method));
  NoteUse(environment, *context.caller, context.now);
  return context;
}

absl::Status AdmitStill(const CallEnvironment& environment, const Method& method,
                        const Carrier& carrier, uint64_t& generation,
                        std::shared_ptr<const Caller>& caller) {
  const uint64_t present = environment.authentication.generation();
  KITH_RETURN_IF_ERROR(environment.authentication.CheckStanding(*caller));
  if (present == generation) return absl::OkStatus();
  generation = present;
  KITH_ASSIGN_OR_RETURN(caller, Authorise(environment, method, carrier));
  return absl::OkStatus();
}

std::string TraceIdOf(const Carrier& carrier) {
  // "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
  const std::vector<absl::string_view> parts = absl::StrSplit(carrier.Metadata("traceparent"), '-');
  if (parts.size() < 4 || parts[1].size() != kTraceIdDigits ||
      parts[1].find_first_not_of("0123456789abcdef") != absl::string_view::npos) {
    return "";
  }
  return std::string(parts[1]);
}

absl::StatusOr<Position> CauseOf(const CallEnvironment& environment, const Carrier& carrier) {
  const absl::string_view token = carrier.Metadata("kith-cause");
  if (token.empty()) return Position();
  return PositionOfToken(environment.log, token);
}

absl::Status ReadMessage(const Method& method, Carrier& carrier,
                         google::protobuf::Message* message) {
  const size_t bytes = carrier.ReadBytes();
  const size_t most = std::max(method.request_bytes_max, carrier.bytes_ahead());
  if (bytes > most) {
    return LimitReached("request_bytes", "request",
                        absl::StrCat("The request takes ", bytes, " bytes, and no valid one takes ",
                                     "more than ", most, "."),
                        absl::InfiniteDuration());
  }
  if (carrier.Read(message)) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(carrier.ReadError());
  return ViolationError("",
                        "the message does not parse: it is cut short, or a string in it is not "
                        "valid UTF-8");
}

absl::Status TakeRequest(const Method& method, Carrier& carrier, bool arrived,
                         CallTracker::Share* share, google::protobuf::Message* request) {
  const int64_t bytes = arrived ? static_cast<int64_t>(carrier.ReadBytes()) : 0;
  KITH_RETURN_IF_ERROR(share->Arrived(bytes));
  if (!arrived) {
    KITH_RETURN_IF_ERROR(carrier.ReadError());
    if (carrier.IsCancelled()) return absl::CancelledError("the client hung up");
    return ViolationError("", "the call ended without a message");
  }
  KITH_RETURN_IF_ERROR(share->CheckReplies());
  KITH_RETURN_IF_ERROR(ReadMessage(method, carrier, request));
  return method.Check(*request);
}

absl::Status TakeEvent(const CallEnvironment& environment, const Caller& caller) {
  const double rate = environment.calls.limits().events_per_second_per_key;
  if (rate <= 0) return absl::OkStatus();
  const absl::Duration wait = caller.usage->TakeEvent(rate, environment.clock.Elapsed());
  if (wait <= absl::ZeroDuration()) return absl::OkStatus();
  return LimitReached("events_per_second_per_key", "key",
                      absl::StrCat("This key may make ", rate, " changes a second."), wait);
}

void OweEvents(const CallEnvironment& environment, const Caller& caller, int events) {
  if (environment.calls.limits().events_per_second_per_key > 0) caller.usage->OweEvents(events);
}

void Conclude(const CallEnvironment& environment, const Method& method, const Caller* caller,
              absl::string_view request_id, absl::Duration took, const absl::Status& status,
              const CallParts* parts) {
  method.counters->Count(status, took);
  const bool is_slow = parts != nullptr && took >= environment.slow_call;
  LogCall({.method = method.name,
           .workspace = caller == nullptr ? WorkspaceId() : caller->workspace,
           .request_id = request_id,
           .duration = took,
           .status = status,
           .slow = is_slow ? parts : nullptr});
}

}  // namespace kith::runtime
