// HideErased: what takes a person's data out of every reply once their key is destroyed.
//
// Events read from the log lose their personal fields by themselves: nothing can unseal them. Rows
// of views and cached states were folded before, and hold those fields in the clear until they are
// folded again; this is the one place that keeps them in. Any thread; costs nothing while no key
// was ever destroyed.
#pragma once

#include "absl/strings/string_view.h"
#include "eventstore/seal/key_store.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace kith::runtime {

// Empties the personal fields, as the protos declare them, of every resource in `reply` whose own
// key is destroyed, and sets its `erased`. A resource is a message with `name` and `erased`.
void HideErased(const eventstore::KeyStore& keys, WorkspaceId workspace,
                google::protobuf::Message* reply);

// Whether a filter over resources of this type may tell something personal: it names a field that
// is personal, or one that only the table knows. What was erased must not be found by it.
bool AsksForPersonal(const google::protobuf::Descriptor& resource, absl::string_view filter);

}  // namespace kith::runtime
