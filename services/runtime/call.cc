#include "services/runtime/call.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/error.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/call_log.h"
#include "services/runtime/grpc_status.h"
#include "services/runtime/retry.h"

namespace kith::runtime {
namespace {

constexpr absl::string_view kBearer = "bearer ";
constexpr size_t kTraceIdDigits = 32;

absl::string_view MetadataOf(const grpc::CallbackServerContext& rpc, const char* key) {
  const auto found = rpc.client_metadata().find(key);
  if (found == rpc.client_metadata().end()) return {};
  return {found->second.data(), found->second.size()};
}

// A caller without credentials, for methods that need none.
std::shared_ptr<const Caller> Nobody() {
  static const auto* const nobody = new std::shared_ptr<const Caller>(
      std::make_shared<Caller>(Caller{WorkspaceId(), "", Grants(), std::make_shared<Settings>()}));
  return *nobody;
}

absl::StatusOr<std::shared_ptr<const Caller>> Authorise(const CallEnvironment& environment,
                                                        const Method& method,
                                                        const grpc::CallbackServerContext& rpc) {
  if (method.is_public) return Nobody();
  const absl::string_view authorization = MetadataOf(rpc, "authorization");
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

bool LiveStreams::Add(Stream* stream) {
  MutexLock lock(mutex_);
  if (stopping()) return false;
  streams_.insert(stream);
  return true;
}

void LiveStreams::Remove(Stream* stream) {
  MutexLock lock(mutex_);
  streams_.erase(stream);
}

void LiveStreams::Stop() {
  MutexLock lock(mutex_);
  stopping_.store(true);
  for (Stream* stream : streams_) stream->EndForShutdown();
}

// The last call to end sees that the server stops, or Stop sees that it has ended: both orders are
// sequentially consistent.
void LiveStreams::CallEnded() {
  if (calls_.fetch_sub(1) > 1 || !stopping_.load()) return;
  MutexLock lock(mutex_);
  idle_.NotifyAll();
}

void LiveStreams::AwaitCalls(absl::Duration timeout) {
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
                                    const grpc::CallbackServerContext& rpc) {
  if (environment.streams.stopping()) return ShuttingDown();
  CallerContext context;
  context.now = environment.clock.Now();
  const auto deadline = rpc.deadline();
  context.deadline = deadline == std::chrono::system_clock::time_point::max()
                         ? absl::InfiniteFuture()
                         : absl::FromChrono(deadline);
  if (context.deadline <= context.now) {
    return Error(type::v1::ERROR_DEADLINE_EXCEEDED, "The deadline passed. Nothing was done.");
  }
  context.generation = environment.authorizer.generation();  // before the question
  auto caller = Authorise(environment, method, rpc);
  if (!caller.ok()) return std::move(caller).status();
  context.caller = *std::move(caller);
  return context;
}

absl::Status AdmitStill(const CallEnvironment& environment, const Method& method,
                        const grpc::CallbackServerContext& rpc, CallerContext* context) {
  const uint64_t generation = environment.authorizer.generation();
  if (generation == context->generation) return absl::OkStatus();
  context->generation = generation;
  return Authorise(environment, method, rpc).status();
}

std::string TraceIdOf(const grpc::CallbackServerContext& rpc) {
  // "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
  const std::vector<absl::string_view> parts = absl::StrSplit(MetadataOf(rpc, "traceparent"), '-');
  if (parts.size() < 4 || parts[1].size() != kTraceIdDigits ||
      parts[1].find_first_not_of("0123456789abcdef") != absl::string_view::npos) {
    return "";
  }
  return std::string(parts[1]);
}

grpc::Status Conclude(const CallEnvironment& environment, const Method& method,
                      const Caller* caller, absl::string_view request_id, absl::Time began,
                      const absl::Status& status) {
  LogCall({.method = method.name,
           .workspace = caller == nullptr ? WorkspaceId() : caller->workspace,
           .request_id = request_id,
           .duration = environment.clock.Now() - began,
           .status = status});
  return GrpcStatus(status, request_id);
}

}  // namespace kith::runtime
