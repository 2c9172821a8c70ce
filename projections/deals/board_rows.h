// The tables that the pipeline board consists of. Table numbers are persisted: see
// PipelineBoard::version.
#pragma once

#include "kith/deals/v1/pipeline.pb.h"
#include "kith/deals/v1/pipeline_board_rows.pb.h"
#include "projections/tables/table.h"

namespace kith::deals {

// The board's own copy of each pipeline, by name.
const projections::Table<v1::Pipeline>& BoardPipelines();
// Every deal that is there, by name.
const projections::Table<v1::BoardDeal>& BoardDeals();
// By KeyOf(stage, owner).
const projections::Table<v1::BoardGroup>& BoardGroups();
// By KeyOf(stage, owner, touch time, deal), so that the deals that nobody touched since some time
// are a range of keys.
const projections::Table<v1::BoardTouch>& BoardTouches();

}  // namespace kith::deals
