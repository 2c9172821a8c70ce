#include "tests/services/edge/http_client.h"

#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace kith::edge {

using Json = nlohmann::json;

// What a server that works never needs: a test of one that does not fails, and hangs no more.
constexpr timeval kSilenceMax = {.tv_sec = 60, .tv_usec = 0};

std::string HttpReply::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

std::string HttpReply::field(const std::string& name) const {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains(name)) return "";
  return json[name].is_string() ? json[name].get<std::string>() : json[name].dump();
}

std::string HttpReply::reason() const {
  const Json json = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("details")) return "";
  for (const Json& detail : json["details"]) {
    if (detail["type"] == "google.rpc.ErrorInfo") return detail["debug"]["reason"];
  }
  return "";
}

HttpClient::HttpClient(const HttpAddress& to) : socket_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(to.port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &kSilenceMax, sizeof(kSilenceMax));
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &kSilenceMax, sizeof(kSilenceMax));
  EXPECT_EQ(connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  if (to.tls.has_value()) ShakeHands(*to.tls);
}

void HttpClient::ShakeHands(const ClientTls& tls) {
  signal(SIGPIPE, SIG_IGN);  // as OpenSSL writes
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free);
  const auto bio_of = [](const std::string& pem) {
    return std::unique_ptr<BIO, decltype(&BIO_free_all)>(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free_all);
  };
  const std::unique_ptr<X509, decltype(&X509_free)> ca(
      PEM_read_bio_X509(bio_of(tls.ca).get(), nullptr, nullptr, nullptr), X509_free);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), ca.get());
  if (!tls.cert.empty()) {
    const std::unique_ptr<X509, decltype(&X509_free)> cert(
        PEM_read_bio_X509(bio_of(tls.cert).get(), nullptr, nullptr, nullptr), X509_free);
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
        PEM_read_bio_PrivateKey(bio_of(tls.key).get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
    SSL_CTX_use_certificate(context.get(), cert.get());
    SSL_CTX_use_PrivateKey(context.get(), key.get());
  }
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (tls.version_max != 0) {
    SSL_CTX_set_security_level(context.get(), 0);  // or it would not try
    SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context.get(), tls.version_max);
  }
  ssl_ = {SSL_new(context.get()), SSL_free};
  X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl_.get()), absl::ToTimeT(tls.now));
  X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_.get()), "127.0.0.1");
  SSL_set_fd(ssl_.get(), socket_);
  if (SSL_connect(ssl_.get()) == 1) return;
  const uint64_t error = ERR_get_error();
  tls_error_ = error == 0 ? "the server is gone" : ERR_error_string(error, nullptr);
  if (SSL_get_verify_result(ssl_.get()) != X509_V_OK) {
    tls_error_ = X509_verify_cert_error_string(SSL_get_verify_result(ssl_.get()));
  }
  ERR_clear_error();
}

std::string HttpClient::ServerNames() const {
  X509* const certificate = ssl_ == nullptr ? nullptr : SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr) return "";
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> bio(BIO_new(BIO_s_mem()), BIO_free_all);
  const int at = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1);
  X509V3_EXT_print(bio.get(), X509_get_ext(certificate, at), 0, 0);
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

HttpClient::~HttpClient() { close(socket_); }

bool HttpClient::Send(absl::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ssl_ == nullptr
                             ? send(socket_, text.data(), text.size(), MSG_NOSIGNAL)
                             : SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
    if (sent <= 0) return false;
    text.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

bool HttpClient::Fill() {
  char bytes[16'384];
  const ssize_t read = ssl_ == nullptr ? recv(socket_, bytes, sizeof(bytes), 0)
                                       : SSL_read(ssl_.get(), bytes, sizeof(bytes));
  if (read <= 0) {
    ended_ = ssl_ == nullptr
                 ? read == 0 || errno != EAGAIN
                 : SSL_get_error(ssl_.get(), static_cast<int>(read)) != SSL_ERROR_WANT_READ;
    if (!ended_) ADD_FAILURE() << "The server neither told anything nor closed the connection.";
    return false;
  }
  came_.append(bytes, static_cast<size_t>(read));
  return true;
}

std::string HttpClient::ReadLine() {
  size_t end = 0;
  while ((end = came_.find("\r\n")) == std::string::npos) {
    if (!Fill()) return "";
  }
  std::string line = came_.substr(0, end);
  came_.erase(0, end + 2);
  return line;
}

std::string HttpClient::ReadBytes(size_t bytes) {
  while (came_.size() < bytes && Fill()) {
  }
  std::string read = came_.substr(0, bytes);
  came_.erase(0, bytes);
  return read;
}

HttpReply HttpClient::ReadHead() {
  HttpReply reply;
  const std::string first = ReadLine();
  if (!absl::StartsWith(first, "HTTP/1.1 ")) return reply;
  reply.status = std::atoi(first.c_str() + 9);
  for (std::string line = ReadLine(); !line.empty(); line = ReadLine()) {
    const size_t colon = line.find(':');
    reply.headers[absl::AsciiStrToLower(line.substr(0, colon))] =
        std::string(absl::StripAsciiWhitespace(line.substr(colon + 1)));
  }
  return reply;
}

std::string HttpClient::ReadChunk() {
  const size_t bytes = std::strtoul(ReadLine().c_str(), nullptr, 16);
  std::string chunk = ReadBytes(bytes);
  ReadLine();
  return chunk;
}

HttpReply HttpClient::Read() {
  HttpReply reply = ReadHead();
  if (reply.status == 100) return reply;
  if (reply.header("transfer-encoding") == "chunked") {
    for (std::string chunk = ReadChunk(); !chunk.empty(); chunk = ReadChunk()) reply.body += chunk;
  } else {
    size_t bytes = 0;
    if (absl::SimpleAtoi(reply.header("content-length"), &bytes)) reply.body = ReadBytes(bytes);
  }
  return reply;
}

bool HttpClient::IsClosed() {
  while (Fill()) {
  }
  return ended_;
}

void HttpClient::EndSending() {
  if (ssl_ != nullptr) SSL_shutdown(ssl_.get());
  shutdown(socket_, SHUT_WR);
}

void HttpClient::SendPost(const std::string& path, absl::string_view body,
                          const std::vector<std::string>& headers) {
  std::string request = absl::StrCat("POST ", path, " HTTP/1.1\r\nhost: kith\r\n");
  bool has_type = false;
  for (const std::string& header : headers) {
    has_type |= absl::StartsWith(header, "content-type");
    absl::StrAppend(&request, header, "\r\n");
  }
  if (!has_type) absl::StrAppend(&request, "content-type: application/json\r\n");
  absl::StrAppend(&request, "content-length: ", body.size(), "\r\n\r\n", body);
  Send(request);
}

HttpReply HttpClient::Post(const std::string& path, absl::string_view body,
                           const std::vector<std::string>& headers) {
  SendPost(path, body, headers);
  return Read();
}

}  // namespace kith::edge
