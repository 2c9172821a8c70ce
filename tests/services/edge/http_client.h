// HttpClient: one connection to a server's HTTP port, which says exactly what a test has it say.
// One thread.
#pragma once

#include <openssl/types.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "eventstore/base/clock.h"

namespace kith::edge {

struct HttpReply {
  int status = 0;  // 0: the connection ended before there was one
  std::map<std::string, std::string> headers;
  std::string body;  // as it came, but for the framing of chunks

  std::string header(const std::string& name) const;
  // What stands in the body under the name, as JSON says it: "not_found", of {"code":"not_found"}.
  std::string field(const std::string& name) const;
  // The reason of an error of a unary call: "CONTACT_NOT_FOUND"; empty where there is none.
  std::string reason() const;
};

// What a client does over TLS.
struct ClientTls {
  std::string ca;                        // PEM: whose certificates it trusts
  std::string cert, key;                 // PEM: what it shows; empty: nothing
  absl::Time now = SystemClock().Now();  // as it takes it
  int version_max = 0;                   // the newest TLS it speaks, as OpenSSL has it; 0: any
};

// Where a server's HTTP port is.
struct HttpAddress {
  HttpAddress(int port) : port(port) {}  // NOLINT(google-explicit-constructor)
  HttpAddress(int port, const ClientTls& tls) : port(port), tls(tls) {}

  int port;
  std::optional<ClientTls> tls;
};

class HttpClient {
 public:
  explicit HttpClient(const HttpAddress& address);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // With TLS: why there is none; empty where there is.
  const std::string& tls_error() const { return tls_error_; }
  // The name that the server's certificate is for, as OpenSSL writes it.
  std::string ServerNames() const;

  // Sends the text; false when the server is gone.
  bool Send(absl::string_view text);
  // The next reply.
  HttpReply Read();
  // What comes next of a stream in chunks; empty at its end.
  HttpReply ReadHead();
  std::string ReadChunk();
  // Nothing comes any more: the server has closed the connection.
  bool IsClosed();
  // Says that it will send nothing any more.
  void EndSending();

  // A POST of JSON, with the headers of such a call and these, each "name: value".
  HttpReply Post(const std::string& path, absl::string_view body,
                 const std::vector<std::string>& headers = {});
  void SendPost(const std::string& path, absl::string_view body,
                const std::vector<std::string>& headers = {});

 private:
  bool Fill();
  std::string ReadLine();
  std::string ReadBytes(size_t bytes);

  void ShakeHands(const ClientTls& tls);

  int socket_;
  std::shared_ptr<SSL> ssl_;  // null: no TLS
  std::string tls_error_;
  std::string came_;
  bool ended_ = false;
};

}  // namespace kith::edge
