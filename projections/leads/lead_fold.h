// What the events of a lead make of it. The aggregate's Evolve and every view fold with this
// function, so what a command is decided on and what a read shows cannot differ.
//
// Pure and total: history already happened, so nothing fails. Any thread.
#pragma once

#include "eventstore/base/standard_events.h"
#include "kith/leads/v1/lead.pb.h"

namespace kith::leads {

// Folds a LeadEvent into the lead it happened to. Says whether the lead was created or deleted by
// it; after a delete the fields stay as they were last.
StandardEvent FoldLead(const Happening& happening, v1::Lead& lead);

}  // namespace kith::leads
