#include "services/runtime/calls/ingest_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status_macros.h"
#include "kith/options/v1/options.pb.h"
#include "services/runtime/requests/request_key.h"
#include "services/runtime/requests/string_rules.h"

namespace kith::runtime {

absl::Status IngestCourse::Take() {
  std::unique_ptr<IngestMessage> message = NewMessage();
  message->bytes = static_cast<int64_t>(carrier_.ReadBytes());
  KITH_RETURN_IF_ERROR(Check(*message));
  {
    MutexLock lock(mutex_);
    if (is_stopping()) return absl::OkStatus();
    ++in_flight_;
    caller_.share.AddLoadBytes(message->bytes);
  }
  // Off the carrier's thread: deciding 500 items takes longer than other calls should wait for.
  environment_.pools.folds.Run([message = std::move(message), ordinal = arrived_++]() mutable {
    message.release()->Start(ordinal);  // which owns itself from here
  });
  return absl::OkStatus();
}

absl::Status IngestCourse::Check(IngestMessage& message) {
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
    Hold();
  }
  Continue();
}

absl::StatusOr<Origin> IngestCourse::OriginOf(const google::protobuf::Message& item,
                                              absl::string_view message_id, int ordinal) {
  KITH_RETURN_IF_ERROR(item_rules_.item->Check(item));
  Origin origin;
  KITH_ASSIGN_OR_RETURN(origin.caller, CallerNow());
  const absl::Time now = environment_.clock.Now();
  KITH_RETURN_IF_ERROR(TakeEvent(environment_, *origin.caller));
  KITH_ASSIGN_OR_RETURN(origin.occurred, item_rules_.occur_time.Read(item, now));
  origin.deadline = caller_.deadline;
  origin.correlation_id = trace_id_;
  KITH_ASSIGN_OR_RETURN(origin.causation, cause_);
  const std::string id =
      message_id.empty() ? std::string() : absl::StrCat(message_id, "/", ordinal);
  origin.request =
      MakeRequestKey(environment_.keys, origin.caller->workspace, method_.name, id, item, nullptr);
  return origin;
}

bool IngestCourse::MayRead() const {
  if (in_flight_ >= kIngestMessagesInFlightMax) return false;
  return in_flight_ == 0 || !caller_.share.HasLoadsEnough();
}

const google::protobuf::Message* IngestCourse::NextAnswer() {
  if (answered_.empty()) return nullptr;
  answer_ = std::move(answered_.front());
  answered_.pop_front();
  return &answer_->answer();
}

void IngestCourse::AnswerTaken() {
  --in_flight_;
  caller_.share.AddLoadBytes(-answer_->bytes);
  answer_.reset();
}

void IngestCourse::DropAnswers() {
  in_flight_ -= static_cast<int>(answered_.size());
  for (const auto& message : answered_) caller_.share.AddLoadBytes(-message->bytes);
  answered_.clear();
}

}  // namespace kith::runtime
