#include "services/runtime/ingest_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/options/v1/options.pb.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/request_key.h"
#include "services/runtime/retry.h"
#include "services/runtime/string_rules.h"

namespace kith::runtime {

void IngestCourse::Begin() {
  began_ = environment_.clock.Now();
  if (absl::Status ready = Prepare(); !ready.ok()) {
    MutexLock lock(mutex_);
    stop_ = std::move(ready);
  }
  Continue();
}

absl::Status IngestCourse::Prepare() {
  KITH_ASSIGN_OR_RETURN(caller_, Admit(environment_, method_, *rpc_));
  trace_id_ = TraceIdOf(*rpc_);
  return environment_.streams.Add(this) ? absl::OkStatus() : ShuttingDown();
}

void IngestCourse::Arrived(bool ok, const google::protobuf::Message* message, int items,
                           absl::AnyInvocable<void()> start) {
  const absl::Status accepted = ok ? Accept(*message, items) : absl::OkStatus();
  bool starting = false;
  {
    MutexLock lock(mutex_);
    reading_ = false;
    if (!ok) read_all_ = true;
    if (stop_.ok()) stop_ = accepted;
    starting = ok && stop_.ok();
    if (starting) ++in_flight_;
  }
  // Off gRPC's thread: deciding 500 items takes longer than other calls should wait for.
  if (starting) environment_.pools.folds.Run(std::move(start));
  Continue();
}

absl::Status IngestCourse::Accept(const google::protobuf::Message& message, int items) {
  KITH_RETURN_IF_ERROR(AdmitStill(environment_, method_, *rpc_, &caller_));
  if (items > item_rules_.items_max) {
    return ViolationError("items", absl::StrCat("must have at most ", item_rules_.items_max,
                                                " items, and has ", items));
  }
  const std::string defect =
      TextDefect(method_.RequestIdOf(message), options::v1::FORMAT_REQUEST_ID, kRequestIdBytesMax);
  if (!defect.empty()) return ViolationError("request_id", defect);
  items_ += items;
  if (items_ <= kIngestItemsMax) return absl::OkStatus();
  google::rpc::QuotaFailure quota;
  auto* violation = quota.add_violations();
  violation->set_subject("stream");
  violation->set_description(absl::StrCat("One stream takes ", kIngestItemsMax, " items."));
  return Error(type::v1::ERROR_LIMIT_REACHED,
               absl::StrCat("One stream takes ", kIngestItemsMax, " items. Begin another."),
               {{"limit", absl::StrCat(kIngestItemsMax)}}, quota);
}

void IngestCourse::Through() { Continue(1); }

absl::StatusOr<Origin> IngestCourse::OriginOf(const google::protobuf::Message& item,
                                              absl::string_view message_id, int ordinal) {
  KITH_RETURN_IF_ERROR(item_rules_.item->Check(item));
  Origin origin;
  KITH_ASSIGN_OR_RETURN(origin.occurred,
                        item_rules_.occur_time.Read(item, environment_.clock.Now()));
  origin.caller = caller_.caller;
  origin.deadline = caller_.deadline;
  origin.correlation_id = trace_id_;
  const std::string id =
      message_id.empty() ? std::string() : absl::StrCat(message_id, "/", ordinal);
  origin.request =
      MakeRequestKey(environment_.keys, caller_.caller->workspace, method_.name, id, item, nullptr);
  return origin;
}

void IngestCourse::Cancelled() {
  {
    MutexLock lock(mutex_);
    if (stop_.ok()) stop_ = absl::CancelledError("the client hung up");
  }
  Continue();
}

void IngestCourse::EndForShutdown() {
  {
    MutexLock lock(mutex_);
    if (finished_) return;
    if (stop_.ok()) stop_ = ShuttingDown();
    ++in_flight_;  // keeps the stream until the pool gets to it
  }
  environment_.pools.folds.Run([this] { Through(); });
}

void IngestCourse::Continue(int through) {
  for (bool started = false;; started = true) {
    absl::Status status;
    bool finish = false;
    {
      MutexLock lock(mutex_);
      in_flight_ -= std::exchange(through, 0);
      if (started) starting_read_ = false;
      if (finished_) return;
      // A stream that stops does not wait for what its client may still send.
      if (read_all_ || !stop_.ok()) {
        if (in_flight_ > 0 || starting_read_) return;
        finish = finished_ = true;
        status = stop_;
      } else {
        if (reading_ || starting_read_ || in_flight_ >= kIngestMessagesInFlightMax) return;
        reading_ = starting_read_ = true;
      }
    }
    if (finish) {
      return FinishWith(Conclude(environment_, method_, caller_.caller.get(), "", began_, status));
    }
    ReadNext();
  }
}

}  // namespace kith::runtime
