#include "services/runtime/ingest_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/options/v1/options.pb.h"
#include "services/runtime/request_key.h"
#include "services/runtime/string_rules.h"

namespace kith::runtime {

void IngestCourse::Begin() {
  began_ = environment_.clock.Now();
  if (absl::Status ready = Prepare(); !ready.ok()) StopWith(std::move(ready));
  Continue();
}

absl::Status IngestCourse::Prepare() {
  KITH_ASSIGN_OR_RETURN(caller_, Admit(environment_, method_, carrier_));
  trace_id_ = TraceIdOf(carrier_);
  return environment_.calls.Add(this) ? absl::OkStatus() : ShuttingDown();
}

void IngestCourse::Arrived(bool ok) {
  std::unique_ptr<IngestMessage> message;
  absl::Status accepted;
  if (ok) {
    message = NewMessage();
    message->bytes = static_cast<int64_t>(carrier_.ReadBytes());
    accepted = Accept(*message);
  }
  bool starting = false;
  {
    MutexLock lock(mutex_);
    reading_ = false;
    if (!ok) read_all_ = true;
    if (stop_.ok()) stop_ = std::move(accepted);
    starting = ok && stop_.ok();
    if (starting) {
      ++in_flight_;
      caller_.share.AddLoadBytes(message->bytes);
    }
  }
  if (starting) {
    // Off the carrier's thread: deciding 500 items takes longer than other calls should wait for.
    environment_.pools.folds.Run([message = std::move(message), ordinal = arrived_++]() mutable {
      message.release()->Start(ordinal);  // which owns itself from here
    });
  }
  Continue();
}

absl::Status IngestCourse::Accept(IngestMessage& message) {
  KITH_RETURN_IF_ERROR(AdmitStill(environment_, method_, carrier_, &caller_));
  KITH_RETURN_IF_ERROR(ReadMessage(method_, carrier_, message.request()));
  if (message.items() > item_rules_.items_max) {
    return ViolationError("items", absl::StrCat("must have at most ", item_rules_.items_max,
                                                " items, and has ", message.items()));
  }
  const std::string defect = TextDefect(method_.RequestIdOf(*message.request()),
                                        options::v1::FORMAT_REQUEST_ID, kRequestIdBytesMax);
  return defect.empty() ? absl::OkStatus() : ViolationError("request_id", defect);
}

void IngestCourse::Through(std::unique_ptr<IngestMessage> message) {
  {
    MutexLock lock(mutex_);
    answered_.push_back(std::move(message));
  }
  Continue();
}

absl::StatusOr<Origin> IngestCourse::OriginOf(const google::protobuf::Message& item,
                                              absl::string_view message_id, int ordinal) {
  KITH_RETURN_IF_ERROR(item_rules_.item->Check(item));
  const absl::Time now = environment_.clock.Now();
  KITH_RETURN_IF_ERROR(TakeEvent(environment_, *caller_.caller, now));
  Origin origin;
  KITH_ASSIGN_OR_RETURN(origin.occurred, item_rules_.occur_time.Read(item, now));
  origin.caller = caller_.caller;
  origin.deadline = caller_.deadline;
  origin.correlation_id = trace_id_;
  const std::string id =
      message_id.empty() ? std::string() : absl::StrCat(message_id, "/", ordinal);
  origin.request =
      MakeRequestKey(environment_.keys, caller_.caller->workspace, method_.name, id, item, nullptr);
  return origin;
}

void IngestCourse::Written(bool ok) {
  {
    MutexLock lock(mutex_);
    writing_ = false;
    --in_flight_;
    if (!ok) gone_ = true;
    if (!ok && stop_.ok()) stop_ = absl::CancelledError("the client is gone");
  }
  Continue();
}

void IngestCourse::Cancelled() {
  {
    MutexLock lock(mutex_);
    gone_ = true;
    if (stop_.ok()) stop_ = absl::CancelledError("the client hung up");
  }
  Continue();
}

void IngestCourse::EndForShutdown() {
  {
    MutexLock lock(mutex_);
    if (finished_) return;
    if (stop_.ok()) stop_ = ShuttingDown();
    ++starting_;  // keeps the stream until the pool gets to it
  }
  environment_.pools.folds.Run([this] {
    {
      MutexLock lock(mutex_);
      --starting_;
    }
    Continue();
  });
}

void IngestCourse::StopWith(absl::Status reason) {
  MutexLock lock(mutex_);
  if (stop_.ok()) stop_ = std::move(reason);
}

IngestCourse::Next IngestCourse::Choose() {
  if (finished_) return Next::kNothing;
  if (gone_) {
    in_flight_ -= static_cast<int>(answered_.size());
    for (const auto& message : answered_) caller_.share.AddLoadBytes(-message->bytes);
    answered_.clear();
  }
  if (!answered_.empty() && !writing_) return Next::kWrite;
  if (!read_all_ && stop_.ok()) {
    if (reading_ || in_flight_ >= kIngestMessagesInFlightMax) return Next::kNothing;
    return in_flight_ > 0 && caller_.share.HasLoadsEnough() ? Next::kNothing : Next::kRead;
  }
  // A stream that stops does not wait for what its client may still send.
  return in_flight_ == 0 && starting_ == 0 ? Next::kFinish : Next::kNothing;
}

void IngestCourse::Continue() {
  for (bool started = false;; started = true) {
    Next next = Next::kNothing;
    absl::Status status;
    std::unique_ptr<IngestMessage> answered;
    {
      MutexLock lock(mutex_);
      if (started) --starting_;
      next = Choose();
      if (next == Next::kNothing) return;
      if (next == Next::kFinish) {
        finished_ = true;
        status = stop_;
      } else {
        ++starting_;
      }
      if (next == Next::kRead) reading_ = true;
      if (next == Next::kWrite) {
        writing_ = true;
        answered = std::move(answered_.front());
        answered_.pop_front();
        caller_.share.AddLoadBytes(-answered->bytes);
      }
    }
    switch (next) {
      case Next::kRead:
        carrier_.StartRead();
        break;
      case Next::kWrite:
        carrier_.StartWrite(answered->answer());
        break;
      case Next::kFinish:
        Conclude(environment_, method_, caller_.caller.get(), "", began_, status);
        return carrier_.Finish(status);
      case Next::kNothing:
        return;
    }
  }
}

}  // namespace kith::runtime
