#include "eventstore/base/sha256.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "absl/strings/escaping.h"

namespace kith {
namespace {

std::string Hex(const Sha256Hash& hash) {
  return absl::BytesToHexString(
      absl::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
}

// FIPS 180-4's examples.
TEST(Sha256, MatchesPublishedVectors) {
  EXPECT_EQ(Hex(Sha256::Of("")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Hex(Sha256::Of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

RC_GTEST_PROP(Sha256, PiecesHashLikeTheWhole,
              (const std::string& first, const std::string& second)) {
  RC_ASSERT(Sha256().Add(first).Add(second).Finish() == Sha256::Of(first + second));
}

// RFC 4231, test cases 2 and 6 (a key longer than a block).
TEST(HmacSha256, MatchesPublishedVectors) {
  EXPECT_EQ(Hex(HmacSha256("Jefe").Of("what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(Hex(HmacSha256(std::string(131, '\xaa'))
                    .Of("Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

RC_GTEST_PROP(HmacSha256, IsWhatOpenSslComputes,
              (const std::string& key, const std::string& bytes)) {
  Sha256Hash expected;
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), expected.data(), &size);
  RC_ASSERT(HmacSha256(key).Of(bytes) == expected);
}

TEST(HmacSha256, MayBeUsedAgain) {
  const HmacSha256 mac("key");
  EXPECT_EQ(mac.Of("one"), mac.Of("one"));
  EXPECT_NE(mac.Of("one"), mac.Of("two"));
}

}  // namespace
}  // namespace kith
