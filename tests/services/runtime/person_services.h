// Services of persons, made of what the runtime offers and nothing else: they are to it what a
// capability is.
#pragma once

#include <memory>

#include "services/runtime/server_builder.h"
#include "tests/services/runtime/gate.h"

namespace kith::runtime {

// Borrows the gates: lists pass the first, the view passes the second at every event.
void RegisterPersons(ServerBuilder& server, Gate& list_gate, Gate& view_gate);

}  // namespace kith::runtime
