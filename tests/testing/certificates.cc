#include "tests/testing/certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"

namespace kith::testing {
namespace {

std::shared_ptr<EVP_PKEY> NewKey() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

template <class Write>
std::string PemOf(const Write& write) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  KITH_CHECK(write(bio.get()) == 1);
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

Certificate PemsOf(X509* certificate, EVP_PKEY* key) {
  return {PemOf([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); }),
          PemOf([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

void Extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  KITH_CHECK(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

// Signed by itself where there is no issuer.
std::shared_ptr<X509> Make(EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key,
                           const CertificateTerms& terms) {
  std::shared_ptr<X509> certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), X509_VERSION_3);
  uint64_t serial = 0;
  KITH_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof(serial)) == 1);
  ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate.get()), serial >> 1);
  ASN1_TIME_set(X509_getm_notBefore(certificate.get()), absl::ToTimeT(terms.from));
  ASN1_TIME_set(X509_getm_notAfter(certificate.get()), absl::ToTimeT(terms.until));
  X509_NAME* const name = X509_get_subject_name(certificate.get());
  const std::string called = issuer == nullptr ? absl::StrCat("authority ", serial) : "leaf";
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(called.c_str()), -1, -1, 0);
  X509_set_issuer_name(certificate.get(), issuer == nullptr ? name : X509_get_subject_name(issuer));
  X509_set_pubkey(certificate.get(), key);
  X509* const signer = issuer == nullptr ? certificate.get() : issuer;
  Extend(certificate.get(), signer, NID_basic_constraints,
         issuer == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (issuer != nullptr) {
    Extend(certificate.get(), signer, NID_subject_alt_name, absl::StrJoin(terms.names, ","));
  }
  KITH_CHECK(X509_sign(certificate.get(), issuer == nullptr ? key : issuer_key, EVP_sha256()) > 0);
  return certificate;
}

}  // namespace

CertificateAuthority::CertificateAuthority() : key_(NewKey()) {
  certificate_ = Make(key_.get(), nullptr, nullptr, {});
  own_ = PemsOf(certificate_.get(), key_.get());
}

Certificate CertificateAuthority::Issue(const CertificateTerms& terms) const {
  const std::shared_ptr<EVP_PKEY> key = NewKey();
  return PemsOf(Make(key.get(), certificate_.get(), key_.get(), terms).get(), key.get());
}

void ReplaceFile(const std::string& path, const std::string& text) {
  const std::string next = path + ".next";
  std::ofstream(next, std::ios::binary) << text;
  KITH_CHECK(std::rename(next.c_str(), path.c_str()) == 0);
}

}  // namespace kith::testing
