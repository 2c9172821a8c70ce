#include "services/runtime/calls/grpc_tls.h"

#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/mutex.h"
#include "grpc/grpc.h"
#include "grpc/grpc_security.h"
#include "services/runtime/admission/certificate_end.h"

namespace kith::runtime {
namespace {

// gRPC's own way of watching files looks at them once a second, takes what is broken, and breaks
// with it. So this goes by the interface below, which asks at each handshake, and keeps what it has
// where it is given nothing new.
class FileCredentials final : public grpc::ServerCredentials {
 public:
  explicit FileCredentials(TlsFiles& files) : files_(files) {
    credentials_ = grpc_ssl_server_credentials_create_with_options(
        grpc_ssl_server_credentials_create_options_using_config_fetcher(AskOf(files.options()),
                                                                        &Fetch, this));
    KITH_CHECK(credentials_ != nullptr);
  }
  ~FileCredentials() override { grpc_server_credentials_release(credentials_); }

  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {
    KITH_CHECK(false);  // credentials are asked for by the call
  }

 private:
  static grpc_ssl_client_certificate_request_type AskOf(const TlsOptions& options) {
    if (options.client_ca.empty()) return GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE;
    return options.require_client_cert ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                       : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY;
  }

  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config) {
    return static_cast<FileCredentials*>(self)->FetchConfig(config);
  }
  grpc_ssl_certificate_config_reload_status FetchConfig(grpc_ssl_server_certificate_config** config)
      KITH_EXCLUDES(mutex_) {
    auto current = files_.Current();
    MutexLock lock(mutex_);
    if (current == given_) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
    const grpc_ssl_pem_key_cert_pair pair = {current->key.c_str(), current->cert.c_str()};
    // It takes no config without authorities, though of clients nothing is asked: any does then.
    const std::string& authorities =
        current->client_ca.empty() ? current->cert : current->client_ca;
    *config = grpc_ssl_server_certificate_config_create(authorities.c_str(), &pair, 1);
    given_ = std::move(current);
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
  }

  TlsFiles& files_;
  grpc_server_credentials* credentials_;
  Mutex mutex_;
  std::shared_ptr<const TlsReading> given_ KITH_GUARDED_BY(mutex_);
};

// Each call asks, and calls of one connection come one after the other: the last certificate of a
// thread is remembered.
std::string EndOf(absl::string_view pem) {
  struct Last {
    std::string pem;
    std::string end;
  };
  thread_local Last last;
  if (last.pem != pem) last = {std::string(pem), CertificateEnd(pem)};
  return last.end;
}

}  // namespace

std::shared_ptr<grpc::ServerCredentials> GrpcTlsCredentials(TlsFiles& files) {
  return std::make_shared<FileCredentials>(files);
}

std::vector<std::string> CertifiedNames(const grpc::AuthContext& context) {
  std::vector<std::string> names;
  if (!context.IsPeerAuthenticated()) return names;
  for (const auto& uri : context.FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME)) {
    names.push_back(absl::StrCat("URI:", absl::string_view(uri.data(), uri.size())));
  }
  for (const auto& host : context.FindPropertyValues(GRPC_PEER_DNS_PROPERTY_NAME)) {
    names.push_back(
        absl::StrCat("DNS:", absl::AsciiStrToLower(absl::string_view(host.data(), host.size()))));
  }
  for (const auto& pem : context.FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME)) {
    names.push_back(EndOf(absl::string_view(pem.data(), pem.size())));
  }
  return names;
}

}  // namespace kith::runtime
