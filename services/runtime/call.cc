#include "services/runtime/call.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/call_log.h"
#include "services/runtime/retry.h"
#include "services/runtime/validate.h"

namespace kith::runtime {
namespace {

constexpr absl::string_view kBearer = "bearer ";
constexpr size_t kTraceIdDigits = 32;

// A caller without credentials, for methods that need none.
std::shared_ptr<const Caller> Nobody() {
  static const auto* const nobody = new std::shared_ptr<const Caller>(
      std::make_shared<Caller>(Caller{WorkspaceId(), "", Grants(), std::make_shared<Settings>()}));
  return *nobody;
}

absl::StatusOr<std::shared_ptr<const Caller>> Authorise(const CallEnvironment& environment,
                                                        const Method& method,
                                                        const Carrier& carrier) {
  if (method.is_public) return Nobody();
  const absl::string_view authorization = carrier.Metadata("authorization");
  std::shared_ptr<const Caller> caller;
  if (absl::StartsWithIgnoreCase(authorization, kBearer)) {
    caller = environment.authorizer.Authenticate(authorization.substr(kBearer.size()));
  }
  if (caller == nullptr) {
    return Error(type::v1::ERROR_UNAUTHENTICATED,
                 "No valid credentials. Send the metadata `authorization: Bearer <API key>`.");
  }
  if (!caller->grants.Contain(method.permission)) {
    return Error(type::v1::ERROR_PERMISSION_DENIED,
                 absl::StrCat("The credentials do not grant ", method.permission, "."),
                 {{"permission", method.permission}});
  }
  return caller;
}

}  // namespace

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

// The last call to end sees that the server stops, or Stop sees that it has ended: both orders are
// sequentially consistent.
void CallTracker::CallEnded() {
  if (calls_.fetch_sub(1) > 1 || !stopping_.load()) return;
  MutexLock lock(mutex_);
  idle_.NotifyAll();
}

void CallTracker::AwaitCalls(absl::Duration timeout) {
  const absl::Time end = SystemClock().Now() + timeout;
  MutexLock lock(mutex_);
  while (calls_.load() > 0) {
    const absl::Duration left = end - SystemClock().Now();
    if (left <= absl::ZeroDuration()) return;
    idle_.WaitFor(mutex_, absl::ToChronoNanoseconds(left));
  }
}

absl::Status ShuttingDown() {
  return Error(type::v1::ERROR_SHUTTING_DOWN, "The server is shutting down. Try again.", {},
               RetryAfter(absl::Seconds(1)));
}

absl::StatusOr<CallerContext> Admit(const CallEnvironment& environment, const Method& method,
                                    const Carrier& carrier) {
  if (environment.calls.stopping()) return ShuttingDown();
  CallerContext context;
  context.now = environment.clock.Now();
  context.deadline = carrier.deadline();
  if (context.deadline <= context.now) {
    return Error(type::v1::ERROR_DEADLINE_EXCEEDED, "The deadline passed. Nothing was done.");
  }
  context.generation = environment.authorizer.generation();  // before the question
  auto caller = Authorise(environment, method, carrier);
  if (!caller.ok()) return std::move(caller).status();
  context.caller = *std::move(caller);
  return context;
}

absl::Status AdmitStill(const CallEnvironment& environment, const Method& method,
                        const Carrier& carrier, CallerContext* context) {
  const uint64_t generation = environment.authorizer.generation();
  if (generation == context->generation) return absl::OkStatus();
  context->generation = generation;
  return Authorise(environment, method, carrier).status();
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

absl::Status NoMessage() {
  return ViolationError("",
                        "the message does not parse: it is cut short, or a string in it is not "
                        "valid UTF-8");
}

void Conclude(const CallEnvironment& environment, const Method& method, const Caller* caller,
              absl::string_view request_id, absl::Time began, const absl::Status& status) {
  LogCall({.method = method.name,
           .workspace = caller == nullptr ? WorkspaceId() : caller->workspace,
           .request_id = request_id,
           .duration = environment.clock.Now() - began,
           .status = status});
}

}  // namespace kith::runtime
