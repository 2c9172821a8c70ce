// MacKeys: the HMAC keys of workspaces, one per purpose, derived from the store's secret when first
// used. Thread-safe.
#pragma once

#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/sha256.h"
#include "eventstore/base/strong_id.h"
#include "eventstore/seal/cipher.h"

namespace kith::eventstore {

class MacKeys {
 public:
  explicit MacKeys(const SecretKey& store_secret) : root_(store_secret.view()) {}

  // Stays where it is as long as this object lives. `purpose` is one of a few names in the code,
  // never a caller's.
  const HmacSha256& Of(WorkspaceId workspace, absl::string_view purpose);

 private:
  using ByPurpose = absl::flat_hash_map<std::string, std::unique_ptr<const HmacSha256>>;

  const HmacSha256 root_;
  Mutex mutex_;
  absl::flat_hash_map<WorkspaceId, ByPurpose> keys_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::eventstore
