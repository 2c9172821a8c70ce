// The fold of a visitor's events: that of its row and of the state that commands are decided on.
#pragma once

#include "eventstore/base/standard_events.h"
#include "kith/visitors/v1/visitor.pb.h"

namespace kith::visitors {

// Pure; any thread. As FoldStandardEvent.
StandardEvent FoldVisitor(const Happening& happening, v1::Visitor& visitor);

}  // namespace kith::visitors
