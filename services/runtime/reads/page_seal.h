// PageSeal: the page tokens that clients get and bring back, for every list in one place.
//
// What a list goes on from (projections/tables/page_token.h) is sealed under a key of the store,
// bound to the method and the workspace: it tells a client nothing, and one of another store, of
// another list or of somebody else is refused. Pure; any thread.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "eventstore/seal/token_sealer.h"
#include "google/protobuf/message.h"
#include "services/runtime/requests/method.h"

namespace kith::runtime {

// The bytes of the token in a request of this method; empty where it has none, which is the first
// page. ERROR_INVALID_PAGE_TOKEN for a text that this store did not seal for this list.
absl::StatusOr<std::string> OpenPageToken(const eventstore::TokenSealer& sealer,
                                          const Method& method, WorkspaceId workspace,
                                          const google::protobuf::Message& request);

// Seals what the read put into the `next_page_token` of its reply, if it has one and it is not
// empty.
void SealPageToken(const eventstore::TokenSealer& sealer, const Method& method,
                   WorkspaceId workspace, google::protobuf::Message* reply);

}  // namespace kith::runtime
