// CertificateAuthority: certificates for tests of TLS, made when they are asked for. One thread.
#pragma once

#include <openssl/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "eventstore/base/clock.h"

namespace kith::testing {

// PEM.
struct Certificate {
  std::string cert;
  std::string key;
};

struct CertificateTerms {
  // As OpenSSL writes them: "DNS:host", "IP:1.2.3.4", "URI:spiffe://a/b", "email:a@b".
  std::vector<std::string> names = {"IP:127.0.0.1", "DNS:localhost"};
  absl::Time from = SystemClock().Now() - absl::Hours(1);
  absl::Time until = SystemClock().Now() + absl::Hours(24);
};

class CertificateAuthority {
 public:
  CertificateAuthority();

  // The authority's own certificate.
  const std::string& cert() const { return own_.cert; }
  Certificate Issue(const CertificateTerms& terms = {}) const;

 private:
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> certificate_;
  Certificate own_;
};

// Text in place of the file's, for whoever reads it from now on; a reader finds all of the one or
// all of the other.
void ReplaceFile(const std::string& path, const std::string& text);

}  // namespace kith::testing
