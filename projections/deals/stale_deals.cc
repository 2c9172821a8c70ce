#include "projections/deals/stale_deals.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/proto_time.h"
#include "eventstore/base/status_macros.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "kith/deals/v1/staleness_events.pb.h"
#include "projections/deals/pipeline_fold.h"
#include "projections/tables/fold_resource.h"
#include "projections/tables/table.h"
#include "services/core/resource_name.h"

namespace kith::deals {
namespace {

using eventstore::RecordedEvent;
using projections::Reactions;
using projections::Table;
using projections::TableBuilder;
using projections::ViewBatch;
using v1::Deal;
using v1::Pipeline;

const Table<Pipeline>& Pipelines() {
  static const auto& table = *new Table<Pipeline>(
      TableBuilder<Pipeline>(1)
          .Key([](const Pipeline& pipeline) -> const std::string& { return pipeline.name(); })
          .Build());
  return table;
}

std::string TimerOf(absl::string_view deal) { return absl::StrCat(deal, "/stale"); }

absl::Status SetTimer(const std::string& deal, const std::string& stage,
                      const google::protobuf::Timestamp& entered,
                      const google::protobuf::Timestamp& touched, absl::Time due,
                      Reactions& reactions) {
  v1::RaiseStaleDealRequest raise;
  raise.set_name(deal);
  raise.set_stage(stage);
  *raise.mutable_stage_enter_time() = entered;
  *raise.mutable_last_activity_time() = touched;
  return reactions.Set(TimerOf(deal), due, raise);
}

// Null is a stage of a pipeline that is not there.
absl::Time StaleTimeOf(const Deal* deal, const v1::Stage* stage) {
  if (deal == nullptr || stage == nullptr || deal->status() != v1::OPEN) {
    return absl::InfiniteFuture();
  }
  return StaleTime(FromTimestamp(deal->last_activity_time()), *stage);
}

// An empty one where there is none.
absl::StatusOr<std::shared_ptr<const Pipeline>> ReadPipeline(const std::string& name,
                                                             WorkspaceId workspace,
                                                             ViewBatch& batch) {
  KITH_ASSIGN_OR_RETURN(auto row, Pipelines().GetShared(batch, workspace, name));
  return row != nullptr ? row : std::make_shared<const Pipeline>();
}

absl::Status Follow(const projections::RowChange& change, absl::Time now, ViewBatch& batch,
                    Reactions& reactions) {
  const auto* const before = change.before<Deal>();
  const auto* const after = change.after<Deal>();
  KITH_ASSIGN_OR_RETURN(
      const auto pipeline,
      ReadPipeline((after == nullptr ? before : after)->pipeline(), change.workspace(), batch));
  const auto stage_of = [&](const Deal* deal) {
    return deal == nullptr ? nullptr : FindStage(*pipeline, deal->stage());
  };
  const absl::Time was_due = StaleTimeOf(before, stage_of(before));
  const absl::Time due = StaleTimeOf(after, stage_of(after));
  // In another stage it is another stay, though it may be due at the same time.
  if (was_due == due && (due == absl::InfiniteFuture() || before->stage() == after->stage())) {
    return absl::OkStatus();
  }
  if (due == absl::InfiniteFuture() || due <= now) {
    return was_due == absl::InfiniteFuture() ? absl::OkStatus()
                                             : reactions.Cancel(TimerOf(before->name()));
  }
  return SetTimer(after->name(), after->stage(), after->stage_enter_time(),
                  after->last_activity_time(), due, reactions);
}

absl::Status LookForDeals(const std::string& stage, const std::string& after,
                          Reactions& reactions) {
  v1::MeasureStageDealsRequest measure;
  measure.set_stage(stage);
  measure.set_after(after);
  return reactions.Add({&measure}, {.continues = true});
}

// Remembers the pipeline, and has the deals of those stages measured whose rot_days changed.
absl::Status FollowPipeline(const RecordedEvent& event, ViewBatch& batch, Reactions& reactions) {
  const WorkspaceId workspace = event.header().workspace;
  KITH_ASSIGN_OR_RETURN(const auto before, ReadPipeline(event.header().stream, workspace, batch));
  Pipeline after = *before;
  FoldPipeline(projections::HappeningOf(event), after);
  if (after.name().empty()) return absl::OkStatus();
  KITH_RETURN_IF_ERROR(Pipelines().Put(batch, workspace, after));
  for (const v1::Stage& stage : after.stages()) {
    const v1::Stage* const was = FindStage(*before, stage.name());
    if (was == nullptr || was->rot_days() == stage.rot_days()) continue;
    KITH_RETURN_IF_ERROR(LookForDeals(stage.name(), "", reactions));
  }
  return absl::OkStatus();
}

// Sets the timers of the deals that were found, and asks for further ones.
absl::Status SetMeasured(const v1::StageDealsMeasured& measured, WorkspaceId workspace,
                         ViewBatch& batch, Reactions& reactions) {
  KITH_ASSIGN_OR_RETURN(const auto pipeline,
                        ReadPipeline(std::string(ParentOf(measured.stage())), workspace, batch));
  const v1::Stage* const stage = FindStage(*pipeline, measured.stage());
  for (const v1::MeasuredDeal& deal : measured.deals()) {
    const absl::Time due = stage == nullptr
                               ? absl::InfiniteFuture()
                               : StaleTime(FromTimestamp(deal.last_activity_time()), *stage);
    KITH_RETURN_IF_ERROR(due == absl::InfiniteFuture()
                             ? reactions.Cancel(TimerOf(deal.name()))
                             : SetTimer(deal.name(), measured.stage(), deal.stage_enter_time(),
                                        deal.last_activity_time(), due, reactions));
  }
  return measured.after().empty() ? absl::OkStatus()
                                  : LookForDeals(measured.stage(), measured.after(), reactions);
}

}  // namespace

absl::Time StaleTime(absl::Time last_activity, const v1::Stage& stage) {
  if (stage.rot_days() == 0 || stage.kind() != v1::OPEN_STAGE) return absl::InfiniteFuture();
  return last_activity + absl::Hours(24) * stage.rot_days();
}

absl::Status StaleDeals::React(const RecordedEvent& event, ViewBatch& batch,
                               Reactions& reactions) const {
  const absl::string_view category = eventstore::CategoryOf(event.header().stream);
  if (category == "pipelines") return FollowPipeline(event, batch, reactions);
  if (category == "staleness") {
    const auto& happened = static_cast<const v1::StalenessEvent&>(*event.event);
    return happened.has_stage_deals_measured()
               ? SetMeasured(happened.stage_deals_measured(), event.header().workspace, batch,
                             reactions)
               : absl::OkStatus();
  }
  for (const projections::RowChange& change : batch.changes()) {
    KITH_RETURN_IF_ERROR(Follow(change, event.header().record_time, batch, reactions));
  }
  return absl::OkStatus();
}

}  // namespace kith::deals
