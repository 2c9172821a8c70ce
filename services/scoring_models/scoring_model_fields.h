// What a scoring model must not be. Pure functions, any thread.
#pragma once

#include "absl/status/status.h"
#include "kith/scoring_models/v1/scoring_model.pb.h"
#include "services/core/collection.h"

namespace kith::scoring_models {

// SCORING_MODELS_ERROR_INVALID_MODEL, which names each place.
absl::Status CheckFields(const v1::ScoringModel& model, const ServerFacts& facts);

}  // namespace kith::scoring_models
