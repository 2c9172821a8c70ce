// PipelineBoard: what stands in each stage of a pipeline: how many deals, what they are worth, how
// old they are, and how many of them rot.
//
// The view is based on the deal list, and keeps, for each stage, the deals of all owners and those
// of each owner as one row of counts and exact sums (board_group.h), and the open deals by the day
// they were touched. What depends on the moment or on the pipeline (its stages, ages, rotting,
// weighting) is computed when the board is read, together with the pipeline list as of the same
// position. Deals are touched by their own events and by interactions that belong to them or are
// linked to them. An open deal weighs by its own probability where it has one; a closed one by its
// stage's, whatever was hoped before.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"
#include "kith/deals/v1/deals_service.pb.h"
#include "projections/engine/projection.h"
#include "projections/engine/view_snapshot.h"

namespace kith::deals {

class PipelineBoard final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "pipeline_board";

  absl::string_view name() const override { return kName; }
  int version() const override { return 3; }
  std::string base() const override;
  std::vector<std::string> categories() const override { return {}; }
  bool reads_personal() const override { return false; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

// Which board, and for which moment. The views outlive the call.
struct BoardQuery {
  WorkspaceId workspace;
  absl::string_view pipeline;
  // Whose deals, each once, "" for nobody's; nullopt: everybody's.
  std::optional<std::vector<std::string>> owners;
  std::vector<v1::Deal> further;  // of other owners; each once
  absl::Time read_time;           // what ages and rotting are computed for
};

// The board as of the snapshot and that of the pipeline list at the same position, its read_time
// set; nullopt when there is no such pipeline. Errors are the snapshots'. Touches the disk: not on
// a gRPC thread.
absl::StatusOr<std::optional<v1::PipelineBoard>> ReadPipelineBoard(
    const projections::ViewSnapshot& snapshot, const projections::ViewSnapshot& pipelines,
    const BoardQuery& query);

}  // namespace kith::deals
