#include "services/runtime/admission/tls_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>

#include "tests/services/runtime/tls_folder.h"

namespace kith::runtime {
namespace {

using kith::testing::ReplaceFile;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string Refusal(const TlsOptions& options) {
  return std::string(TlsFiles::Open(options).status().message());
}

TEST(TlsFiles, SaysWhichFileCannotBeUsedAndWhy) {
  TlsFolder folder;
  const std::string good_key = folder.authority.Issue().key;
  EXPECT_THAT(Refusal({.cert = folder.cert() + ".none", .key = folder.key()}),
              AllOf(HasSubstr("cert.pem.none"), HasSubstr("No such file")));
  ReplaceFile(folder.key(), good_key);
  EXPECT_THAT(Refusal(folder.Options()),
              AllOf(HasSubstr("key.pem"), HasSubstr("is not the key of"), HasSubstr("cert.pem")));
  ReplaceFile(folder.key(), "-----BEGIN PRIVATE KEY-----\nnone\n-----END PRIVATE KEY-----\n");
  EXPECT_THAT(Refusal(folder.Options()), HasSubstr("there is no key"));
  ReplaceFile(folder.key(), "");
  EXPECT_THAT(Refusal(folder.Options()), HasSubstr("key.pem is empty"));
  ReplaceFile(folder.cert(), std::string(2 << 20, 'x'));
  EXPECT_THAT(Refusal(folder.Options()), HasSubstr("takes more than 1048576 bytes"));
  folder.Replace(folder.authority.Issue());
  folder.ReplaceClientCa("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  EXPECT_THAT(Refusal(folder.MutualOptions(false)), HasSubstr("client_ca.pem cannot be used"));
  EXPECT_EQ(Refusal(folder.Options()), "");
}

// OpenSSL would ask whoever is at the terminal for it.
TEST(TlsFiles, RefusesAKeyWithAPassword) {
  TlsFolder folder;
  const std::string key = folder.authority.Issue().key;
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> in(
      BIO_new_mem_buf(key.data(), static_cast<int>(key.size())), BIO_free_all);
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> read(
      PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), BIO_free_all);
  ASSERT_EQ(PEM_write_bio_PKCS8PrivateKey(out.get(), read.get(), EVP_aes_128_cbc(), "password", 8,
                                          nullptr, nullptr),
            1);
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &bytes);
  ReplaceFile(folder.key(), std::string(bytes, static_cast<size_t>(size)));
  EXPECT_THAT(Refusal(folder.Options()), HasSubstr("or one with a password"));
}

// It parses, so it is read by a server that is up: that must go on with the one before.
TEST(TlsFiles, RefusesACertificateThatExpiresAtNoTime) {
  TlsFolder folder;
  const auto files = TlsFolder::Open(folder.Options());
  const auto before = files->Current();
  const std::string cert = before->cert;
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> in(
      BIO_new_mem_buf(cert.data(), static_cast<int>(cert.size())), BIO_free_all);
  const std::unique_ptr<X509, decltype(&X509_free)> read(
      PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr), X509_free);
  ASSERT_EQ(ASN1_STRING_set(X509_getm_notAfter(read.get()), "991399000000Z", -1), 1);
  ASSERT_GT(i2d_re_X509_tbs(read.get(), nullptr), 0);  // or it is written as it was read
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), BIO_free_all);
  ASSERT_EQ(PEM_write_bio_X509(out.get(), read.get()), 1);
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &bytes);
  ReplaceFile(folder.cert(), std::string(bytes, static_cast<size_t>(size)));
  EXPECT_EQ(files->Current(), before);
  EXPECT_THAT(Refusal(folder.Options()),
              AllOf(HasSubstr("cert.pem"), HasSubstr("when it expires is no time")));
}

TEST(TlsFiles, ReadsThemOnceUntilTheyChange) {
  TlsFolder folder;
  const auto files = TlsFolder::Open(folder.Options());
  const auto first = files->Current();
  EXPECT_EQ(files->Current(), first);
  const auto other = folder.authority.Issue();
  folder.Replace(other);
  EXPECT_EQ(files->Current()->cert, other.cert);
  EXPECT_EQ(files->Current(), files->Current());
}

}  // namespace
}  // namespace kith::runtime
