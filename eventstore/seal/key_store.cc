#include "eventstore/seal/key_store.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status_macros.h"
#include "eventstore/seal/key_file.h"
#include "eventstore/seal/slot_key_store.h"

namespace kith::eventstore {

absl::StatusOr<std::unique_ptr<KeyStore>> OpenKeyStore(const std::string& path, Random& random) {
  absl::StatusOr<std::unique_ptr<KeyFile>> file = OpenKeyFile(path);
  if (absl::IsNotFound(file.status())) {
    KITH_RETURN_IF_ERROR(CreateKeyFile(path, SlotKeyStore::NewFile(random)));
    file = OpenKeyFile(path);
  }
  if (!file.ok()) return file.status();
  absl::StatusOr<std::unique_ptr<SlotKeyStore>> store =
      SlotKeyStore::Open(*std::move(file), random, SlotKeyStoreOptions());
  if (!store.ok())
    return absl::Status(store.status().code(), absl::StrCat(path, ": ", store.status().message()));
  return *std::move(store);
}

std::unique_ptr<KeyStore> NewMemoryKeyStore(Random& random) {
  const SlotKeyStoreOptions options{.pool = {.keys = 16, .keys_min = 0, .fill_ahead = false},
                                    .cached_keys_max = 16 * KeyCache::kShards};
  absl::StatusOr<std::unique_ptr<SlotKeyStore>> store =
      SlotKeyStore::Open(NewMemoryKeyFile(SlotKeyStore::NewFile(random)), random, options);
  KITH_CHECK(store.ok());
  return *std::move(store);
}

}  // namespace kith::eventstore
