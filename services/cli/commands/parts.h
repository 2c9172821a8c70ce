// Parts: a reply that is composed of others' answers, one table under the other.
#pragma once

#include <google/protobuf/message.h>

#include "services/cli/calls/session.h"

namespace kith::cli {

// Whether a reply of this type has parts (kith/options/v1/part.proto).
bool HasParts(const google::protobuf::Descriptor& reply);

// What it is about, then each part under its name; and which are not told, and why. `request` asked
// for it.
void PrintParts(Session& session, const google::protobuf::Message& request,
                const google::protobuf::Message& reply);

}  // namespace kith::cli
