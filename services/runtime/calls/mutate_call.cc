#include "services/runtime/calls/mutate_call.h"

#include <utility>

#include "eventstore/base/status_macros.h"
#include "services/runtime/reads/hide_erased.h"
#include "services/runtime/reads/hide_found.h"
#include "services/runtime/reads/hide_masked.h"
#include "services/runtime/reads/read_position.h"
#include "services/runtime/requests/request_key.h"

namespace kith::runtime {

void MutateCall::Begin() {
  absl::Status admitted = Admitted();
  if (!admitted.ok()) return Refuse(std::move(admitted));
  absl::Status room = share_.TakeRoom(static_cast<int64_t>(carrier_.bytes_ahead()));
  if (!room.ok()) return Refuse(std::move(room));
  share_.StartRead(carrier_);
}

void MutateCall::Arrived(bool ok) {
  absl::Status ready = Prepare(ok);
  if (!ready.ok()) return Refuse(std::move(ready));
  Start();
}

absl::Status MutateCall::Admitted() {
  KITH_ASSIGN_OR_RETURN(CallerContext admitted,
                        Admit(environment_, method_, carrier_, parts_.began()));
  origin_.caller = std::move(admitted.caller);
  origin_.deadline = admitted.deadline;
  share_ = std::move(admitted.share);
  now_ = admitted.now;
  generation_ = admitted.generation;
  return TakeEvent(environment_, *origin_.caller);
}

absl::Status MutateCall::Prepare(bool arrived) {
  KITH_RETURN_IF_ERROR(TakeRequest(method_, carrier_, arrived, &share_, request_));
  // The request may have come long after the call.
  KITH_RETURN_IF_ERROR(AdmitStill(environment_, method_, carrier_, generation_, origin_.caller));
  KITH_ASSIGN_OR_RETURN(origin_.occurred, method_.occur_time.Read(*request_, now_));
  origin_.request = MakeRequestKey(environment_.keys, origin_.caller->workspace, method_.name,
                                   method_.RequestIdOf(*request_), *request_, method_.request_id);
  origin_.correlation_id = TraceIdOf(carrier_);
  KITH_ASSIGN_OR_RETURN(origin_.causation, CauseOf(environment_, carrier_));
  return absl::OkStatus();
}

absl::Status MutateCall::Render(Rendering& after) {
  response_->Clear();
  // The initial metadata of the reply: `kith-token` names the append, for reads that must reflect
  // it, and `kith-repeated` says that it repeats an earlier one.
  appended_ = after.last();
  repeated_ = after.repeated();
  return handler_.Render(after, *request_, response_);
}

void MutateCall::Refuse(absl::Status status) {
  parts_.Mark(CallPart::kDecide);
  Done(std::move(status));
}

void MutateCall::Done(absl::Status status) {
  if (status.ok()) {
    HideErased(environment_.keys, origin_.caller->workspace, response_);
    HideMasked(*origin_.caller, response_);
    const bool is_hidden = HideFound(*origin_.caller, response_);
    if (appended_ != Position()) carrier_.Appended(appended_);
    if (appended_ != Position() && !is_hidden) {
      carrier_.AddReplyMetadata("kith-token", TokenAt(environment_.log, appended_));
    }
    if (repeated_) carrier_.AddReplyMetadata("kith-repeated", "true");
  }
  Conclude(environment_, method_, origin_.caller.get(), origin_.request.id, parts_.total(), status,
           &parts_);
  carrier_.Finish(status, origin_.request.id, *response_);
}

}  // namespace kith::runtime
