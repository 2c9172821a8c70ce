#include "eventstore/seal/cipher.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"

namespace kith::eventstore {
namespace {

SecretKey KeyOf(uint8_t byte) {
  std::array<uint8_t, kKeyBytes> bytes;
  bytes.fill(byte);
  return SecretKey(bytes);
}

RC_GTEST_PROP(Gcm, OpensWhatItSealed, (const std::string& plain, const std::string& bound)) {
  const Nonce nonce{1, 2, 3};
  const std::string sealed = GcmSeal(KeyOf(7), nonce, bound, plain);
  RC_ASSERT(sealed.size() == plain.size() + kGcmTagBytes);
  const std::optional<std::string> opened = GcmOpen(KeyOf(7), nonce, bound, sealed);
  RC_ASSERT(opened.has_value());
  RC_ASSERT(*opened == plain);
}

// Test cases 13 and 14 of the GCM specification (256-bit key of zeros, nonce of zeros).
TEST(Gcm, MatchesPublishedVectors) {
  EXPECT_EQ(absl::BytesToHexString(GcmSeal(KeyOf(0), Nonce{}, "", "")),
            "530f8afbc74536b9a963b4f1c4cb738b");
  EXPECT_EQ(absl::BytesToHexString(GcmSeal(KeyOf(0), Nonce{}, "", std::string(16, '\0'))),
            "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
}

TEST(Gcm, OpensNothingThatDiffersInAnyBit) {
  const std::string sealed = GcmSeal(KeyOf(7), Nonce{}, "bound", "a secret");
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    std::string flipped = sealed;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(GcmOpen(KeyOf(7), Nonce{}, "bound", flipped).has_value()) << "bit " << bit;
  }
}

TEST(Gcm, OpensNothingUnderAnotherKeyNonceOrBinding) {
  const std::string sealed = GcmSeal(KeyOf(7), Nonce{}, "bound", "a secret");
  EXPECT_TRUE(GcmOpen(KeyOf(7), Nonce{}, "bound", sealed).has_value());
  EXPECT_FALSE(GcmOpen(KeyOf(8), Nonce{}, "bound", sealed).has_value());
  EXPECT_FALSE(GcmOpen(KeyOf(7), Nonce{1}, "bound", sealed).has_value());
  EXPECT_FALSE(GcmOpen(KeyOf(7), Nonce{}, "other", sealed).has_value());
}

TEST(Gcm, OpensNothingShorterThanItsTag) {
  for (size_t size = 0; size < kGcmTagBytes; ++size) {
    EXPECT_FALSE(GcmOpen(KeyOf(7), Nonce{}, "", std::string(size, 'x')).has_value());
  }
}

TEST(Gcm, WorksOnManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (uint8_t i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int j = 0; j < 1000; ++j) {
        const std::string plain(static_cast<size_t>(j % 50), static_cast<char>('a' + i));
        ASSERT_EQ(GcmOpen(KeyOf(i), Nonce{}, "", GcmSeal(KeyOf(i), Nonce{}, "", plain)), plain);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace kith::eventstore
