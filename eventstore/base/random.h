// Random: the only source of randomness. Production draws from the operating system; tests give a
// seed and print it.
#pragma once

#include <cstdint>
#include <string>

namespace kith {

// Thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  // Fills `size` bytes fit for keys, nonces and ids.
  virtual void Fill(void* bytes, size_t size) = 0;
  std::string Bytes(size_t size) {
    std::string bytes(size, '\0');
    Fill(bytes.data(), size);
    return bytes;
  }
};

// OpenSSL's generator; lives for ever. Aborts when the operating system gives no randomness.
Random& SystemRandom();

}  // namespace kith
