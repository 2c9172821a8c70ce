#include "services/runtime/admission/certificate_end.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdint>
#include <ctime>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace kith::runtime {
namespace {

constexpr absl::string_view kUntil = "UNTIL:";

std::string Until(int64_t unix_seconds) { return absl::StrCat(kUntil, unix_seconds); }

}  // namespace

std::string CertificateEnd(const X509& certificate) {
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &end) != 1) {
    ERR_clear_error();
    return Until(0);
  }
  return Until(absl::ToUnixSeconds(absl::FromTM(end, absl::UTCTimeZone())));
}

std::string CertificateEnd(absl::string_view pem) {
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  const std::string end = certificate == nullptr ? Until(0) : CertificateEnd(*certificate);
  X509_free(certificate);
  BIO_free(bio);
  ERR_clear_error();
  return end;
}

absl::Time CertificateEndIn(const std::vector<std::string>& certified_names) {
  for (absl::string_view name : certified_names) {
    int64_t seconds = 0;
    if (absl::ConsumePrefix(&name, kUntil) && absl::SimpleAtoi(name, &seconds)) {
      return absl::FromUnixSeconds(seconds);
    }
  }
  return absl::InfinitePast();
}

}  // namespace kith::runtime
