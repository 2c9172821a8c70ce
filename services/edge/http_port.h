// HttpPort: the server's second way in, beside gRPC: the methods of its table over HTTP/1.1, as the
// Connect protocol has them (connectrpc.com), for curl, browsers and whoever has no gRPC.
//
// Two threads move the bytes of all connections; calls run where those of gRPC do. Owned by the
// server.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/runtime/server_builder.h"

namespace kith::edge {

struct HttpOptions {
  std::string address = "127.0.0.1:0";  // port 0: the system chooses one
  int connections_max = 5'000;          // at once; further ones are closed
  std::vector<std::string> origins;     // whose pages may call, "https://app.example"
};

// Opens it. Unavailable, saying why, where the address cannot be had.
absl::StatusOr<std::unique_ptr<runtime::Port>> OpenHttpPort(const HttpOptions& options,
                                                            const runtime::PortParts& parts);

}  // namespace kith::edge
