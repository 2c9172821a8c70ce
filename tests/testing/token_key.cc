#include "tests/testing/token_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"

namespace kith::testing {
namespace {

constexpr int kCoordinateBytes = 32;  // of P-256

std::string Base64(const std::string& bytes) {
  std::string text = absl::WebSafeBase64Escape(bytes);
  while (!text.empty() && text.back() == '=') text.pop_back();
  return text;
}

// A number of the key's, in so many bytes, or as few as it takes.
std::string NumberOf(const EVP_PKEY& key, const char* name, int bytes = 0) {
  BIGNUM* number = nullptr;
  KITH_CHECK(EVP_PKEY_get_bn_param(&key, name, &number) == 1);
  std::string text(static_cast<size_t>(bytes > 0 ? bytes : BN_num_bytes(number)), '\0');
  BN_bn2binpad(number, reinterpret_cast<unsigned char*>(text.data()),
               static_cast<int>(text.size()));
  BN_free(number);
  return text;
}

// The two numbers of a signature, as JWS has them, of how OpenSSL writes them.
std::string Plain(const std::string& der) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(der.data());
  ECDSA_SIG* const parsed = d2i_ECDSA_SIG(nullptr, &bytes, static_cast<int>(der.size()));
  KITH_CHECK(parsed != nullptr);
  std::string plain(2 * kCoordinateBytes, '\0');
  auto* const to = reinterpret_cast<unsigned char*>(plain.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(parsed), to, kCoordinateBytes);
  BN_bn2binpad(ECDSA_SIG_get0_s(parsed), to + kCoordinateBytes, kCoordinateBytes);
  ECDSA_SIG_free(parsed);
  return plain;
}

}  // namespace

TokenKey::TokenKey(const std::string& algorithm, const std::string& id, int rsa_bits)
    : algorithm_(algorithm), id_(id) {
  if (algorithm == "HS256") {
    secret_.resize(32);
    KITH_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(secret_.data()), 32) == 1);
  } else if (algorithm == "ES256") {
    pair_ = {EVP_EC_gen("P-256"), EVP_PKEY_free};
  } else {
    pair_ = {EVP_RSA_gen(static_cast<unsigned>(rsa_bits)), EVP_PKEY_free};
  }
}

std::string TokenKey::SignatureOf(const std::string& text) const {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  std::string signature(1'024, '\0');
  auto* const to = reinterpret_cast<unsigned char*>(signature.data());
  size_t size = signature.size();
  if (pair_ == nullptr) {
    unsigned hmac_size = 0;
    HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()), bytes, text.size(), to,
         &hmac_size);
    return signature.substr(0, hmac_size);
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  EVP_PKEY_CTX* terms = nullptr;  // the context's
  KITH_CHECK(EVP_DigestSignInit(context.get(), &terms, EVP_sha256(), nullptr, pair_.get()) == 1);
  if (algorithm_ == "PS256") {
    EVP_PKEY_CTX_set_rsa_padding(terms, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_rsa_pss_saltlen(terms, RSA_PSS_SALTLEN_DIGEST);
  }
  KITH_CHECK(EVP_DigestSign(context.get(), to, &size, bytes, text.size()) == 1);
  signature.resize(size);
  return algorithm_ == "ES256" ? Plain(signature) : signature;
}

std::string TokenKey::Sign(const std::string& header, const std::string& claims) const {
  const std::string text = absl::StrCat(Base64(header), ".", Base64(claims));
  return absl::StrCat(text, ".", Base64(SignatureOf(text)));
}

std::string TokenKey::Sign(const std::string& claims) const {
  return Sign(absl::StrCat(R"({"alg":")", algorithm_, R"(","typ":"JWT","kid":")", id_, R"("})"),
              claims);
}

std::string TokenKey::Jwk(const std::string& more) const {
  const std::string rest =
      absl::StrCat(R"(,"kid":")", id_, "\"", more.empty() ? "" : ",", more, "}");
  if (algorithm_ == "HS256") {
    return absl::StrCat(R"({"kty":"oct","k":")", Base64(secret_), "\"", rest);
  }
  if (algorithm_ == "ES256") {
    return absl::StrCat(
        R"({"kty":"EC","crv":"P-256","x":")",
        Base64(NumberOf(*pair_, OSSL_PKEY_PARAM_EC_PUB_X, kCoordinateBytes)), R"(","y":")",
        Base64(NumberOf(*pair_, OSSL_PKEY_PARAM_EC_PUB_Y, kCoordinateBytes)), "\"", rest);
  }
  return absl::StrCat(R"({"kty":"RSA","n":")", Base64(NumberOf(*pair_, OSSL_PKEY_PARAM_RSA_N)),
                      R"(","e":")", Base64(NumberOf(*pair_, OSSL_PKEY_PARAM_RSA_E)), "\"", rest);
}

std::string TokenKey::PublicPem() const {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  KITH_CHECK(PEM_write_bio_PUBKEY(bio.get(), pair_.get()) == 1);
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

std::string JwkSetOf(const std::vector<std::string>& jwks) {
  return absl::StrCat(R"({"keys":[)", absl::StrJoin(jwks, ","), "]}");
}

}  // namespace kith::testing
