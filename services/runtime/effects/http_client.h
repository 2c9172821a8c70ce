// HttpClient: posts to addresses that callers name, over connections that are kept (curl_loop.h).
//
// What is between such an address and the server is the callers' too, so nothing is taken from it
// but a status and the beginning of an answer: a redirect is an answer like any other, no proxy is
// asked, and each address that a name comes to is looked at when it is connected to, so a name that
// comes to another one a moment later reaches nothing more.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "services/runtime/effects/address_guard.h"

namespace kith::runtime {

struct HttpOptions {
  std::string ca_file;                // empty: the system's authorities
  std::vector<AddressRange> allowed;  // beside the public network; http:// only here
  absl::Duration connect_timeout = absl::Seconds(5);  // looking up the name, and TLS, among it
  absl::Duration timeout = absl::Seconds(10);         // of one post, beside waiting for its turn
  size_t in_flight_max = 64;                          // posts at once
  size_t answer_bytes_max = 4096;                     // further ones are not read
};

struct HttpPost {
  std::string url;                   // http:// or https://
  std::vector<std::string> headers;  // "Content-Type: application/json"
  std::string body;
};

struct HttpResult {
  enum class End {
    kAnswered,
    kFailed,   // that it was taken is possible
    kRefused,  // none of the addresses may be reached; nothing was sent
    kStopped,  // the client stops; as kFailed
  };
  End end = End::kFailed;
  int status = 0;       // 200; 0 where there was none
  std::string answer;   // its beginning
  bool is_cut = false;  // and no more of it
  std::string why;      // for the log, where there was none
};

// Whether a client with this guard posts to the address that stands in the URL itself, however that
// is written; true where a name does, of which only connecting tells. Pure, any thread.
bool MayPostTo(const AddressGuard& guard, const std::string& url);

// Thread-safe; a thread of its own.
class HttpClient {
 public:
  using Done = absl::AnyInvocable<void(HttpResult)>;

  explicit HttpClient(const HttpOptions& options);
  ~HttpClient();  // Stop

  // `done` is called once, on the client's thread, or on the caller's once it has stopped.
  void Send(HttpPost post, Done done);
  // Ends what is on its way, as kStopped, and takes nothing further. May be called twice.
  void Stop();

 private:
  class Queue;
  const std::unique_ptr<Queue> queue_;
};

}  // namespace kith::runtime
