#define OPENSSL_SUPPRESS_DEPRECATED  // see the header
#include "eventstore/base/sha256.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>

namespace kith {
namespace {

constexpr size_t kBlockBytes = 64;

SHA256_CTX* Context(unsigned char* bytes) { return reinterpret_cast<SHA256_CTX*>(bytes); }

}  // namespace

Sha256::Sha256() {
  static_assert(sizeof context_ == sizeof(SHA256_CTX) && alignof(SHA256_CTX) <= 8);
  SHA256_Init(Context(context_));
}

Sha256& Sha256::Add(absl::string_view bytes) {
  SHA256_Update(Context(context_), bytes.data(), bytes.size());
  return *this;
}

Sha256& Sha256::Add(const Sha256Hash& hash) {
  SHA256_Update(Context(context_), hash.data(), hash.size());
  return *this;
}

Sha256Hash Sha256::Finish() {
  Sha256Hash hash;
  SHA256_Final(hash.data(), Context(context_));
  return hash;
}

HmacSha256::HmacSha256(absl::string_view key) {
  std::array<char, kBlockBytes> pad{};
  if (key.size() <= pad.size()) {
    std::copy(key.begin(), key.end(), pad.begin());
  } else {
    const Sha256Hash hash = Sha256::Of(key);
    std::copy(hash.begin(), hash.end(), pad.begin());
  }
  for (char& c : pad) c ^= 0x36;
  inner_.Add(absl::string_view(pad.data(), pad.size()));
  for (char& c : pad) c ^= 0x36 ^ 0x5c;
  outer_.Add(absl::string_view(pad.data(), pad.size()));
  OPENSSL_cleanse(pad.data(), pad.size());
}

HmacSha256::~HmacSha256() {
  OPENSSL_cleanse(inner_.context_, sizeof inner_.context_);
  OPENSSL_cleanse(outer_.context_, sizeof outer_.context_);
}

Sha256Hash HmacSha256::Of(absl::string_view bytes) const {
  return Sha256(outer_).Add(Sha256(inner_).Add(bytes).Finish()).Finish();
}

}  // namespace kith
