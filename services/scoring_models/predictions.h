// Reads of predictions: how likely a deal is to be won or a lead to be converted, and the counts
// that this is made of, as of any moment. Any thread that may touch the disk.
#pragma once

#include "services/runtime/calls/method_table.h"

namespace kith::scoring_models {

// Borrows the table.
void BindPredictions(runtime::MethodTable& methods);

}  // namespace kith::scoring_models
