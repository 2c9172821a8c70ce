// RequestKey of an RPC: by what a repeated request is recognised.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "eventstore/log/types.h"
#include "eventstore/seal/key_store.h"
#include "google/protobuf/message.h"

namespace kith::runtime {

// The key of a request with this id. Its digest is an HMAC, under the workspace's key, of the
// method and the request serialised deterministically without its top-level field `request_id`
// (nullptr: it has none). Without an id nothing is computed. Any thread.
eventstore::RequestKey MakeRequestKey(const eventstore::KeyStore& keys, WorkspaceId workspace,
                                      absl::string_view method, absl::string_view id,
                                      const google::protobuf::Message& request,
                                      const google::protobuf::FieldDescriptor* request_id);

}  // namespace kith::runtime
