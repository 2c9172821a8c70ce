// What the process takes of its machine, and what its views are doing, for MetricPages.
#pragma once

#include "absl/time/time.h"
#include "eventstore/base/metrics.h"
#include "projections/engine/view_store.h"

namespace kith::server {

// Memory, processor time, descriptors, under the names that Prometheus has for those of any
// process; and which Kith it is.
void AddProcessMetrics(absl::Time started, MetricPage& page);

// How every view is doing at `now`.
void AddViewMetrics(const projections::ViewStore& views, MetricPage& page);

}  // namespace kith::server
