// What a webhook's deliveries are signed with. A secret is kept nowhere: it is made of its id and
// of the workspace's key in data/keys, whenever something is signed, and when it is told.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "eventstore/seal/key_store.h"

namespace kith::webhooks {

// "kithwh_" and 64 hexadecimal digits.
std::string SecretOf(const eventstore::KeyStore& keys, WorkspaceId workspace,
                     absl::string_view webhook, absl::string_view id);

// What Kith-Webhook-Signature says: for each secret HMAC-SHA256 over the time, "." and the body, in
// hexadecimal digits, with ", " between.
std::string Signature(const std::vector<std::string>& secrets, int64_t seconds,
                      absl::string_view body);

}  // namespace kith::webhooks
