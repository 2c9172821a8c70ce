#include "services/runtime/admission/tls_files.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <ctime>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/log.h"
#include "eventstore/base/status_macros.h"

namespace kith::runtime {
namespace {

constexpr size_t kCert = 0;
constexpr size_t kKey = 1;
constexpr size_t kClientCa = 2;

template <class T, void (*kFree)(T*)>
struct Free {
  void operator()(T* freed) const { kFree(freed); }
};
using X509Ptr = std::unique_ptr<X509, Free<X509, X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY, EVP_PKEY_free>>;
using BioPtr = std::unique_ptr<BIO, Free<BIO, BIO_free_all>>;

// The names of certificates that sessions begin with are of this server.
constexpr unsigned char kSessionContext[] = "kithd";

std::string LastError() {
  const uint64_t error = ERR_get_error();
  ERR_clear_error();
  const char* const reason = ERR_reason_error_string(error);
  return reason == nullptr ? "it is of another kind" : reason;
}

absl::Status CannotUse(const std::string& path, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat(path, " cannot be used: ", why));
}

// A key with a password is refused, and nobody is asked for it.
int NoPassword(char*, int, int, void*) { return 0; }

BioPtr BioOf(const std::string& pem) {
  return BioPtr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

absl::StatusOr<std::vector<X509Ptr>> CertificatesOf(const std::string& path,
                                                    const std::string& pem) {
  const BioPtr bio = BioOf(pem);
  std::vector<X509Ptr> certificates;
  while (X509* const one = PEM_read_bio_X509(bio.get(), nullptr, NoPassword, nullptr)) {
    certificates.emplace_back(one);
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!at_end) return CannotUse(path, LastError());
  ERR_clear_error();
  if (certificates.empty()) return CannotUse(path, "there is no certificate (PEM) in it");
  return certificates;
}

// That a certificate parses says nothing of the times in it.
absl::StatusOr<absl::Time> ExpiryOf(const std::string& path, const X509& certificate) {
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &end) != 1) {
    ERR_clear_error();
    return CannotUse(path, "when it expires is no time");
  }
  return absl::FromTM(end, absl::UTCTimeZone());
}

absl::Status UseOwn(SSL_CTX& context, const TlsOptions& options, TlsReading* reading) {
  KITH_ASSIGN_OR_RETURN(auto chain, CertificatesOf(options.cert, reading->cert));
  if (SSL_CTX_use_certificate(&context, chain[0].get()) != 1) {
    return CannotUse(options.cert, LastError());
  }
  KITH_ASSIGN_OR_RETURN(reading->expire_time, ExpiryOf(options.cert, *chain[0]));
  for (size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(&context, chain[i].get()) != 1) {
      return CannotUse(options.cert, LastError());
    }
  }
  const KeyPtr key(
      PEM_read_bio_PrivateKey(BioOf(reading->key).get(), nullptr, NoPassword, nullptr));
  if (key == nullptr) {
    ERR_clear_error();
    return CannotUse(options.key, "there is no key (PEM) in it, or one with a password");
  }
  if (SSL_CTX_use_PrivateKey(&context, key.get()) != 1 ||
      SSL_CTX_check_private_key(&context) != 1) {
    ERR_clear_error();
    return CannotUse(options.key, absl::StrCat("it is not the key of ", options.cert));
  }
  return absl::OkStatus();
}

absl::Status UseClientCa(SSL_CTX& context, const TlsOptions& options, const TlsReading& reading) {
  KITH_ASSIGN_OR_RETURN(auto authorities, CertificatesOf(options.client_ca, reading.client_ca));
  for (const X509Ptr& authority : authorities) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(&context), authority.get()) != 1 ||
        SSL_CTX_add_client_CA(&context, authority.get()) != 1) {
      return CannotUse(options.client_ca, LastError());
    }
  }
  SSL_CTX_set_verify(
      &context,
      SSL_VERIFY_PEER | (options.require_client_cert ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
      nullptr);
  // A session that is resumed would not have the client's certificate looked at again.
  SSL_CTX_set_options(&context, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(&context, 0);
  return absl::OkStatus();
}

std::shared_ptr<SSL_CTX> NewContext() {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  KITH_CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                         SSL_OP_CIPHER_SERVER_PREFERENCE);
  // An idle connection keeps no buffers; sessions are kept by clients, in tickets.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(context.get(), kSessionContext, sizeof(kSessionContext));
  return context;
}

std::vector<std::string> PathsOf(const TlsOptions& options) {
  std::vector<std::string> paths = {options.cert, options.key};
  if (!options.client_ca.empty()) paths.push_back(options.client_ca);
  return paths;
}

}  // namespace

TlsFiles::TlsFiles(const TlsOptions& options) : options_(options), files_(PathsOf(options)) {}

absl::StatusOr<std::unique_ptr<TlsFiles>> TlsFiles::Open(const TlsOptions& options) {
  auto files = std::unique_ptr<TlsFiles>(new TlsFiles(options));
  MutexLock lock(files->mutex_);
  files->files_.Changed();
  KITH_ASSIGN_OR_RETURN(files->reading_, files->Read());
  files->taken_ = 1;
  return files;
}

absl::StatusOr<std::shared_ptr<const TlsReading>> TlsFiles::Read() const {
  auto reading = std::make_shared<TlsReading>();
  KITH_ASSIGN_OR_RETURN(reading->cert, files_.Read(kCert));
  KITH_ASSIGN_OR_RETURN(reading->key, files_.Read(kKey));
  reading->context = NewContext();
  KITH_RETURN_IF_ERROR(UseOwn(*reading->context, options_, reading.get()));
  if (!options_.client_ca.empty()) {
    KITH_ASSIGN_OR_RETURN(reading->client_ca, files_.Read(kClientCa));
    KITH_RETURN_IF_ERROR(UseClientCa(*reading->context, options_, *reading));
  }
  return reading;
}

std::shared_ptr<const TlsReading> TlsFiles::Current() {
  MutexLock lock(mutex_);
  if (!files_.Changed()) return reading_;
  auto read = Read();
  is_current_ = read.ok();
  if (!read.ok()) {
    ++refused_;
    Log(LogLevel::kError, "the files of TLS changed and cannot be used: the ones before stay",
        {{"error", read.status().message()}});
    return reading_;
  }
  reading_ = *std::move(read);
  ++taken_;
  Log(LogLevel::kInfo, "the files of TLS changed: new connections take them", {},
      {{"expire_time", absl::FormatTime(reading_->expire_time, absl::UTCTimeZone())}});
  return reading_;
}

void TlsFiles::AddMetrics(MetricPage& page) {
  const absl::Time expire_time = Current()->expire_time;
  MutexLock lock(mutex_);
  page.Gauge("kith_tls_certificate_expire_time_seconds",
             "When the certificate that new connections are shown expires, in seconds since 1970.",
             absl::ToDoubleSeconds(expire_time - absl::UnixEpoch()));
  page.Gauge("kith_tls_files_current", "1: what stands in the files of TLS is what is used.",
             is_current_ ? 1 : 0);
  page.Counter("kith_tls_files_taken_total", "How often the files of TLS were read and taken.",
               static_cast<double>(taken_));
  page.Counter("kith_tls_files_refused_total",
               "How often the files of TLS changed and could not be used.",
               static_cast<double>(refused_));
}

}  // namespace kith::runtime
