// ClientKeys: which API key a client stands for whose certificate was verified, by the names that
// the certificate is for. Written by the operator, a line for each name:
//
//   # services
//   URI:spiffe://example.org/billing  workspaces/1/apiKeys/01J…
//   DNS:import.example.org            workspaces/2/apiKeys/01J…
#pragma once

#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/strong_id.h"
#include "eventstore/log/types.h"

namespace kith::runtime {

struct KeyName {
  WorkspaceId workspace;
  std::string key;  // "apiKeys/01J…"
};

// By the name, as Carrier::certified_names has it.
using ClientKeys = absl::flat_hash_map<std::string, KeyName>;

// InvalidArgument, saying which line and what it has to be.
absl::StatusOr<ClientKeys> ParseClientKeys(const std::string& text);

// 7, of "workspaces/7"; 0 where the text is none.
WorkspaceId ParseWorkspace(absl::string_view text);

}  // namespace kith::runtime
