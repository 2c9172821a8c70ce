#include "services/deals/lost_reasons.h"

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deals_errors.pb.h"
#include "projections/deals/pipeline_fold.h"
#include "services/core/reject.h"
#include "services/core/resource_name.h"
#include "services/core/update_mask.h"

namespace kith::deals {
namespace {

constexpr int kLostReasonsMax = 50;

std::string NameIn(absl::string_view pipeline, absl::string_view id) {
  return absl::StrCat(pipeline, "/lostReasons/", id);
}

// "long-cycle" of LONG_CYCLE.
std::string IdOfReason(v1::LostReason reason) {
  return absl::StrReplaceAll(absl::AsciiStrToLower(v1::LostReason_Name(reason)), {{"_", "-"}});
}

// LONG_CYCLE of "…/lostReasons/long-cycle".
v1::LostReason ReasonCalled(absl::string_view name) {
  std::string words =
      absl::AsciiStrToUpper(absl::StrReplaceAll(std::string(IdOf(name)), {{"-", "_"}}));
  v1::LostReason reason = v1::OTHER_REASON;
  const bool is_one = v1::LostReason_Parse(words, &reason);
  return is_one && reason != v1::LOST_REASON_UNSPECIFIED ? reason : v1::OTHER_REASON;
}

absl::Status NotFound(absl::string_view pipeline, absl::string_view reason) {
  return RejectState(v1::DEALS_ERROR_LOST_REASON_NOT_FOUND, "The pipeline has no such lost reason.",
                     reason,
                     {{"pipeline", std::string(pipeline)}, {"lost_reason", std::string(reason)}});
}

absl::Status Exists(absl::string_view reason) {
  return RejectResource(v1::DEALS_ERROR_LOST_REASON_EXISTS,
                        "The pipeline has a lost reason with this id.", reason);
}

// A loss said none of the pipeline's own, or the pipeline would have none left.
absl::Status Required(absl::string_view pipeline, absl::string_view message) {
  return RejectState(v1::DEALS_ERROR_LOST_REASON_REQUIRED, message, pipeline,
                     {{"pipeline", std::string(pipeline)}});
}

bool IsInUse(const v1::PipelineLostReason& reason) { return !reason.archived(); }

}  // namespace

Decision Decide(const PipelineState& state, const v1::AddLostReasonRequest& command,
                const CommandContext&) {
  KITH_RETURN_IF_ERROR(CheckPipeline(state, command.pipeline(), command.etag()));
  const std::string& pipeline = state.resource.name();
  const std::string name = NameIn(pipeline, command.lost_reason().lost_reason_id());
  if (FindLostReason(state.resource, name) != nullptr) return Exists(name);
  if (state.resource.lost_reasons_size() >= kLostReasonsMax) {
    return RejectField("lost_reason", absl::StrCat("is one too many: a pipeline has at most ",
                                                   kLostReasonsMax, ", archived ones among them"));
  }
  v1::PipelineEvent event;
  v1::PipelineLostReason& added = *event.mutable_lost_reason_added()->mutable_lost_reason();
  added = command.lost_reason();
  added.set_name(name);
  added.set_archived(false);
  return Changes().Append(pipeline, std::move(event));
}

Decision Decide(const PipelineState& state, const v1::UpdateLostReasonRequest& command,
                const CommandContext&) {
  const std::string& name = command.lost_reason().name();
  KITH_RETURN_IF_ERROR(CheckPipeline(state, ParentOf(name), command.etag()));
  const v1::PipelineLostReason* reason = FindLostReason(state.resource, name);
  if (reason == nullptr) return NotFound(state.resource.name(), name);
  KITH_ASSIGN_OR_RETURN(const auto mask,
                        ChangedFields(*reason, command.lost_reason(), command.update_mask()));
  if (mask.paths().empty()) return NoChange();
  for (const std::string& path : mask.paths()) {
    if (path != "lost_reason_id") continue;
    return Reject(type::v1::ERROR_INVALID_UPDATE_MASK,
                  "The update mask names lost_reason_id, which never changes.", {{"path", path}});
  }
  v1::PipelineEvent event;
  v1::PipelineLostReason& updated = *event.mutable_lost_reason_updated()->mutable_lost_reason();
  updated = *reason;
  ApplyFields(command.lost_reason(), mask, &updated);
  return Changes().Append(state.resource.name(), std::move(event));
}

Decision Decide(const PipelineState& state, const v1::ArchiveLostReasonRequest& command,
                const CommandContext&) {
  const std::string& name = command.lost_reason();
  KITH_RETURN_IF_ERROR(CheckPipeline(state, ParentOf(name), command.etag()));
  const v1::PipelineLostReason* reason = FindLostReason(state.resource, name);
  if (reason == nullptr) return NotFound(state.resource.name(), name);
  if (reason->archived()) return NoChange();
  const auto& reasons = state.resource.lost_reasons();
  const bool is_last = std::count_if(reasons.begin(), reasons.end(), IsInUse) == 1;
  if (is_last && state.resource.lost_reason_required()) {
    return Required(state.resource.name(),
                    "The pipeline wants one of its own reasons where a deal is lost, and this is "
                    "the last. Add another one first.");
  }
  v1::PipelineEvent event;
  event.mutable_lost_reason_archived()->set_lost_reason(name);
  return Changes().Append(state.resource.name(), std::move(event));
}

void CompleteLostReasons(v1::Pipeline& pipeline) {
  for (v1::PipelineLostReason& reason : *pipeline.mutable_lost_reasons()) {
    reason.set_name(NameIn(pipeline.name(), reason.lost_reason_id()));
    reason.set_archived(false);
  }
}

absl::Status CheckLostReasons(const v1::Pipeline& pipeline) {
  absl::flat_hash_set<absl::string_view> names;
  for (const v1::PipelineLostReason& reason : pipeline.lost_reasons()) {
    if (!names.insert(reason.name()).second) return Exists(reason.name());
  }
  const auto& reasons = pipeline.lost_reasons();
  if (!pipeline.lost_reason_required() || std::any_of(reasons.begin(), reasons.end(), IsInUse)) {
    return absl::OkStatus();
  }
  return RejectField("pipeline.lost_reason_required",
                     "needs a reason in lost_reasons that is not archived");
}

absl::StatusOr<LossReason> FindLossReason(const PipelineState& pipeline,
                                          const v1::LoseDealRequest& command) {
  const std::string& name = pipeline.resource.name();
  const std::string& own = command.pipeline_lost_reason();
  if (!own.empty()) {
    const v1::PipelineLostReason* found = FindLostReason(pipeline.resource, own);
    if (found == nullptr) return NotFound(name, own);
    if (found->archived()) {
      return RejectState(v1::DEALS_ERROR_LOST_REASON_ARCHIVED,
                         "The lost reason was archived: no deal is lost for it any more.", own,
                         {{"pipeline", name}, {"lost_reason", own}});
    }
    const bool is_said = command.reason() != v1::LOST_REASON_UNSPECIFIED;
    return LossReason{is_said ? command.reason() : ReasonCalled(own), own};
  }
  if (command.reason() != v1::LOST_REASON_UNSPECIFIED) {
    const v1::PipelineLostReason* found =
        FindLostReason(pipeline.resource, NameIn(name, IdOfReason(command.reason())));
    if (found != nullptr && !found->archived()) return LossReason{command.reason(), found->name()};
    if (!pipeline.resource.lost_reason_required()) return LossReason{command.reason(), ""};
  }
  if (pipeline.resource.lost_reason_required()) {
    return Required(name,
                    "The pipeline wants one of its own reasons where a deal is lost: say "
                    "pipeline_lost_reason.");
  }
  return RejectField("reason", "is required where pipeline_lost_reason is not said");
}

bool NeedsNotes(const LossReason& reason) {
  return reason.reason == v1::OTHER_REASON &&
         (reason.own.empty() || IdOf(reason.own) == IdOfReason(v1::OTHER_REASON));
}

}  // namespace kith::deals
