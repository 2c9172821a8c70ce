#include "eventstore/seal/token_sealer.h"

#include <openssl/crypto.h>

#include <algorithm>

#include "absl/strings/escaping.h"
#include "eventstore/base/bytes.h"

namespace kith::eventstore {
namespace {

// The first byte of every sealed text. What begins with 1 is a token of the first version, which
// was not sealed.
constexpr char kFormat = 2;

SecretKey KeyOf(const SecretKey& store_secret, absl::string_view label) {
  return SecretKey(HmacSha256(store_secret.view()).Of(label));
}

}  // namespace

TokenSealer::TokenSealer(const SecretKey& store_secret)
    : checking_(KeyOf(store_secret, "kith token check").view()),
      key_(KeyOf(store_secret, "kith token")) {}

TokenSealer::Check TokenSealer::CheckOf(absl::string_view bound, absl::string_view plain) const {
  std::string bytes;
  bytes.reserve(bound.size() + plain.size() + 2);
  AppendString(bound, &bytes);
  bytes.append(plain.data(), plain.size());
  const Sha256Hash hash = checking_.Of(bytes);
  Check check;
  std::copy_n(hash.begin(), check.size(), check.begin());
  return check;
}

std::string TokenSealer::Seal(absl::string_view bound, absl::string_view plain) const {
  const Check check = CheckOf(bound, plain);
  std::string bytes;
  bytes.reserve(1 + check.size() + plain.size());
  bytes.push_back(kFormat);
  bytes.append(check.begin(), check.end());
  bytes.append(plain.data(), plain.size());
  CtrTransform(key_, check, bytes.data() + 1 + check.size(), plain.size());
  return absl::WebSafeBase64Escape(bytes);  // which leaves the padding out
}

std::optional<std::string> TokenSealer::Open(absl::string_view bound,
                                             absl::string_view text) const {
  std::string bytes;
  Check check;
  // The decoder forgives white space, padding and stray bits.
  if (!absl::WebSafeBase64Unescape(text, &bytes) || absl::WebSafeBase64Escape(bytes) != text ||
      bytes.size() < 1 + check.size() || bytes[0] != kFormat) {
    return std::nullopt;
  }
  std::copy_n(bytes.begin() + 1, check.size(), check.begin());
  bytes.erase(0, 1 + check.size());
  CtrTransform(key_, check, bytes.data(), bytes.size());
  const Check expected = CheckOf(bound, bytes);
  if (CRYPTO_memcmp(check.data(), expected.data(), check.size()) != 0) return std::nullopt;
  return bytes;
}

}  // namespace kith::eventstore
