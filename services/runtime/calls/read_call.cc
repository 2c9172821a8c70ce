#include "services/runtime/calls/read_call.h"

#include <algorithm>

#include "eventstore/base/error.h"
#include "eventstore/base/status_macros.h"
#include "kith/type/v1/errors.pb.h"
#include "services/runtime/admission/field_groups.h"
#include "services/runtime/reads/hide_erased.h"
#include "services/runtime/reads/hide_masked.h"
#include "services/runtime/reads/page_seal.h"
#include "services/runtime/requests/retry.h"

namespace kith::runtime {
namespace {

using eventstore::ReadTier;

// How long a read waits for its view where the client set no deadline.
constexpr absl::Duration kWaitMax = absl::Seconds(5);

bool NeedsDisk(const absl::Status& status, ReadTier tier) {
  return tier == ReadTier::kMemory && absl::IsUnavailable(status) && !WireError(status).has_value();
}

absl::Status ViewBehind(const std::string& token) {
  return Error(type::v1::ERROR_VIEW_BEHIND,
               "The read model did not reach the position asked for in time. Try again.",
               {{"position", token}}, RetryAfter(absl::Seconds(1)));
}

}  // namespace

void ReadCall::Begin() {
  absl::StatusOr<CallerContext> admitted = Admit(environment_, method_, carrier_, parts_.began());
  if (!admitted.ok()) return End(admitted.status());
  caller_ = *std::move(admitted);
  caller_.share.StartRead(carrier_);
}

void ReadCall::Arrived(bool ok) {
  if (const absl::Status ready = Prepare(ok); !ready.ok()) return End(ready);
  if (!views_->empty()) return Settle();
  position_.read_time = caller_.now;
  if (kind_ == ReadKind::kPoint) return Serve(ReadTier::kMemory);
  TakeOnPool(&ReadCall::Serve);
}

absl::Status ReadCall::Prepare(bool arrived) {
  KITH_RETURN_IF_ERROR(TakeRequest(method_, carrier_, arrived, &caller_.share, request_));
  // The request may have come long after the call.
  KITH_RETURN_IF_ERROR(
      AdmitStill(environment_, method_, carrier_, caller_.generation, caller_.caller));
  KITH_RETURN_IF_ERROR(CheckRequest(*caller_.caller, *request_));
  KITH_ASSIGN_OR_RETURN(page_token_, OpenPageToken(environment_.log.token_sealer(), method_,
                                                   caller_.caller->workspace, *request_));
  if (further_views_ == nullptr) return absl::OkStatus();
  if (const ReadViews further = further_views_(*request_); !further.empty()) {
    all_views_ = *views_;
    all_views_.insert(all_views_.end(), further.begin(), further.end());
    views_ = &all_views_;
  }
  return absl::OkStatus();
}

void ReadCall::Settle() {
  moment_ = caller_.now;
  const std::optional<absl::Time> time = TimeToSettle(method_.ReadOptionsOf(*request_));
  if (!time.has_value()) return Resolve(ReadTier::kMemory);
  environment_.log.Settle(*time, [this](const absl::StatusOr<absl::Time>& settled) {
    if (!settled.ok()) return End(settled.status());
    moment_ = *settled;
    Resolve(ReadTier::kMemory);
  });
}

void ReadCall::Resolve(ReadTier tier) {
  absl::StatusOr<ReadPosition> position =
      ResolveReadPosition(environment_.moments, caller_.caller->workspace,
                          method_.ReadOptionsOf(*request_), page_token_, moment_, tier);
  if (NeedsDisk(position.status(), tier)) return TakeOnPool(&ReadCall::Resolve);
  if (!position.ok()) return End(position.status());
  position_ = *std::move(position);
  if (!position_.at.has_value()) {
    position_.wait_for = std::max(position_.wait_for, carrier_.read_after());
  }
  Await();
}

void ReadCall::Await() {
  const auto behind = std::find_if_not(views_->begin(), views_->end(), [this](const auto* view) {
    return view->IsAt(position_.wait_for);
  });
  if (behind == views_->end()) return ServeSnapshot();
  parts_.Mark(CallPart::kLoad);
  const absl::Duration deadline = std::min(caller_.deadline, parts_.began() + kWaitMax);
  (*behind)->WhenAt(position_.wait_for, deadline, [this](absl::Status there) {
    parts_.Mark(CallPart::kWait);
    if (there.ok()) return Await();  // for the others
    if (environment_.calls.stopping()) return End(ShuttingDown());
    // Only this one says where the view was to be.
    End(IsError(there, type::v1::ERROR_VIEW_BEHIND)
            ? ViewBehind(TokenAt(environment_.log, position_.wait_for))
            : there);
  });
}

void ReadCall::ServeSnapshot() {
  Position at = position_.at.value_or(views_->front()->position());
  if (!position_.at.has_value()) {
    for (const projections::View* const view : *views_) at = std::min(at, view->position());
  }
  for (const projections::View* const view : *views_) snapshots_.push_back(view->At(at));
  if (kind_ == ReadKind::kPoint) return Serve(ReadTier::kMemory);
  TakeOnPool(&ReadCall::Serve);
}

void ReadCall::Serve(ReadTier tier) {
  const absl::Status status = TryServe(tier);
  if (NeedsDisk(status, tier)) return TakeOnPool(&ReadCall::Serve);
  End(status);
}

absl::Status ReadCall::TryServe(ReadTier tier) {
  KITH_RETURN_IF_ERROR(caller_.share.CheckReplies());
  if (!snapshots_.empty() && !position_.sequence.has_value()) {
    KITH_ASSIGN_OR_RETURN(position_.sequence,
                          SequenceAt(environment_.log, caller_.caller->workspace,
                                     snapshots_.front().position(), tier));
  }
  if (snapshots_.empty() || kind_ == ReadKind::kPoint) {
    KITH_RETURN_IF_ERROR(RunOn(snapshots_, tier));
  } else {
    KITH_RETURN_IF_ERROR(RunGuarded(tier));
  }
  HideErased(environment_.keys, caller_.caller->workspace, response_);
  HideMasked(*caller_.caller, response_);
  SealPageToken(environment_.log.token_sealer(), method_, caller_.caller->workspace, response_);
  return absl::OkStatus();
}

absl::Status ReadCall::CheckAwaited() const {
  if (carrier_.IsCancelled()) return absl::CancelledError();
  return environment_.calls.grace_over() ? ShuttingDown() : absl::OkStatus();
}

absl::Status ReadCall::RunGuarded(ReadTier tier) {
  const auto interrupted = [this] { return CheckAwaited(); };
  projections::ReadGuard guard(interrupted);
  Snapshots guarded;
  for (const auto& snapshot : snapshots_) guarded.push_back(snapshot.Guarded(guard));
  return RunOn(guarded, tier);
}

absl::Status ReadCall::RunOn(const Snapshots& snapshots, ReadTier tier) {
  response_->Clear();
  const ReadContext context{
      *caller_.caller,     environment_.authorizer, environment_.log, snapshots,       tier,
      position_.read_time, environment_.keys,       page_token_,      position_.as_of, *views_};
  return handler_(context, *request_, response_);
}

void ReadCall::TakeOnPool(Step step) {
  const bool point = kind_ == ReadKind::kPoint;
  parts_.Mark(CallPart::kLoad);
  auto work = [this, step] {
    parts_.Mark(CallPart::kQueue);
    // A client that is gone, or waits no longer, costs no disk read.
    if (const absl::Status awaited = CheckAwaited(); !awaited.ok()) return End(awaited);
    (this->*step)(ReadTier::kDisk);
  };
  Pools& pools = environment_.pools;
  const bool taken = point ? pools.folds.TryRun(std::move(work))
                           : pools.read_turns.TryRun(caller_.caller->usage.get(), std::move(work));
  if (!taken) End(QueueFull(point ? "points" : "reads"));
}

void ReadCall::End(const absl::Status& status) {
  if (status.ok() && !snapshots_.empty()) {
    // One metadatum for both: each costs as much as a twelfth of a point read.
    carrier_.AddReplyMetadata(
        "kith-token", TokenAt(environment_.log, snapshots_.front().position(), position_.sequence));
  }
  parts_.Mark(CallPart::kLoad);
  Conclude(environment_, method_, caller_.caller.get(), "", parts_.total(), status, &parts_);
  carrier_.Finish(status, "", *response_);
}

}  // namespace kith::runtime
