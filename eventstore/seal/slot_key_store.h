// SlotKeyStore: the KeyStore over a KeyFile: who has which slot, the pool of fresh keys, and the
// way back after a crash.
//
// A fresh key is on disk before it is given to anybody, so giving it is one write that nobody waits
// for. Should a power cut lose that write, the slot reads as pooled again and the log's records
// tell whose it is: see Recover. FORMAT.md describes the file. Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "eventstore/base/mutex.h"
#include "eventstore/seal/cipher.h"
#include "eventstore/seal/key_cache.h"
#include "eventstore/seal/key_file.h"
#include "eventstore/seal/key_pool.h"
#include "eventstore/seal/key_slot.h"
#include "eventstore/seal/key_store.h"
#include "eventstore/seal/mac_keys.h"
#include "eventstore/seal/nonce_source.h"

namespace kith::eventstore {

struct SlotKeyStoreOptions {
  KeyPoolOptions pool;
  size_t cached_keys_max = 128 << 10;  // multiple of KeyCache::kShards
};

class SlotKeyStore final : public KeyStore {
 public:
  // The bytes a new key file begins with.
  static std::string NewFile(Random& random);
  // FailedPrecondition, with nothing written, when the file is foreign or damaged. Borrows
  // `random`.
  static absl::StatusOr<std::unique_ptr<SlotKeyStore>> Open(std::unique_ptr<KeyFile> file,
                                                            Random& random,
                                                            const SlotKeyStoreOptions& options);

  absl::StatusOr<SealedPart> Seal(WorkspaceId workspace, const PersonalPart& part,
                                  ReadTier tier) override;
  absl::StatusOr<std::optional<std::string>> Unseal(WorkspaceId workspace,
                                                    const SealedPart& part) const override;
  absl::Status Destroy(WorkspaceId workspace, absl::string_view subject) override;
  bool IsDestroyed(WorkspaceId workspace, absl::string_view subject) const override;
  bool AnyDestroyed() const override { return any_destroyed_.load(std::memory_order_acquire); }
  Tag Mac(WorkspaceId workspace, absl::string_view purpose, absl::string_view value) const override;
  const TokenSealer& token_sealer() const override { return token_sealer_; }

  Position recovery_mark() const override;
  absl::Status Recover(WorkspaceId workspace, const SealedPart& part) override;
  absl::Status Checkpoint(Position through) override;

 private:
  SlotKeyStore(std::unique_ptr<KeyFile> file, const SecretKey& store_secret, Random& random,
               const SlotKeyStoreOptions& options);

  // One for a person, and one for their workspace where they are its first.
  static constexpr size_t kKeysToGive = 2;
  static absl::Status NeedsDisk();

  // Opening: reads the marks and every slot, and tells how many there are.
  absl::Status LoadMark() KITH_REQUIRES(mutex_);
  absl::StatusOr<SlotNumber> LoadSlots() KITH_REQUIRES(mutex_);
  absl::Status LoadSlot(SlotNumber number, absl::string_view bytes) KITH_REQUIRES(mutex_);

  // A person's slot, and the key in it where it was given just now.
  struct PersonSlot {
    SlotNumber slot;
    std::optional<SecretKey> fresh;
  };
  // The slot of a person, given now if need be. FailedPrecondition when their key was destroyed.
  absl::StatusOr<PersonSlot> SlotFor(WorkspaceId workspace, const SubjectHash& subject,
                                     ReadTier tier) KITH_EXCLUDES(mutex_);
  // The slot they have; 0 when they have none.
  SlotNumber FindSlot(const SubjectHash& subject) const KITH_REQUIRES(mutex_);
  // The pool must hold a key, and the workspace have one.
  absl::StatusOr<PersonSlot> GiveSlot(WorkspaceId workspace, const SubjectHash& subject)
      KITH_REQUIRES(mutex_);
  // Draws the workspace's key when it has none, and waits until it is on disk: once in a
  // workspace's life. The pool must hold a key.
  absl::Status MakeWorkspaceKey(WorkspaceId workspace) KITH_EXCLUDES(mutex_);
  // The key in a person's slot for sealing; nullopt when it was destroyed.
  absl::StatusOr<std::optional<SecretKey>> KeyToSealWith(const PersonSlot& person,
                                                         WorkspaceId workspace,
                                                         absl::string_view subject, ReadTier tier)
      KITH_EXCLUDES(mutex_);
  // Writes, without waiting for the disk, whose a fresh key is from now on.
  absl::Status Assign(const KeyPool::FreshKey& fresh, SlotState state, WorkspaceId workspace,
                      const SubjectHash& subject, const SecretKey& wrapping);
  absl::Status WriteTombstone(SlotNumber slot, WorkspaceId workspace, const SubjectHash& subject)
      KITH_REQUIRES(mutex_);

  // The key in a slot, through the cache; nullopt when destroyed, DataLoss when it is not this
  // person's.
  absl::StatusOr<std::optional<SecretKey>> KeyIn(SlotNumber slot, WorkspaceId workspace,
                                                 absl::string_view subject) const;
  absl::StatusOr<std::optional<SecretKey>> ReadKey(SlotNumber slot, WorkspaceId workspace,
                                                   const SubjectHash& subject) const;

  const std::unique_ptr<KeyFile> file_;
  const SecretKey wrapping_key_;  // wraps fresh and workspace keys
  mutable NonceSource nonces_;
  mutable KeyCache cache_;  // its locks are taken before mutex_
  mutable MacKeys mac_keys_;
  const TokenSealer token_sealer_;
  KeyPool pool_;  // taken from under mutex_ only, filled without it

  Mutex workspace_mutex_;   // held while a workspace's key is drawn and synced; taken before mutex_
  Mutex checkpoint_mutex_;  // held while a mark is written; taken before mutex_
  mutable Mutex mutex_;
  absl::flat_hash_map<SubjectHash, SlotNumber> slots_ KITH_GUARDED_BY(mutex_);
  absl::flat_hash_set<SlotNumber> destroyed_ KITH_GUARDED_BY(mutex_);
  std::atomic<bool> any_destroyed_ = false;
  absl::flat_hash_map<WorkspaceId, SecretKey> workspaces_ KITH_GUARDED_BY(mutex_);
  KeyFileMark mark_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::eventstore
