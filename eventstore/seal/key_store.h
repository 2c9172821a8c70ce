// KeyStore: the keys under which personal fields are sealed, one per person, and the HMAC key of
// each workspace.
//
// Kept in data/keys, a file of fixed slots overwritten in place and synced, so that a destroyed key
// is gone from the disk. A pool of fresh keys is synced ahead, so that giving a new person a key
// needs no write to wait for. Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "eventstore/base/random.h"
#include "eventstore/log/types.h"
#include "eventstore/seal/token_sealer.h"

namespace kith::eventstore {

class KeyStore {
 public:
  virtual ~KeyStore() = default;

  // Encrypts with AES-256-GCM under the subject's key, giving one to a subject that has none.
  // FailedPrecondition, beginning with "erased", when their key was destroyed: nothing about them
  // may be written any more. Unavailable when the disk fails, and on kMemory when it is needed: the
  // pool is empty, the person is the first of their workspace, or their key is not in memory.
  virtual absl::StatusOr<SealedPart> Seal(WorkspaceId workspace, const PersonalPart& part,
                                          ReadTier tier) = 0;
  // Nullopt when the subject's key is gone: the fields are erased. DataLoss when the bytes were
  // tampered with.
  virtual absl::StatusOr<std::optional<std::string>> Unseal(WorkspaceId workspace,
                                                            const SealedPart& part) const = 0;
  // Destroys a subject's key: overwritten and synced when this returns. The subject never gets
  // another.
  virtual absl::Status Destroy(WorkspaceId workspace, absl::string_view subject) = 0;
  // True from then on. From memory; costs nothing while no key was ever destroyed.
  virtual bool IsDestroyed(WorkspaceId workspace, absl::string_view subject) const = 0;
  // Some subject's key was destroyed. Costs nothing.
  virtual bool AnyDestroyed() const = 0;

  // HMAC-SHA256 of `value` under the workspace's key for `purpose` ("email", "request"), cut to 16
  // bytes.
  virtual Tag Mac(WorkspaceId workspace, absl::string_view purpose,
                  absl::string_view value) const = 0;

  // Seals what clients keep, under a key of this store. Lives as long as the key store.
  virtual const TokenSealer& token_sealer() const = 0;

  // Recovery: told about each sealed part recorded after recovery_mark(), in order and before
  // anything is sealed, so that a key given to a person just before a power cut is not given to
  // another. FailedPrecondition when the key file does not go with the log: names the slot.
  // The log calls Recover while opening, then Checkpoint from time to time: keys given to people up
  // to `through` are on disk when it returns, and recovery starts there.
  virtual Position recovery_mark() const = 0;
  virtual absl::Status Recover(WorkspaceId workspace, const SealedPart& part) = 0;
  virtual absl::Status Checkpoint(Position through) = 0;
};

// Opens or creates data/keys. FailedPrecondition when the file is foreign or damaged: names the
// slot.
absl::StatusOr<std::unique_ptr<KeyStore>> OpenKeyStore(const std::string& path, Random& random);
// Keys in memory, for tests.
std::unique_ptr<KeyStore> NewMemoryKeyStore(Random& random);

}  // namespace kith::eventstore
