// TlsFolder: the files of a server with TLS, in a folder of their own, and what its clients need.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "eventstore/base/check.h"
#include "grpcpp/security/credentials.h"
#include "services/runtime/admission/tls_files.h"
#include "tests/testing/certificates.h"
#include "tests/testing/temp_folder.h"

namespace kith::runtime {

class TlsFolder {
 public:
  TlsFolder() {
    Replace(authority.Issue());
    ReplaceClientCa(clients.cert());
  }

  void Replace(const kith::testing::Certificate& certificate) {
    kith::testing::ReplaceFile(key(), certificate.key);
    kith::testing::ReplaceFile(cert(), certificate.cert);
  }
  void ReplaceClientCa(const std::string& pem) { kith::testing::ReplaceFile(client_ca(), pem); }

  TlsOptions Options() const { return {.cert = cert(), .key = key()}; }
  // The same, where clients show certificates.
  TlsOptions MutualOptions(bool require) const {
    return {.cert = cert(), .key = key(), .client_ca = client_ca(), .require_client_cert = require};
  }
  static std::shared_ptr<TlsFiles> Open(const TlsOptions& options) {
    auto files = TlsFiles::Open(options);
    KITH_CHECK(files.ok());
    return *std::move(files);
  }
  std::shared_ptr<grpc::ChannelCredentials> ClientCredentials(
      const kith::testing::Certificate& own = {}) const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = authority.cert();
    options.pem_cert_chain = own.cert;
    options.pem_private_key = own.key;
    return grpc::SslCredentials(options);
  }

  std::string cert() const { return folder_ / "cert.pem"; }
  std::string key() const { return folder_ / "key.pem"; }
  std::string client_ca() const { return folder_ / "client_ca.pem"; }

  const kith::testing::CertificateAuthority authority;
  const kith::testing::CertificateAuthority clients;  // the authority of clients

 private:
  const kith::testing::TempFolder folder_;
};

}  // namespace kith::runtime
