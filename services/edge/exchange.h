// Exchange: one call that came over a connection, and what goes back for it: a carrier of calls
// over the method table, beside gRPC and sessions.
//
// Owned by its connection from Begin until its end is written or has nobody to go to, because a
// call is carried to its end though its client is gone. Where a function says nothing, the
// connection's thread calls it.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "boost/beast/http/parser.hpp"
#include "boost/beast/http/string_body.hpp"
#include "google/protobuf/descriptor.h"
#include "google/rpc/status.pb.h"
#include "services/edge/codec.h"
#include "services/runtime/admission/pools.h"
#include "services/runtime/calls/method_table.h"
#include "services/runtime/calls/web_pages.h"

namespace kith::edge {

class Connection;

// A request as it is read: headers first, and the body when somebody asks for it.
using Request = boost::beast::http::request_parser<boost::beast::http::string_body>;

// The value of a header, whose name's case says nothing; empty where there is none.
absl::string_view HeaderOf(const Request& request, absl::string_view name);

// What goes out: the status line and headers, each with its end of line, where they did not go
// before; and a body, or a piece of it.
struct Outgoing {
  std::string head;
  std::string body;
};

// A whole answer, but for what the connection adds. `headers` are further ones, each with its end
// of line.
Outgoing MakeAnswer(int status, absl::string_view content_type, std::string body,
                    absl::string_view headers);

// The same of an error.
Outgoing MakeErrorAnswer(const google::rpc::Status& error, absl::string_view headers);

// What a request's headers ask of how it is carried.
struct Terms {
  Encoding encoding = Encoding::kJson;
  bool is_compressed = false;  // the request, with gzip
  bool takes_gzip = false;
  absl::Duration deadline = absl::InfiniteDuration();  // as Clock::Elapsed counts
  std::string headers;                                 // that the answer has in any case
  bool is_get = false;
  std::string message;  // of a GET, from its URL
  // The answer is a document, and not a message: its `content`, of its `content_type`. The
  // credentials stand in the URL, and are shown as the header `authorization` would.
  bool is_document = false;
  std::string credentials;
  // The body is this field of the request, as raw_body.h has it; null: it is the request.
  const google::protobuf::FieldDescriptor* raw_field = nullptr;
};

class Exchange {
 public:
  virtual ~Exchange() = default;

  virtual void Begin() = 0;
  // Nothing is to be waited for: the call's message came, whole, with the headers.
  virtual bool HasArrived() const = 0;
  // The body that the connection was asked for, or why it is not there.
  virtual void BodyRead(absl::StatusOr<std::string> body) = 0;
  // The client is gone, or its deadline passed.
  virtual void Cancel() = 0;
  // The end that is told now, because of this, and the call's own nobody. When the deadline has
  // passed, only where the call does not end by itself then.
  virtual bool EndsLate() const = 0;
  virtual Outgoing EndFor(const absl::Status& why) const = 0;
  // What the connection was asked to send.
  virtual Outgoing TakeOutgoing() = 0;
  // What it was asked to send, and was not the end, has gone out, or not.
  virtual void Written(bool ok) = 0;

  virtual absl::Duration deadline() const = 0;
};

// What `pages` answer to the request, which has everything but its body.
std::unique_ptr<Exchange> NewPageExchange(std::shared_ptr<Connection> connection,
                                          runtime::WebPages& pages, runtime::WebRequest request);

// A call of `method` over the connection.
std::unique_ptr<Exchange> NewUnaryExchange(std::shared_ptr<Connection> connection,
                                           const runtime::UnaryMethod& method, Terms terms);
std::unique_ptr<Exchange> NewStreamExchange(std::shared_ptr<Connection> connection,
                                            const runtime::StreamedMethod& method, Terms terms);

}  // namespace kith::edge
