// The tables that the pipeline board consists of. Table numbers are persisted: see
// PipelineBoard::version.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "kith/deals/v1/pipeline_board_rows.pb.h"
#include "projections/tables/table.h"

namespace kith::deals {

// By KeyOf(stage, owner).
const projections::Table<v1::BoardGroup>& BoardGroups();
// The open deals by KeyOf(stage, owner, TouchDay, deal), so that those that nobody touched since
// some time are a range of keys. By days, because a deal that is touched a hundred times a day is
// then a hundred versions of one key, and not a hundred dead keys in the way of every scan.
const projections::Table<v1::BoardTouch>& BoardTouches();
std::string TouchKey(absl::string_view stage, absl::string_view owner, absl::Time touched,
                     absl::string_view deal);

// The day, in UTC, that a time lies in: days since 1970.
int64_t TouchDay(absl::Time time);

}  // namespace kith::deals
