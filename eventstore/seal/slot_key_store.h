// SlotKeyStore: the KeyStore over a KeyFile: who has which slot, the pool of fresh keys, and the
// way back after a crash.
//
// A fresh key is on disk before it is given to anybody, so giving it is one write that nobody waits
// for. Should a power cut lose that write, the slot reads as pooled again and the log's records
// tell whose it is: see Recover. FORMAT.md describes the file. Thread-safe.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "eventstore/base/mutex.h"
#include "eventstore/seal/cipher.h"
#include "eventstore/seal/key_cache.h"
#include "eventstore/seal/key_file.h"
#include "eventstore/seal/key_slot.h"
#include "eventstore/seal/key_store.h"
#include "eventstore/seal/mac_keys.h"
#include "eventstore/seal/nonce_source.h"

namespace kith::eventstore {

struct SlotKeyStoreOptions {
  size_t pool_keys = 4096;      // how many keys are drawn at a time; at least 2
  size_t pool_keys_min = 2048;  // below this many the pool is filled again, on a thread of its own
  bool fill_ahead = true;  // false: only when the pool is empty, by the caller that meets it so
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
  ~SlotKeyStore() override;

  absl::StatusOr<SealedPart> Seal(WorkspaceId workspace, const PersonalPart& part) override;
  absl::StatusOr<std::optional<std::string>> Unseal(WorkspaceId workspace,
                                                    const SealedPart& part) const override;
  absl::Status Destroy(WorkspaceId workspace, absl::string_view subject) override;
  Tag Mac(WorkspaceId workspace, absl::string_view purpose, absl::string_view value) const override;

  Position recovery_mark() const override;
  absl::Status Recover(WorkspaceId workspace, const SealedPart& part) override;
  absl::Status Checkpoint(Position through) override;

 private:
  struct PooledKey {
    SlotNumber slot;
    SecretKey key;
  };

  SlotKeyStore(std::unique_ptr<KeyFile> file, const SecretKey& store_secret, Random& random,
               const SlotKeyStoreOptions& options);

  // One for a person, and one for their workspace where they are its first.
  static constexpr size_t kKeysToGive = 2;

  // Opening: reads the marks and every slot.
  absl::Status LoadMark() KITH_REQUIRES(mutex_);
  absl::Status LoadSlots() KITH_REQUIRES(mutex_);
  absl::Status LoadSlot(SlotNumber number, absl::string_view bytes) KITH_REQUIRES(mutex_);
  // Up to which slot all are known to be written.
  SlotNumber LastWritten() const KITH_REQUIRES(mutex_);

  // The slot of a person, given now if need be. FailedPrecondition when their key was destroyed.
  absl::StatusOr<SlotNumber> SlotFor(WorkspaceId workspace, const SubjectHash& subject)
      KITH_EXCLUDES(mutex_);
  // The slot they have; 0 when they have none.
  SlotNumber FindSlot(const SubjectHash& subject) const KITH_REQUIRES(mutex_);
  // The pool must hold kKeysToGive.
  absl::StatusOr<SlotNumber> GiveSlot(WorkspaceId workspace, const SubjectHash& subject)
      KITH_REQUIRES(mutex_);
  PooledKey TakePooled() KITH_REQUIRES(mutex_);
  // Draws the workspace's key when it has none, which waits for the disk: once in a workspace's
  // life.
  absl::StatusOr<SecretKey> WorkspaceKey(WorkspaceId workspace) KITH_REQUIRES(mutex_);
  // Writes, without waiting for the disk, whose a pooled key is from now on.
  absl::Status Assign(const PooledKey& pooled, SlotState state, WorkspaceId workspace,
                      const SubjectHash& subject, const SecretKey& wrapping) KITH_REQUIRES(mutex_);

  absl::Status WriteTombstone(SlotNumber slot, WorkspaceId workspace, const SubjectHash& subject)
      KITH_REQUIRES(mutex_);

  // The key in a slot, through the cache; nullopt when destroyed, DataLoss when it is not this
  // person's.
  absl::StatusOr<std::optional<SecretKey>> KeyIn(SlotNumber slot, WorkspaceId workspace,
                                                 absl::string_view subject) const;
  absl::StatusOr<std::optional<SecretKey>> ReadKey(SlotNumber slot, WorkspaceId workspace,
                                                   const SubjectHash& subject) const;

  // Draws keys, syncs them, and puts them into the pool, unless it holds `enough` already.
  absl::Status FillPool(size_t enough) KITH_EXCLUDES(mutex_);
  std::vector<SlotNumber> SlotsToFill() const KITH_REQUIRES(mutex_);
  absl::Status WriteFresh(const std::vector<SlotNumber>& slots, std::vector<PooledKey>* fresh);
  void FillAhead();

  const std::unique_ptr<KeyFile> file_;
  const SecretKey wrapping_key_;  // wraps pooled and workspace keys
  const SlotKeyStoreOptions options_;
  Random& random_;
  mutable NonceSource nonces_;
  mutable KeyCache cache_;  // its locks are taken before mutex_
  mutable MacKeys mac_keys_;

  Mutex append_mutex_;  // held while the pool is filled or a mark is written; taken before mutex_
  mutable Mutex mutex_;
  absl::flat_hash_map<SubjectHash, SlotNumber> slots_ KITH_GUARDED_BY(mutex_);
  absl::flat_hash_set<SlotNumber> destroyed_ KITH_GUARDED_BY(mutex_);
  absl::flat_hash_map<WorkspaceId, SecretKey> workspaces_ KITH_GUARDED_BY(mutex_);
  std::deque<PooledKey> pool_ KITH_GUARDED_BY(mutex_);
  std::vector<SlotNumber> unwritten_ KITH_GUARDED_BY(mutex_);  // gaps that a power cut left, rising
  SlotNumber last_slot_ KITH_GUARDED_BY(mutex_);
  KeyFileMark mark_ KITH_GUARDED_BY(mutex_);
  bool fill_asked_ KITH_GUARDED_BY(mutex_) = false;
  bool stopping_ KITH_GUARDED_BY(mutex_) = false;
  CondVar fill_wanted_;
  std::thread filler_;  // runs FillAhead; only with options_.fill_ahead
};

}  // namespace kith::eventstore
