// The fold of an import job's events: that of its row and of the state that commands are decided
// on.
#pragma once

#include "eventstore/base/standard_events.h"
#include "kith/import_jobs/v1/import_job.pb.h"

namespace kith::import_jobs {

// Of the rejected rows so many are told by the job itself.
inline constexpr int kRejectionsToldMax = 100;

// Pure; any thread. As FoldStandardEvent.
StandardEvent FoldImportJob(const Happening& happening, v1::ImportJob& job);

}  // namespace kith::import_jobs
