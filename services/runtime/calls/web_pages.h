// WebPages: what a server answers over HTTP beside its methods: pages, and what is sent from them,
// for whoever comes, without credentials.
//
// A capability adds its own (ServerBuilder::AddPages), and knows nothing of the port that carries
// them: bytes in, bytes out. The server owns them; they live until the ports are closed.
#pragma once

#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"

namespace kith::runtime {

// A request, as it came. Plain values.
struct WebRequest {
  std::string method;  // "GET", "HEAD", "POST", "OPTIONS"
  std::string path;    // "/f/3q2-…", without what follows a "?"
  std::string query;   // what does
  std::string content_type;
  std::string accept;
  std::string origin;
  std::string referrer;
  std::string user_agent;
  bool asks_not_to_be_followed = false;  // Do Not Track, or Global Privacy Control
  std::string body;
  std::string address;  // of the peer: "192.0.2.1"; of a proxy, where one stands before the port
};

struct WebAnswer {
  int status = 200;
  std::string content_type;
  std::string body;
  std::string headers;  // further ones, each with its end of line
};

class WebPages {
 public:
  virtual ~WebPages() = default;

  // Paths that begin so are theirs: "/f/".
  virtual absl::string_view prefix() const = 0;
  // A longer body is refused.
  virtual size_t body_bytes_max() const = 0;
  // Calls `answer` once, from any thread, also before this returns. Called on a pool; does not wait
  // for anything but the disk.
  virtual void Take(WebRequest request, absl::AnyInvocable<void(WebAnswer)> answer) = 0;
};

}  // namespace kith::runtime
