// HttpPersonServer: a PersonServer with an HTTP port.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "services/edge/http_port.h"
#include "tests/services/edge/http_client.h"
#include "tests/services/runtime/person_server.h"
#include "tests/services/runtime/tls_folder.h"

namespace kith::edge {

inline const std::string kContacts = "/kith.contacts.v1.ContactsService/";
inline const std::string kEvents = "/kith.events.v1.EventsService/";
inline const std::string kOwner = "authorization: Bearer owner";

class HttpPersonServer : public runtime::PersonServer {
 public:
  explicit HttpPersonServer(runtime::ServerOptions options = {}, HttpOptions http = {})
      : PersonServer(std::move(options), WithPort(http)) {}
  // With TLS, from these files; borrows them.
  HttpPersonServer(const runtime::TlsFolder& folder, const runtime::TlsOptions& tls,
                   runtime::ServerOptions options = {}, HttpOptions http = {})
      : PersonServer(With(std::move(options), tls), WithPort(http), folder.ClientCredentials()),
        tls_({.ca = folder.authority.cert()}) {}

  HttpAddress http_port() {
    const int port = server().ports().front()->port();
    return tls_.has_value() ? HttpAddress(port, *tls_) : HttpAddress(port);
  }
  // The same, for a client that does otherwise over TLS.
  HttpAddress http_port(const ClientTls& tls) { return {http_port().port, tls}; }
  const ClientTls& tls() const { return *tls_; }

 private:
  static std::function<void(runtime::ServerBuilder&)> WithPort(HttpOptions http) {
    return [http](runtime::ServerBuilder& builder) {
      builder.AddPort(
          [http](const runtime::PortParts& parts) { return OpenHttpPort(http, parts); });
    };
  }
  static runtime::ServerOptions With(runtime::ServerOptions options,
                                     const runtime::TlsOptions& tls) {
    options.tls = runtime::TlsFolder::Open(tls);
    return options;
  }

  const std::optional<ClientTls> tls_;
};

}  // namespace kith::edge
