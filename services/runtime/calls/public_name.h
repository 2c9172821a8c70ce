// Public names: what stands for a record in an address that anybody may have, who has no
// credentials.
//
// The name is sealed, not stored: nobody makes one up, and what is sealed opens by itself, without
// an index over all workspaces. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "eventstore/seal/token_sealer.h"

namespace kith::runtime {

// What is sealed.
struct PublicName {
  WorkspaceId workspace;
  std::string name;  // of the record, in words of who seals it
};

// URL-safe text. `purpose` says what it is for: "forms.public"; it opens for nothing else.
std::string SealPublicName(const eventstore::TokenSealer& sealer, absl::string_view purpose,
                           const PublicName& name);
// Nullopt for a text that SealPublicName did not give for this purpose.
std::optional<PublicName> OpenPublicName(const eventstore::TokenSealer& sealer,
                                         absl::string_view purpose, absl::string_view text);

}  // namespace kith::runtime
