// HideErased: what takes a person's data out of every reply once their key is destroyed.
//
// Events read from the log lose their personal fields by themselves: nothing can unseal them. Rows
// of views and cached states were folded before, and hold those fields in the clear until they are
// folded again; this is the one place that keeps them in. Any thread; costs nothing while no key
// was ever destroyed.
#pragma once

#include "eventstore/seal/key_store.h"
#include "google/protobuf/message.h"

namespace kith::runtime {

// Empties the personal fields, as the protos declare them, of every resource in `reply` whose own
// key is destroyed, and sets its `erased`. A resource is a message with `name` and `erased`.
void HideErased(const eventstore::KeyStore& keys, WorkspaceId workspace,
                google::protobuf::Message* reply);

}  // namespace kith::runtime
