// HttpPersonServer: a PersonServer with an HTTP port.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "services/edge/http_port.h"
#include "tests/services/runtime/person_server.h"

namespace kith::edge {

inline const std::string kContacts = "/kith.contacts.v1.ContactsService/";
inline const std::string kEvents = "/kith.events.v1.EventsService/";
inline const std::string kOwner = "authorization: Bearer owner";

class HttpPersonServer : public runtime::PersonServer {
 public:
  explicit HttpPersonServer(runtime::ServerOptions options = {}, HttpOptions http = {})
      : PersonServer(std::move(options), [http](runtime::ServerBuilder& builder) {
          builder.AddPort(
              [http](const runtime::PortParts& parts) { return OpenHttpPort(http, parts); });
        }) {}

  int http_port() { return server().ports().front()->port(); }
};

}  // namespace kith::edge
