// NonceSource: nonces, drawn from the generator some hundreds at a time, because one call for 12
// bytes costs about as much as sealing a message. Thread-safe.
#pragma once

#include <array>
#include <cstdint>

#include "eventstore/base/mutex.h"
#include "eventstore/base/random.h"
#include "eventstore/seal/cipher.h"

namespace kith::eventstore {

class NonceSource {
 public:
  // Borrows the generator, which outlives it.
  explicit NonceSource(Random& random) : random_(random) {}

  Nonce Next() {
    MutexLock lock(mutex_);
    if (next_ == nonces_.size()) {
      random_.Fill(nonces_.data(), sizeof nonces_);
      next_ = 0;
    }
    return nonces_[next_++];
  }

 private:
  Random& random_;
  Mutex mutex_;
  std::array<Nonce, 256> nonces_ KITH_GUARDED_BY(mutex_);
  size_t next_ KITH_GUARDED_BY(mutex_) = 256;
};

}  // namespace kith::eventstore
