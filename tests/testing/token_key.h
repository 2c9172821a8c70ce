// TokenKey: an identity provider's key, which makes tokens for tests. By OpenSSL alone, so that
// what verifies them is not what signed them.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <vector>

namespace kith::testing {

class TokenKey {
 public:
  // For "HS256", "RS256", "PS256" or "ES256"; the key is drawn.
  TokenKey(const std::string& algorithm, const std::string& id, int rsa_bits = 2'048);

  // "header.claims.signature", of JSON texts.
  std::string Sign(const std::string& header, const std::string& claims) const;
  // The same with the header of such a key.
  std::string Sign(const std::string& claims) const;

  // What verifies them, as an entry of a JWK set, with further fields: `"use":"sig"`.
  std::string Jwk(const std::string& more = "") const;
  // Of a pair of keys: the public one in PEM, which everybody has.
  std::string PublicPem() const;
  // For HS256: another secret.
  void set_secret(const std::string& secret) { secret_ = secret; }

 private:
  std::string SignatureOf(const std::string& text) const;

  const std::string algorithm_;
  const std::string id_;
  std::string secret_;
  std::shared_ptr<EVP_PKEY> pair_;
};

// {"keys":[…]}
std::string JwkSetOf(const std::vector<std::string>& jwks);

}  // namespace kith::testing
