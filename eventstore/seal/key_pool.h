// KeyPool: fresh keys that are on disk and belong to nobody yet.
//
// Filled ahead of need on a thread of its own, so that taking one waits for no disk; who meets it
// empty fills it. Also knows how far the slots of the file are written. Thread-safe.
#pragma once

#include <deque>
#include <optional>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/random.h"
#include "eventstore/seal/cipher.h"
#include "eventstore/seal/key_file.h"
#include "eventstore/seal/key_slot.h"
#include "eventstore/seal/nonce_source.h"

namespace kith::eventstore {

struct KeyPoolOptions {
  size_t keys = 4096;      // how many are drawn at a time
  size_t keys_min = 2048;  // with fewer the pool is filled again; at most `keys`
  bool fill_ahead = true;  // false: only when empty, by the caller that meets it so
};

class KeyPool {
 public:
  struct FreshKey {
    SlotNumber slot;
    SecretKey key;
  };

  // Borrows everything; it outlives the pool. `wrapping_key` wraps fresh keys in their slots.
  KeyPool(KeyFile& file, const SecretKey& wrapping_key, NonceSource& nonces, Random& random,
          const KeyPoolOptions& options);
  ~KeyPool();

  // While the file is being opened: a fresh key that it holds; a slot that is not whole, to be
  // written anew, in rising order; and at last, how many slots there are, which starts the pool.
  void AddFound(const FreshKey& key);
  void AddGap(SlotNumber slot);
  absl::Status Start(SlotNumber last_slot);

  bool Holds(size_t count) const;
  // Draws keys and syncs them, unless the pool holds `enough` already. Unavailable when the disk
  // fails; the pool is then as before.
  absl::Status Fill(size_t enough);

  // The pool must not be empty.
  FreshKey Take();
  // Gives back a key that could not be written for its owner. The next Take returns it, so that
  // whatever was written of it is written over.
  void Return(const FreshKey& key);

  // The key in this slot, if it is here; and its removal.
  std::optional<FreshKey> Find(SlotNumber slot) const;
  void Remove(SlotNumber slot);

  // Slots 1 up to this one are on disk.
  SlotNumber last_written() const;

 private:
  std::vector<SlotNumber> SlotsToFill() const KITH_REQUIRES(mutex_);
  absl::Status WriteFresh(const std::vector<SlotNumber>& slots, std::vector<FreshKey>* fresh);
  void FillAhead();

  KeyFile& file_;
  const SecretKey wrapping_key_;
  NonceSource& nonces_;
  Random& random_;
  const KeyPoolOptions options_;

  Mutex fill_mutex_;  // held while keys are drawn and synced; taken before mutex_
  mutable Mutex mutex_;
  std::deque<FreshKey> keys_ KITH_GUARDED_BY(mutex_);
  std::vector<SlotNumber> gaps_ KITH_GUARDED_BY(mutex_);  // rising
  SlotNumber last_slot_ KITH_GUARDED_BY(mutex_);
  bool fill_asked_ KITH_GUARDED_BY(mutex_) = false;
  bool stopping_ KITH_GUARDED_BY(mutex_) = false;
  CondVar fill_wanted_;
  std::thread filler_;  // runs FillAhead; only with options_.fill_ahead
};

}  // namespace kith::eventstore
