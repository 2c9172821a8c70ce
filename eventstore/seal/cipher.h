// AES-256-GCM with whole messages, AES-256-CTR, and the key they take. Over OpenSSL, with one
// prepared context per thread.
//
// A nonce must never be used twice under one key: draw 12 random bytes for each message. Any
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace kith::eventstore {

inline constexpr size_t kKeyBytes = 32;
inline constexpr size_t kGcmTagBytes = 16;

using Nonce = std::array<uint8_t, 12>;

// 32 secret bytes, wiped from memory when it goes.
class SecretKey {
 public:
  SecretKey() = default;
  explicit SecretKey(const std::array<uint8_t, kKeyBytes>& bytes) : bytes_(bytes) {}
  SecretKey(const SecretKey&) = default;
  SecretKey& operator=(const SecretKey&) = default;
  ~SecretKey();

  uint8_t* data() { return bytes_.data(); }
  const uint8_t* data() const { return bytes_.data(); }
  absl::string_view view() const {
    return absl::string_view(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
  }

 private:
  std::array<uint8_t, kKeyBytes> bytes_{};
};

// Overwrites a secret that stood in a string, in a way that the compiler keeps.
void Wipe(std::string& secret);

// The ciphertext followed by its tag: 16 bytes longer than `plain`. `bound` is not stored but must
// be the same when the message is opened.
std::string GcmSeal(const SecretKey& key, const Nonce& nonce, absl::string_view bound,
                    absl::string_view plain);
// Nullopt when the key, nonce, bound bytes or ciphertext are not those that were sealed.
std::optional<std::string> GcmOpen(const SecretKey& key, const Nonce& nonce,
                                   absl::string_view bound, absl::string_view sealed);

// Encrypts or decrypts in place, from this first block of the counter on. Proves nothing about the
// bytes: for token_sealer.h, which does.
void CtrTransform(const SecretKey& key, const std::array<uint8_t, 16>& counter, char* bytes,
                  size_t size);

}  // namespace kith::eventstore
