// SeededRandom: randomness that a test can repeat. Thread-safe.
#pragma once

#include <cstdint>

#include "eventstore/base/mutex.h"
#include "eventstore/base/random.h"

namespace kith::testing {

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : state_(seed) {}

  void Fill(void* bytes, size_t size) override {
    MutexLock lock(mutex_);
    auto* out = static_cast<unsigned char*>(bytes);
    for (size_t i = 0; i < size; ++i) out[i] = static_cast<unsigned char>(Next() >> 56);
  }

 private:
  // SplitMix64.
  uint64_t Next() KITH_REQUIRES(mutex_) {
    uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }

  Mutex mutex_;
  uint64_t state_ KITH_GUARDED_BY(mutex_);
};

}  // namespace kith::testing
