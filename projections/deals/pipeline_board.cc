#include "projections/deals/pipeline_board.h"

#include <utility>

#include "eventstore/base/proto_time.h"
#include "projections/deals/board_group.h"
#include "projections/deals/board_rows.h"
#include "projections/deals/deal_fold.h"
#include "projections/deals/pipeline_fold.h"
#include "projections/deals/touched_deals.h"
#include "projections/store/key_codec.h"

namespace kith::deals {
namespace {

using eventstore::EventHeader;
using eventstore::RecordedEvent;

// What the board shows of a deal; changes of other fields change no row of it.
v1::Deal Shown(const v1::Deal& deal) {
  v1::Deal shown;
  shown.set_name(deal.name());
  shown.set_stage(deal.stage());
  shown.set_status(deal.status());
  shown.set_owner(deal.owner());
  if (deal.has_amount()) *shown.mutable_amount() = deal.amount();
  if (deal.has_probability()) shown.set_probability(deal.probability());
  *shown.mutable_stage_enter_time() = deal.stage_enter_time();
  return shown;
}

// The owners whose board shows the deal: all together, and the deal's own.
std::vector<std::string> OwnersOf(const v1::Deal& deal) {
  if (deal.owner().empty()) return {""};
  return {"", deal.owner()};
}

void MoveTouch(absl::Time time, v1::BoardDeal& row) {
  if (row.has_touch_time() && FromTimestamp(row.touch_time()) >= time) return;
  *row.mutable_touch_time() = ToTimestamp(time);
}

// Adds a deal to the groups it stands in, or takes it away with `times` -1. A group without deals
// has no row.
absl::Status CountDeal(projections::ViewBatch& batch, WorkspaceId workspace, const v1::Deal& deal,
                       int times) {
  for (const std::string& owner : OwnersOf(deal)) {
    const std::string key = projections::KeyOf(deal.stage(), owner);
    KITH_ASSIGN_OR_RETURN(auto row, BoardGroups().Get(batch, workspace, key));
    v1::BoardGroup group = std::move(row).value_or(v1::BoardGroup());
    group.set_stage(deal.stage());
    group.set_owner(owner);
    AddDeal(deal, times, group);
    KITH_RETURN_IF_ERROR(group.count() > 0 ? BoardGroups().Put(batch, workspace, group)
                                           : BoardGroups().Delete(batch, workspace, key));
  }
  return absl::OkStatus();
}

// Notes when an open deal was touched, or strikes the note out with `times` -1. Closed deals do not
// rot.
absl::Status NoteTouch(projections::ViewBatch& batch, WorkspaceId workspace,
                       const v1::BoardDeal& row, int times) {
  if (row.deal().status() != v1::OPEN) return absl::OkStatus();
  for (const std::string& owner : OwnersOf(row.deal())) {
    v1::BoardTouch touch;
    touch.set_stage(row.deal().stage());
    touch.set_owner(owner);
    *touch.mutable_touch_time() = row.touch_time();
    touch.set_deal(row.deal().name());
    const int64_t day = TouchDay(FromTimestamp(touch.touch_time()));
    const std::string key = projections::KeyOf(touch.stage(), owner, day, touch.deal());
    KITH_RETURN_IF_ERROR(times > 0 ? BoardTouches().Put(batch, workspace, touch)
                                   : BoardTouches().Delete(batch, workspace, key));
  }
  return absl::OkStatus();
}

using DealRow = std::optional<v1::BoardDeal>;  // nullopt: the deal is not there

// Brings every row in line with what became of one deal.
absl::Status Replace(projections::ViewBatch& batch, WorkspaceId workspace, const DealRow& before,
                     const DealRow& after) {
  const bool only_touched = before.has_value() && after.has_value() &&
                            before->deal().SerializeAsString() == after->deal().SerializeAsString();
  if (before.has_value()) {
    KITH_RETURN_IF_ERROR(NoteTouch(batch, workspace, *before, -1));
    if (!only_touched) KITH_RETURN_IF_ERROR(CountDeal(batch, workspace, before->deal(), -1));
  }
  if (!after.has_value()) {
    if (!before.has_value()) return absl::OkStatus();
    return BoardDeals().Delete(batch, workspace, before->deal().name());
  }
  KITH_RETURN_IF_ERROR(NoteTouch(batch, workspace, *after, 1));
  if (!only_touched) KITH_RETURN_IF_ERROR(CountDeal(batch, workspace, after->deal(), 1));
  return BoardDeals().Put(batch, workspace, *after);
}

absl::Status ApplyDeal(const RecordedEvent& event, projections::ViewBatch& batch) {
  const EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(const DealRow before,
                        BoardDeals().Get(batch, header.workspace, header.stream));
  v1::BoardDeal after = before.value_or(v1::BoardDeal());
  const auto kind = FoldDeal({*event.event, header.revision, header.occur_time, event.erased},
                             *after.mutable_deal());
  if (!before.has_value() && kind != StandardEvent::kCreated) return absl::OkStatus();
  if (kind == StandardEvent::kDeleted) {
    return Replace(batch, header.workspace, before, std::nullopt);
  }
  *after.mutable_deal() = Shown(after.deal());
  MoveTouch(header.occur_time, after);
  return Replace(batch, header.workspace, before, after);
}

absl::Status ApplyPipeline(const RecordedEvent& event, projections::ViewBatch& batch) {
  const EventHeader& header = event.header();
  KITH_ASSIGN_OR_RETURN(auto row, BoardPipelines().Get(batch, header.workspace, header.stream));
  const bool existed = row.has_value();
  v1::Pipeline pipeline = std::move(row).value_or(v1::Pipeline());
  const auto kind =
      FoldPipeline({*event.event, header.revision, header.occur_time, event.erased}, pipeline);
  if (!existed && kind != StandardEvent::kCreated) return absl::OkStatus();
  return BoardPipelines().Put(batch, header.workspace, pipeline);
}

// Something happened about a deal that did not change it. A deal that is gone stays so.
absl::Status Touch(const EventHeader& header, absl::string_view deal,
                   projections::ViewBatch& batch) {
  KITH_ASSIGN_OR_RETURN(const DealRow before, BoardDeals().Get(batch, header.workspace, deal));
  if (!before.has_value()) return absl::OkStatus();
  v1::BoardDeal after = *before;
  MoveTouch(header.occur_time, after);
  return Replace(batch, header.workspace, before, after);
}

// How many open deals of a group nobody touched for longer than `rot_days` days of 24 hours.
absl::StatusOr<int64_t> CountRotting(const projections::ViewSnapshot& snapshot,
                                     const BoardQuery& query, const v1::Stage& stage) {
  if (stage.rot_days() == 0 || stage.kind() != v1::OPEN_STAGE) return 0;
  const absl::Time fresh_since = query.read_time - absl::Hours(24) * stage.rot_days();
  const projections::KeyRange up_to_that_day = {
      .from = projections::KeyOf(stage.name(), query.owner),
      .to = projections::KeyOf(stage.name(), query.owner, TouchDay(fresh_since) + 1)};
  int64_t count = 0;
  KITH_RETURN_IF_ERROR(BoardTouches().Scan(snapshot, query.workspace, up_to_that_day,
                                           [&](const v1::BoardTouch& row) {
                                             if (FromTimestamp(row.touch_time()) < fresh_since)
                                               ++count;
                                             return true;
                                           }));
  return count;
}

absl::StatusOr<v1::BoardStage> ReadStage(const projections::ViewSnapshot& snapshot,
                                         const BoardQuery& query, const v1::Stage& stage) {
  v1::BoardStage shown;
  shown.set_stage(stage.name());
  shown.set_display_name(stage.display_name());
  shown.set_probability(stage.probability());
  KITH_ASSIGN_OR_RETURN(
      const auto group,
      BoardGroups().Get(snapshot, query.workspace, projections::KeyOf(stage.name(), query.owner),
                        eventstore::ReadTier::kDisk));
  if (!group.has_value()) return shown;

  shown.set_count(group->count());
  KITH_ASSIGN_OR_RETURN(auto amounts, AmountsOf(*group));
  for (auto& money : amounts) *shown.add_amount() = std::move(money);
  KITH_ASSIGN_OR_RETURN(auto weighted, WeightedAmountsOf(*group, stage.probability()));
  for (auto& money : weighted) *shown.add_weighted_amount() = std::move(money);
  *shown.mutable_average_age() = ToDuration(AverageAgeOf(*group, query.read_time));
  KITH_ASSIGN_OR_RETURN(const int64_t rotting, CountRotting(snapshot, query, stage));
  shown.set_rotting_count(rotting);
  return shown;
}

}  // namespace

bool PipelineBoard::Takes(const RecordedEvent& event) const { return IsAboutDeals(event); }

absl::Status PipelineBoard::Apply(const RecordedEvent& event, projections::ViewBatch& batch) const {
  const absl::string_view category = eventstore::CategoryOf(event.header().stream);
  if (category == "deals") return ApplyDeal(event, batch);
  if (category == "pipelines") return ApplyPipeline(event, batch);
  return ForEachTouchedDeal(
      event, [&](absl::string_view deal) { return Touch(event.header(), deal, batch); });
}

absl::StatusOr<std::optional<v1::PipelineBoard>> ReadPipelineBoard(
    const projections::ViewSnapshot& snapshot, const BoardQuery& query) {
  KITH_ASSIGN_OR_RETURN(
      const auto pipeline,
      BoardPipelines().Get(snapshot, query.workspace, query.pipeline, eventstore::ReadTier::kDisk));
  if (!pipeline.has_value()) return std::nullopt;
  v1::PipelineBoard board;
  board.set_pipeline(pipeline->name());
  *board.mutable_read_time() = ToTimestamp(query.read_time);
  for (const v1::Stage& stage : pipeline->stages()) {
    KITH_ASSIGN_OR_RETURN(*board.add_stages(), ReadStage(snapshot, query, stage));
  }
  return board;
}

}  // namespace kith::deals
