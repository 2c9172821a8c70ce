#include "services/runtime/mutate_call.h"

#include <utility>

#include "services/runtime/hide_erased.h"
#include "services/runtime/read_position.h"
#include "services/runtime/request_key.h"

namespace kith::runtime {

void MutateCallBase::Begin() {
  began_ = environment_.clock.Now();
  absl::Status admitted = Admitted();
  if (!admitted.ok()) return Done(std::move(admitted));
  share_.StartRead(carrier_);
}

void MutateCallBase::Arrived(bool ok) {
  absl::Status ready = Prepare(ok);
  if (!ready.ok()) return Done(std::move(ready));
  environment_.transact.Start(*this);
}

absl::Status MutateCallBase::Admitted() {
  KITH_ASSIGN_OR_RETURN(CallerContext admitted, Admit(environment_, method_, carrier_));
  origin_.caller = std::move(admitted.caller);
  origin_.deadline = admitted.deadline;
  share_ = std::move(admitted.share);
  now_ = admitted.now;
  return TakeEvent(environment_, *origin_.caller, now_);
}

absl::Status MutateCallBase::Prepare(bool arrived) {
  KITH_RETURN_IF_ERROR(TakeRequest(method_, carrier_, arrived, &share_, request_));
  KITH_ASSIGN_OR_RETURN(origin_.occurred, method_.occur_time.Read(*request_, now_));
  origin_.request = MakeRequestKey(environment_.keys, origin_.caller->workspace, method_.name,
                                   method_.RequestIdOf(*request_), *request_, method_.request_id);
  origin_.correlation_id = TraceIdOf(carrier_);
  return absl::OkStatus();
}

void MutateCallBase::Done(absl::Status status) {
  if (status.ok()) {
    HideErased(environment_.keys, origin_.caller->workspace, response_);
    if (appended_ != Position()) {
      carrier_.Appended(appended_);
      carrier_.AddReplyMetadata("kith-token", TokenAt(environment_.log, appended_));
    }
    if (repeated_) carrier_.AddReplyMetadata("kith-repeated", "true");
  }
  Conclude(environment_, method_, origin_.caller.get(), origin_.request.id, began_, status,
           &parts_);
  carrier_.Finish(status, origin_.request.id, *response_);
}

}  // namespace kith::runtime
