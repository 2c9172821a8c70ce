// What the events of a deal make of it. The aggregate's Evolve and every view fold with these
// functions, so what a command is decided on and what a read shows cannot differ.
//
// Pure and total: history already happened, so nothing fails. Any thread.
#pragma once

#include "eventstore/base/standard_events.h"
#include "kith/deals/v1/deal.pb.h"
#include "kith/deals/v1/deal_events.pb.h"

namespace kith::deals {

// Folds a DealEvent into the deal it happened to, its latest stage intervals included. Says whether
// the deal was created or deleted by it; after a delete the fields stay as they were last.
StandardEvent FoldDeal(const Happening& happening, v1::Deal& deal);

// Whether something is done about the deal by the event: who puts the deals of a stage in order, or
// gives them to somebody, does nothing about any of them.
bool IsActivity(const v1::DealEvent& event);

}  // namespace kith::deals
