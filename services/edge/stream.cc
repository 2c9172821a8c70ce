#include "services/edge/stream.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "services/runtime/admission/certificate_end.h"

namespace kith::edge {

namespace asio = boost::asio;

namespace {

// OpenSSL's own writes to a socket so that one whose client is gone ends the process.
int SendBytes(BIO* bio, const char* bytes, size_t size, size_t* sent) {
  BIO_clear_retry_flags(bio);
  const ssize_t result = send(static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio))),
                              bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  *sent = result > 0 ? static_cast<size_t>(result) : 0;
  return result > 0 ? 1 : 0;
}

int ReceiveBytes(BIO* bio, char* bytes, size_t size, size_t* received) {
  BIO_clear_retry_flags(bio);
  const ssize_t result = recv(static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio))),
                              bytes, size, MSG_DONTWAIT);
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  if (result == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  *received = result > 0 ? static_cast<size_t>(result) : 0;
  return result > 0 ? 1 : 0;
}

long Control(BIO* bio, int command, long, void*) {  // NOLINT(google-runtime-int): OpenSSL's type
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* SocketMethod() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket");
    BIO_meth_set_write_ex(made, SendBytes);
    BIO_meth_set_read_ex(made, ReceiveBytes);
    BIO_meth_set_ctrl(made, Control);
    return made;
  }();
  return method;
}

BIO* NewBio(int descriptor) {
  BIO* const bio = BIO_new(SocketMethod());
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(descriptor)));
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace

Stream::Stream(asio::io_context& io, int descriptor, bool is_ipv6, std::shared_ptr<SSL_CTX> tls)
    : socket_(io), tls_(std::move(tls)) {
  error_code error;
  socket_.assign(is_ipv6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4(), descriptor, error);
  if (!error) socket_.native_non_blocking(true, error);
}

Stream::~Stream() { SSL_free(ssl_); }

bool Stream::BeginHandshake() {
  ssl_ = SSL_new(tls_.get());
  BIO* const bio = ssl_ == nullptr ? nullptr : NewBio(socket_.native_handle());
  if (bio == nullptr) return false;
  SSL_set_bio(ssl_, bio, bio);
  SSL_set_accept_state(ssl_);
  return true;
}

Stream::Attempt Stream::AttemptOf(int result) {
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_NONE:
      return Attempt::kDone;
    case SSL_ERROR_WANT_READ:
      return Attempt::kWantsRead;
    case SSL_ERROR_WANT_WRITE:
      return Attempt::kWantsWrite;
    case SSL_ERROR_ZERO_RETURN:
      return Attempt::kEnd;
    default:
      is_open_ = false;  // nothing may be said any more
      ERR_clear_error();
      return Attempt::kFailed;
  }
}

Stream::Attempt Stream::Shake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_);
  is_plain_http_ = result != 1 && ERR_GET_REASON(ERR_peek_error()) == SSL_R_HTTP_REQUEST;
  const Attempt attempt = AttemptOf(result);
  if (attempt == Attempt::kDone) {
    is_open_ = true;
    tls_.reset();
  }
  return attempt;
}

std::string Stream::PeerAddress() const {
  error_code error;
  const auto peer = socket_.remote_endpoint(error);
  if (error) return "";
  if (!peer.address().is_v6()) return peer.address().to_string();
  const boost::asio::ip::address_v6 address = peer.address().to_v6();
  if (address.is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address).to_string();
  }
  boost::asio::ip::address_v6::bytes_type bytes = address.to_bytes();
  std::fill(bytes.begin() + bytes.size() / 2, bytes.end(), 0);
  return boost::asio::ip::address_v6(bytes).to_string();
}

std::vector<std::string> Stream::CertifiedNames() const {
  std::vector<std::string> names;
  const X509* const certificate = ssl_ == nullptr ? nullptr : SSL_get0_peer_certificate(ssl_);
  if (certificate == nullptr || SSL_get_verify_result(ssl_) != X509_V_OK) return names;
  auto* const found = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(found); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(found, i);
    if (name->type != GEN_URI && name->type != GEN_DNS) continue;
    const absl::string_view text(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.ia5)),
                                 static_cast<size_t>(ASN1_STRING_length(name->d.ia5)));
    names.push_back(name->type == GEN_URI ? absl::StrCat("URI:", text)
                                          : absl::StrCat("DNS:", absl::AsciiStrToLower(text)));
  }
  GENERAL_NAMES_free(found);
  names.push_back(runtime::CertificateEnd(*certificate));
  return names;
}

bool Stream::SpeaksPlainly() {
  if (!is_plain_http_) return false;
  SSL_free(std::exchange(ssl_, nullptr));
  tls_.reset();
  return true;
}

Stream::Attempt Stream::Read(asio::mutable_buffer buffer, size_t* bytes) {
  ERR_clear_error();
  return AttemptOf(SSL_read_ex(ssl_, buffer.data(), buffer.size(), bytes));
}

Stream::Attempt Stream::Write(const char* from, size_t size, size_t* bytes) {
  ERR_clear_error();
  const Attempt attempt = AttemptOf(SSL_write_ex(ssl_, from, size, bytes));
  is_writing_ = attempt == Attempt::kWantsWrite || attempt == Attempt::kWantsRead;
  return attempt;
}

bool Stream::HasMore() const { return ssl_ != nullptr && SSL_has_pending(ssl_) == 1; }

bool Stream::HasCome() const {
  boost::system::error_code ignored;
  return socket_.available(ignored) > 0;
}

Stream::Next Stream::Peek() {
  char byte = 0;
  if (ssl_ == nullptr) {
    const ssize_t peeked = recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    if (peeked > 0) return Next::kSome;
    return peeked < 0 && (errno == EAGAIN || errno == EINTR) ? Next::kNothing : Next::kEnd;
  }
  size_t bytes = 0;
  ERR_clear_error();
  switch (AttemptOf(SSL_peek_ex(ssl_, &byte, 1, &bytes))) {
    case Attempt::kDone:
      return Next::kSome;
    case Attempt::kWantsRead:
    case Attempt::kWantsWrite:
      return Next::kNothing;
    case Attempt::kEnd:
    case Attempt::kFailed:
      return Next::kEnd;
  }
  return Next::kEnd;
}

void Stream::Cancel() {
  error_code ignored;
  socket_.cancel(ignored);
}

// As far as that goes at once.
void Stream::SayGoodbye() {
  if (!std::exchange(is_open_, false) || is_writing_) return;
  SSL_shutdown(ssl_);
  ERR_clear_error();
}

void Stream::EndSending() {
  SayGoodbye();
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
}

void Stream::Close() {
  SayGoodbye();
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace kith::edge
