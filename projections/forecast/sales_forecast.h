// SalesForecast: what will be sold, what was sold and what was lost, by the day it is expected or
// by the time it was closed.
//
// The view is based on the deal list, and keeps counts and exact sums by everything that a forecast
// can ask of deals (forecast_cells.h). Weighting, categories, months and quarters are computed when
// it is read, with the stages that the list of pipelines has at the same position, so that a
// changed probability or fiscal calendar needs no fold, and a forecast as of any position is the
// fold of everything up to it. A read costs the cells of its period, whatever else the workspace
// holds.
#pragma once

#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "eventstore/base/strong_id.h"
#include "kith/deals/v1/pipeline.pb.h"
#include "kith/forecast/v1/forecast_rows.pb.h"
#include "projections/engine/projection.h"
#include "projections/engine/view_snapshot.h"

namespace kith::forecast {

class SalesForecast final : public projections::Projection {
 public:
  static constexpr absl::string_view kName = "sales_forecast";

  absl::string_view name() const override { return kName; }
  int version() const override { return 3; }
  std::string base() const override { return "deal_list"; }
  std::vector<std::string> categories() const override { return {}; }
  bool reads_personal() const override { return false; }
  absl::Status Apply(const eventstore::RecordedEvent& event,
                     projections::ViewBatch& batch) const override;
};

// Days from `from` up to and without `to`; unset means without bound.
struct Period {
  std::optional<absl::CivilDay> from;
  std::optional<absl::CivilDay> to;
};

// The list of pipelines, which is read beside the forecast.
inline constexpr absl::string_view kPipelineList = "pipeline_list";

// The stages of every pipeline of the workspace, archived ones too, by name, out of a snapshot of
// kPipelineList. Touches the disk: not on a gRPC thread.
using StagesByName = absl::flat_hash_map<std::string, deals::v1::Stage>;
absl::StatusOr<StagesByName> ReadStages(const projections::ViewSnapshot& pipelines,
                                        WorkspaceId workspace);

// Visits the cells of deals that are expected to close, or were closed, in the period, with the day
// in `zone`; it is unset for open deals without a date, which belong to periods without end.
// Touches the disk: not on a gRPC thread.
using CellVisitor =
    absl::FunctionRef<void(const v1::ForecastCell& cell, std::optional<absl::CivilDay> day)>;
absl::Status VisitCells(const projections::ViewSnapshot& snapshot, WorkspaceId workspace,
                        const Period& period, absl::TimeZone zone, CellVisitor visit);

}  // namespace kith::forecast
