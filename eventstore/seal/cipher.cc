#include "eventstore/seal/cipher.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "eventstore/base/check.h"

namespace kith::eventstore {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

// Looking a cipher up by name costs more than using it, so each is fetched once and stays for ever.
const EVP_CIPHER* Fetched(const char* name) {
  const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  KITH_CHECK(cipher != nullptr);
  return cipher;
}

const EVP_CIPHER* Aes256Gcm() {
  static const EVP_CIPHER* const cipher = Fetched("AES-256-GCM");
  return cipher;
}

const EVP_CIPHER* Aes256Ctr() {
  static const EVP_CIPHER* const cipher = Fetched("AES-256-CTR");
  return cipher;
}

Context NewContext(const EVP_CIPHER* cipher, bool encrypt) {
  Context context(EVP_CIPHER_CTX_new());
  KITH_CHECK(context != nullptr);
  KITH_CHECK(
      EVP_CipherInit_ex2(context.get(), cipher, nullptr, nullptr, encrypt ? 1 : 0, nullptr) == 1);
  return context;
}

EVP_CIPHER_CTX* SealingContext() {
  thread_local const Context context = NewContext(Aes256Gcm(), true);
  return context.get();
}

EVP_CIPHER_CTX* OpeningContext() {
  thread_local const Context context = NewContext(Aes256Gcm(), false);
  return context.get();
}

// Both ways are the same in this mode.
EVP_CIPHER_CTX* CountingContext() {
  thread_local const Context context = NewContext(Aes256Ctr(), true);
  return context.get();
}

const uint8_t* Bytes(absl::string_view bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}
uint8_t* Bytes(std::string& bytes) { return reinterpret_cast<uint8_t*>(bytes.data()); }

// Takes the key, the nonce and the bound bytes; everything before the message itself.
void Begin(EVP_CIPHER_CTX* context, const SecretKey& key, const Nonce& nonce,
           absl::string_view bound) {
  KITH_CHECK(EVP_CipherInit_ex2(context, nullptr, key.data(), nonce.data(), -1, nullptr) == 1);
  int size = 0;
  if (!bound.empty()) {
    KITH_CHECK(EVP_CipherUpdate(context, nullptr, &size, Bytes(bound),
                                static_cast<int>(bound.size())) == 1);
  }
}

void Transform(EVP_CIPHER_CTX* context, absl::string_view in, std::string& out) {
  int size = 0;
  if (in.empty()) return;
  KITH_CHECK(EVP_CipherUpdate(context, Bytes(out), &size, Bytes(in), static_cast<int>(in.size())) ==
             1);
  KITH_CHECK(static_cast<size_t>(size) == in.size());
}

}  // namespace

SecretKey::~SecretKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

void Wipe(std::string& secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

std::string GcmSeal(const SecretKey& key, const Nonce& nonce, absl::string_view bound,
                    absl::string_view plain) {
  EVP_CIPHER_CTX* const context = SealingContext();
  Begin(context, key, nonce, bound);
  std::string sealed(plain.size() + kGcmTagBytes, '\0');
  Transform(context, plain, sealed);
  uint8_t* const tag = Bytes(sealed) + plain.size();
  int size = 0;
  KITH_CHECK(EVP_CipherFinal_ex(context, tag, &size) == 1 && size == 0);
  KITH_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kGcmTagBytes, tag) == 1);
  return sealed;
}

std::optional<std::string> GcmOpen(const SecretKey& key, const Nonce& nonce,
                                   absl::string_view bound, absl::string_view sealed) {
  if (sealed.size() < kGcmTagBytes) return std::nullopt;
  const absl::string_view cipher = sealed.substr(0, sealed.size() - kGcmTagBytes);
  std::array<uint8_t, kGcmTagBytes> tag;
  std::copy(sealed.end() - kGcmTagBytes, sealed.end(), tag.begin());

  EVP_CIPHER_CTX* const context = OpeningContext();
  Begin(context, key, nonce, bound);
  std::string plain(cipher.size(), '\0');
  Transform(context, cipher, plain);
  KITH_CHECK(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kGcmTagBytes, tag.data()) == 1);
  uint8_t nothing[kGcmTagBytes];
  int size = 0;
  if (EVP_CipherFinal_ex(context, nothing, &size) != 1) return std::nullopt;
  return plain;
}

void CtrTransform(const SecretKey& key, const std::array<uint8_t, 16>& counter, char* bytes,
                  size_t size) {
  if (size == 0) return;
  EVP_CIPHER_CTX* const context = CountingContext();
  KITH_CHECK(EVP_CipherInit_ex2(context, nullptr, key.data(), counter.data(), -1, nullptr) == 1);
  auto* const in_place = reinterpret_cast<uint8_t*>(bytes);
  int done = 0;
  KITH_CHECK(EVP_CipherUpdate(context, in_place, &done, in_place, static_cast<int>(size)) == 1);
  KITH_CHECK(static_cast<size_t>(done) == size);
}

}  // namespace kith::eventstore
