// The top-level fields of a serialised protobuf message, told apart without parsing what is in
// them: so an event's personal fields are taken out of its bytes and no message is copied.
//
// Pure functions over bytes that protobuf serialised itself. Any thread.
#pragma once

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"

namespace kith::eventstore {

// Calls `visit` with each top-level field's number and bytes, tag and all, in their order; the
// bytes of neighbouring fields put together again are the message's. False when the bytes are no
// message, or hold a group.
bool ForEachWireField(absl::string_view message,
                      absl::FunctionRef<void(uint32_t number, absl::string_view field)> visit);

}  // namespace kith::eventstore
